//! PostgreSQL: a pool of connections with prepared statements. Any number of
//! processes may share one database.
//!
//! Nobody waits longer than [`WAIT_MAX`]: for a connection, for locks and for
//! the answer together. A connection that did not answer, or whose caller left
//! in the middle, is thrown away, so that the next caller does not wait for it
//! too. Whatever failed because its connection had died, or because others
//! were at the same rows, is done once more if nothing of it can have been
//! committed.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::BytesMut;
use deadpool_postgres::{
    Client, ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolBuilder,
    RecyclingMethod, Runtime,
};
use futures_util::TryStreamExt;
use futures_util::future::join;
use futures_util::stream::FuturesOrdered;
use postgres_native_tls::MakeTlsConnector;
use sha2::{Digest, Sha256};
use tokio::time::timeout_at;
use tokio_postgres::Config;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::store::database::trouble::WAIT_MAX;
use crate::store::database::value::{
    Row, Statement, StatementResult, Statements, Transaction, Value,
};
use crate::store::spool::{LeftInSpool, Spool};
use crate::store::{NEWEST_MIGRATION, must_migrate};

mod trouble;

use trouble::{Failure, Progress};

mod migrations {
    refinery::embed_migrations!("migrations/postgres");
}

/// How many connections one process keeps at the most.
const CONNECTIONS: usize = 16;
/// How long one host may take to accept a connection, where the URL does not
/// say it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a new connection may take until it can be used.
const CREATE_TIMEOUT: Duration = Duration::from_secs(4);
/// After how long the system gives up a connection whose bytes nobody
/// acknowledges, and how often it looks whether an idle one is still there.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(5);
const KEEPALIVE_AFTER: Duration = Duration::from_secs(15);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
/// What the server itself is told of our patience, where it has less: it gives
/// up a little before we do, so that its connection can be used on, and frees
/// the locks of a process that hangs. Milliseconds.
const SERVER_PATIENCE: &str = "\
    select set_config(name, case name when 'lock_timeout' then '4000' else '4500' end, false) \
    from pg_settings where name in \
    ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') \
    and (setting = '0' or cast(setting as bigint) > 4500)";
/// The counters of limits are locked by their rows, which this level sees as
/// they are after the lock.
const BEGIN: &str = "begin isolation level read committed";
/// The advisory lock that a process holds while it migrates, so that processes
/// which start together migrate one after the other. The number is arbitrary.
const MIGRATION_LOCK: i64 = 0x6c61_7463_686b_6579;

/// How many bytes of a digest name a database.
const NAME_BYTES: usize = 6;

/// A handle on the pool.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    /// What tells the database from others: a digest of its host, port and name.
    name: Arc<str>,
}

