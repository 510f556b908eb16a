//! Reserves what a call may use, before it is made.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::model::Attempt;
use crate::store::Booking;

use crate::ledger::calls::call_order::CallOrder;
use crate::ledger::calls::hold::Hold;
use crate::ledger::counting::meter::AppliedLimit;
use crate::ledger::pricing::table::PriceTable;
use crate::ledger::writing::batch::{HoldRequest, Need, NoRoom};
use crate::ledger::writing::writer::{HoldReplies, Operation};
use crate::ledger::{CLOSED, Ledger, Shared};

/// How long a caller waits until its hold is decided and safe on disk.
const HELD_WITHIN: Duration = Duration::from_secs(4);

impl Ledger {
    /// Reserves what an order may use, or says which limit leaves too little.
    /// It is decided when this returns, and safe on disk when [`Hold::begin`]
    /// returns. An order that no limit counts is only written down. Nobody waits for
    /// that, unless it is for pictures, the spool has no room, or writes go
    /// wrong. Where the database has taken nothing for a while, every order is
    /// refused.
    pub async fn hold(
        &self,
        order: CallOrder<'_>,
        mut limits: Vec<AppliedLimit>,
    ) -> anyhow::Result<Result<Hold, NoRoom>> {
        PriceTable::warm_for(order.provider).await?;
        self.shared.outage.refuse_new()?;
        let held_by = Instant::now() + HELD_WITHIN;
        let now_ms = self.clock.now_ms();
        let attempt = order.attempt(now_ms)?;
        limits.truncate(order.counted_by(&limits).len());
        let need = order.need(&self.shared.prices, now_ms, !limits.is_empty());
        let mut hold = if limits.is_empty() {
            self.book(order, attempt, need).await?
        } else {
            let request = HoldRequest {
                attempt,
                need,
                limits: limits.clone(),
            };
            match self.reserve(request, held_by).await? {
                Ok(hold) => hold,
                Err(no_room) => {
                    self.shared.metrics.count_hold(false);
                    return Ok(Err(no_room));
                }
            }
        };
        self.shared.metrics.count_hold(true);
        hold.limits = limits;
        hold.held_by = held_by;
        hold.prompt = order.prompt;
        hold.sound = order.sound;
        Ok(Ok(hold))
    }

    /// Has the writer decide a hold.
    async fn reserve(
        &self,
        request: HoldRequest,
        held_by: Instant,
    ) -> anyhow::Result<Result<Hold, NoRoom>> {
        let (decided, decision) = oneshot::channel();
        let (reply, written) = oneshot::channel();
        let replies = HoldReplies {
            decided,
            written: reply,
            shared: Arc::clone(&self.shared),
        };
        let deciding = async {
            self.send(Operation::Hold(request, replies)).await?;
            anyhow::Ok(decision.await)
        };
        let Ok(decision) = timeout_at(held_by, deciding).await else {
            return Err(self.shared.outage.error());
        };
        let Ok(decided) = decision? else {
            // The transaction failed before this hold was decided.
            written.await.context(CLOSED)??;
            anyhow::bail!(CLOSED);
        };
        Ok(decided.map(|mut hold| {
            hold.written = Some(written);
            hold
        }))
    }

    /// Has the writer write down an order that no limit bounds.
    async fn book(
        &self,
        order: CallOrder<'_>,
        attempt: Attempt,
        need: Need,
    ) -> anyhow::Result<Hold> {
        let booking = Arc::new(Booking {
            attempt,
            held: need.most(),
            counted: Vec::new(),
            known: order.known_tokens(),
        });
        // A picture may outlive the process, and is then found by the row of its
        // attempt.
        let waits = booking.held.images > 0
            || self.shared.outage.is_unsafe()
            || !self.shared.has_spooled(&booking);
        let (reply, written) = waits.then(oneshot::channel).unzip();
        self.send(Operation::Book(Arc::clone(&booking), reply))
            .await?;
        let mut hold = Hold::new(booking, Arc::clone(&self.shared));
        hold.written = written;
        Ok(hold)
    }
}

impl Shared {
    /// Whether an attempt is safe from the end of this process before it is in
    /// a row. On PostgreSQL nothing is, and the write-behind buffer is short.
    fn has_spooled(&self, booking: &Booking) -> bool {
        self.spool.get().is_none_or(|spool| spool.put(booking))
    }
}
