//! The ledger: every provider call is reserved before it is made, and settled once.
//!
//! ```text
//!            hold ──▶ held ──▶ settled    what was really used is counted
//!                      │  └──▶ released   the provider did nothing: nothing is counted
//!                      └─────▶ expired    the process died: an estimate is counted
//! ```
//!
//! A hold takes the most that a call can use out of every limit that
//! applies, in one transaction, or says which limit leaves too little, so
//! that holds never exceed a limit. What a provider reports is booked as it
//! says: where that is more than was held, limits count it, and the operator
//! is told. A call that no limit bounds is written down too, but does not
//! wait for that.
//!
//! - `reserve`: how a call is held.
//! - `writer`: the one task that writes, in batches; `write_behind`: what it
//!   may write later; `backlog`: what it could not write yet; `outage`: whether
//!   the database takes its writes.
//! - `lease`, `lost`: which processes are alive, and what dead ones left;
//!   `spooled`: what those could not write.
//! - `decide`, `batch`: what a batch of holds and settlements does to rows and
//!   counters. `batch` is pure.
//! - `job`: what goes on after its call.
//! - `settlement`: what a call comes to; `charge`: what it is charged if nobody
//!   reported on it. `charge` is pure.
//! - `counter`, `span`, `meter`: what a limit has counted, and when.
//! - `headroom`: a guess whether a hold will find room.
//! - `prices`: what a call costs, line by line; `price_file`, `table`,
//!   `model_prices`: by which list.
//! - `variants`: which names mean a model of the table.
//! - `overshoot`: what is believed of reports above the hold.
//! - `metrics`, `traffic`: what is counted for whoever watches the process.

mod calls;
mod counting;
mod lease;
mod lost;
mod metrics;
#[cfg(feature = "demo")]
mod past;
mod pricing;
mod spooled;
#[cfg(test)]
pub mod stories;
mod traffic;
mod writing;

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::Context;
use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

pub use calls::call_end::{BrokenPictures, CallEnd};
pub use calls::call_order::CallOrder;
pub use calls::hold::Hold;
pub use calls::job::OngoingJob;
pub use calls::overshoot::OvershootNotice;
pub use counting::meter::AppliedLimit;
pub use lease::LeaseTimes;
#[cfg(feature = "demo")]
pub use past::PastCall;
pub use pricing::prices::{ListPrice, PricedModel, Prices};
pub use pricing::table::PriceTable;
pub use traffic::{CallCounts, Traffic};
pub use writing::batch::NoRoom;
#[cfg(any(fuzzing, feature = "internals"))]
pub use writing::batch::add_up;
pub use writing::outage::{LedgerPulse, WAITS_MAX};

use crate::model::{AttemptId, Clock, LimitUse, NanoDollars, Receipt, Usage, lock};
use crate::store::{Spool, Store};

use calls::overshoot::OvershootWatch;
use counting::counter::Counter;
use counting::headroom::Headroom;
use lease::KeptLease;
use lost::{LostAttempts, LostSelection};
use metrics::LedgerMetrics;
use traffic::TrafficMeter;
use writing::batch::{CounterSet, HoldRequest};
use writing::outage::Outage;
use writing::writer::{Operation, Writer};

/// How many operations the writer's queue holds; further callers wait until
/// it has room.
const QUEUE_MAX: usize = 4_096;
/// How long a counter is kept that has counted nothing: longer than any limit
/// looks back.
const COUNTERS_KEPT: Duration = Duration::from_hours(24 * 40);
/// How often such counters are looked for.
const COUNTERS_SWEPT_EVERY: Duration = Duration::from_hours(1);
/// How long a caller waits until a settlement is written. Past that, the writer
/// has it and keeps it.
const SETTLED_WITHIN: Duration = Duration::from_secs(2);
/// How long the writer may take to end after its last try.
const ENDED_WITHIN: Duration = Duration::from_millis(250);
/// The error where the writer has ended.
const CLOSED: &str = "the ledger is closed";

/// The ledger. There is one for each process.
pub struct Ledger {
    shared: Arc<Shared>,
    store: Store,
    clock: Clock,
    zone: TimeZone,
    longest_call: Duration,
    leases: LeaseTimes,
    spool_folder: Option<PathBuf>,
    /// The lease that this process keeps on PostgreSQL.
    lease: Mutex<Option<KeptLease>>,
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
    pub leases: LeaseTimes,
    /// Where the spool is on PostgreSQL; none for no spool.
    pub spool_folder: Option<PathBuf>,
}

/// What the ledger shares with its holds.
#[derive(Debug)]
struct Shared {
    clock: Clock,
    prices: Prices,
    queue: mpsc::Sender<Operation>,
    metrics: LedgerMetrics,
    traffic: Arc<TrafficMeter>,
    overshoots: OvershootWatch,
    outage: Arc<Outage>,
    /// Where attempts without limits are until they are in a row, and settlements
    /// that the database does not take; empty where there is none.
    spool: Arc<OnceLock<Spool>>,
    /// Where a hold can be settled from any thread.
    runtime: Handle,
}

/// An attempt that was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledAttempt {
    pub usage: Usage,
    /// The usage is ours, since the provider did not report it.
    pub estimated: bool,
    pub cost: Option<NanoDollars>,
    pub receipt: Receipt,
    /// Budgets of which most is used by now. Each is named once in a window.
    pub warnings: Vec<LimitUse>,
}

impl Ledger {
    /// What this process does right now.
    pub fn traffic(&self) -> Traffic {
        self.shared.traffic.look(self.clock.now_ms())
    }

