//! The signals by which an operator stops the program, and one that must not.

use rustix::process::Signal as SignalNumber;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// SIGTERM and SIGINT, which do not end the process any more. Neither does
/// SIGXFSZ, with which the system says that a file may not grow further: the
/// write fails, and what failed says so.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    file_too_large: Signal,
    is_told: bool,
    came_at: Option<Instant>,
}

impl Signals {
    /// Catches the signals from now on.
    pub fn catch() -> anyhow::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self {
            terminate,
            interrupt: signal(SignalKind::interrupt())?,
            file_too_large: signal(SignalKind::from_raw(SignalNumber::XFSZ.as_raw()))?,
            is_told: false,
            came_at: None,
        })
    }

    /// Returns when one that stops the program has come.
    pub async fn wait(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
                _ = self.file_too_large.recv() => self.tell_limit(),
            }
        }
        self.came_at.get_or_insert_with(Instant::now);
    }

    /// Tells the operator once that files may not grow further.
    fn tell_limit(&mut self) {
        if !std::mem::replace(&mut self.is_told, true) {
            tracing::error!(
                "a file has reached the size that the system allows this process, so that it is not written; raise that limit (`ulimit -f`, or `LimitFSIZE` of systemd)"
            );
        }
    }

    /// When the first of them came, if one has.
    pub fn came_at(&self) -> Option<Instant> {
        self.came_at
    }
}
