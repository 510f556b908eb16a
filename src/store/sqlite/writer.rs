//! The thread that writes. It commits together what has queued up while the
//! last commit ran.
//!
//! Nobody waits longer than [`WAIT_MAX`] for it. Work whose caller has gone is
//! not begun any more, so that what a caller was told has failed does not
//! happen later, unless it was being written at that moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::store::database::trouble::{DatabaseTrouble, StoreError, WAIT_MAX, copy_error};
use crate::store::database::value::{Effect, Statement, StatementResult, Transaction};
use crate::store::rules_cache::RulesCache;
use crate::store::sqlite::trouble::{is_locked, sort_error};
use crate::store::sqlite::{run, run_each, step};

/// How many writes the queue holds; further callers wait until it has room.
const QUEUE: usize = 1_024;
/// How many writes share one commit at the most.
const GROUP_MAX: usize = 512;
/// How long the writer waits for another process's lock at a time.
pub(super) const LOCK_WAIT: Duration = Duration::from_millis(250);
/// For how long the writer tries again while the file is locked: a little
/// less than callers wait, so that they hear why.
const LOCKED_MAX: Duration = WAIT_MAX
    .checked_sub(Duration::from_millis(500))
    .expect("it is less than callers wait");

/// A handle on the writer's thread. The thread ends when the last handle is
/// dropped.
#[derive(Clone)]
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
    is_locked_out: Arc<AtomicBool>,
}

/// The other end: what the thread works on.
pub(super) struct WriterQueue {
    orders: mpsc::Receiver<Order>,
    rules_cache: Arc<RulesCache>,
    /// Whether another process had locked the file when it was last tried.
    is_locked_out: Arc<AtomicBool>,
}

enum Order {
    Run(Job),
    Close(oneshot::Sender<()>),
}

/// A piece of work, and who waits for it.
struct Job {
    work: Work,
    changes_rules: bool,
    sent: Instant,
    reply: Reply,
}

type Reply = oneshot::Sender<anyhow::Result<StatementResult>>;

pub(super) enum Work {
    One(Statement),
    Many(Transaction),
}

impl Work {
    fn changes_rules(&self) -> bool {
        match self {
            Self::One(statement) => statement.effect == Effect::WritesRules,
            Self::Many(transaction) => transaction.changes_rules,
        }
    }
}

impl Writer {
    /// A handle, and the queue for the thread. Before a caller hears that
    /// rules were changed, the cache is emptied.
    pub(super) fn new(rules_cache: Arc<RulesCache>) -> (Self, WriterQueue) {
        let (orders, queue) = mpsc::channel(QUEUE);
        let is_locked_out = Arc::default();
        let queue = WriterQueue {
            orders: queue,
            rules_cache,
            is_locked_out: Arc::clone(&is_locked_out),
        };
        let writer = Self {
            orders,
            is_locked_out,
        };
        (writer, queue)
    }

    /// Does a piece of work, and returns after the commit that it is part of,
    /// but after [`WAIT_MAX`] at the latest.
    pub(super) async fn write(&self, work: Work) -> anyhow::Result<StatementResult> {
        let written = timeout(WAIT_MAX, self.write_surely(work)).await;
        written.map_err(|_| StoreError::too_slow("write"))?
    }

    /// Does a piece of work, and returns when it is certain what came of it:
    /// in time if it was not begun, and else when the disk has answered.
    pub(super) async fn write_surely(&self, work: Work) -> anyhow::Result<StatementResult> {
        let (reply, answer) = oneshot::channel();
        let order = Order::Run(Job {
            changes_rules: work.changes_rules(),
            work,
            sent: Instant::now(),
            reply,
        });
        self.orders.send(order).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// How many writes wait.
    pub(super) fn count_queued(&self) -> usize {
        self.orders.max_capacity() - self.orders.capacity()
    }

    /// Whether another process keeps the writer from writing.
    pub(super) fn is_locked_out(&self) -> bool {
        self.is_locked_out.load(Ordering::Relaxed)
    }

    /// Ends the thread after the queued writes, and empties the WAL.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.orders.send(Order::Close(done)).await.is_ok() {
            // An error means that the thread is gone, which is what we want.
            let _ = closed.await;
        }
    }
}

fn closed() -> StoreError {
    StoreError::new(DatabaseTrouble::Away, "it is closed")
}

impl WriterQueue {
    /// What the thread does, until it is told to close, or nobody can send it
    /// work any more.
    pub(super) fn work_off(mut self, connection: &Connection) {
        let mut orders = Vec::with_capacity(GROUP_MAX);
        while self.orders.blocking_recv_many(&mut orders, GROUP_MAX) > 0 {
            let (mut group, mut closing) = (Vec::new(), None);
            for order in orders.drain(..) {
                match order {
                    Order::Run(job) => group.push(job),
                    Order::Close(reply) => closing = Some(reply),
                }
            }
            self.write_group(connection, group);
            if let Some(closed) = closing {
                let _ = connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
                let _ = closed.send(());
                return;
            }
        }
    }

