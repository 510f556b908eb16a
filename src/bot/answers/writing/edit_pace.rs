//! How often an answer is edited while it grows.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How many edits a second all answers together may make. Discord takes 50
/// requests a second; the others are for first words.
const EDITS_A_SECOND: u32 = 20;

/// Paces the edits of all answers that grow: the more there are, the longer
/// each waits.
pub struct EditPace {
    /// The shortest time between two edits of one answer.
    interval: Duration,
    /// How many answers grow right now.
    growing: AtomicU32,
}

/// Counts an answer as growing, until it is dropped.
pub struct GrowingAnswer<'a>(&'a EditPace);

impl EditPace {
    /// Paces edits `interval` apart where few answers grow.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            growing: AtomicU32::new(0),
        }
    }

    /// Counts one more answer.
    pub fn begin_answer(&self) -> GrowingAnswer<'_> {
        self.growing.fetch_add(1, Ordering::Relaxed);
        GrowingAnswer(self)
    }

    /// How long to wait now between two edits of one answer.
    pub fn pause(&self) -> Duration {
        let growing = self.growing.load(Ordering::Relaxed);
        self.interval
            .max(Duration::from_secs(1) * growing / EDITS_A_SECOND)
    }
}

impl Drop for GrowingAnswer<'_> {
    fn drop(&mut self) {
        self.0.growing.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_answers_wait_longer_between_their_edits() {
        let pace = EditPace::new(Duration::from_millis(100));
        assert_eq!(pace.pause(), Duration::from_millis(100));
        let growing: Vec<_> = (0..40).map(|_| pace.begin_answer()).collect();
        assert_eq!(pace.pause(), Duration::from_secs(2));
        drop(growing);
        assert_eq!(pace.pause(), Duration::from_millis(100));
    }
}
