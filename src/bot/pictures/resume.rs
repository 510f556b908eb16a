//! Pictures that an earlier process left in the making.

use std::sync::Arc;

use crate::app::{Error, PicturePlace};
use crate::bot::answers::running_answers::Run;
use crate::bot::answers::streaming;
use crate::bot::conversation;
use crate::bot::{Bot, explain};
use crate::model::{PictureJob, PictureRefusal, Refusal};

use crate::bot::pictures::settle;
use crate::bot::pictures::show::{self, Late};

/// Goes on with every picture that an earlier process left, each by itself,
/// and stops machines that nobody needs any more.
pub async fn go_on_with_all(bot: &Arc<Bot>) -> anyhow::Result<()> {
    for job in bot.app.open_pictures().await? {
        // Discord says more than once that we are here.
        if bot.shards.serves(job.server) && !bot.running.knows(&job.id) {
            let run = bot.running.begin(&job.id, job.person);
            let one = Arc::clone(bot);
            bot.app.spawn(async move {
                if let Err(error) = go_on(&one, job, &run).await {
                    tracing::warn!("could not go on with a picture: {error:#}");
                }
            });
        }
    }
    bot.app.stop_all_leftovers().await.map(drop)
}

async fn go_on(bot: &Bot, job: PictureJob, run: &Run) -> anyhow::Result<()> {
    let voice = bot.voice(conversation::LOCALE);
    // Programs do not wait for what an earlier process left.
    let Some(channel) = job.channel else {
        return Ok(());
    };
    let (person, spot) = (
        job.person.0,
        PicturePlace {
            id: job.id.clone(),
            channel,
            message: job.message,
        },
    );
    let mut pictured = bot.app.go_on(job, &run.stop, &mut |_| {}).await;
    if pictured.goes_on {
        return Ok(());
    }
    // The words stand in the message that it was promised with.
    let before = match spot.message {
        Some(message) => bot.rest.message(spot.channel, message).await.ok().flatten(),
        None => None,
    };
    let asked = match &before {
        Some(message) => conversation::question_of(bot, message).await,
        None => None,
    };
    let asked = asked.unwrap_or_default();
    let head = match asked.as_str() {
        "" => String::new(),
        asked => conversation::quote(asked).unwrap_or_else(|| conversation::excerpt(asked)),
    };
    let (prompt, _) = show::read(&asked);
    let card = match &pictured.result {
        Ok(made) => show::card(voice, made, &prompt, &spot.id),
        Err(error) => explain(voice, error),
    };
    let late = Late {
        person,
        head: &head,
        is_private: pictured.result.as_ref().is_err_and(streaming::is_private),
    };
    // A crash can come after a picture is shown, and before that is noted.
    let is_there = before.is_some_and(|message| !message.attachments.is_empty());
    let was_shown = is_there
        || matches!(
            &pictured.result,
            Err(Error::Refused(Refusal::Picture(
                PictureRefusal::PictureShown
            )))
        );
    let shown = if was_shown {
        Ok(())
    } else {
        show::later(bot, voice, &spot, late, card).await
    };
    let notices = settle(bot, pictured.due.take(), shown.is_ok()).await;
    streaming::tell_owners(bot, voice, &notices).await;
    bot.app.picture_ended(&spot.id).await?;
    bot.app.close_answer(&spot.id).await?;
    shown
}
