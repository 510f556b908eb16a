//! Decides when Discord is told that an answer will come. It gives up after
//! three seconds, whatever keeps the bot.

use std::time::Duration;

use tokio::time::timeout;

use crate::app::{DatabaseTrouble, Error};
use crate::bot::answers::refusals;
use crate::bot::answers::writing::message_renderer::MessageRenderer;

/// How long the reason for a no may take to be found before "thinking" is
/// shown to everyone.
const QUICK: Duration = Duration::from_secs(1);
/// How long the database may take where nothing can be promised, since a form
/// must be the first answer.
const BEFORE_FORM: Duration = Duration::from_secs(2);

/// When an answer is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromiseTime {
    /// Side by side with finding out who pays: somebody is likely to, so
    /// there is no time to lose.
    AtOnce,
    /// As soon as somebody can pay, or has not been found for a second.
    WhenSecured,
}

/// Waits for what a form must know before it is opened; or says that it takes
/// too long, while Discord still listens.
pub async fn find_before_form<T, E: From<Error>>(
    finding: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let found = timeout(BEFORE_FORM, finding).await;
    found.unwrap_or_else(|_| {
        let waited = anyhow::anyhow!("a form could not be opened in time");
        Err(Error::Troubled(DatabaseTrouble::TooSlow, waited).into())
    })
}

/// Waits for what must be known before it is decided when to promise an
/// answer, and promises one if that takes long.
pub async fn promise_if_slow<T>(
    renderer: &mut MessageRenderer<'_>,
    finding: impl Future<Output = T>,
) -> anyhow::Result<T> {
    let mut finding = Box::pin(finding);
    if let Ok(found) = timeout(QUICK, &mut finding).await {
        return Ok(found);
    }
    renderer.promise_answer().await?;
    Ok(finding.await)
}

/// Waits until an answer is secured, and promises it; or says why there is
/// none.
pub async fn promise_when_secured<T>(
    renderer: &mut MessageRenderer<'_>,
    time: PromiseTime,
    mut securing: impl Future<Output = Result<T, Error>> + Unpin,
) -> anyhow::Result<Option<T>> {
    let secured = if time == PromiseTime::AtOnce && !renderer.is_promised() {
        let (promised, secured) = tokio::join!(renderer.promise_answer(), securing);
        promised?;
        secured
    } else if let Ok(secured) = timeout(QUICK, &mut securing).await {
        secured
    } else {
        renderer.promise_answer().await?;
        securing.await
    };
    match secured {
        Ok(secured) => {
            renderer.promise_answer().await?;
            Ok(Some(secured))
        }
        Err(error) => {
            refusals::refuse(renderer, &error).await?;
            Ok(None)
        }
    }
}
