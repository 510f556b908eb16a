//! Whether the database takes the ledger's writes: for how long the oldest has
//! been waiting, and how many are kept until it does.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::ledger::writing::writer::Operation;
use crate::ledger::{CLOSED, Ledger};
use crate::model::lock;
use crate::store::{StoreError, copy_error};

/// For how long a write may take before attempts without limits wait until they
/// are on disk, as others do, and settlements go into the spool: a process that
/// dies would lose as much of them.
pub const LATE_AFTER: Duration = Duration::from_millis(250);
/// For how long the oldest write may wait before new calls are refused. Until
/// then, their holds queue up behind it.
pub const WAITS_MAX: Duration = Duration::from_secs(2);
/// How many attempts are kept that cannot be written. Beyond this, new calls
/// are refused, and only those that run already may add theirs.
const KEPT_MAX: usize = 8_192;
/// How long whoever wants everything written waits for that.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

/// What the writer notes of its writes, and callers read. Moments are
/// milliseconds since the ledger began, and at least 1; 0 is none.
#[derive(Debug)]
pub struct Outage {
    began: Instant,
    waits_since_ms: AtomicU64,
    kept: AtomicUsize,
    /// A write failed, and none has succeeded since.
    is_failing: AtomicBool,
    last_error: Mutex<Option<anyhow::Error>>,
}

impl Default for Outage {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            waits_since_ms: AtomicU64::new(0),
            kept: AtomicUsize::new(0),
            is_failing: AtomicBool::new(false),
            last_error: Mutex::new(None),
        }
    }
}

/// How the ledger's writes go at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerPulse {
    /// For how long the oldest write has waited; none where nothing waits.
    pub waits: Option<Duration>,
    /// How many attempts are kept until they can be written.
    pub unwritten: usize,
}

impl Ledger {
    /// How the ledger's writes go.
    pub fn pulse(&self) -> LedgerPulse {
        LedgerPulse {
            waits: self.shared.outage.waits(),
            unwritten: self.shared.outage.kept(),
        }
    }

    /// Writes everything that is queued or kept; an error where the database
    /// does not take it.
    pub async fn write_all(&self) -> anyhow::Result<()> {
        let (done, written) = oneshot::channel();
        self.send(Operation::Flush(done)).await?;
        let written = timeout(WRITTEN_WITHIN, written).await;
        let written = written.map_err(|_| self.shared.outage.error())?;
        written.context(CLOSED)?
    }
}

impl Outage {
    fn now_ms(&self) -> u64 {
        let ms = self.began.elapsed().as_millis();
        u64::try_from(ms).unwrap_or(u64::MAX).max(1)
    }

    /// Notes that something is to be written, unless something waits already.
    pub fn note_try(&self) {
        if self.waits_since_ms.load(Ordering::Relaxed) == 0 {
            self.waits_since_ms.store(self.now_ms(), Ordering::Relaxed);
        }
    }

    /// Notes that everything is written.
    pub fn note_written(&self) {
        self.waits_since_ms.store(0, Ordering::Relaxed);
    }

    /// Notes that everything is written that was kept.
    pub fn note_recovery(&self) {
        *lock(&self.last_error) = None;
        self.is_failing.store(false, Ordering::Relaxed);
        self.note_kept(0);
        self.note_written();
    }

    /// Notes what went wrong.
    pub fn note_failure(&self, error: &anyhow::Error) {
        *lock(&self.last_error) = Some(copy_error(error));
        self.is_failing.store(true, Ordering::Relaxed);
    }

    /// Notes how many attempts are kept until they can be written.
    pub fn note_kept(&self, kept: usize) {
        self.kept.store(kept, Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "it is a count for a graph")]
        metrics::gauge!("latchkey_ledger_unwritten").set(kept as f64);
    }

    /// For how long the oldest write has waited; none where nothing waits.
    pub fn waits(&self) -> Option<Duration> {
        let since_ms = self.waits_since_ms.load(Ordering::Relaxed);
        let waits_ms = || self.now_ms().saturating_sub(since_ms);
        (since_ms > 0).then(|| Duration::from_millis(waits_ms()))
    }

    /// Whether writes fail or are late, so that no call may be made before its
    /// hold is on disk.
    pub fn is_unsafe(&self) -> bool {
        let is_late = || self.waits().is_some_and(|waits| waits > LATE_AFTER);
        self.is_failing.load(Ordering::Relaxed) || is_late()
    }

    /// How many attempts are kept until they can be written.
    pub fn kept(&self) -> usize {
        self.kept.load(Ordering::Relaxed)
    }

    /// Refuses a new call where its hold would neither be written soon nor be
    /// kept.
    pub fn refuse_new(&self) -> anyhow::Result<()> {
        let is_full = self.kept() >= KEPT_MAX;
        if is_full || self.waits().is_some_and(|waits| waits > WAITS_MAX) {
            return Err(self.error());
        }
        Ok(())
    }

    /// The last thing that went wrong, for one of the callers that it concerns.
    pub fn error(&self) -> anyhow::Error {
        let last = lock(&self.last_error);
        match (&*last, self.waits()) {
            (Some(error), Some(_)) => copy_error(error),
            _ => StoreError::too_slow("commit of the ledger").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_in_memory_while_writes_fail_or_are_late() {
        let outage = Outage::default();
        outage.note_try();
        assert!(!outage.is_unsafe());
        outage.note_failure(&anyhow::anyhow!("the disk is full"));
        assert!(outage.is_unsafe());
        outage.note_recovery();
        assert!(!outage.is_unsafe());
        let late = Outage {
            began: Instant::now().checked_sub(2 * LATE_AFTER).unwrap(),
            waits_since_ms: AtomicU64::new(1),
            ..Outage::default()
        };
        assert!(late.is_unsafe());
    }

    #[test]
    fn new_calls_are_refused_once_the_oldest_waits_too_long_or_too_many_are_kept() {
        let outage = Outage::default();
        outage.refuse_new().unwrap();
        outage.note_try();
        outage.refuse_new().unwrap();
        outage.note_kept(KEPT_MAX);
        outage.refuse_new().unwrap_err();
        outage.note_kept(KEPT_MAX - 1);
        outage.refuse_new().unwrap();
        let old = Outage {
            began: Instant::now().checked_sub(2 * WAITS_MAX).unwrap(),
            waits_since_ms: AtomicU64::new(1),
            ..Outage::default()
        };
        // A second try does not make the wait a new one.
        old.note_try();
        old.refuse_new().unwrap_err();
        old.note_written();
        old.refuse_new().unwrap();
    }
}
