//! SQLite: one writer thread that commits queued work in groups, and a few
//! connections that read.
//!
//! WAL with `synchronous=FULL`: an acknowledged write survives a power cut.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, anyhow};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};
use tokio::sync::{mpsc, oneshot};

use crate::store::value::{Outcome, Row, Statement, Statements, Transaction, Value};
use crate::store::{NEWEST, must_migrate};

mod file;
mod readers;

pub use file::FileClaim;
use file::OpenFiles;
use readers::Readers;

mod migrations {
    refinery::embed_migrations!("migrations/sqlite");
}

/// How many writes may wait for their thread; more wait before the queue.
const QUEUE: usize = 1_024;
/// How many writes share one commit at the most.
const GROUP: usize = 512;
/// How long a statement waits for another process's lock, in milliseconds.
const BUSY_TIMEOUT_MS: u64 = 5_000;
/// How many prepared statements a connection keeps.
const CACHED_STATEMENTS: usize = 64;
/// How much of the file a connection that reads keeps in memory, and the one
/// that writes, in kilobytes. The system keeps the rest.
const READER_CACHE_KB: i64 = 512;
const WRITER_CACHE_KB: i64 = 256;

/// A handle on the writer's thread, which ends when the last handle is
/// dropped, and on the readers.
#[derive(Clone)]
pub struct Sqlite {
    writer: mpsc::Sender<Job>,
    readers: Readers,
    files: OpenFiles,
}

type Reply = oneshot::Sender<anyhow::Result<Outcome>>;

enum Job {
    Run(Work, Reply),
    Close(oneshot::Sender<()>),
}

enum Work {
    One(Statement),
    Many(Transaction),
}

impl Sqlite {
    /// Opens or creates the file, readable by its owner only, and migrates.
    pub async fn open(path: PathBuf) -> anyhow::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (tell, opened) = oneshot::channel();
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || match open_and_migrate(path) {
                Ok((connection, readers, files)) => {
                    // Whoever opens it may have gone; then the queue ends too.
                    let _ = tell.send(Ok((readers, files)));
                    write(&connection, queue);
                }
                Err(error) => drop(tell.send(Err(error))),
            })?;
        let (readers, files) = opened.await.context("the database thread died")??;
        Ok(Self {
            writer: jobs,
            readers,
            files,
        })
    }

    /// Runs a reading statement.
    pub async fn query(&self, statement: Statement) -> anyhow::Result<Vec<Row>> {
        let read = move |connection: &Connection| Ok(run(connection, &statement)?.rows);
        self.readers.read(read).await
    }

    /// Runs two reading statements on the database as it stands at one
    /// moment; the rows of the first, and those of the second.
    pub async fn query_both(&self, both: [Statement; 2]) -> anyhow::Result<[Vec<Row>; 2]> {
        let read = move |connection: &Connection| {
            let rows = |statement| anyhow::Ok(run(connection, statement)?.rows);
            let [one, other] = &both;
            step(connection, "begin")?;
            let found = rows(one).and_then(|one| Ok([one, rows(other)?]));
            step(connection, "commit")?;
            found
        };
        self.readers.read(read).await
    }

    /// Runs a writing statement; returns after the commit that holds it.
    pub async fn write(&self, statement: Statement) -> anyhow::Result<Outcome> {
        send(&self.writer, Work::One(statement)).await
    }

    /// Runs a transaction; returns after the commit that holds it.
    pub async fn transact(&self, transaction: Transaction) -> anyhow::Result<()> {
        send(&self.writer, Work::Many(transaction)).await.map(drop)
    }

    /// Waits until the file is taken away; says what happened to it.
    pub async fn lost(&self) -> anyhow::Error {
        self.files.lost().await
    }

    /// Ends the writer after what is queued, with an empty WAL.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.writer.send(Job::Close(done)).await.is_ok() {
            // An error means that the thread is gone, which is what we want.
            let _ = closed.await;
        }
    }
}

async fn send(thread: &mpsc::Sender<Job>, work: Work) -> anyhow::Result<Outcome> {
    let (reply, answer) = oneshot::channel();
    let sent = thread.send(Job::Run(work, reply)).await;
    sent.map_err(|_| anyhow!("the database is closed"))?;
    answer.await.context("the database thread died")?
}

/// Commits whatever has queued up while the last commit ran.
fn write(connection: &Connection, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(GROUP);
    while queue.blocking_recv_many(&mut jobs, GROUP) > 0 {
        let (mut group, mut replies, mut closing) = (Vec::new(), Vec::new(), None);
        for job in jobs.drain(..) {
            match job {
                Job::Run(work, reply) => {
                    group.push(work);
                    replies.push(reply);
                }
                Job::Close(reply) => closing = Some(reply),
            }
        }
        answer(replies, commit(connection, group));
        if let Some(closed) = closing {
            let _ = connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
            let _ = closed.send(());
            return;
        }
    }
}

