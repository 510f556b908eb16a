//! SQLite: one writer thread that commits queued work in groups, and a few
//! connections that read.
//!
//! The database is in WAL mode with `synchronous=FULL`, so that a write whose
//! caller was answered survives a power cut.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, anyhow};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};
use tokio::sync::{mpsc, oneshot};

use crate::store::value::{Row, Statement, StatementResult, Statements, Transaction, Value};
use crate::store::{NEWEST_MIGRATION, must_migrate};

mod file;
mod readers;

pub use file::FileClaim;
use file::OpenFiles;
use readers::Readers;

mod migrations {
    refinery::embed_migrations!("migrations/sqlite");
}

/// How many writes the writer's queue holds; further callers wait until it
/// has room.
const QUEUE: usize = 1_024;
/// How many writes share one commit at the most.
const GROUP_MAX: usize = 512;
/// How long a statement waits until another process unlocks the file, in
/// milliseconds.
const BUSY_TIMEOUT_MS: u64 = 5_000;
/// How many prepared statements a connection keeps.
const CACHED_STATEMENTS: usize = 64;
/// How many kilobytes of the file a reading connection caches, and the writing
/// one. The operating system caches the rest.
const READER_CACHE_KB: i64 = 512;
const WRITER_CACHE_KB: i64 = 256;

/// A handle on the writer's thread and on the readers. The thread ends when
/// the last handle is dropped.
#[derive(Clone)]
pub struct Sqlite {
    writer: mpsc::Sender<Job>,
    readers: Readers,
    files: OpenFiles,
}

type Reply = oneshot::Sender<anyhow::Result<StatementResult>>;

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
                    // The caller may have gone; then the queue is closed, and
                    // this ends at once.
                    let _ = tell.send(Ok((readers, files)));
                    run_writer(&connection, queue);
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

    /// Runs a writing statement; returns after the commit that it is part of.
    pub async fn write(&self, statement: Statement) -> anyhow::Result<StatementResult> {
        send(&self.writer, Work::One(statement)).await
    }

    /// Runs a transaction; returns after the commit that it is part of.
    pub async fn transact(&self, transaction: Transaction) -> anyhow::Result<()> {
        send(&self.writer, Work::Many(transaction)).await.map(drop)
    }

    /// Waits until the file is taken away; the error says what happened to it.
    pub async fn wait_for_loss(&self) -> anyhow::Error {
        self.files.wait_for_loss().await
    }

    /// Ends the writer's thread after the queued writes, and empties the WAL.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.writer.send(Job::Close(done)).await.is_ok() {
            // An error means that the thread is gone, which is what we want.
            let _ = closed.await;
        }
    }
}

async fn send(thread: &mpsc::Sender<Job>, work: Work) -> anyhow::Result<StatementResult> {
    let (reply, answer) = oneshot::channel();
    let sent = thread.send(Job::Run(work, reply)).await;
    sent.map_err(|_| anyhow!("the database is closed"))?;
    answer.await.context("the database thread died")?
}

/// The writer's thread: commits together what has queued up while the last
/// commit ran.
fn run_writer(connection: &Connection, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(GROUP_MAX);
    while queue.blocking_recv_many(&mut jobs, GROUP_MAX) > 0 {
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
        send_results(replies, commit(connection, group));
        if let Some(closed) = closing {
            let _ = connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
            let _ = closed.send(());
            return;
        }
    }
}

/// Runs a group in one transaction. Each piece of work is atomic by itself: if
/// one fails, the others are committed all the same. If the disk fails,
/// nothing of the group is committed.
fn commit(
    connection: &Connection,
    group: Vec<Work>,
) -> anyhow::Result<Vec<anyhow::Result<StatementResult>>> {
    step(connection, "begin immediate")?;
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
    let found = run_each(connection, transaction.first)?;
    run_each(connection, (transaction.decide)(found)?)?;
    Ok(StatementResult {
        changed: 0,
        rows: Vec::new(),
    })
}

fn step(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(drop)
}

/// Tells each caller what came of its work, after the commit.
fn send_results(
    replies: Vec<Reply>,
    committed: anyhow::Result<Vec<anyhow::Result<StatementResult>>>,
) {
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
    if must_migrate(newest_migration(&writer))? {
        migrations::migrations::runner()
            .run(&mut writer)
            .context("could not migrate the database")?;
    }
    let files = OpenFiles::identify(&path)?;
    Ok((writer, Readers::open(path)?, files))
}

/// The version of the newest migration that a database has had; none for a
/// new one.
fn newest_migration(connection: &Connection) -> Option<i32> {
    let version = connection.query_row(NEWEST_MIGRATION, [], |row| row.get(0));
    version.ok().flatten()
}

fn open_writer(path: &Path) -> anyhow::Result<Connection> {
    // We create the file, since SQLite would make one that others can read.
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

fn run(connection: &Connection, statement: &Statement) -> rusqlite::Result<StatementResult> {
    Prepared::prepare(connection, statement.sql)?.run(&statement.values)
}

/// Runs statements one after the other. Statements with the same SQL that
/// follow each other are prepared once.
fn run_each(
    connection: &Connection,
    statements: Statements,
) -> rusqlite::Result<Vec<StatementResult>> {
    let mut outcomes = Vec::new();
    let mut last: Option<(&str, Prepared<'_>)> = None;
    for Statement { sql, values, .. } in statements {
        let (_, prepared) = match last.take().filter(|(same, _)| *same == sql) {
            Some(same) => last.insert(same),
            None => last.insert((sql, Prepared::prepare(connection, sql)?)),
        };
        outcomes.push(prepared.run(&values)?);
    }
    Ok(outcomes)
}

/// A statement that is ready to run.
struct Prepared<'c> {
    statement: CachedStatement<'c>,
    /// For each parameter in SQLite's order, the index of its value.
    value_indexes: Vec<usize>,
}

impl<'c> Prepared<'c> {
    fn prepare(connection: &'c Connection, sql: &str) -> rusqlite::Result<Self> {
        let statement = connection.prepare_cached(sql)?;
        // By name, since SQLite numbers `$2` before `$1` where it comes first.
        let number = |parameter| {
            let name = statement.parameter_name(parameter)?.strip_prefix('$')?;
            name.parse::<usize>().ok()
        };
        let parameters = 1..=statement.parameter_count();
        let value_indexes = parameters
            .map(|parameter| number(parameter).unwrap_or(parameter).saturating_sub(1))
            .collect();
        Ok(Self {
            statement,
            value_indexes,
        })
    }

    fn run(&mut self, values: &[Value]) -> rusqlite::Result<StatementResult> {
        for (parameter, index) in self.value_indexes.iter().enumerate() {
            let value = values
                .get(*index)
                .ok_or(rusqlite::Error::InvalidParameterCount(parameter, *index))?;
            self.statement.raw_bind_parameter(parameter + 1, value)?;
        }
        let columns = self.statement.column_count();
        if columns == 0 {
            let changed = self.statement.raw_execute()?;
            return Ok(StatementResult {
                changed: changed as u64,
                rows: Vec::new(),
            });
        }
        let mut found = self.statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let values = (0..columns)
                .map(|at| row.get_ref(at).map(read_value))
                .collect::<Result<_, _>>()?;
            rows.push(Row(values));
        }
        Ok(StatementResult {
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
            Self::StaticText(text) => ValueRef::Text(text.as_bytes()),
            Self::SharedText(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            Self::Id(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn read_value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        // Our tables hold no fractions.
        ValueRef::Real(_) => Value::Null,
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}
