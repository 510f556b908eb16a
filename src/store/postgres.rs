//! PostgreSQL: a pool of connections with prepared statements. Any number of
//! processes may share one database.

use std::error::Error;

use anyhow::Context;
use bytes::BytesMut;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use futures_util::TryStreamExt;
use futures_util::stream::FuturesOrdered;
use postgres_native_tls::MakeTlsConnector;
use tokio_postgres::GenericClient;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::store::value::{Row, Statement, StatementResult, Statements, Transaction, Value};
use crate::store::{NEWEST_MIGRATION, must_migrate};

mod migrations {
    refinery::embed_migrations!("migrations/postgres");
}

/// How many connections one process keeps at the most.
const CONNECTIONS: usize = 16;
/// The advisory lock that a process holds while it migrates, so that processes
/// which start together migrate one after the other. The number is arbitrary.
const MIGRATION_LOCK: i64 = 0x6c61_7463_686b_6579;

/// A handle on the pool.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
}

impl Postgres {
    /// Connects and migrates.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        // The error could quote the URL, which holds a password.
        let config: tokio_postgres::Config = url
            .parse()
            .map_err(|_| anyhow::anyhow!("`store.url` is not a PostgreSQL URL"))?;
        let tls = MakeTlsConnector::new(native_tls::TlsConnector::new()?);
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_config(config, tls, recycling);
        let pool = Pool::builder(manager).max_size(CONNECTIONS).build()?;
        let mut client = pool.get().await.context("could not connect")?;
        let newest = client.query_one(NEWEST_MIGRATION, &[]).await;
        if must_migrate(newest.ok().and_then(|row| row.get(0)))? {
            migrate(&mut client).await?;
        }
        drop(client);
        Ok(Self { pool })
    }

    /// Runs a statement in a transaction of its own.
    pub async fn run(&self, statement: Statement) -> anyhow::Result<StatementResult> {
        let client = self.client().await?;
        let prepared = client.prepare_cached(statement.sql).await?;
        run(&**client, &prepared, &statement).await
    }

    /// Runs a transaction. Dropped half-way, it is rolled back.
    pub async fn transact(&self, transaction: Transaction) -> anyhow::Result<()> {
        let mut client = self.client().await?;
        let open = client.transaction().await?;
        let found = run_all(&open, transaction.first).await?;
        let then = (transaction.decide)(found)?;
        run_all(&open, then).await?;
        Ok(open.commit().await?)
    }

    async fn client(&self) -> anyhow::Result<deadpool_postgres::Client> {
        let client = self.pool.get().await;
        client.context("no database connection is free")
    }

    /// Closes all connections.
    pub fn close(&self) {
        self.pool.close();
    }
}

async fn migrate(client: &mut deadpool_postgres::Client) -> anyhow::Result<()> {
    client
        .execute("select pg_advisory_lock($1)", &[&MIGRATION_LOCK])
        .await?;
    let migrated = migrations::migrations::runner()
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
    transaction: &deadpool_postgres::Transaction<'_>,
    statements: Statements,
) -> anyhow::Result<Vec<StatementResult>> {
    let mut running = FuturesOrdered::new();
    for statement in statements {
        let prepared = transaction.prepare_cached(statement.sql).await?;
        running.push_back(async move { run(&**transaction, &prepared, &statement).await });
    }
    running.try_collect().await
}

async fn run(
    client: &impl GenericClient,
    prepared: &tokio_postgres::Statement,
    statement: &Statement,
) -> anyhow::Result<StatementResult> {
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
    let rows = found
        .iter()
        .map(read_row)
        .collect::<anyhow::Result<Vec<_>>>()?;
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

fn read_row(row: &tokio_postgres::Row) -> anyhow::Result<Row> {
    let values = row.columns().iter().enumerate().map(|(at, column)| {
        Ok(match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at)?.into(),
            Type::TEXT => row.try_get::<_, Option<String>>(at)?.into(),
            _ => row.try_get::<_, Option<&[u8]>>(at)?.into(),
        })
    });
    values.collect::<anyhow::Result<_>>().map(Row)
}
