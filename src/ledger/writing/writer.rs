//! The ledger writer: the one task that writes the ledger. While a commit
//! runs, holds and settlements queue up, and all of them share the next
//! commit: a hundred asks at once cost little more than one.
//!
//! Where a commit fails, its holds are refused, and what has happened is kept
//! in the backlog until it can be written; settlements of it are in the spool
//! too, also while a commit is late. Meanwhile what is new queues up
//! behind it, and after two seconds new calls are refused (`outage`).

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::model::{Clock, LimitUse};
use crate::store::{
    Booking, DamagedLedger, FinishedAttempt, Journal, JournalEntries, JournalFindings,
    LedgerChanges, NotedUse, Spool, Store, copy_error,
};

use crate::ledger::Shared;
use crate::ledger::calls::hold::Hold;
use crate::ledger::counting::headroom::Headroom;
use crate::ledger::counting::meter::AppliedLimit;
use crate::ledger::writing::backlog::{Backlog, BatchRecord};
use crate::ledger::writing::batch::{CounterSet, HoldRequest, NoRoom, add_up};
use crate::ledger::writing::collector::Collector;
use crate::ledger::writing::decide::{FoundClosing, counters_in, decide_all, settle_all};
use crate::ledger::writing::outage::{LATE_AFTER, Outage};
use crate::ledger::writing::write_behind::WriteBehind;

/// How many operations share one transaction at the most.
pub const BATCH_MAX: usize = 512;
/// How long the writer tries to write what is kept where nobody can ask it for
/// anything any more.
const LAST_TRIES_FOR: Duration = Duration::from_secs(1);

type Reply<T> = oneshot::Sender<anyhow::Result<T>>;
/// The reply to whoever waits until something is on disk.
pub type WrittenReply = Reply<()>;

/// What the writer is asked to do.
pub enum Operation {
    /// Reserve what a call may use, or say why not.
    Hold(HoldRequest, HoldReplies),
    /// Write down an attempt without limits: at once where somebody waits for
    /// that, or else when it suits.
    Book(Arc<Booking>, Option<Reply<()>>),
    /// Close an attempt, and reply which owners of budgets are to be warned:
    /// none where it is kept until it can be written.
    Settle(Closing, Option<Reply<Vec<LimitUse>>>),
    /// Note what is known by now of an attempt that is held.
    Note(NotedUse),
    /// Write down an attempt that has ended, unless it is in a row.
    Finish(FinishedAttempt),
    /// Write everything that is queued, by a moment, and end.
    Stop(tokio::time::Instant, oneshot::Sender<()>),
    /// Reply when everything that is queued is written, or that it is not.
    Flush(WrittenReply),
}

/// The replies to a hold: the first as soon as it is decided, the second when
/// it is safe on disk.
pub struct HoldReplies {
    pub decided: DecisionReply,
    pub written: WrittenReply,
    /// What the hold shares with its ledger.
    pub shared: Arc<Shared>,
}

/// The reply of what was decided. A hold that nobody receives any more is
/// dropped, which gives back what it reserved.
type DecisionReply = oneshot::Sender<Result<Hold, NoRoom>>;

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
    pub outage: Arc<Outage>,
    pub spool: Arc<OnceLock<Spool>>,
    /// For how long a lease lasts: to renew it shows whether writes are taken.
    pub lease: Duration,
}

/// The operations of one transaction, by kind.
#[derive(Default)]
struct Batch {
    holds: Vec<PendingHold>,
    /// Everything but the closings, which are in `settles` so far.
    entries: JournalEntries,
    /// The replies to holds, and to those bookings that somebody waits for.
    written: Vec<WrittenReply>,
    settles: Vec<(Closing, Option<Reply<Vec<LimitUse>>>)>,
    stop: Option<(tokio::time::Instant, oneshot::Sender<()>)>,
    flushes: Vec<WrittenReply>,
}