    /// How long a call can take at the most.
    pub fn longest_call(&self) -> Duration {
        self.longest_call
    }

    /// Puts a ledger together, and starts its writer.
    pub fn start(parts: LedgerParts) -> Self {
        let LedgerParts {
            store,
            prices,
            clock,
            zone,
            longest_call,
            leases,
            spool_folder,
        } = parts;
        let (queue, operations) = mpsc::channel(QUEUE_MAX);
        let (headroom, outage) = (Headroom::default(), Arc::<Outage>::default());
        let spool = Arc::<OnceLock<Spool>>::default();
        let writer = Writer {
            headroom: headroom.clone(),
            outage: Arc::clone(&outage),
            spool: Arc::clone(&spool),
            lease: leases.lasts,
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
            traffic: Arc::default(),
            overshoots: OvershootWatch::default(),
            outage,
            spool,
            runtime: Handle::current(),
        };
        Self {
            shared: Arc::new(shared),
            store,
            clock,
            zone,
            longest_call,
            leases,
            spool_folder,
            lease: Mutex::default(),
            headroom,
            counters_swept_ms: AtomicI64::new(i64::MIN),
        }
    }

    fn lost(&self) -> LostAttempts {
        LostAttempts {
            store: self.store.clone(),
            shared: Arc::clone(&self.shared),
        }
    }

    /// Whether limits will probably have room. It is a guess, made without
    /// asking the database; only a hold decides.
    pub fn expects_room(&self, limits: &[AppliedLimit], output_tokens: u64, images: u64) -> bool {
        self.headroom.is_likely(limits, output_tokens, images)
    }

    /// Takes up a hold of an earlier process; none if it is settled. It counts
    /// in the same counters as before, and nobody is warned of their limits.
    pub async fn take_up(&self, id: AttemptId) -> anyhow::Result<Option<Hold>> {
        let held = self.store.held(id).await?;
        Ok(held.map(|booking| Hold::take_up(Arc::new(booking), Arc::clone(&self.shared))))
    }

    /// Puts what was really used in place of what was held.
    pub async fn settle(&self, hold: Hold, ended: &CallEnd<'_>) -> anyhow::Result<SettledAttempt> {
        let must_wait = hold.must_wait_for_settlement();
        let closing = hold.close(ended);
        let settlement = closing.finished.settlement.clone();
        let (reply, written) = must_wait.then(oneshot::channel).unzip();
        self.send(Operation::Settle(closing, reply)).await?;
        let warnings = match written {
            Some(written) => match timeout(SETTLED_WITHIN, written).await {
                Ok(written) => written.context(CLOSED)??,
                Err(_) => Vec::new(),
            },
            None => Vec::new(),
        };
        Ok(SettledAttempt {
            usage: settlement.usage,
            estimated: settlement.estimated,
            cost: settlement.cost,
            receipt: settlement.receipt,
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
        let limits = order.counted_by(limits);
        if limits.is_empty() {
            return Ok(Ok(()));
        }
        PriceTable::warm_for(order.provider).await?;
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

    /// Takes what the operator is to be told of calls that used more than was
    /// held: at most once an hour.
    pub fn take_overshoots(&self) -> Option<OvershootNotice> {
        self.shared.overshoots.take_due(self.clock.now_ms())
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

    /// Settles holds that are older than any call, and deletes counters that no
    /// limit reads any more.
    pub async fn sweep(&self) -> anyhow::Result<()> {
        let now_ms = self.clock.now_ms();
        let before = |ago: Duration| now_ms - i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        let old = LostSelection::HeldBefore(before(self.longest_call));
        self.lost().settle(old).await?;
        // This reads every counter. An index would be written with every
        // hold, for a search that is made once an hour.
        if self.counters_swept_ms.load(Ordering::Relaxed) <= before(COUNTERS_SWEPT_EVERY) {
            self.store.forget_counters(before(COUNTERS_KEPT)).await?;
            self.counters_swept_ms.store(now_ms, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Where calendar days begin.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The database, for tests.
    #[cfg(test)]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns when everything that is queued is written, or kept until it can
    /// be.
    #[cfg(test)]
    pub async fn flush(&self) {
        let _ = self.write_all().await;
    }

    /// Writes everything that is queued, or as much of it as the database takes
    /// by a moment, ends the writer, and gives up the lease.
    pub async fn close_by(&self, written_by: Instant) {
        let (done, stopped) = oneshot::channel();
        let stopping = async {
            if self.send(Operation::Stop(written_by, done)).await.is_ok() {
                // An error means that the writer has ended already.
                let _ = stopped.await;
            }
        };
        if timeout_at(written_by + ENDED_WITHIN, stopping)
            .await
            .is_err()
        {
            tracing::error!(
                "the ledger's last writes took too long; the next process writes what is in the spool, and settles the rest at an estimate"
            );
        }
        let lease = lock(&self.lease).take();
        if let Some(lease) = lease {
            lease.give_up().await;
        }
    }

    async fn send(&self, operation: Operation) -> anyhow::Result<()> {
        self.shared.send(operation).await
    }
}

impl Shared {
    /// Puts an operation into the writer's queue, when there is room.
    async fn send(&self, operation: Operation) -> anyhow::Result<()> {
        let sent = match self.queue.try_send(operation) {
            Err(TrySendError::Full(operation)) => Box::pin(self.queue.send(operation)).await,
            Err(TrySendError::Closed(operation)) => Err(mpsc::error::SendError(operation)),
            Ok(()) => Ok(()),
        };
        sent.map_err(|_| anyhow::anyhow!(CLOSED))
    }
}
