//! How long calls to providers may take.

use std::time::Duration;

use tokio::time::Instant;

use crate::providers::dialect::Dialect;

/// How long a relayed answer may say nothing where nobody set it.
const SILENCE_MAX: Duration = Duration::from_mins(10);
/// How long a relayed answer may take in all, if its caller waits for it.
pub const RELAYED_MAX: Duration = Duration::from_hours(6);

/// How long each part of a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub connect: Duration,
    /// Until the answer begins.
    pub first_byte: Duration,
    /// Until the answer of a model begins that runs on the operator's own
    /// machine, which may have to load it first.
    pub first_byte_local: Duration,
    /// Between any two bytes, comments included.
    pub idle: Duration,
    /// Between two pieces of answer: comments alone keep no call alive.
    pub progress: Duration,
    pub total: Duration,
    /// Between any two bytes of a relayed answer, and before the first: its
    /// caller decides how long it may take. None where the settings say.
    pub silence: Option<Duration>,
    /// A free key check, from start to end.
    pub check: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_mins(1),
            first_byte_local: Duration::from_mins(5),
            idle: Duration::from_mins(1),
            progress: Duration::from_mins(2),
            total: Duration::from_mins(10),
            silence: None,
            check: Duration::from_secs(15),
        }
    }
}

impl Timeouts {
    /// Longer than any call takes, with its waits and retries.
    pub fn longest_call(&self) -> Duration {
        RELAYED_MAX.max(self.total * 2)
    }

    /// These timeouts, with how long a relayed answer may say nothing, where
    /// that is not known yet.
    #[must_use]
    pub fn with_silence(self, silence: Duration) -> Self {
        Self {
            silence: self.silence.or(Some(silence)),
            ..self
        }
    }

    /// How long a relayed answer may say nothing at all.
    pub fn silence_of_relayed(&self) -> Duration {
        self.silence.unwrap_or(SILENCE_MAX)
    }

    /// How long the answer of a provider of this dialect may take to begin.
    pub fn first_byte_of(&self, dialect: Dialect) -> Duration {
        if dialect.loads_models() {
            self.first_byte_local
        } else {
            self.first_byte
        }
    }
}

/// The clocks of an answer that comes in pieces. Any byte restarts the idle
/// clock; only progress of the model restarts the progress clock.
pub struct StreamClocks {
    timeouts: Timeouts,
    deadline: Instant,
    progress_by: Instant,
}

impl StreamClocks {
    /// Starts the clocks of an answer that must end before the deadline.
    pub fn start(timeouts: Timeouts, deadline: Instant) -> Self {
        Self {
            timeouts,
            deadline,
            progress_by: Instant::now() + timeouts.progress,
        }
    }

    /// Restarts the idle clock: when the next piece must have come.
    pub fn next_piece_by(&self) -> Instant {
        let idle_by = Instant::now() + self.timeouts.idle;
        self.deadline.min(self.progress_by).min(idle_by)
    }

    /// Restarts the progress clock.
    pub fn restart_progress(&mut self) {
        self.progress_by = Instant::now() + self.timeouts.progress;
    }
}