/// A hold that is not decided yet.
pub struct PendingHold {
    pub request: HoldRequest,
    pub decided: DecisionReply,
    pub shared: Arc<Shared>,
}

impl Writer {
    /// Works until it is stopped, or nobody can send it operations any more.
    pub async fn run(self, mut queue: mpsc::Receiver<Operation>) {
        let mut operations = Vec::with_capacity(BATCH_MAX);
        let (mut write_behind, mut collector) = (WriteBehind::default(), Collector::default());
        let mut backlog = Backlog::default();
        loop {
            let due = backlog.due();
            // There are some where the write before was late.
            let is_open =
                !operations.is_empty() || write_behind.wait(&mut queue, &mut operations, due).await;
            if backlog.is_idle() {
                collector.collect(&mut queue, &mut operations).await;
            }
            let many = operations.len().min(BATCH_MAX);
            let mut batch = Batch::sort(operations.drain(..many), &mut write_behind);
            let due = if !is_open || batch.must_write_all() {
                backlog.hurry();
                write_behind.take_all()
            } else {
                write_behind.take_due()
            };
            batch.entries.bookings.extend(due);
            let stop = batch.stop.take();
            let working = self.work_through(batch, &mut backlog);
            self.spool_meanwhile(working, &mut queue, &mut operations)
                .await;
            if let Some((by, stopped)) = stop {
                self.end(&mut backlog, by).await;
                let _ = stopped.send(());
                return;
            }
            if !is_open {
                let by = tokio::time::Instant::now() + LAST_TRIES_FOR;
                return self.end(&mut backlog, by).await;
            }
        }
    }

    /// Writes a batch and replies to its callers.
    async fn work_through(&self, batch: Batch, backlog: &mut Backlog) {
        let Batch {
            holds,
            mut entries,
            written,
            settles,
            flushes,
            ..
        } = batch;
        let (closings, settled): (Vec<Closing>, Vec<_>) = settles.into_iter().unzip();
        let (closings, limits) = closings
            .into_iter()
            .map(|closing| (closing.finished, closing.limits))
            .unzip();
        entries.closings = closings;
        let happened = BatchRecord {
            entries: Arc::new(entries),
            limits: Arc::new(limits),
        };
        if backlog.is_idle() {
            let warnings = self.write(holds, written, happened, backlog).await;
            reply_settled(settled, warnings);
        } else {
            self.spool(happened.settled()).await;
            backlog.keep(happened);
            backlog.replies.extend(written);
            backlog.holds.extend(holds);
            reply_settled(settled, Vec::new());
            if backlog.is_due() {
                self.catch_up(backlog).await;
            }
        }
        for reply in flushes {
            let all_written = if backlog.is_idle() {
                Ok(())
            } else {
                Err(self.outage.error())
            };
            // Whoever waited may have gone.
            let _ = reply.send(all_written);
        }
    }

    /// Writes what has happened, and decides holds. Where that fails, those who
    /// wait for it hear so, and what has happened is kept. Returns, for each
    /// closing, what the owners of budgets are warned of.
    async fn write(
        &self,
        holds: Vec<PendingHold>,
        written: Vec<WrittenReply>,
        happened: BatchRecord,
        backlog: &mut Backlog,
    ) -> Vec<Vec<LimitUse>> {
        if holds.is_empty() && happened.entries.is_empty() {
            reply_written(written, Ok(()));
            return Vec::new();
        }
        self.outage.note_try();
        match self.commit_or_spool(holds, &happened).await {
            Ok(warnings) => {
                self.outage.note_written();
                reply_written(written, Ok(()));
                warnings
            }
            Err(error) => {
                backlog.keep(happened);
                self.note_failure(&error, backlog);
                reply_written(written, Err(&error));
                Vec::new()
            }
        }
    }

