//! The tasks that run behind the verbs. Shutdown waits for them, and cuts
//! off those that take too long.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// The tasks of the process. Every clone is a handle on the same ones.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    cut_off: CancellationToken,
}

impl Tasks {
    /// Starts a task that shutdown waits for.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(task)
    }

    /// Something that shutdown waits for until it is dropped.
    pub fn token(&self) -> TaskTrackerToken {
        self.tracker.token()
    }

    /// How many tasks run.
    pub fn count(&self) -> usize {
        self.tracker.len()
    }

    /// Returns when whatever still runs must give up.
    pub async fn cut_off(&self) {
        self.cut_off.cancelled().await;
    }

    /// Waits for the tasks that run, cuts off those that take longer than
    /// `grace`, and gives these `last_words` to say so.
    pub async fn end(&self, grace: Duration, last_words: Duration) {
        self.tracker.close();
        let ended = tokio::time::timeout(grace, self.tracker.wait()).await;
        if ended.is_err() {
            tracing::warn!(
                running = self.tracker.len(),
                "cutting off what is still running"
            );
            self.cut_off.cancel();
            // What does not end even now is dropped with the process.
            let _ = tokio::time::timeout(last_words, self.tracker.wait()).await;
        }
    }
}
