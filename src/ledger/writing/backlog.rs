//! What has happened and could not be written yet. It is kept, in order, until
//! the database takes it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::store::{FinishedAttempt, JournalEntries};

use crate::ledger::counting::meter::AppliedLimit;
use crate::ledger::writing::writer::{PendingHold, WrittenReply};

/// How long the writer waits before it tries again. The wait doubles with each
/// further try, up to the second.
const RETRY_AFTER: Duration = Duration::from_millis(50);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(1);

/// What has happened in one batch, and for each of its closings the limits that
/// it was held under.
#[derive(Clone, Default)]
pub struct BatchRecord {
    pub entries: Arc<JournalEntries>,
    pub limits: Arc<Vec<Vec<AppliedLimit>>>,
}

/// What waits until the database takes writes again.
#[derive(Default)]
pub struct Backlog {
    kept: VecDeque<BatchRecord>,
    /// Callers who wait until something of the above is on disk.
    pub replies: Vec<WrittenReply>,
    /// Holds that are to be decided then.
    pub holds: Vec<PendingHold>,
    /// When to try again; none while all is well.
    due: Option<Instant>,
    pause: Duration,
}

impl BatchRecord {
    /// How many attempts it is about.
    pub fn count(&self) -> usize {
        self.entries.count()
    }

    /// How attempts ended, in it.
    pub fn settled(&self) -> impl Iterator<Item = &FinishedAttempt> {
        self.entries.finished.iter().chain(&self.entries.closings)
    }

    /// One record for each attempt of this one.
    fn split(&self) -> impl Iterator<Item = Self> + use<> {
        let one = |entries, limits| Self {
            entries: Arc::new(entries),
            limits: Arc::new(limits),
        };
        let booked = |booking: &Arc<_>| JournalEntries {
            bookings: vec![Arc::clone(booking)],
            ..JournalEntries::default()
        };
        let finished = |finished: &FinishedAttempt| JournalEntries {
            finished: vec![finished.clone()],
            ..JournalEntries::default()
        };
        let closed = |closing: &FinishedAttempt| JournalEntries {
            closings: vec![closing.clone()],
            ..JournalEntries::default()
        };
        let entries = &self.entries;
        let mut split: Vec<_> = entries.bookings.iter().map(booked).collect();
        split.extend(entries.finished.iter().map(finished));
        let mut split: Vec<_> = split.into_iter().map(|it| one(it, Vec::new())).collect();
        let closings = entries.closings.iter().zip(&*self.limits);
        split.extend(closings.map(|(it, limits)| one(closed(it), vec![limits.clone()])));
        split.into_iter()
    }
}

impl Backlog {
    /// Whether nothing is kept, and nothing went wrong.
    pub fn is_idle(&self) -> bool {
        self.due.is_none()
    }

    /// When to try again; none while all is well.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether it is time to try again.
    pub fn is_due(&self) -> bool {
        self.due.is_some_and(|due| due <= Instant::now())
    }

    /// Tries again at once.
    pub fn hurry(&mut self) {
        self.due = self.due.map(|_| Instant::now());
    }

    /// Keeps what has happened.
    pub fn keep(&mut self, happened: BatchRecord) {
        if happened.count() > 0 {
            self.kept.push_back(happened);
        }
    }

    /// What was kept first.
    pub fn first(&self) -> Option<BatchRecord> {
        self.kept.front().cloned()
    }

    /// Drops what was kept first.
    pub fn drop_first(&mut self) {
        self.kept.pop_front();
    }

    /// Puts the attempts of what was kept first by themselves.
    pub fn split_first(&mut self) {
        if let Some(first) = self.kept.pop_front() {
            let split: Vec<_> = first.split().collect();
            for one in split.into_iter().rev() {
                self.kept.push_front(one);
            }
        }
    }

    /// How many attempts are kept.
    pub fn count(&self) -> usize {
        self.kept.iter().map(BatchRecord::count).sum()
    }

    /// Something went wrong: tries again after a pause.
    pub fn postpone(&mut self) {
        self.pause = match self.due {
            None => RETRY_AFTER,
            Some(_) => (self.pause * 2).min(RETRY_AFTER_MAX),
        };
        self.due = Some(Instant::now() + self.pause);
    }

    /// All is well again.
    pub fn rest(&mut self) {
        self.due = None;
    }
}