    /// Writes a group in one transaction, and tells each caller what came of
    /// it.
    fn write_group(&self, connection: &Connection, mut group: Vec<Job>) {
        if let Err(error) = self.begin(connection, &mut group) {
            let error = sort_error(error.into());
            for job in group {
                let _ = job.reply.send(Err(copy_error(&error)));
            }
            return;
        }
        if group.is_empty() {
            return;
        }
        let changes_rules = group.iter().any(|job| job.changes_rules);
        let (works, replies) = group.into_iter().map(|job| (job.work, job.reply)).unzip();
        let committed = commit(connection, works);
        // Also for callers who have gone, and before those who wait hear of it.
        if changes_rules {
            self.rules_cache.invalidate();
        }
        send_results(replies, committed);
    }

    /// Begins a transaction for those of a group who still wait. While another
    /// process has locked the file, tries again for as long as they do.
    fn begin(&self, connection: &Connection, group: &mut Vec<Job>) -> rusqlite::Result<()> {
        loop {
            group.retain(|job| !job.reply.is_closed());
            if group.is_empty() {
                return Ok(());
            }
            let begun = step(connection, "begin immediate");
            let locked = begun.as_ref().err().is_some_and(is_locked);
            self.is_locked_out.store(locked, Ordering::Relaxed);
            match begun {
                Ok(()) => {
                    // Some may have gone while it waited for the lock.
                    group.retain(|job| !job.reply.is_closed());
                    if group.is_empty() {
                        step(connection, "rollback")?;
                    }
                    return Ok(());
                }
                Err(error) if locked => {
                    let error = sort_error(error.into());
                    for job in group.extract_if(.., |job| job.sent.elapsed() >= LOCKED_MAX) {
                        let _ = job.reply.send(Err(copy_error(&error)));
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Runs a group in the transaction that was begun, and commits it. Each piece
/// of work is atomic by itself: if one fails, the others are committed all the
/// same. If the disk fails, nothing of the group is committed.
fn commit(
    connection: &Connection,
    group: Vec<Work>,
) -> anyhow::Result<Vec<anyhow::Result<StatementResult>>> {
    let alone = group.len() == 1;
    let mut outcomes = Vec::with_capacity(group.len());
    for work in group {
        let outcome = perform(connection, work, alone);
        // SQLite rolls everything back by itself when the disk is full or
        // fails. Work that ran after that would be outside of a transaction,
        // and committed by itself.
        if connection.is_autocommit() {
            return Err(outcome
                .err()
                .unwrap_or_else(|| anyhow!("the transaction ended by itself")));
        }
        outcomes.push(outcome);
    }
    if alone && outcomes.iter().any(Result::is_err) {
        step(connection, "rollback")?;
        return Ok(outcomes);
    }
    let committed = step(connection, "commit");
    if committed.is_err() && !connection.is_autocommit() {
        connection.execute_batch("rollback")?;
    }
    committed?;
    Ok(outcomes)
}

/// Runs one piece of work, all of it or nothing. A transaction that is alone in
/// its group is rolled back with the group. Others have a savepoint, for which
/// SQLite keeps every changed page twice.
fn perform(connection: &Connection, work: Work, alone: bool) -> anyhow::Result<StatementResult> {
    match work {
        Work::One(statement) => Ok(run(connection, &statement)?),
        Work::Many(transaction) if alone => run_all(connection, transaction),
        Work::Many(transaction) => {
            step(connection, "savepoint work")?;
            let done = run_all(connection, transaction);
            if done.is_err() && !connection.is_autocommit() {
                step(connection, "rollback to work")?;
            }
            if !connection.is_autocommit() {
                step(connection, "release work")?;
            }
            done
        }
    }
}

fn run_all(connection: &Connection, transaction: Transaction) -> anyhow::Result<StatementResult> {
    let found = run_each(connection, (transaction.first)())?;
    if let Some(decide) = transaction.decide {
        run_each(connection, decide(found)?)?;
    }
    Ok(StatementResult {
        changed: 0,
        rows: Vec::new(),
    })
}

/// Tells each caller what came of its work, after the commit.
fn send_results(
    replies: Vec<Reply>,
    committed: anyhow::Result<Vec<anyhow::Result<StatementResult>>>,
) {
    match committed {
        Ok(outcomes) => {
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                let _ = reply.send(outcome.map_err(sort_error));
            }
        }
        Err(error) => {
            let error = sort_error(error);
            for reply in replies {
                let _ = reply.send(Err(copy_error(&error)));
            }
        }
    }
}
