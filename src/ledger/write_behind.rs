//! Attempts that no limit binds, before they are written down: most of those
//! that end at once need one row and not a row and its change.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use foldhash::HashMap;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::model::AttemptId;
use crate::store::Booking;

use crate::ledger::writer::{BATCH, Operation, Settle};

/// How long an attempt may go unwritten. A process that dies loses no more
/// of what nobody limits.
const AT_MOST: Duration = Duration::from_millis(50);

/// Bookings that wait for their settlements.
#[derive(Default)]
pub struct WriteBehind {
    bookings: HashMap<AttemptId, Arc<Booking>>,
    /// When each came, the oldest first; those that are gone too.
    came: VecDeque<(Instant, AttemptId)>,
}

impl WriteBehind {
    /// Waits for operations, or until a booking must be written; false when
    /// there will be no more.
    pub async fn wait(
        &self,
        queue: &mut mpsc::Receiver<Operation>,
        operations: &mut Vec<Operation>,
    ) -> bool {
        let more = queue.recv_many(operations, BATCH);
        match self.came.front() {
            Some((at, _)) => timeout_at(*at + AT_MOST, more).await.unwrap_or(1) > 0,
            None => more.await > 0,
        }
    }

    /// One more.
    pub fn note(&mut self, booking: Arc<Booking>) {
        let id = booking.attempt.id;
        self.came.push_back((Instant::now(), id));
        self.bookings.insert(id, booking);
    }

    /// The booking that a settlement closes, if it was not written yet.
    pub fn join(&mut self, settle: &Settle) -> Option<Arc<Booking>> {
        self.bookings.remove(&settle.ended.booking.attempt.id)
    }

    /// Those that must be written now; or all.
    pub fn take(&mut self, all: bool) -> Vec<Arc<Booking>> {
        let mut due = Vec::new();
        let until = Instant::now();
        while let Some((came, id)) = self.came.front() {
            let is_due = all || *came + AT_MOST <= until;
            let is_gone = !self.bookings.contains_key(id);
            if !is_due && !is_gone {
                break;
            }
            due.extend(self.bookings.remove(id));
            self.came.pop_front();
        }
        due
    }
}