impl Postgres {
    /// Connects and migrates.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        // The error could quote the URL, which holds a password.
        let config: Config = url
            .parse()
            .map_err(|_| anyhow::anyhow!("`store.url` is not a PostgreSQL URL"))?;
        let tls = MakeTlsConnector::new(native_tls::TlsConnector::new()?);
        let config = with_timeouts(config);
        // A migration may take longer than a statement of a caller.
        let alone = pool_of(&config, &tls).max_size(1).build()?;
        let connected = alone.get().await;
        let connected = connected.map_err(|error| Failure::of_pool(error).error);
        let mut client = connected.context("could not connect")?;
        let newest = client.query_one(NEWEST_MIGRATION, &[]).await;
        if must_migrate(newest.ok().and_then(|row| row.get(0)))? {
            migrate(&mut client).await?;
        }
        let pool = pool_of(&config, &tls)
            .max_size(CONNECTIONS)
            .post_create(Hook::async_fn(|client, _| Box::pin(tell_patience(client))))
            .build()?;
        let name = name_of(&config);
        Ok(Self { pool, name })
    }

    /// Claims the spools of this database in a folder, with what earlier
    /// processes left in them.
    pub async fn claim_spool(&self, folder: &Path) -> anyhow::Result<Option<(Spool, LeftInSpool)>> {
        let (folder, name) = (folder.to_owned(), Arc::clone(&self.name));
        let claiming = tokio::task::spawn_blocking(move || Spool::claim(&folder, &name));
        Ok(claiming.await?)
    }

    /// Runs a reading statement.
    pub async fn query(&self, statement: Statement) -> anyhow::Result<Vec<Row>> {
        Ok(self.perform(Work::Read(&statement)).await?.rows)
    }

    /// Runs a writing statement in a transaction of its own.
    pub async fn write(&self, statement: Statement) -> anyhow::Result<StatementResult> {
        self.perform(Work::Write(&statement)).await
    }

    /// Runs a transaction. Dropped half-way, it is rolled back.
    pub async fn transact(&self, mut transaction: Transaction) -> anyhow::Result<()> {
        let work = Work::Transact(&mut transaction);
        self.perform(work).await.map(drop)
    }

    /// Closes all connections.
    pub fn close(&self) {
        self.pool.close();
    }

    /// Does a piece of work, once more where that helps and does no harm.
    async fn perform(&self, mut work: Work<'_>) -> anyhow::Result<StatementResult> {
        let began = Instant::now();
        let deadline = began + WAIT_MAX;
        let was_decided = work.is_decided();
        let failure = match self.attempt(&mut work, deadline).await {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        // What was decided has been told to callers, and would be decided anew.
        if !failure.is_repeatable || work.is_decided() != was_decided {
            return Err(failure.error);
        }
        tracing::debug!("the database is asked once more: {:#}", failure.error);
        if failure.is_broken {
            // Whatever ended that connection has probably ended the others.
            let _ = self.pool.retain(|_, metrics| metrics.created > began);
        }
        let again = self.attempt(&mut work, deadline).await;
        again.map_err(|failure| failure.error)
    }

    async fn attempt(
        &self,
        work: &mut Work<'_>,
        deadline: Instant,
    ) -> Result<StatementResult, Failure> {
        let deadline = deadline.into();
        let lease = timeout_at(deadline, self.pool.get()).await;
        let lease = lease.map_err(|_| Failure::of_time("connection"))?;
        let mut lease = Lease::of(lease.map_err(Failure::of_pool)?);
        let done = match lease.client.as_deref() {
            Some(client) => timeout_at(deadline, work.run(client)).await,
            None => return Err(Failure::of_time("connection")),
        };
        let done = done.unwrap_or_else(|_| Err(Failure::of_time("answer")));
        lease.is_good = !matches!(&done, Err(failure) if failure.is_broken);
        done
    }
}

/// A connection that goes back to the pool if it is good, and is closed if it
/// is not.
struct Lease {
    client: Option<Client>,
    is_good: bool,
}

impl Lease {
    /// Not good until its work has ended: its caller may leave before.
    fn of(client: Client) -> Self {
        Self {
            client: Some(client),
            is_good: false,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && !self.is_good
        {
            drop(Object::take(client));
        }
    }
}

/// What is done on a connection.
enum Work<'w> {
    Read(&'w Statement),
    Write(&'w Statement),
    Transact(&'w mut Transaction),
}

impl Work<'_> {
    /// Whether a transaction has made its decision. It is made once.
    fn is_decided(&self) -> bool {
        matches!(self, Self::Transact(transaction) if transaction.decide.is_none())
    }

    async fn run(&mut self, client: &ClientWrapper) -> Result<StatementResult, Failure> {
        if let Self::Read(statement) = self {
            return prepare_and_run(client, statement)
                .await
                .map_err(uncommitted);
        }
        match self.run_in_transaction(client).await {
            Ok(done) => {
                let committed = client.batch_execute("commit").await;
                committed.map_err(|error| Failure::of(error, Progress::Committing))?;
                Ok(done)
            }
            Err(mut failure) => {
                if !failure.is_broken {
                    failure.is_broken = client.batch_execute("rollback").await.is_err();
                }
                Err(failure)
            }
        }
    }

    /// Begins a transaction and runs the statements, without waiting for the
    /// one before the others are sent.
    async fn run_in_transaction(
        &mut self,
        client: &ClientWrapper,
    ) -> Result<StatementResult, Failure> {
        let opening = client.batch_execute(BEGIN);
        let transaction = match self {
            Self::Read(statement) | Self::Write(statement) => {
                let (begun, done) = join(opening, prepare_and_run(client, statement)).await;
                begun.map_err(uncommitted)?;
                return done.map_err(uncommitted);
            }
            Self::Transact(transaction) => transaction,
        };
        let first = (transaction.first)();
        let (begun, found) = join(opening, run_all(client, first)).await;
        begun.map_err(uncommitted)?;
        let found = found.map_err(uncommitted)?;
        if let Some(decide) = transaction.decide.take() {
            let then = decide(found).map_err(Failure::of_program)?;
            run_all(client, then).await.map_err(uncommitted)?;
        }
        Ok(StatementResult {
            changed: 0,
            rows: Vec::new(),
        })
    }
}

fn uncommitted(error: tokio_postgres::Error) -> Failure {
    Failure::of(error, Progress::Uncommitted)
}

/// Sets what the URL leaves to the system, which would wait for minutes.
fn with_timeouts(mut config: Config) -> Config {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED_MAX);
    }
    config.keepalives_idle(KEEPALIVE_AFTER.min(config.get_keepalives_idle()));
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_EVERY);
    }
    config
}

