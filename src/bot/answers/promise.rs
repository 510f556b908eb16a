//! When it shows that an answer will come.

use std::time::Duration;

use tokio::time::timeout;

use crate::app::Error;
use crate::bot::answers::message_renderer::MessageRenderer;
use crate::bot::answers::refusals;

/// How long the reason for a no may take to be found before "thinking" is
/// shown to everyone. Discord gives up after three seconds.
const QUICK: Duration = Duration::from_secs(1);

/// When an answer is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromiseTime {
    /// Side by side with finding out who pays: somebody is likely to, so
    /// there is no time to lose.
    AtOnce,
    /// As soon as somebody can pay, or has not been found for a second.
    WhenSecured,
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
