//! Takes up what earlier processes left in the spool: settlements that they
//! could not write, and attempts that were in no row.
//!
//! A settlement closes its attempt if that is still held, takes the place of an
//! estimate, and changes nothing where it had been written. So it may be read
//! twice, in any order of writes and crashes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::store::{Booking, SpooledSettlement};

use crate::ledger::Ledger;
use crate::ledger::writing::writer::{Closing, Operation};

/// For how long an attempt that is in no row may be put into one, where other
/// processes may have done so before: rows are kept for a day at least, and none
/// is written again that was deleted.
const IN_NO_ROW_MAX: Duration = Duration::from_hours(12);
/// How many settlements are written before the next are read.
const WRITTEN_AT_ONCE: usize = 1_024;

impl Ledger {
    /// Opens the spool, and writes the settlements that earlier processes left in
    /// it. Returns the attempts that had not ended.
    pub(super) async fn take_over_spool(&self) -> anyhow::Result<Vec<Booking>> {
        let folder = self.spool_folder.as_deref();
        let Some((spool, left)) = self.store.open_spool(folder).await? else {
            return Ok(Vec::new());
        };
        // The writer takes out of it what is written.
        let _ = self.shared.spool.set(spool);
        let count = left.settlements.len();
        if count > 0 {
            tracing::info!("writing {count} settlements that an earlier process could not write");
        }
        let mut settlements = left.settlements.into_iter().peekable();
        while settlements.peek().is_some() {
            for settlement in settlements.by_ref().take(WRITTEN_AT_ONCE) {
                self.take_up_settlement(settlement).await?;
            }
            self.write_all().await?;
        }
        Ok(left.bookings)
    }

    /// Settles attempts that an earlier process had in no row and that had not
    /// ended.
    pub(super) async fn settle_unended(&self, unended: Vec<Booking>) -> anyhow::Result<()> {
        if unended.is_empty() {
            return Ok(());
        }
        let count = unended.len();
        tracing::warn!("settling {count} attempts of a process that died at their estimate");
        for booking in unended {
            let lost = self.lost().close_as_lost(booking).finished;
            self.send(Operation::Finish(lost)).await?;
        }
        self.write_all().await
    }

    async fn take_up_settlement(&self, spooled: SpooledSettlement) -> anyhow::Result<()> {
        let SpooledSettlement {
            mut finished,
            is_limited,
        } = spooled;
        let id = finished.booking.attempt.id;
        match self.store.booking(id).await? {
            // The row says in which counters it was counted.
            Some(row) => finished.booking = Arc::new(row),
            None if is_limited || self.may_be_deleted(&finished.booking) => {
                if let Some(spool) = self.shared.spool.get() {
                    spool.forget([id].into_iter());
                }
                return Ok(());
            }
            None => {
                // `write_all` waits until it is written.
                let (reply, _) = oneshot::channel();
                let booking = Arc::clone(&finished.booking);
                self.send(Operation::Book(booking, Some(reply))).await?;
            }
        }
        let closing = Closing {
            finished,
            limits: Vec::new(),
        };
        self.send(Operation::Settle(closing, None)).await
    }

    /// Whether an attempt that is in no row may have been in one.
    fn may_be_deleted(&self, booking: &Booking) -> bool {
        let age_ms = self
            .clock
            .now_ms()
            .saturating_sub(booking.attempt.held_at_ms);
        let age = Duration::from_millis(age_ms.max(0).cast_unsigned());
        !self.store.is_ours_alone() && age > IN_NO_ROW_MAX
    }
}
