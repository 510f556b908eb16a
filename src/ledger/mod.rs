//! The ledger: every provider call is reserved before it is made and
//! settled after it, once.
//!
//! ```text
//!            hold ──▶ held ──▶ settled    what was really used is counted
//!                      │  └──▶ released   the provider did nothing: nothing is counted
//!                      └─────▶ expired    the process died: what was held is counted
//! ```
//!
//! A hold takes the most that a call can use out of every limit that
//! applies, in one transaction, or says which limit leaves too little. What
//! a provider reports is clamped to what was held, so that no limit is ever
//! exceeded. An ask that no limit binds is written down too, but does not
//! wait for it.
//!
//! - `teller`: the one task that writes, in batches; `early`: what may be
//!   written late.
//! - `batch`: what a batch makes of counters. Pure.
//! - `counter`, `span`, `meter`: what a limit has counted, and when.
//! - `prices`, `table`: what a call costs.
//! - `till`: what every hold needs.

mod batch;
mod counter;
mod headroom;
mod hold;
mod meter;
mod metrics;
mod prices;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod race;
mod span;
#[cfg(test)]
mod story;
mod table;
mod write_behind;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::Context;
use jiff::tz::TimeZone;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

pub use batch::NoRoom;
#[cfg(any(fuzzing, feature = "internals"))]
pub use batch::add_up;
pub use hold::{Ended, Hold, Order};
pub use meter::Applied;
pub use prices::Prices;
pub use table::PriceTable;

use crate::model::{AttemptId, Clock, LimitUse, NanoDollars, Outcome, Settlement, Usage};
use crate::store::{Booking, FinishedAttempt, Store};

use batch::HoldRequest;
use counter::Counter;
use headroom::Headroom;
use metrics::Till;
use prices::Quantity;
use writer::{Grant, Operation, Settle, Writer};

/// How many operations may wait for the teller; more wait before the queue.
const QUEUE: usize = 4_096;
/// Counters are forgotten when nothing was counted for longer than any
/// limit looks back.
const COUNTERS_KEPT: Duration = Duration::from_hours(24 * 40);
/// How often that is looked for.
const COUNTERS_SWEPT_EVERY: Duration = Duration::from_hours(1);
/// What is said where the teller has ended.
const CLOSED: &str = "the ledger is closed";

/// The ledger. One for a process.
pub struct Ledger {
    till: Arc<Till>,
    store: Store,
    clock: Clock,
    zone: TimeZone,
    longest_call: Duration,
    outlook: Headroom,
    /// When counters were forgotten last, in milliseconds since 1970.
    counters_swept_ms: AtomicI64,
}

/// An attempt that was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub usage: Usage,
    /// The usage is ours, since the provider did not report it.
    pub estimated: bool,
    pub cost: Option<NanoDollars>,
    /// Budgets of which most is used now, each said once.
    pub warnings: Vec<LimitUse>,
}

