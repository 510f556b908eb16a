//! How it shows in a channel that there is no answer.

use crate::app::Error;
use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::answers::writing::target::Target;
use crate::bot::connection::wire::card::{Button, Card, ROW_BUTTONS_MAX};
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

/// Whether what came in the place of an answer stays for everyone who saw that
/// one was asked for: somebody decided it, or a model said something after all.
pub fn is_for_everyone(error: &Error) -> bool {
    matches!(
        error,
        Error::Refused(
            Refusal::Ask(AskRefusal::Stopped)
                | Refusal::Picture(PictureRefusal::AnsweredInWords { .. })
        )
    )
}

/// Says that too much is asked at once: to whoever asked alone, where that is
/// possible without writing to them directly.
pub async fn turn_away(renderer: &mut MessageRenderer<'_>, refusal: Refusal) -> anyhow::Result<()> {
    let error = Error::Refused(refusal);
    if let Target::Interaction(_) = renderer.target {
        return refuse(renderer, &error).await;
    }
    if refuse_unseen(renderer, &error).await? {
        return Ok(());
    }
    let card = explain_error(renderer.voice, &error);
    renderer.show_instead(card).await
}

/// Says why there is no answer: to whoever asked alone, where nothing shows
/// yet or it can be taken back.
pub async fn refuse(renderer: &mut MessageRenderer<'_>, error: &Error) -> anyhow::Result<()> {
    if refuse_unseen(renderer, error).await? {
        return Ok(());
    }
    refuse_in_place(renderer, error).await
}

/// Says where an answer was promised that there is none, and why. What an
/// interaction promised to everyone is taken back, and whoever asked alone is
/// told; below a message it is said to all, unless it is about a key.
pub async fn refuse_in_place(
    renderer: &mut MessageRenderer<'_>,
    error: &Error,
) -> anyhow::Result<()> {
    match renderer.target {
        Target::Interaction(_) if !is_for_everyone(error) => {
            let card = explain_error(renderer.voice, error);
            tell_asker_alone(renderer, card).await
        }
        Target::Channel { direct: false, .. } if is_private(error) => {
            refuse_directly(renderer, error).await
        }
        _ => {
            let card = explain_error(renderer.voice, error);
            renderer.show_instead(card).await
        }
    }
}

/// Says the same with buttons that ask again, of what is nobody's secret.
pub async fn refuse_with(
    renderer: &mut MessageRenderer<'_>,
    error: &Error,
    buttons: Vec<Button>,
) -> anyhow::Result<()> {
    let mut card = explain_error(renderer.voice, error);
    card.buttons.splice(0..0, buttons);
    card.buttons.truncate(ROW_BUTTONS_MAX);
    match renderer.target {
        Target::Interaction(_) => tell_asker_alone(renderer, card).await,
        _ => renderer.show_instead(card).await,
    }
}

/// Tells whoever asked, beside an interaction's answer, what came in its
/// place. Their question stands above it, since it stands nowhere else then.
pub async fn tell_asker_alone(
    renderer: &mut MessageRenderer<'_>,
    card: Card,
) -> anyhow::Result<()> {
    let card = renderer.below_question(card);
    show_refused(renderer).await?;
    let (rest, asker) = (&renderer.bot.rest, renderer.asker.0);
    renderer.target.tell_privately(rest, asker, &card).await
}

/// Tells whoever asked in a message why there is no answer. Nothing of that
/// stays in the channel, unless they take no direct messages.
async fn refuse_directly(renderer: &mut MessageRenderer<'_>, error: &Error) -> anyhow::Result<()> {
    let (rest, asker) = (&renderer.bot.rest, renderer.asker.0);
    let card = match renderer.question_link() {
        None => explain_error(renderer.voice, error),
        // It is read in a direct message, where "here" means nothing.
        Some(link) => {
            let voice = renderer.voice.elsewhere();
            words::answers::about_question(voice, &link, explain_error(voice, error))
        }
    };
    // People can close their direct messages.
    let told = renderer.target.tell_privately(rest, asker, &card).await;
    if told.is_ok() && renderer.take_all_away().await {
        return Ok(());
    }
    let instead = words::answers::refused_directly(renderer.voice, told.is_ok());
    renderer.show_instead(instead).await
}

/// Takes back that an answer was promised to everyone, since only whoever asked
/// need know why it does not come; or says that much where it cannot be taken
/// back.
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
