//! Pictures that an earlier process left in the making.

use std::sync::Arc;

use serenity::all::Message;

use crate::app::{Error, PicturePlace};
use crate::bot::answers::running_answers::RunningAnswer;
use crate::bot::answers::{last_words, notices, refusals};
use crate::bot::conversation::transcript::{self, ImagePrompt};
use crate::bot::conversation::turns::{is_picture, question_in};
use crate::bot::pictures::cards::ShownPictures;
use crate::bot::pictures::late::{LatePicture, show_late, show_pictures_late};
use crate::bot::pictures::progress::settle_pictures;
use crate::bot::words::DEFAULT_LOCALE;
use crate::bot::words::answers::file_of_question;
use crate::bot::{Bot, explain_error};
use crate::model::{PictureJob, PictureRefusal, Refusal};

/// Goes on with every picture that an earlier process left, each by itself,
/// and stops machines that nobody needs any more.
pub async fn resume_pictures(bot: &Arc<Bot>) -> anyhow::Result<()> {
    for job in bot.app.pictures.unfinished_pictures().await? {
        // Discord says more than once that we are here.
        if bot.shards.serves(job.server) && !bot.running_answers.contains(&job.id) {
            let watched = bot.deletions.watch(job.channel.unwrap_or(0), None);
            watched.set_server(job.server);
            job.message
                .into_iter()
                .for_each(|id| watched.add_message(id));
            let gone = watched.gone();
            let running = bot.running_answers.begin(&job.id, job.person, gone);
            let one = Arc::clone(bot);
            bot.app.tasks.spawn(async move {
                let _watched = watched;
                if let Err(error) = resume_picture(&one, job, &running).await {
                    tracing::warn!("could not go on with a picture: {error:#}");
                }
            });
        }
    }
    bot.app.pictures.stop_all_leftovers().await.map(drop)
}

async fn resume_picture(bot: &Bot, job: PictureJob, running: &RunningAnswer) -> anyhow::Result<()> {
    let voice = bot.voice(DEFAULT_LOCALE);
    // Programs do not wait for what an earlier process left.
    let Some(channel) = job.channel else {
        return Ok(());
    };
    let person = job.person.0;
    let place = PicturePlace {
        id: job.id.clone(),
        channel,
        message: job.message,
        is_spoiler: job.is_spoiler,
    };
    // The words stand in the message that it was promised with.
    let promised = find_promised(bot, &place).await;
    // A crash can come after a picture is shown, and before that is noted.
    // The prompt's own file stands there from the first moment.
    let is_there = |message: &Message| message.attachments.iter().any(is_picture);
    if promised.as_ref().is_some_and(is_there) {
        bot.app.pictures.book_shown(&job).await?;
        return close(bot, &place).await;
    }
    let mut outcome = bot
        .app
        .pictures
        .resume_picture(job, &running.stop, &mut |_| {})
        .await;
    if outcome.goes_on {
        return Ok(());
    }
    let question = match &promised {
        Some(message) => question_in(bot, message).await.unwrap_or_default(),
        None => String::new(),
    };
    let (heading, file) = match question.as_str() {
        "" => (String::new(), None),
        question => {
            let heading = transcript::heading(question);
            let file = file_of_question(voice, &heading, question);
            (heading.text, file)
        }
    };
    let late = LatePicture {
        place: &place,
        person,
        heading: &heading,
        question: file.as_ref(),
        is_private: outcome.result.as_ref().is_err_and(refusals::is_private),
    };
    let shown = if says_it_was_shown(&outcome.result) {
        Ok(())
    } else {
        match &outcome.result {
            Ok(made) => {
                let shown = ShownPictures {
                    made,
                    prompt: &ImagePrompt::parse(&question).prompt,
                    id: &place.id,
                    is_spoiler: place.is_spoiler,
                };
                show_pictures_late(bot, voice, late, shown).await
            }
            Err(error) => show_late(bot, voice, late, &explain_error(voice, error)).await,
        }
    };
    if shown.is_err() {
        last_words::count_unsaid("a picture");
    }
    let budgets = settle_pictures(bot, outcome.unsettled.take(), shown.is_ok()).await;
    notices::tell_budget_owners(bot, voice, &budgets).await;
    close(bot, &place).await?;
    shown
}

/// The message that a picture was promised with, where it still stands.
async fn find_promised(bot: &Bot, place: &PicturePlace) -> Option<Message> {
    let found = bot.rest.message(place.channel, place.message?).await;
    found.ok().flatten()
}

/// Notes that nothing more comes of a picture.
async fn close(bot: &Bot, place: &PicturePlace) -> anyhow::Result<()> {
    bot.app.pictures.close_picture(&place.id).await?;
    bot.app.asks.close_answer(&place.id).await
}

fn says_it_was_shown<T>(result: &Result<T, Error>) -> bool {
    matches!(
        result,
        Err(Error::Refused(Refusal::Picture(
            PictureRefusal::PictureShown
        )))
    )
}