    /// Tries to write what is kept, and then decides the holds that wait.
    async fn catch_up(&self, backlog: &mut Backlog) {
        let caught_up = self.write_kept(backlog).await;
        let replies = std::mem::take(&mut backlog.replies);
        let holds = std::mem::take(&mut backlog.holds);
        match caught_up {
            Ok(()) => {
                tracing::info!("the ledger is written again");
                backlog.rest();
                self.outage.note_recovery();
                // The replies are those of holds and of bookings alike.
                self.write(holds, replies, BatchRecord::default(), backlog)
                    .await;
            }
            Err(error) => {
                self.note_failure(&error, backlog);
                reply_written(replies, Err(&error));
            }
        }
    }

    /// Writes what is kept, in order. Where nothing is, tries whether anything
    /// can be written.
    async fn write_kept(&self, backlog: &mut Backlog) -> anyhow::Result<()> {
        if backlog.count() == 0 {
            return self
                .store
                .renew_lease(self.lease, self.clock.now_ms())
                .await;
        }
        while let Some(happened) = backlog.first() {
            match self.commit(Vec::new(), &happened).await {
                Ok(_) => backlog.drop_first(),
                Err(error) if !error.is::<DamagedLedger>() => return Err(error),
                // One that can never be written must not keep others from it.
                Err(_) if happened.count() > 1 => backlog.split_first(),
                Err(error) => {
                    self.unspool(&happened.entries);
                    backlog.drop_first();
                    tracing::error!("an attempt cannot be written, and stays as it is: {error:#}");
                }
            }
        }
        Ok(())
    }

    /// Takes out of the spool what needs it no more.
    fn unspool(&self, entries: &JournalEntries) {
        let Some(spool) = self.spool.get() else {
            return;
        };
        let settled = entries.finished.iter().chain(&entries.closings);
        let settled = settled.map(|it| &it.booking);
        let written = entries.bookings.iter().chain(settled);
        spool.forget(written.map(|booking| booking.attempt.id));
    }

    fn note_failure(&self, error: &anyhow::Error, backlog: &mut Backlog) {
        let kept = backlog.count();
        tracing::error!("could not write the ledger, and keep {kept} attempts: {error:#}");
        self.outage.note_failure(error);
        self.outage.note_kept(kept);
        backlog.postpone();
    }

    /// Tries until a moment to write what is kept.
    async fn end(&self, backlog: &mut Backlog, by: tokio::time::Instant) {
        if backlog.is_idle() {
            return;
        }
        let trying = async {
            while let Err(error) = self.write_kept(backlog).await {
                self.note_failure(&error, backlog);
                tokio::time::sleep_until(backlog.due().unwrap_or(by)).await;
            }
        };
        if tokio::time::timeout_at(by, trying).await.is_err() {
            let kept = backlog.count();
            tracing::error!(
                "ended with {kept} attempts that could not be written; the next process writes what is in the spool, and settles the rest at an estimate"
            );
        }
    }

    /// Commits. Settlements are in the spool if that is late or fails.
    async fn commit_or_spool(
        &self,
        holds: Vec<PendingHold>,
        happened: &BatchRecord,
    ) -> anyhow::Result<Vec<Vec<LimitUse>>> {
        let mut committing = std::pin::pin!(self.commit(holds, happened));
        let committed = if let Ok(in_time) = timeout(LATE_AFTER, &mut committing).await {
            in_time
        } else {
            self.spool(happened.settled()).await;
            committing.await
        };
        if committed.is_err() {
            self.spool(happened.settled()).await;
        }
        committed
    }

