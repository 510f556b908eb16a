//! Another attempt at a call, where one is allowed: `docs/providers.md` §5.2.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::model::{FailureClass, ProviderFailure};

/// How often a call is made at the most.
const ATTEMPTS: u32 = 3;
/// The first wait before another attempt; it doubles.
const BACKOFF: Duration = Duration::from_millis(250);
/// A longer wait than this is for the person to decide on.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Counts the attempts at a call, and waits between them.
///
/// A call is made again only where nothing was sent, or where the provider
/// itself said "not now" before any of the answer. Never after a timeout:
/// the provider may be at work, and somebody pays for that.
pub struct Retries {
    deadline: Instant,
    failed: u32,
}

impl Retries {
    /// Attempts that all begin before the deadline.
    pub fn until(deadline: Instant) -> Self {
        Self {
            deadline,
            failed: 0,
        }
    }

    /// Waits until the call may be made again. Returns false at once where it
    /// may not.
    pub async fn wait_after(&mut self, failure: &ProviderFailure) -> bool {
        self.failed += 1;
        let wait = wait_before_retry(failure, self.failed);
        let is_in_time =
            |wait: &Duration| self.failed < ATTEMPTS && Instant::now() + *wait < self.deadline;
        match wait.filter(is_in_time) {
            Some(wait) => {
                sleep(wait).await;
                true
            }
            None => false,
        }
    }
}

/// How long to wait before another attempt; none when there must be none.
fn wait_before_retry(failure: &ProviderFailure, attempt: u32) -> Option<Duration> {
    let nothing_sent = failure.class == FailureClass::Unreachable;
    let not_now = matches!(failure.status, Some(429 | 503 | 529))
        && matches!(
            failure.class,
            FailureClass::RateLimited | FailureClass::Overloaded | FailureClass::Upstream
        );
    if !nothing_sent && !not_now {
        return None;
    }
    let wait = failure
        .retry_after
        .unwrap_or(BACKOFF * 2_u32.pow(attempt - 1));
    (wait <= WAIT_MAX).then_some(wait)
}
