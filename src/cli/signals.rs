//! The signals by which an operator stops the program.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// SIGTERM and SIGINT, which do not end the process any more.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    came_at: Option<Instant>,
}

impl Signals {
    /// Catches both signals from now on.
    pub fn catch() -> anyhow::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self {
            terminate,
            interrupt: signal(SignalKind::interrupt())?,
            came_at: None,
        })
    }

    /// Returns when one of them has come.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        self.came_at.get_or_insert_with(Instant::now);
    }

    /// When the first of them came, if one has.
    pub fn came_at(&self) -> Option<Instant> {
        self.came_at
    }
}