    /// Writes everything in one transaction, and decides the holds in it.
    /// Returns, for each closing, what the owners of budgets are warned of.
    async fn commit(
        &self,
        holds: Vec<PendingHold>,
        happened: &BatchRecord,
    ) -> anyhow::Result<Vec<Vec<LimitUse>>> {
        let (now_ms, began) = (self.clock.now_ms(), Instant::now());
        let BatchRecord { entries, limits } = happened.clone();
        let journal = Journal {
            counters: counters_in(&holds, &entries),
            entries: Arc::clone(&entries),
            now_ms,
        };
        let zone = self.zone.clone();
        let headroom = self.headroom.clone();
        let (reply, decided) = std::sync::mpsc::channel();
        let decide = move |found: JournalFindings| {
            let mut counters = CounterSet::open(found.counters, now_ms, &zone)?;
            let mut changes = LedgerChanges::default();
            let closings = entries.closings.iter().zip(&*limits).zip(found.closed);
            let closings = closings.map(|((finished, limits), found)| FoundClosing {
                finished,
                limits,
                found,
            });
            // Settlements come first, which makes room for the holds.
            let warnings = settle_all(&mut counters, &mut changes, closings)?;
            decide_all(&mut counters, &mut changes, holds)?;
            headroom.remember(counters.used());
            changes.counters = counters.states();
            let finished = entries.finished.iter().zip(found.written);
            for (finished, _) in finished.filter(|(_, is_new)| *is_new) {
                let person = finished.booking.attempt.person;
                add_up(&mut changes.totals, finished, person);
            }
            // The receiver waits below.
            let _ = reply.send(warnings);
            Ok(changes)
        };
        self.store.keep_ledger(journal, decide).await?;
        self.unspool(&happened.entries);
        metrics::histogram!("latchkey_ledger_commit_seconds").record(began.elapsed());
        Ok(decided.try_recv()?)
    }
}

/// Tells each of those who settled an attempt whom to warn.
fn reply_settled(settled: Vec<Option<Reply<Vec<LimitUse>>>>, warnings: Vec<Vec<LimitUse>>) {
    let warnings = warnings.into_iter().chain(std::iter::repeat_with(Vec::new));
    for (reply, warnings) in settled.into_iter().zip(warnings) {
        let _ = reply.map(|reply| reply.send(Ok(warnings)));
    }
}

/// Tells those who wait whether it is on disk. Whoever has gone settles by
/// `Hold::drop`.
fn reply_written(written: Vec<WrittenReply>, result: Result<(), &anyhow::Error>) {
    for reply in written {
        let _ = reply.send(result.map_err(copy_error));
    }
}

impl Batch {
    /// Sorts operations by kind. Attempts without limits go through the
    /// write-behind buffer.
    fn sort(operations: impl Iterator<Item = Operation>, write_behind: &mut WriteBehind) -> Self {
        let mut batch = Self::default();
        for operation in operations {
            match operation {
                Operation::Hold(request, replies) => {
                    let HoldReplies {
                        decided,
                        written,
                        shared,
                    } = replies;
                    batch.written.push(written);
                    batch.holds.push(PendingHold {
                        request,
                        decided,
                        shared,
                    });
                }
                Operation::Note(noted) => batch.entries.noted.push(noted),
                Operation::Finish(finished) => batch.entries.finished.push(finished),
                Operation::Book(booking, None) => write_behind.push(booking),
                Operation::Book(booking, Some(reply)) => {
                    batch.entries.bookings.push(booking);
                    batch.written.push(reply);
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
                Operation::Stop(by, reply) => batch.stop = Some((by, reply)),
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
        self.stop.is_some() || !self.flushes.is_empty()
    }
}

impl Operation {
    /// What it says of how an attempt ended.
    pub fn settled(&self) -> Option<&FinishedAttempt> {
        match self {
            Self::Settle(closing, _) => Some(&closing.finished),
            Self::Finish(finished) => Some(finished),
            _ => None,
        }
    }

    /// Whether a caller waits until it is written.
    pub fn has_waiter(&self) -> bool {
        match self {
            Self::Book(_, reply) => reply.is_some(),
            Self::Settle(_, reply) => reply.is_some(),
            Self::Note(_) | Self::Finish(_) => false,
            _ => true,
        }
    }
}
