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
//! exceeded. A call that no limit bounds is written down too, but does not
//! wait for that.
//!
//! - `writer`: the one task that writes, in batches; `write_behind`: what it
//!   may write later.
//! - `batch`: what a batch of holds and settlements does to counters. Pure.
//! - `charge`: what a call is charged that nobody reported on. Pure.
//! - `counter`, `span`, `meter`: what a limit has counted, and when.
//! - `headroom`: a guess whether a hold will find room.
//! - `prices`, `table`: what a call costs.
//! - `metrics`: what is counted for whoever watches the process.

mod batch;
mod charge;
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
pub use hold::{CallEnd, CallOrder, Hold};
pub use meter::AppliedLimit;
pub use prices::Prices;
pub use table::PriceTable;

use crate::model::{
    Attempt, AttemptId, Clock, LimitUse, NanoDollars, Outcome, ProviderId, Settlement, Usage,
};
use crate::store::{Booking, FinishedAttempt, Store};

use batch::{CounterSet, HoldRequest};
use counter::Counter;
use headroom::Headroom;
use metrics::LedgerMetrics;
use prices::Quantity;
use writer::{Closing, HoldReplies, Operation, Writer};

/// How many operations the writer's queue holds; further callers wait until
/// it has room.
const QUEUE_MAX: usize = 4_096;
/// How long a counter is kept that has counted nothing: longer than any limit
/// looks back.
const COUNTERS_KEPT: Duration = Duration::from_hours(24 * 40);
/// How often such counters are looked for.
const COUNTERS_SWEPT_EVERY: Duration = Duration::from_hours(1);
/// The error where the writer has ended.
const CLOSED: &str = "the ledger is closed";

/// The ledger. There is one for each process.
pub struct Ledger {
    shared: Arc<Shared>,
    store: Store,
    clock: Clock,
    zone: TimeZone,
    longest_call: Duration,
    headroom: Headroom,
    /// When unused counters were deleted last, in milliseconds since 1970.
    counters_swept_ms: AtomicI64,
}

/// What the ledger is made of.
pub struct LedgerParts {
    pub store: Store,
    pub prices: Prices,
    pub clock: Clock,
    /// Where calendar days begin.
    pub zone: TimeZone,
    /// A hold that is older belongs to a process that died.
    pub longest_call: Duration,
}

/// What the ledger shares with its holds.
#[derive(Debug)]
struct Shared {
    clock: Clock,
    prices: Prices,
    queue: mpsc::Sender<Operation>,
    metrics: LedgerMetrics,
}

/// An attempt that was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledAttempt {
    pub usage: Usage,
    /// The usage is ours, since the provider did not report it.
    pub estimated: bool,
    pub cost: Option<NanoDollars>,
    /// Budgets of which most is used by now. Each is named once in a window.
    pub warnings: Vec<LimitUse>,
}

