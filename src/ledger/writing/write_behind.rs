//! The write-behind buffer for attempts without limits. An attempt that ends
//! within 50 ms is stored as one settled row, which saves the insert of the
//! held row and its update.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use foldhash::HashMap;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::model::AttemptId;
use crate::store::Booking;

use crate::ledger::writing::writer::{BATCH_MAX, Operation};

/// How long an attempt may stay unwritten. If the process dies, it loses no
/// more than this of what no limit bounds.
const UNWRITTEN_FOR: Duration = Duration::from_millis(50);

/// Bookings of attempts that have not ended and are not written yet.
#[derive(Default)]
pub struct WriteBehind {
    bookings: HashMap<AttemptId, Arc<Booking>>,
    /// When each booking came, the oldest first. Those that were removed are
    /// still here.
    arrivals: VecDeque<(Instant, AttemptId)>,
}

impl WriteBehind {
    /// Waits for operations, or until a booking is due to be written, or until
    /// `latest`. False when no more operations will come.
    pub async fn wait(
        &self,
        queue: &mut mpsc::Receiver<Operation>,
        operations: &mut Vec<Operation>,
        latest: Option<Instant>,
    ) -> bool {
        let more = queue.recv_many(operations, BATCH_MAX);
        let due = self.arrivals.front().map(|(at, _)| *at + UNWRITTEN_FOR);
        match due.into_iter().chain(latest).min() {
            Some(due) => timeout_at(due, more).await.unwrap_or(1) > 0,
            None => more.await > 0,
        }
    }

    /// Adds a booking to the buffer.
    pub fn push(&mut self, booking: Arc<Booking>) {
        let id = booking.attempt.id;
        self.arrivals.push_back((Instant::now(), id));
        self.bookings.insert(id, booking);
    }

    /// Removes the booking of an attempt; none if it is written already.
    pub fn remove(&mut self, attempt: AttemptId) -> Option<Arc<Booking>> {
        self.bookings.remove(&attempt)
    }

    /// Takes the bookings that are due to be written.
    pub fn take_due(&mut self) -> Vec<Arc<Booking>> {
        let mut due = Vec::new();
        let now = Instant::now();
        while let Some((at, id)) = self.arrivals.front() {
            let is_due = *at + UNWRITTEN_FOR <= now;
            if !is_due && self.bookings.contains_key(id) {
                break;
            }
            due.extend(self.bookings.remove(id));
            self.arrivals.pop_front();
        }
        due
    }

    /// Takes all bookings, the oldest first.
    pub fn take_all(&mut self) -> Vec<Arc<Booking>> {
        let arrivals = std::mem::take(&mut self.arrivals);
        let ids = arrivals.into_iter().map(|(_, id)| id);
        ids.filter_map(|id| self.bookings.remove(&id)).collect()
    }
}