/// Runs a group in one transaction. Each piece of work is atomic by itself,
/// so one that fails takes no other with it; a disk that fails takes them
/// all, and then nothing of the group is kept.
fn commit(
    connection: &Connection,
    group: Vec<Work>,
) -> anyhow::Result<Vec<anyhow::Result<Outcome>>> {
    step(connection, "begin immediate")?;
    let alone = group.len() == 1;
    let mut outcomes = Vec::with_capacity(group.len());
    for work in group {
        let outcome = perform(connection, work, alone);
        // SQLite rolls everything back by itself when the disk is full or
        // fails; what ran after that would be committed alone.
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

/// Whole or not at all. What is alone in its transaction leaves it to that;
/// other work has a savepoint, for which SQLite keeps what it changes twice.
fn perform(connection: &Connection, work: Work, alone: bool) -> anyhow::Result<Outcome> {
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

fn run_all(connection: &Connection, transaction: Transaction) -> anyhow::Result<Outcome> {
    let found = run_each(connection, transaction.first)?;
    run_each(connection, (transaction.decide)(found)?)?;
    Ok(Outcome {
        changed: 0,
        rows: Vec::new(),
    })
}

fn step(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(drop)
}

/// Tells each writer what became of its statement, after the commit.
fn answer(replies: Vec<Reply>, committed: anyhow::Result<Vec<anyhow::Result<Outcome>>>) {
    match committed {
        Ok(outcomes) => {
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                let _ = reply.send(outcome);
            }
        }
        Err(error) => {
            for reply in replies {
                let _ = reply.send(Err(anyhow!("could not commit: {error:#}")));
            }
        }
    }
}

fn open_and_migrate(path: PathBuf) -> anyhow::Result<(Connection, Readers, OpenFiles)> {
    let mut writer = open_writer(&path)?;
    if must_migrate(newest(&writer))? {
        migrations::migrations::runner()
            .run(&mut writer)
            .context("could not migrate the database")?;
    }
    let files = OpenFiles::of(&path)?;
    Ok((writer, Readers::open(path)?, files))
}

/// The newest migration that a database has seen; none of a new one.
fn newest(connection: &Connection) -> Option<i32> {
    let version = connection.query_row(NEWEST, [], |row| row.get(0));
    version.ok().flatten()
}

fn open_writer(path: &Path) -> anyhow::Result<Connection> {
    // Created by us first, since SQLite would let others read it.
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("could not open {}", path.display()))?;
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "secure_delete", "on")?;
    configure(&connection, WRITER_CACHE_KB)?;
    Ok(connection)
}

fn configure(connection: &Connection, cache_kb: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", "on")?;
    connection.pragma_update(None, "cache_size", -cache_kb)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS))
}

fn run(connection: &Connection, statement: &Statement) -> rusqlite::Result<Outcome> {
    Prepared::of(connection, statement.sql)?.run(&statement.values)
}

/// Runs statements one after the other. Those of one kind that follow each
/// other are prepared once.
fn run_each(connection: &Connection, statements: Statements) -> rusqlite::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    let mut last: Option<(&str, Prepared<'_>)> = None;
    for Statement { sql, values } in statements {
        let (_, prepared) = match last.take().filter(|(same, _)| *same == sql) {
            Some(same) => last.insert(same),
            None => last.insert((sql, Prepared::of(connection, sql)?)),
        };
        outcomes.push(prepared.run(&values)?);
    }
    Ok(outcomes)
}

/// A statement that is ready to run.
struct Prepared<'c> {
    statement: CachedStatement<'c>,
    /// Which value each of SQLite's slots takes, from 0.
    slots: Vec<usize>,
}

impl<'c> Prepared<'c> {
    fn of(connection: &'c Connection, sql: &str) -> rusqlite::Result<Self> {
        let statement = connection.prepare_cached(sql)?;
        // By name, since SQLite numbers `$2` before `$1` where it comes first.
        let value = |slot| {
            let name = statement.parameter_name(slot)?.strip_prefix('$')?;
            name.parse::<usize>().ok()
        };
        let slots = 1..=statement.parameter_count();
        let slots = slots
            .map(|slot| value(slot).unwrap_or(slot).saturating_sub(1))
            .collect();
        Ok(Self { statement, slots })
    }

    fn run(&mut self, values: &[Value]) -> rusqlite::Result<Outcome> {
        for (slot, at) in self.slots.iter().enumerate() {
            let value = values
                .get(*at)
                .ok_or(rusqlite::Error::InvalidParameterCount(slot, *at))?;
            self.statement.raw_bind_parameter(slot + 1, value)?;
        }
        let columns = self.statement.column_count();
        if columns == 0 {
            let changed = self.statement.raw_execute()?;
            return Ok(Outcome {
                changed: changed as u64,
                rows: Vec::new(),
            });
        }
        let mut found = self.statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let values = (0..columns)
                .map(|at| row.get_ref(at).map(owned))
                .collect::<Result<_, _>>()?;
            rows.push(Row(values));
        }
        Ok(Outcome {
            changed: rows.len() as u64,
            rows,
        })
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Word(text) => ValueRef::Text(text.as_bytes()),
            Self::Name(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            Self::Id(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        // Our tables hold no fractions.
        ValueRef::Real(_) => Value::Null,
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}