impl Ledger {
    /// Starts the teller. A hold that is older than `longest_call` belongs
    /// to a process that died.
    pub fn start(
        store: Store,
        prices: Prices,
        clock: Clock,
        zone: TimeZone,
        longest_call: Duration,
    ) -> Self {
        let (queue, operations) = mpsc::channel(QUEUE);
        let outlook = Headroom::default();
        let teller = Writer {
            outlook: outlook.clone(),
            store: store.clone(),
            clock: clock.clone(),
            zone: zone.clone(),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends last of all, in `Ledger::close`"
        )]
        tokio::spawn(teller.run(operations));
        Self {
            till: Arc::new(Till::new(prices, queue)),
            store,
            clock,
            zone,
            longest_call,
            outlook,
            counters_swept_ms: AtomicI64::new(i64::MIN),
        }
    }

    /// Whether there will be room, as far as anybody can tell without a
    /// look at the database. A guess: only a hold makes it true.
    pub fn expects_room(&self, limits: &[Applied], output_tokens: u64, images: u64) -> bool {
        self.outlook.is_likely(limits, output_tokens, images)
    }

    /// Reserves what an order may use; or says which limit leaves too
    /// little. It is decided when this returns, and safe on disk when
    /// [`Hold::begin`] does. An order without limits is only written down,
    /// and nobody waits for that unless it is for pictures.
    pub async fn hold(
        &self,
        order: Order<'_>,
        limits: Vec<Applied>,
    ) -> anyhow::Result<Result<Hold, NoRoom>> {
        if !PriceTable::is_warm(order.provider.as_str()) {
            let provider = order.provider.clone();
            let warm = move || PriceTable::warm(provider.as_str());
            Box::pin(tokio::task::spawn_blocking(warm)).await?;
        }
        let now_ms = self.clock.now_ms();
        let attempt = order.attempt(now_ms)?;
        let need = order.need(&self.till.prices, now_ms, !limits.is_empty());
        let (booking, written) = if limits.is_empty() {
            let booking = Arc::new(Booking {
                attempt,
                held: need.most(),
                counted: Vec::new(),
            });
            // Pictures outlive processes, and are found again by their rows.
            let lasts = booking.held.images > 0;
            let (reply, written) = lasts.then(oneshot::channel).unzip();
            self.send(Operation::Book(Arc::clone(&booking), reply))
                .await?;
            (booking, written)
        } else {
            let request = HoldRequest {
                attempt,
                need,
                limits: limits.clone(),
            };
            let (decided, decision) = oneshot::channel();
            let (tell, written) = oneshot::channel();
            let grant = Grant {
                decided,
                written: tell,
            };
            self.send(Operation::Hold(request, grant)).await?;
            match decision.await {
                Ok(Ok(booking)) => (booking, Some(written)),
                Ok(Err(no_room)) => {
                    self.till.count_hold(false);
                    return Ok(Err(no_room));
                }
                // It failed before it came to this one.
                Err(_) => {
                    written.await.context(CLOSED)??;
                    anyhow::bail!(CLOSED);
                }
            }
        };
        self.till.count_hold(true);
        Ok(Ok(Hold::new(
            booking,
            limits,
            written,
            order.prompt_bytes,
            Arc::clone(&self.till),
        )))
    }

    /// Takes up what an earlier process has reserved; none if it is settled.
    /// Its limits are counted as they were, and nobody is warned of them.
    pub async fn take_up(&self, id: AttemptId) -> anyhow::Result<Option<Hold>> {
        let Some(found) = self.store.held(id).await? else {
            return Ok(None);
        };
        let till = Arc::clone(&self.till);
        Ok(Some(Hold::new(Arc::new(found), Vec::new(), None, 0, till)))
    }

    /// Puts what was really used in place of what was held.
    pub async fn settle(&self, hold: Hold, ended: Ended<'_>) -> anyhow::Result<Settled> {
        let may_be_late = hold.may_be_late();
        let settle = hold.end(ended);
        let settlement = settle.ended.settlement.clone();
        let (reply, answer) = if may_be_late {
            (None, None)
        } else {
            let (reply, answer) = oneshot::channel();
            (Some(reply), Some(answer))
        };
        self.send(Operation::Settle(settle, reply)).await?;
        let warnings = match answer {
            Some(answer) => answer.await.context(CLOSED)??,
            None => Vec::new(),
        };
        Ok(Settled {
            usage: settlement.usage,
            estimated: settlement.estimated,
            cost: settlement.cost,
            warnings,
        })
    }

    /// What is used of each limit.
    pub async fn uses(&self, limits: &[Applied]) -> anyhow::Result<Vec<LimitUse>> {
        let now_ms = self.clock.now_ms();
        let names = limits.iter().map(|applied| &applied.counter);
        let states = self.store.counter_states(names).await?;
        let of = |(applied, state): (&Applied, String)| {
            let mut counter = Counter::parse(&state)?;
            counter.advance(applied.limit.span, now_ms, &self.zone)?;
            applied.used(&counter, &self.zone)
        };
        limits.iter().zip(states).map(of).collect()
    }

    /// Settles what processes that died have left behind, at what they
    /// held, and forgets counters that nobody looks at.
    pub async fn sweep(&self) -> anyhow::Result<()> {
        let now_ms = self.clock.now_ms();
        let before = |ago: Duration| now_ms - i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        // Nobody was asked for these: everything is given back.
        let longest = before(self.longest_call);
        for unbegun in self.store.unbegun_before(longest).await? {
            let settlement = Settlement::released();
            let settle = Operation::Settle(closing(unbegun, settlement), None);
            self.send(settle).await?;
        }
        loop {
            let lost = self.store.held_before(longest).await?;
            if lost.is_empty() {
                break;
            }
            tracing::warn!(
                "settling {} attempts of a process that died at their estimate",
                lost.len()
            );
            for booking in lost {
                let (reply, answer) = oneshot::channel();
                self.send(Operation::Settle(self.expired(booking), Some(reply)))
                    .await?;
                answer.await.context(CLOSED)??;
            }
        }
        // It reads all of them: no index is kept for what is looked for so
        // seldom and written so often.
        if self.counters_swept_ms.load(Ordering::Relaxed) <= before(COUNTERS_SWEPT_EVERY) {
            self.store.forget_counters(before(COUNTERS_KEPT)).await?;
            self.counters_swept_ms.store(now_ms, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Ends when what is queued is written.
    #[cfg(test)]
    pub async fn flush(&self) {
        let (done, reached) = oneshot::channel();
        if self.send(Operation::Flush(done)).await.is_ok() {
            reached.await.unwrap();
        }
    }

    /// Writes what is queued, and ends the teller.
    pub async fn close(&self) {
        let (done, stopped) = oneshot::channel();
        if self.send(Operation::Stop(done)).await.is_ok() {
            // An error means that it is gone, which is what we want.
            let _ = stopped.await;
        }
    }

    /// Nobody knows what it used: it used what was held.
    fn expired(&self, booking: Booking) -> Settle {
        let (held, attempt) = (booking.held, &booking.attempt);
        let most = Quantity {
            input_tokens: held.input_tokens,
            output_tokens: held.output_tokens,
            images: held.images,
            ..Quantity::default()
        };
        // Where nothing was limited, nobody has asked for the price yet.
        let cost = held.cost.or_else(|| {
            let at_ms = attempt.held_at_ms;
            self.till
                .prices
                .cost(&attempt.provider, &attempt.model, most, at_ms)
        });
        let settlement = Settlement {
            outcome: Outcome::Lost,
            usage: Usage {
                input_tokens: held.input_tokens,
                output_tokens: held.output_tokens,
                ..Usage::default()
            },
            images: held.images,
            cost,
            estimated: true,
            ..Settlement::released()
        };
        closing(booking, settlement)
    }

    async fn send(&self, operation: Operation) -> anyhow::Result<()> {
        let sent = match self.till.queue.try_send(operation) {
            // A full queue is being worked on.
            Err(TrySendError::Full(operation)) => Box::pin(self.till.queue.send(operation)).await,
            Err(TrySendError::Closed(operation)) => Err(mpsc::error::SendError(operation)),
            Ok(()) => Ok(()),
        };
        sent.map_err(|_| anyhow::anyhow!(CLOSED))
    }
}

fn closing(booking: Booking, settlement: Settlement) -> Settle {
    Settle {
        ended: FinishedAttempt {
            booking: Arc::new(booking),
            settlement,
        },
        limits: Vec::new(),
    }
}
