//! Pictures that an earlier process left in the making.

use std::sync::Arc;

use serenity::all::{Attachment, Message};

use crate::app::{Error, LeftPicture, PicturePlace};
use crate::bot::answers::running::running_answers::RunningAnswer;
use crate::bot::answers::{last_words, notices, refusals};
use crate::bot::connection::wire::card::File;
use crate::bot::conversation::message_text::replied_to;
use crate::bot::conversation::transcript::{self, ImagePrompt};
use crate::bot::conversation::turns::{is_picture, question_in};
use crate::bot::pictures::cards::{HIDDEN, MADE, ShownPictures};
use crate::bot::pictures::forms::{Outlet, show_pictures};
use crate::bot::pictures::late::{LatePicture, mark_shown_elsewhere, show_late};
use crate::bot::pictures::progress::settle_pictures;
use crate::bot::words::Voice;
use crate::bot::words::answers::file_of_question;
use crate::bot::{Bot, explain_error};
use crate::model::{PictureJob, PictureRefusal, Refusal};

/// An id that is later than every message's.
const NOW: u64 = i64::MAX.unsigned_abs();
/// How many of the newest messages are looked through for a picture.
const NEWEST: usize = 100;

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
                if let Err(error) = Box::pin(resume_picture(&one, job, &running)).await {
                    tracing::warn!("could not go on with a picture: {error:#}");
                }
            });
        }
    }
    bot.app.pictures.stop_all_leftovers().await.map(drop)
}

async fn resume_picture(bot: &Bot, job: PictureJob, running: &RunningAnswer) -> anyhow::Result<()> {
    let voice = bot.voice_to(job.person, job.server);
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
    let stands = find_shown(bot, &place, promised.as_ref()).await;
    let left = LeftPicture {
        job,
        is_shown: stands.is_some(),
    };
    let pictures = &bot.app.pictures;
    let mut outcome = pictures
        .resume_picture(left, &running.stop, &mut |_| {})
        .await;
    if outcome.goes_on {
        return Ok(());
    }
    let question = match &promised {
        Some(message) => question_in(bot, message).await.unwrap_or_default(),
        None => String::new(),
    };
    let (heading, file) = write_heading(voice, &question);
    let late = LatePicture {
        place: &place,
        person,
        heading: &heading,
        question: file.as_ref(),
        is_private: outcome.result.as_ref().is_err_and(refusals::is_private),
    };
    if stands == Some(PicturePosition::Below) {
        mark_shown_elsewhere(bot, voice, &late, true).await;
    }
    let shown = if stands.is_some() || says_it_was_shown(&outcome.result) {
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
                show_pictures(bot, voice, Outlet::Late(late), shown).await
            }
            Err(error) => show_late(bot, voice, late, &[explain_error(voice, error)]).await,
        }
    };
    if shown.is_err() {
        last_words::count_unsaid("a picture");
    }
    let budgets = settle_pictures(bot, outcome.unsettled.take(), shown.is_ok()).await;
    notices::tell_budget_owners(bot, &budgets).await;
    bot.app.pictures.close_picture(&place.id).await?;
    bot.app.asks.close_answer(&place.id).await?;
    shown
}

/// The message that a picture was promised with, where it still stands.
async fn find_promised(bot: &Bot, place: &PicturePlace) -> Option<Message> {
    let found = bot.rest.message(place.channel, place.message?).await;
    found.ok().flatten()
}

/// What stands above a picture, and the whole prompt where that is an excerpt.
fn write_heading(voice: Voice<'_>, question: &str) -> (String, Option<File>) {
    if question.is_empty() {
        return (String::new(), None);
    }
    let heading = transcript::heading(question);
    let file = file_of_question(voice, &heading, question);
    (heading.text, file)
}

/// Where a picture stands that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PicturePosition {
    AsPromised,
    /// As a reply to the message that it was promised with.
    Below,
}

/// Finds a picture that stands already: a crash can come after it is shown, and
/// before that is noted.
async fn find_shown(
    bot: &Bot,
    place: &PicturePlace,
    promised: Option<&Message>,
) -> Option<PicturePosition> {
    // The prompt's own file stands there from the first moment, and so may a
    // picture that is to be changed.
    let has_picture = |message: &Message| message.attachments.iter().any(is_made);
    if promised.is_some_and(has_picture) {
        return Some(PicturePosition::AsPromised);
    }
    let message = place.message?;
    let newest = bot.rest.messages_before(place.channel, NOW, NEWEST);
    let newest = newest.await.unwrap_or_default();
    let mut own = newest
        .iter()
        .filter(|it| it.author.id.get() == bot.user_id() && has_picture(it));
    own.any(|it| replied_to(it) == Some(message))
        .then_some(PicturePosition::Below)
}

/// Whether a file is a picture that was made, by the name that it was given.
fn is_made(file: &Attachment) -> bool {
    let name = file.filename.as_str();
    let name = name.strip_prefix(HIDDEN).unwrap_or(name);
    is_picture(file) && name.starts_with(MADE)
}

fn says_it_was_shown<T>(result: &Result<T, Error>) -> bool {
    matches!(
        result,
        Err(Error::Refused(Refusal::Picture(
            PictureRefusal::PictureShown
        )))
    )
}
