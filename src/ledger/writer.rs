//! The one task that writes the ledger. While a commit runs, holds and
//! settlements queue up, and all of them go into the next one: a hundred
//! asks at once cost little more than one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot};

use crate::model::{Clock, LimitUse};
use crate::store::{
    Booking, FinishedAttempt, Journal, JournalEntries, JournalFindings, LedgerChanges, Store,
};

use crate::ledger::batch::{Book, HoldRequest, NoRoom, add_up};
use crate::ledger::headroom::Headroom;
use crate::ledger::meter::Applied;
use crate::ledger::write_behind::WriteBehind;

/// How many operations share one transaction at the most.
pub const BATCH: usize = 512;
/// How long what nobody waits for may wait for more of its kind: each commit
/// costs as much as many rows.
const LINGER: Duration = Duration::from_millis(25);
/// The same for what somebody waits for, while that many do: together they
/// wait for fewer commits.
const LINGER_IN_A_CROWD: Duration = Duration::from_millis(1);
const CROWD: usize = 4;
/// How often a settlement is tried.
const TRIES: u32 = 4;
/// The first wait before it is tried again; it doubles.
const RETRY_AFTER: Duration = Duration::from_millis(250);

type Reply<T> = oneshot::Sender<anyhow::Result<T>>;

/// What the teller is asked to do.
pub enum Operation {
    /// Reserve, or say why not.
    Hold(HoldRequest, Grant),
    /// Write down an attempt that no limit binds; where somebody waits for
    /// that, at once.
    Book(Arc<Booking>, Option<Reply<()>>),
    /// Close an attempt; the reply says which owners should be told.
    Settle(Settle, Option<Reply<Vec<LimitUse>>>),
    /// Finish what is queued, and end.
    Stop(oneshot::Sender<()>),
    /// Say when what is queued is written.
    #[cfg(test)]
    Flush(oneshot::Sender<()>),
}

/// Where a hold is answered: as soon as it is decided, and again when it is
/// safe on disk.
pub struct Grant {
    pub decided: oneshot::Sender<Result<Arc<Booking>, NoRoom>>,
    pub written: Reply<()>,
}

/// An attempt that has ended.
#[derive(Clone, Debug)]
pub struct Settle {
    pub ended: FinishedAttempt,
    /// The limits that it was held under.
    pub limits: Vec<Applied>,
}

pub struct Writer {
    pub store: Store,
    pub clock: Clock,
    pub zone: TimeZone,
    pub outlook: Headroom,
}

/// A batch, taken apart by kind.
#[derive(Default)]
struct Batch {
    holds: Vec<(HoldRequest, Grant)>,
    /// All but what is closed.
    entries: JournalEntries,
    /// Who waits for some of the bookings.
    booked: Vec<Reply<()>>,
    settles: Vec<(Settle, Option<Reply<Vec<LimitUse>>>)>,
    stop: Option<oneshot::Sender<()>>,
    #[cfg(test)]
    flushes: Vec<oneshot::Sender<()>>,
}

/// The limits that each attempt was held under that is closed.
type Limits = Vec<Vec<Applied>>;

/// A wish, and where to say what became of it.
type Wish = (HoldRequest, oneshot::Sender<Result<Arc<Booking>, NoRoom>>);

