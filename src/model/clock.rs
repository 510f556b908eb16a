//! The time of day, which tests can hold still.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds in a minute.
pub const MINUTE_MS: i64 = 60_000;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in a day of UTC.
pub const DAY_MS: i64 = 86_400_000;

/// Tells the time in milliseconds since 1970, UTC.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    held: Option<Arc<AtomicI64>>,
}

impl Clock {
    #[cfg(test)]
    /// A clock that stands at `now_ms` until it is moved.
    pub fn held_at(now_ms: i64) -> Self {
        Self {
            held: Some(Arc::new(AtomicI64::new(now_ms))),
        }
    }

    #[cfg(test)]
    /// Moves a held clock; the system's clock is left as it is.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Some(held) = &self.held {
            held.fetch_add(by_ms, Ordering::Relaxed);
        }
    }

    /// Now, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        match &self.held {
            Some(held) => held.load(Ordering::Relaxed),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| {
                    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
                }),
        }
    }
}
