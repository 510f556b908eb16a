//! SQLite: one writer thread that commits queued work in groups, and a few
//! connections that read.
//!
//! The database is in WAL mode with `synchronous=FULL`, so that a write whose
//! caller was answered survives a power cut.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, ToSql};
use tokio::sync::oneshot;

use crate::store::database::value::{
    Row, Statement, StatementResult, Statements, Transaction, Value,
};
use crate::store::rules_cache::RulesCache;
use crate::store::spool::{LeftInSpool, SPOOL_SUFFIX, Spool};
use crate::store::{NEWEST_MIGRATION, must_migrate};

mod file;
mod readers;
mod trouble;
mod writer;

pub use file::{FileClaim, check_folder};
use file::{OpenFiles, beside};
use readers::Readers;
use writer::{LOCK_WAIT, Work, Writer};

mod migrations {
    refinery::embed_migrations!("migrations/sqlite");
}

/// How long the start waits until another process unlocks the file.
const LOCKED_AT_START: Duration = Duration::from_secs(5);
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
    writer: Writer,
    readers: Readers,
    files: OpenFiles,
}

impl Sqlite {
    /// Opens or creates the file, readable by its owner only, and migrates.
    /// Whenever a commit has changed rules, the cache is emptied.
    pub async fn open(path: PathBuf, rules_cache: Arc<RulesCache>) -> anyhow::Result<Self> {
        let (writer, queue) = Writer::new(rules_cache);
        let (tell, opened) = oneshot::channel();
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || match open_and_migrate(path) {
                Ok((connection, readers, files)) => {
                    // The caller may have gone; then the queue is closed, and
                    // this ends at once.
                    let _ = tell.send(Ok((readers, files)));
                    queue.work_off(&connection);
                }
                Err(error) => drop(tell.send(Err(error))),
            })?;
        let (readers, files) = opened.await.context("the database thread died")??;
        Ok(Self {
            writer,
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
        self.writer.write(Work::One(statement)).await
    }

    /// Runs a transaction; returns after the commit that it is part of, and
    /// when it is certain what came of it.
    pub async fn transact(&self, transaction: Transaction) -> anyhow::Result<()> {
        let work = Work::Many(transaction);
        self.writer.write_surely(work).await.map(drop)
    }

    /// How many writes wait.
    pub fn count_queued(&self) -> usize {
        self.writer.count_queued()
    }

    /// Whether another process keeps this one from writing.
    pub fn is_locked_out(&self) -> bool {
        self.writer.is_locked_out()
    }

    /// The file of the database.
    pub fn path(&self) -> &Path {
        self.files.database()
    }

    /// Opens the spool beside the file; and what an earlier process left in it.
    pub async fn open_spool(&self) -> anyhow::Result<(Spool, LeftInSpool)> {
        let path = beside(self.path(), SPOOL_SUFFIX);
        let opening = tokio::task::spawn_blocking(move || Spool::open(&path));
        Ok(opening.await?)
    }

    /// Waits until the file is taken away; the error says what happened to it.
    pub async fn wait_for_loss(&self) -> anyhow::Error {
        self.files.wait_for_loss().await
    }

    /// Ends the writer's thread after the queued writes, and empties the WAL.
    pub async fn close(&self) {
        self.writer.close().await;
    }
}

fn step(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(drop)
}

fn open_and_migrate(path: PathBuf) -> anyhow::Result<(Connection, Readers, OpenFiles)> {
    let mut writer = open_writer(&path).map_err(|error| name_foreign(&path, error))?;
    if must_migrate(newest_migration(&writer))? {
        migrator()
            .run(&mut writer)
            .context("could not migrate the database")?;
    }
    writer.busy_timeout(LOCK_WAIT)?;
    let files = OpenFiles::identify(&path)?;
    Ok((writer, Readers::open(path)?, files))
}

/// The error for a file that SQLite can't read says what to do about it.
fn name_foreign(path: &Path, error: anyhow::Error) -> anyhow::Error {
    let known = error.downcast_ref::<rusqlite::Error>();
    if known.and_then(rusqlite::Error::sqlite_error_code) != Some(ErrorCode::NotADatabase) {
        return error;
    }
    anyhow!(
        "{} is no SQLite database: it is another kind of file, or damaged; name another in `store.url`, or put back a \
         backup",
        path.display()
    )
}

/// Runs migrations also where a database has had another text of an earlier one:
/// a comment in one was changed once. That none is changed again, a test sees to.
fn migrator() -> refinery::Runner {
    migrations::migrations::runner().set_abort_divergent(false)
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
    connection.busy_timeout(LOCKED_AT_START)?;
    Ok(connection)
}

fn configure(connection: &Connection, cache_kb: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", "on")?;
    connection.pragma_update(None, "cache_size", -cache_kb)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(())
}

fn run(connection: &Connection, statement: &Statement) -> rusqlite::Result<StatementResult> {
    PreparedStatement::prepare(connection, statement.sql)?.run(&statement.values)
}

/// Runs statements one after the other. Statements with the same SQL that
/// follow each other are prepared once.
fn run_each(
    connection: &Connection,
    statements: Statements,
) -> rusqlite::Result<Vec<StatementResult>> {
    let mut outcomes = Vec::new();
    let mut last: Option<(&str, PreparedStatement<'_>)> = None;
    for Statement { sql, values, .. } in statements {
        let (_, prepared) = match last.take().filter(|(same, _)| *same == sql) {
            Some(same) => last.insert(same),
            None => last.insert((sql, PreparedStatement::prepare(connection, sql)?)),
        };
        outcomes.push(prepared.run(&values)?);
    }
    Ok(outcomes)
}

/// A statement that is ready to run.
struct PreparedStatement<'c> {
    statement: CachedStatement<'c>,
    /// For each parameter in SQLite's order, the index of its value.
    value_indexes: Vec<usize>,
}

impl<'c> PreparedStatement<'c> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MIGRATION;

    #[test]
    fn a_database_that_has_had_another_text_of_a_migration_is_taken_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let mut old = Connection::open(&path).unwrap();
        let before = refinery::Target::Version(MIGRATION - 1);
        migrator().set_target(before).run(&mut old).unwrap();
        let other = "update refinery_schema_history set checksum = '1' where version = 2";
        assert_eq!(old.execute(other, []).unwrap(), 1);
        drop(old);
        let (writer, ..) = open_and_migrate(path).unwrap();
        assert_eq!(newest_migration(&writer), Some(MIGRATION));
    }
}
