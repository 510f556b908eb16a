//! How it shows in a channel that there is no answer.

use crate::app::Error;
use crate::bot::answers::message_renderer::MessageRenderer;
use crate::bot::answers::target::Target;
use crate::bot::{explain_error, words};
use crate::model::{AskRefusal, PictureRefusal, Refusal};

/// Whether a no is about a key, which is nobody else's business.
pub fn is_private(error: &Error) -> bool {
    match error {
        Error::Refused(Refusal::Ask(AskRefusal::Provider { failure, .. })) => {
            failure.class.is_about_the_key()
        }
        Error::Refused(
            Refusal::Ask(
                AskRefusal::Stopping | AskRefusal::Stopped | AskRefusal::ModelRetired { .. },
            )
            | Refusal::Picture(PictureRefusal::PictureLost),
        ) => false,
        Error::Refused(_) => true,
        Error::Troubled(..) | Error::Failed(_) => false,
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
    let card = explain_error(renderer.voice, error);
    if !is_private(error) || renderer.target.is_private() {
        return renderer.show_instead(card).await;
    }
    let (rest, asker) = (&renderer.bot.rest, renderer.asker.0);
    let Target::Interaction(_) = renderer.target else {
        // People can close their direct messages.
        let told = renderer.target.tell_privately(rest, asker, &card).await;
        let instead = words::answers::refused_directly(renderer.voice, told.is_ok());
        return renderer.show_instead(instead).await;
    };
    let instead = words::answers::refused_privately(renderer.voice);
    renderer.show_instead(instead).await?;
    renderer.target.tell_privately(rest, asker, &card).await
}

/// Answers an interaction with a no that only whoever asked sees, while
/// nothing shows in the channel. Says whether it did.
async fn refuse_unseen(renderer: &MessageRenderer<'_>, error: &Error) -> anyhow::Result<bool> {
    match renderer.target {
        Target::Interaction(handle) | Target::Private(handle) if !renderer.is_promised() => {
            let card = explain_error(renderer.voice, error);
            renderer.bot.rest.reply(handle, &card).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}