/// A digest of what says which database it is. Nothing of the password is in it.
fn name_of(config: &Config) -> Arc<str> {
    let (hosts, ports, name) = (config.get_hosts(), config.get_ports(), config.get_dbname());
    let digest = Sha256::digest(format!("{hosts:?} {ports:?} {name:?}"));
    let mut name = String::with_capacity(2 * NAME_BYTES);
    for byte in digest.iter().take(NAME_BYTES) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name.into()
}

fn pool_of(config: &Config, tls: &MakeTlsConnector) -> PoolBuilder {
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    Pool::builder(Manager::from_config(config.clone(), tls.clone(), recycling))
        .runtime(Runtime::Tokio1)
        .create_timeout(Some(CREATE_TIMEOUT))
}

/// Tells the server of our patience. One that knows no such settings is used
/// as it is.
async fn tell_patience(client: &ClientWrapper) -> Result<(), HookError> {
    match client.batch_execute(SERVER_PATIENCE).await {
        Err(error) if error.as_db_error().is_none() => Err(HookError::Backend(error)),
        _ => Ok(()),
    }
}

async fn migrate(client: &mut Client) -> anyhow::Result<()> {
    client
        .execute("select pg_advisory_lock($1)", &[&MIGRATION_LOCK])
        .await?;
    // As in SQLite, a comment in one was changed once.
    let migrated = migrations::migrations::runner()
        .set_abort_divergent(false)
        .run_async(&mut **client.as_mut())
        .await;
    client
        .execute("select pg_advisory_unlock($1)", &[&MIGRATION_LOCK])
        .await?;
    migrated.context("could not migrate the database").map(drop)
}

/// Sends statements in order, without waiting for the result of one before
/// the next is sent.
async fn run_all(
    client: &ClientWrapper,
    statements: Statements,
) -> Result<Vec<StatementResult>, tokio_postgres::Error> {
    let mut running = FuturesOrdered::new();
    for statement in statements {
        let prepared = client.prepare_cached(statement.sql).await?;
        running.push_back(async move { run(client, &prepared, &statement).await });
    }
    running.try_collect().await
}

async fn prepare_and_run(
    client: &ClientWrapper,
    statement: &Statement,
) -> Result<StatementResult, tokio_postgres::Error> {
    let prepared = client.prepare_cached(statement.sql).await?;
    run(client, &prepared, statement).await
}

async fn run(
    client: &ClientWrapper,
    prepared: &tokio_postgres::Statement,
    statement: &Statement,
) -> Result<StatementResult, tokio_postgres::Error> {
    let values: Vec<&(dyn ToSql + Sync)> = statement
        .values
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect();
    if prepared.columns().is_empty() {
        let changed = client.execute(prepared, &values).await?;
        return Ok(StatementResult {
            changed,
            rows: Vec::new(),
        });
    }
    let found = client.query(prepared, &values).await?;
    let rows = found.iter().map(read_row).collect::<Result<Vec<_>, _>>()?;
    Ok(StatementResult {
        changed: rows.len() as u64,
        rows,
    })
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::StaticText(text) => text.to_sql(kind, out),
            Self::SharedText(text) => (&**text).to_sql(kind, out),
            Self::Blob(bytes) => bytes.to_sql(kind, out),
            Self::Id(bytes) => bytes.as_slice().to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // tokio-postgres prints parameters of failed statements.
        f.write_str("[value]")
    }
}

fn read_row(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    let values = row.columns().iter().enumerate().map(|(at, column)| {
        Ok(match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at)?.into(),
            Type::TEXT => row.try_get::<_, Option<String>>(at)?.into(),
            _ => row.try_get::<_, Option<&[u8]>>(at)?.into(),
        })
    });
    values.collect::<Result<_, _>>().map(Row)
}