impl Ledger {
    /// Puts a ledger together, and starts its writer.
    pub fn start(parts: LedgerParts) -> Self {
        let LedgerParts {
            store,
            prices,
            clock,
            zone,
            longest_call,
        } = parts;
        let (queue, operations) = mpsc::channel(QUEUE_MAX);
        let headroom = Headroom::default();
        let writer = Writer {
            headroom: headroom.clone(),
            store: store.clone(),
            clock: clock.clone(),
            zone: zone.clone(),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends last of all, in `Ledger::close`"
        )]
        tokio::spawn(writer.run(operations));
        let shared = Shared {
            clock: clock.clone(),
            prices,
            queue,
            metrics: LedgerMetrics::default(),
        };
        Self {
            shared: Arc::new(shared),
            store,
            clock,
            zone,
            longest_call,
            headroom,
            counters_swept_ms: AtomicI64::new(i64::MIN),
        }
    }

    /// Whether limits will probably have room. It is a guess, made without
    /// asking the database; only a hold decides.
    pub fn expects_room(&self, limits: &[AppliedLimit], output_tokens: u64, images: u64) -> bool {
        self.headroom.is_likely(limits, output_tokens, images)
    }

    /// Reserves what an order may use, or says which limit leaves too little.
    /// It is decided when this returns, and safe on disk when [`Hold::begin`]
    /// returns. An order without limits is only written down. Nobody waits for
    /// that, unless it is for pictures.
    pub async fn hold(
        &self,
        order: CallOrder<'_>,
        limits: Vec<AppliedLimit>,
    ) -> anyhow::Result<Result<Hold, NoRoom>> {
        warm_prices(order.provider).await?;
        let now_ms = self.clock.now_ms();
        let attempt = order.attempt(now_ms)?;
        let need = order.need(&self.shared.prices, now_ms, !limits.is_empty());
        let (booking, written) = if limits.is_empty() {
            let booking = Arc::new(Booking {
                attempt,
                held: need.most(),
                counted: Vec::new(),
            });
            // A picture may outlive the process, and is then found by the row
            // of its attempt.
            let outlives = booking.held.images > 0;
            let (reply, written) = outlives.then(oneshot::channel).unzip();
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
            let (reply, written) = oneshot::channel();
            let replies = HoldReplies {
                decided,
                written: reply,
            };
            self.send(Operation::Hold(request, replies)).await?;
            match decision.await {
                Ok(Ok(booking)) => (booking, Some(written)),
                Ok(Err(no_room)) => {
                    self.shared.metrics.count_hold(false);
                    return Ok(Err(no_room));
                }
                // The transaction failed before this hold was decided.
                Err(_) => {
                    written.await.context(CLOSED)??;
                    anyhow::bail!(CLOSED);
                }
            }
        };
        self.shared.metrics.count_hold(true);
        let mut hold = Hold::new(booking, Arc::clone(&self.shared));
        hold.limits = limits;
        hold.written = written;
        hold.prompt_bytes = order.prompt_bytes;
        Ok(Ok(hold))
    }

    /// Takes up a hold of an earlier process; none if it is settled. It counts
    /// in the same counters as before, and nobody is warned of their limits.
    pub async fn take_up(&self, id: AttemptId) -> anyhow::Result<Option<Hold>> {
        let held = self.store.held(id).await?;
        Ok(held.map(|booking| Hold::take_up(Arc::new(booking), Arc::clone(&self.shared))))
    }

    /// Puts what was really used in place of what was held.
    pub async fn settle(&self, hold: Hold, ended: CallEnd<'_>) -> anyhow::Result<SettledAttempt> {
        let must_wait = hold.must_wait_for_settlement();
        let closing = hold.close(ended);
        let settlement = closing.finished.settlement.clone();
        let (reply, written) = must_wait.then(oneshot::channel).unzip();
        self.send(Operation::Settle(closing, reply)).await?;
        let warnings = match written {
            Some(written) => written.await.context(CLOSED)??,
            None => Vec::new(),
        };
        Ok(SettledAttempt {
            usage: settlement.usage,
            estimated: settlement.estimated,
            cost: settlement.cost,
            warnings,
        })
    }

    /// Whether an order would be held now, or which limit leaves too little.
    /// It is decided as a hold is, and nothing is held.
    pub async fn check_room(
        &self,
        order: CallOrder<'_>,
        limits: &[AppliedLimit],
    ) -> anyhow::Result<Result<(), NoRoom>> {
        if limits.is_empty() {
            return Ok(Ok(()));
        }
        warm_prices(order.provider).await?;
        let now_ms = self.clock.now_ms();
        let names = limits.iter().map(|applied| &applied.counter);
        let states = self.store.counter_states(names.clone()).await?;
        let states = names.cloned().zip(states).collect();
        let mut counters = CounterSet::open(states, now_ms, &self.zone)?;
        let held = counters.hold(HoldRequest {
            attempt: order.attempt(now_ms)?,
            need: order.need(&self.shared.prices, now_ms, true),
            limits: limits.to_vec(),
        })?;
        Ok(held.map(drop))
    }

    /// Loads how much of each limit is used.
    pub async fn load_uses(&self, limits: &[AppliedLimit]) -> anyhow::Result<Vec<LimitUse>> {
        let now_ms = self.clock.now_ms();
        let names = limits.iter().map(|applied| &applied.counter);
        let states = self.store.counter_states(names).await?;
        let used = |(applied, state): (&AppliedLimit, String)| {
            let mut counter = Counter::parse(&state)?;
            counter.advance(applied.limit.span, now_ms, &self.zone)?;
            applied.used(&counter, &self.zone)
        };
        limits.iter().zip(states).map(used).collect()
    }

    /// Settles the holds of processes that died, each at what it held, and
    /// deletes counters that no limit reads any more.
    pub async fn sweep(&self) -> anyhow::Result<()> {
        let now_ms = self.clock.now_ms();
        let before = |ago: Duration| now_ms - i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        // No provider was asked for these, so that they are released.
        let longest = before(self.longest_call);
        for unbegun in self.store.unbegun_before(longest).await? {
            let settlement = Settlement::released();
            let closing = closing_of(unbegun, settlement);
            self.send(Operation::Settle(closing, None)).await?;
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
                let (reply, written) = oneshot::channel();
                let closing = self.close_as_lost(booking);
                self.send(Operation::Settle(closing, Some(reply))).await?;
                written.await.context(CLOSED)??;
            }
        }
        // This reads every counter. An index would be written with every
        // hold, for a search that is made once an hour.
        if self.counters_swept_ms.load(Ordering::Relaxed) <= before(COUNTERS_SWEPT_EVERY) {
            self.store.forget_counters(before(COUNTERS_KEPT)).await?;
            self.counters_swept_ms.store(now_ms, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Returns when everything that is queued is written.
    #[cfg(test)]
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.send(Operation::Flush(done)).await.is_ok() {
            flushed.await.unwrap();
        }
    }

    /// Writes everything that is queued, and ends the writer.
    pub async fn close(&self) {
        let (done, stopped) = oneshot::channel();
        if self.send(Operation::Stop(done)).await.is_ok() {
            // An error means that the writer has ended already.
            let _ = stopped.await;
        }
    }

    /// Closes an attempt of a process that died. Nobody knows what it used, so
    /// that it is taken to have used what was held.
    fn close_as_lost(&self, booking: Booking) -> Closing {
        let (held, attempt) = (booking.held, &booking.attempt);
        let most = Quantity {
            input_tokens: held.input_tokens,
            output_tokens: held.output_tokens,
            images: held.images,
            ..Quantity::default()
        };
        // The price was not looked up before if no limit bounds the attempt.
        let cost = held.cost.or_else(|| {
            let Attempt {
                provider,
                model,
                held_at_ms,
                ..
            } = attempt;
            self.shared.prices.cost(provider, model, most, *held_at_ms)
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
        closing_of(booking, settlement)
    }

    async fn send(&self, operation: Operation) -> anyhow::Result<()> {
        let queue = &self.shared.queue;
        let sent = match queue.try_send(operation) {
            Err(TrySendError::Full(operation)) => Box::pin(queue.send(operation)).await,
            Err(TrySendError::Closed(operation)) => Err(mpsc::error::SendError(operation)),
            Ok(()) => Ok(()),
        };
        sent.map_err(|_| anyhow::anyhow!(CLOSED))
    }
}

/// Reads the prices of a provider, if they were not read before.
async fn warm_prices(provider: &ProviderId) -> anyhow::Result<()> {
    if PriceTable::is_warm(provider.as_str()) {
        return Ok(());
    }
    let provider = provider.clone();
    let warm = move || PriceTable::warm(provider.as_str());
    Ok(Box::pin(tokio::task::spawn_blocking(warm)).await?)
}

fn closing_of(booking: Booking, settlement: Settlement) -> Closing {
    Closing {
        finished: FinishedAttempt {
            booking: Arc::new(booking),
            settlement,
        },
        limits: Vec::new(),
    }
}
