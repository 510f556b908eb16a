//! How it shows in a channel that there is no answer.

use crate::app::Error;
use crate::bot::answers::message_renderer::MessageRenderer;
use crate::bot::answers::target::Target;
use crate::bot::{explain_error, words};
use crate::model::{AskRefusal, PictureRefusal, Refusal};

/// Whether a no is for whoever asked alone: it is about their key, their
/// limits or what they typed. What happened to an answer that others wait
/// for too is said where they read it.
pub fn is_private(error: &Error) -> bool {
    match error {
        Error::Refused(refusal) => is_for_asker_alone(refusal),
        Error::Troubled(..) | Error::Failed(_) => false,
    }
}

fn is_for_asker_alone(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Ask(AskRefusal::Provider { failure, .. }) => failure.class.is_about_the_key(),
        Refusal::Ask(refusal) => !matches!(
            refusal,
            AskRefusal::Stopping | AskRefusal::Stopped | AskRefusal::ModelRetired { .. }
        ),
        Refusal::Picture(refusal) => !matches!(
            refusal,
            PictureRefusal::PictureLost
                | PictureRefusal::PictureCutOff { .. }
                | PictureRefusal::AnsweredInWords { .. }
        ),
        Refusal::Key(_)
        | Refusal::Access(_)
        | Refusal::Conversation(_)
        | Refusal::Token(_)
        | Refusal::Quota(_) => true,
    }
}

/// Says that too much is asked at once: to whoever asked alone, where
/// nothing shows yet.
pub async fn turn_away(renderer: &mut MessageRenderer<'_>, refusal: Refusal) -> anyhow::Result<()> {
    let error = Error::Refused(refusal);
    if refuse_unseen(renderer, &error).await? {
        return Ok(());
    }
    let card = explain_error(renderer.voice, &error);
    renderer.show_instead(card).await
}

/// Says why there is no answer: to whoever asked alone, where nothing shows
/// yet or the reason is about a key.
pub async fn refuse(renderer: &mut MessageRenderer<'_>, error: &Error) -> anyhow::Result<()> {
    if refuse_unseen(renderer, error).await? {
        return Ok(());
    }
    refuse_in_place(renderer, error).await
}

/// Says where an answer was promised that there is none, and why; to whoever
/// asked alone, where the reason is about a key.
pub async fn refuse_in_place(
    renderer: &mut MessageRenderer<'_>,
    error: &Error,
) -> anyhow::Result<()> {
    if !is_private(error) || renderer.target.is_private() {
        let card = explain_error(renderer.voice, error);
        return renderer.show_instead(card).await;
    }
    let (rest, asker) = (&renderer.bot.rest, renderer.asker.0);
    let card = match renderer.question_link() {
        None => explain_error(renderer.voice, error),
        // It is read in a direct message, where "here" means nothing.
        Some(link) => {
            let voice = renderer.voice.elsewhere();
            words::answers::about_question(voice, &link, explain_error(voice, error))
        }
    };
    let Target::Interaction(_) = renderer.target else {
        // People can close their direct messages.
        let told = renderer.target.tell_privately(rest, asker, &card).await;
        let instead = words::answers::refused_directly(renderer.voice, told.is_ok());
        return renderer.show_instead(instead).await;
    };
    show_refused(renderer).await?;
    renderer.target.tell_privately(rest, asker, &card).await
}

/// Takes back that an answer was promised to everyone, for the reason that
/// it does not come is for whoever asked alone; or says that much where it
/// cannot be taken back.
pub async fn show_refused(renderer: &mut MessageRenderer<'_>) -> anyhow::Result<()> {
    if renderer.withdraw().await {
        return Ok(());
    }
    let instead = words::answers::refused_privately(renderer.voice);
    renderer.show_instead(instead).await
}

/// Answers an interaction with a no that only whoever asked sees, while
/// nothing shows in the channel. Says whether it did.
async fn refuse_unseen(renderer: &MessageRenderer<'_>, error: &Error) -> anyhow::Result<bool> {
    let card = explain_error(renderer.voice, error);
    renderer.reply_unpromised(&card).await
}
