//! The ledger writer: the one task that writes the ledger. While a commit
//! runs, holds and settlements queue up, and all of them share the next
//! commit: a hundred asks at once cost little more than one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot};

use crate::model::{Clock, LimitUse, PersonId};
use crate::store::{
    Booking, FinishedAttempt, Journal, JournalEntries, JournalFindings, LedgerChanges, Store,
};

use crate::ledger::batch::{CounterSet, HoldRequest, NoRoom, add_up};
use crate::ledger::headroom::Headroom;
use crate::ledger::meter::AppliedLimit;
use crate::ledger::write_behind::WriteBehind;

/// How many operations share one transaction at the most.
pub const BATCH_MAX: usize = 512;
/// How long operations that nobody waits for are collected before a commit,
/// which costs as much as many rows.
const COLLECT: Duration = Duration::from_millis(25);
/// How long operations that callers wait for are collected, if there are at
/// least [`WAITERS_MIN`] of them: together they wait for fewer commits.
const COLLECT_WITH_WAITERS: Duration = Duration::from_millis(1);
const WAITERS_MIN: usize = 4;
/// How often the writer tries to write a settlement.
const TRIES: u32 = 4;
/// How long the writer waits before the second try. The wait doubles with
/// each further one.
const RETRY_AFTER: Duration = Duration::from_millis(250);

type Reply<T> = oneshot::Sender<anyhow::Result<T>>;

/// What the writer is asked to do.
pub enum Operation {
    /// Reserve what a call may use, or say why not.
    Hold(HoldRequest, HoldReplies),
    /// Write down an attempt without limits: at once where somebody waits for
    /// that, or else when it suits.
    Book(Arc<Booking>, Option<Reply<()>>),
    /// Close an attempt, and reply which owners of budgets are to be warned.
    Settle(Closing, Option<Reply<Vec<LimitUse>>>),
    /// Write everything that is queued, and end.
    Stop(oneshot::Sender<()>),
    /// Reply when everything that is queued is written.
    #[cfg(test)]
    Flush(oneshot::Sender<()>),
}

/// The replies to a hold: the first as soon as it is decided, the second when
/// it is safe on disk.
pub struct HoldReplies {
    pub decided: DecisionReply,
    pub written: Reply<()>,
}

type DecisionReply = oneshot::Sender<Result<Arc<Booking>, NoRoom>>;

/// An attempt that has ended, and the limits that it was held under.
#[derive(Clone, Debug)]
pub struct Closing {
    pub finished: FinishedAttempt,
    pub limits: Vec<AppliedLimit>,
}

/// The ledger writer.
pub struct Writer {
    pub store: Store,
    pub clock: Clock,
    pub zone: TimeZone,
    pub headroom: Headroom,
}

/// The operations of one transaction, by kind.
#[derive(Default)]
struct Batch {
    holds: Vec<(HoldRequest, HoldReplies)>,
    /// Everything but the closings, which are in `settles` so far.
    entries: JournalEntries,
    /// The replies to those bookings that somebody waits for.
    booked: Vec<Reply<()>>,
    settles: Vec<(Closing, Option<Reply<Vec<LimitUse>>>)>,
    stop: Option<oneshot::Sender<()>>,
    #[cfg(test)]
    flushes: Vec<oneshot::Sender<()>>,
}

/// For each closing of a transaction, the limits that it was held under.
type ClosingLimits = Vec<Vec<AppliedLimit>>;

/// A hold that is not decided yet.
struct PendingHold {
    request: HoldRequest,
    decided: DecisionReply,
}

impl Writer {
    /// Works until it is stopped, or nobody can send it operations any more.
    pub async fn run(self, mut queue: mpsc::Receiver<Operation>) {
        let mut operations = Vec::with_capacity(BATCH_MAX);
        let (mut write_behind, mut collector) = (WriteBehind::default(), Collector::default());
        loop {
            let is_open = write_behind.wait(&mut queue, &mut operations).await;
            collector.collect(&mut queue, &mut operations).await;
            let mut batch = Batch::sort(operations.drain(..), &mut write_behind);
            let due = if !is_open || batch.must_write_all() {
                write_behind.take_all()
            } else {
                write_behind.take_due()
            };
            batch.entries.bookings.extend(due);
            if let Some(stopped) = self.work_through(batch).await {
                let _ = stopped.send(());
                return;
            }
            if !is_open {
                return;
            }
        }
    }