impl Writer {
    /// Works until it is stopped or nobody can ask it for anything.
    pub async fn run(self, mut queue: mpsc::Receiver<Operation>) {
        let mut operations = Vec::with_capacity(BATCH);
        let (mut early, mut crowd) = (WriteBehind::default(), Crowd::default());
        loop {
            let is_open = early.wait(&mut queue, &mut operations).await;
            crowd.linger(&mut queue, &mut operations).await;
            let mut batch = Batch::of(operations.drain(..), &mut early);
            let due = early.take(!is_open || batch.is_last());
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
        let holds = holds.into_iter();
        let (wishes, mut written): (Vec<Wish>, Vec<_>) = holds
            .map(|(request, grant)| ((request, grant.decided), grant.written))
            .unzip();
        written.extend(booked);
        let (settles, settle_replies): (Vec<Settle>, Vec<_>) = settles.into_iter().unzip();
        let settles = settles.into_iter();
        let (closings, limits) = settles.map(|it| (it.ended, it.limits)).unzip();
        entries.closings = closings;
        let (entries, limits) = (Arc::new(entries), Arc::new(limits));
        let committed = if wishes.is_empty() && entries.is_empty() {
            Ok(Vec::new())
        } else {
            self.commit(wishes, &entries, &limits).await
        };
        match committed {
            Ok(settled) => {
                for reply in written {
                    // Whoever asked may have gone: see `Hold::drop`.
                    let _ = reply.send(Ok(()));
                }
                for (reply, warnings) in settle_replies.into_iter().zip(settled) {
                    let _ = reply.map(|reply| reply.send(Ok(warnings)));
                }
            }
            Err(error) => {
                let error = format!("could not write the ledger: {error:#}");
                tracing::error!("{error}");
                for reply in written {
                    let _ = reply.send(Err(anyhow!(error.clone())));
                }
                for reply in settle_replies.into_iter().flatten() {
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

    /// Writes down what has happened, whether there was room for it or not.
    /// What cannot be written even so stays held, and is settled later at
    /// its estimate.
    async fn retry(&self, entries: &Arc<JournalEntries>, limits: &Arc<Limits>) {
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

    /// What the owners of each settlement should be told.
    async fn commit(
        &self,
        wishes: Vec<Wish>,
        entries: &Arc<JournalEntries>,
        limits: &Arc<Limits>,
    ) -> anyhow::Result<Vec<Vec<LimitUse>>> {
        let (now_ms, began) = (self.clock.now_ms(), Instant::now());
        let journal = Journal {
            counters: counters(&wishes, entries),
            entries: Arc::clone(entries),
            now_ms,
        };
        let zone = self.zone.clone();
        let outlook = self.outlook.clone();
        let (tell, told) = std::sync::mpsc::channel();
        let (entries, limits) = (Arc::clone(entries), Arc::clone(limits));
        let decide = move |found: JournalFindings| {
            let settles = entries.closings.iter().zip(&*limits);
            let (mut changes, warnings) = decide(found, wishes, settles, now_ms, &zone, &outlook)?;
            for finished in &entries.finished {
                let person = finished.booking.attempt.person;
                add_up(&mut changes.totals, finished, person);
            }
            // The receiver waits below.
            let _ = tell.send(warnings);
            Ok(changes)
        };
        self.store.keep_ledger(journal, decide).await?;
        metrics::histogram!("latchkey_ledger_commit_seconds").record(began.elapsed());
        Ok(told.try_recv()?)
    }
}

impl Batch {
    fn of(operations: impl Iterator<Item = Operation>, early: &mut WriteBehind) -> Self {
        let mut batch = Self::default();
        for operation in operations {
            match operation {
                Operation::Hold(request, grant) => batch.holds.push((request, grant)),
                Operation::Book(booking, None) => early.note(booking),
                Operation::Book(booking, Some(reply)) => {
                    batch.entries.bookings.push(booking);
                    batch.booked.push(reply);
                }
                Operation::Settle(settle, reply) => match (early.join(&settle), reply) {
                    (Some(_), None) => batch.entries.finished.push(settle.ended),
                    (booking, reply) => {
                        batch.entries.bookings.extend(booking);
                        batch.settles.push((settle, reply));
                    }
                },
                Operation::Stop(reply) => batch.stop = Some(reply),
                #[cfg(test)]
                Operation::Flush(reply) => batch.flushes.push(reply),
            }
        }
        // In this order in every process, so that no two wait for each other.
        batch
            .settles
            .sort_by_key(|(settle, _)| settle.ended.booking.attempt.id);
        batch
    }

    /// Whether everything must be written with it.
    fn is_last(&self) -> bool {
        #[cfg(test)]
        if !self.flushes.is_empty() {
            return true;
        }
        self.stop.is_some()
    }
}

impl Operation {
    /// Whether somebody waits until it is written.
    fn is_waited_for(&self) -> bool {
        match self {
            Self::Book(_, reply) => reply.is_some(),
            Self::Settle(_, reply) => reply.is_some(),
            _ => true,
        }
    }
}

/// How many were waited for in the last batch.
#[derive(Default)]
struct Crowd(usize);

impl Crowd {
    /// Waits for more: a while where nobody waits, a moment where many do.
    async fn linger(
        &mut self,
        queue: &mut mpsc::Receiver<Operation>,
        operations: &mut Vec<Operation>,
    ) {
        let began = tokio::time::Instant::now();
        let (mut seen, mut waiting) = (0, 0);
        while operations.len() < BATCH {
            let new = operations.get(seen..).unwrap_or_default();
            waiting += new.iter().filter(|it| it.is_waited_for()).count();
            seen = operations.len();
            let most = match waiting {
                0 => LINGER,
                // The same crowd again: nobody is missing.
                _ if self.0 < CROWD || waiting >= self.0 => break,
                _ => LINGER_IN_A_CROWD,
            };
            let more = queue.recv_many(operations, BATCH - seen);
            if !matches!(tokio::time::timeout_at(began + most, more).await, Ok(1..)) {
                break;
            }
        }
        self.0 = waiting;
    }
}

fn counters(wishes: &[Wish], entries: &JournalEntries) -> BTreeSet<Arc<str>> {
    let held = wishes.iter().flat_map(|(request, _)| &request.limits);
    let settled = entries
        .closings
        .iter()
        .flat_map(|ended| &ended.booking.counted);
    held.map(|applied| Arc::clone(&applied.counter))
        .chain(settled.map(|counted| Arc::clone(&counted.counter)))
        .collect()
}

/// Decides, and answers each hold at once: whoever asked may prepare for
/// the call while the change is written.
fn decide<'a>(
    found: JournalFindings,
    wishes: Vec<Wish>,
    settles: impl ExactSizeIterator<Item = (&'a FinishedAttempt, &'a Vec<Applied>)>,
    now_ms: i64,
    zone: &TimeZone,
    outlook: &Headroom,
) -> anyhow::Result<(LedgerChanges, Vec<Vec<LimitUse>>)> {
    let mut book = Book::open(found.counters, now_ms, zone)?;
    let mut changes = LedgerChanges::default();
    let mut warnings = Vec::with_capacity(settles.len());
    // What is given back first makes room for what comes.
    for ((ended, limits), closed) in settles.zip(&found.closed) {
        let Some(person) = closed else {
            warnings.push(Vec::new());
            continue;
        };
        warnings.push(book.settle(ended, limits)?);
        add_up(&mut changes.totals, ended, *person);
    }
    for (request, reply) in wishes {
        let held = book.hold(request)?.map(Arc::new);
        changes.bookings.extend(held.as_ref().ok().cloned());
        // Whoever asked may have gone.
        let _ = reply.send(held);
    }
    outlook.remember(book.used());
    changes.counters = book.states();
    Ok((changes, warnings))
}