    /// Writes a batch and replies to its callers. Returns the reply to a stop,
    /// if the batch had one.
    async fn work_through(&self, batch: Batch) -> Option<oneshot::Sender<()>> {
        let Batch {
            holds,
            mut entries,
            booked,
            settles,
            stop,
            #[cfg(test)]
            flushes,
        } = batch;
        let (holds, mut written): (Vec<PendingHold>, Vec<_>) = holds
            .into_iter()
            .map(|(request, HoldReplies { decided, written })| {
                (PendingHold { request, decided }, written)
            })
            .unzip();
        written.extend(booked);
        let (closings, settled): (Vec<Closing>, Vec<_>) = settles.into_iter().unzip();
        let (closings, limits) = closings
            .into_iter()
            .map(|closing| (closing.finished, closing.limits))
            .unzip();
        entries.closings = closings;
        let (entries, limits) = (Arc::new(entries), Arc::new(limits));
        let committed = if holds.is_empty() && entries.is_empty() {
            Ok(Vec::new())
        } else {
            self.commit(holds, &entries, &limits).await
        };
        match committed {
            Ok(warnings) => {
                for reply in written {
                    // The caller may have gone; then `Hold::drop` settles.
                    let _ = reply.send(Ok(()));
                }
                for (reply, warnings) in settled.into_iter().zip(warnings) {
                    let _ = reply.map(|reply| reply.send(Ok(warnings)));
                }
            }
            Err(error) => {
                let error = format!("could not write the ledger: {error:#}");
                tracing::error!("{error}");
                for reply in written {
                    let _ = reply.send(Err(anyhow!(error.clone())));
                }
                for reply in settled.into_iter().flatten() {
                    let _ = reply.send(Err(anyhow!(error.clone())));
                }
                self.retry(&entries, &limits).await;
            }
        }
        #[cfg(test)]
        for reply in flushes {
            reply.send(()).expect("somebody waits");
        }
        stop
    }

    /// Tries again to write what has happened, which limits cannot refuse. What
    /// cannot be written even so stays held, and is settled later at its
    /// estimate.
    async fn retry(&self, entries: &Arc<JournalEntries>, limits: &Arc<ClosingLimits>) {
        let mut wait = RETRY_AFTER;
        for _ in 1..TRIES {
            if entries.is_empty() {
                return;
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
            let again = self.commit(Vec::new(), entries, limits);
            match again.await {
                Ok(_) => return,
                Err(error) => tracing::error!("could not write the ledger: {error:#}"),
            }
        }
        let lost = entries.closings.len();
        tracing::error!("gave up on settling {lost} attempts; they stay held for now");
    }

    /// Writes everything in one transaction, and decides the holds in it.
    /// Returns, for each closing, what the owners of budgets are warned of.
    async fn commit(
        &self,
        holds: Vec<PendingHold>,
        entries: &Arc<JournalEntries>,
        limits: &Arc<ClosingLimits>,
    ) -> anyhow::Result<Vec<Vec<LimitUse>>> {
        let (now_ms, began) = (self.clock.now_ms(), Instant::now());
        let journal = Journal {
            counters: counters_in(&holds, entries),
            entries: Arc::clone(entries),
            now_ms,
        };
        let zone = self.zone.clone();
        let headroom = self.headroom.clone();
        let (reply, decided) = std::sync::mpsc::channel();
        let (entries, limits) = (Arc::clone(entries), Arc::clone(limits));
        let decide = move |found: JournalFindings| {
            let mut counters = CounterSet::open(found.counters, now_ms, &zone)?;
            let mut changes = LedgerChanges::default();
            let closings = entries.closings.iter().zip(&*limits).zip(found.closed);
            let closings = closings.map(|((finished, limits), person)| FoundClosing {
                finished,
                limits,
                person,
            });
            // Settlements come first, which makes room for the holds.
            let warnings = settle_all(&mut counters, &mut changes, closings)?;
            decide_all(&mut counters, &mut changes, holds)?;
            headroom.remember(counters.used());
            changes.counters = counters.states();
            for finished in &entries.finished {
                let person = finished.booking.attempt.person;
                add_up(&mut changes.totals, finished, person);
            }
            // The receiver waits below.
            let _ = reply.send(warnings);
            Ok(changes)
        };
        self.store.keep_ledger(journal, decide).await?;
        metrics::histogram!("latchkey_ledger_commit_seconds").record(began.elapsed());
        Ok(decided.try_recv()?)
    }
}

impl Batch {
    /// Sorts operations by kind. Attempts without limits go through the
    /// write-behind buffer.
    fn sort(operations: impl Iterator<Item = Operation>, write_behind: &mut WriteBehind) -> Self {
        let mut batch = Self::default();
        for operation in operations {
            match operation {
                Operation::Hold(request, replies) => batch.holds.push((request, replies)),
                Operation::Book(booking, None) => write_behind.push(booking),
                Operation::Book(booking, Some(reply)) => {
                    batch.entries.bookings.push(booking);
                    batch.booked.push(reply);
                }
                Operation::Settle(closing, reply) => {
                    let unwritten = write_behind.remove(closing.finished.booking.attempt.id);
                    match (unwritten, reply) {
                        (Some(_), None) => batch.entries.finished.push(closing.finished),
                        (unwritten, reply) => {
                            batch.entries.bookings.extend(unwritten);
                            batch.settles.push((closing, reply));
                        }
                    }
                }
                Operation::Stop(reply) => batch.stop = Some(reply),
                #[cfg(test)]
                Operation::Flush(reply) => batch.flushes.push(reply),
            }
        }
        // Every process settles in this order, so that no two wait for each
        // other's rows.
        batch
            .settles
            .sort_by_key(|(closing, _)| closing.finished.booking.attempt.id);
        batch
    }

    /// Whether the write-behind buffer must be written with the batch.
    fn must_write_all(&self) -> bool {
        #[cfg(test)]
        if !self.flushes.is_empty() {
            return true;
        }
        self.stop.is_some()
    }
}

impl Operation {
    /// Whether a caller waits until it is written.
    fn has_waiter(&self) -> bool {
        match self {
            Self::Book(_, reply) => reply.is_some(),
            Self::Settle(_, reply) => reply.is_some(),
            _ => true,
        }
    }
}

/// Collects the operations of a batch. It knows how many callers waited for
/// the batch before.
#[derive(Default)]
struct Collector {
    waiters_before: usize,
}

impl Collector {
    /// Waits for more operations: longer where no caller waits, shortly where
    /// many do, and not at all where few do.
    async fn collect(
        &mut self,
        queue: &mut mpsc::Receiver<Operation>,
        operations: &mut Vec<Operation>,
    ) {
        let began = tokio::time::Instant::now();
        let (mut seen, mut waiters) = (0, 0);
        while operations.len() < BATCH_MAX {
            let new = operations.get(seen..).unwrap_or_default();
            waiters += new.iter().filter(|it| it.has_waiter()).count();
            seen = operations.len();
            let longest = match waiters {
                0 => COLLECT,
                // As many callers as before are here: no more will come.
                _ if self.waiters_before < WAITERS_MIN || waiters >= self.waiters_before => break,
                _ => COLLECT_WITH_WAITERS,
            };
            let more = queue.recv_many(operations, BATCH_MAX - seen);
            if !matches!(
                tokio::time::timeout_at(began + longest, more).await,
                Ok(1..)
            ) {
                break;
            }
        }
        self.waiters_before = waiters;
    }
}

/// The counters that holds and settlements count in.
fn counters_in(holds: &[PendingHold], entries: &JournalEntries) -> BTreeSet<Arc<str>> {
    let held = holds.iter().flat_map(|hold| &hold.request.limits);
    let settled = entries
        .closings
        .iter()
        .flat_map(|finished| &finished.booking.counted);
    held.map(|applied| Arc::clone(&applied.counter))
        .chain(settled.map(|counted| Arc::clone(&counted.counter)))
        .collect()
}

/// A closing, as its transaction found it.
struct FoundClosing<'a> {
    finished: &'a FinishedAttempt,
    limits: &'a [AppliedLimit],
    /// None: the attempt was closed before.
    person: Option<PersonId>,
}

/// Settles attempts in their counters and totals. Returns, for each, what the
/// owners of budgets are warned of.
fn settle_all<'a>(
    counters: &mut CounterSet<'_>,
    changes: &mut LedgerChanges,
    closings: impl Iterator<Item = FoundClosing<'a>>,
) -> anyhow::Result<Vec<Vec<LimitUse>>> {
    let mut warnings = Vec::new();
    for closing in closings {
        let FoundClosing {
            finished,
            limits,
            person,
        } = closing;
        let Some(person) = person else {
            warnings.push(Vec::new());
            continue;
        };
        warnings.push(counters.settle(finished, limits)?);
        add_up(&mut changes.totals, finished, person);
    }
    Ok(warnings)
}

/// Decides holds, and replies to each at once: its caller may prepare for the
/// call while the transaction is written.
fn decide_all(
    counters: &mut CounterSet<'_>,
    changes: &mut LedgerChanges,
    holds: Vec<PendingHold>,
) -> anyhow::Result<()> {
    for PendingHold { request, decided } in holds {
        let held = counters.hold(request)?.map(Arc::new);
        changes.bookings.extend(held.as_ref().ok().cloned());
        // The caller may have gone.
        let _ = decided.send(held);
    }
    Ok(())
}
