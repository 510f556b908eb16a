//! The only SQL in the program.
//!
//! [`Store`] is one handle over SQLite or PostgreSQL. Each query is written
//! once, in the file of its subject, in SQL that both accept. Values are bound
//! by name, since SQLite numbers `$2` before `$1` where it comes first.

mod accounts;
mod answers;
mod choices;
mod conversations;
mod database;
mod greetings;
mod idempotency;
mod pending;
mod pictures;
mod postgres;
mod privacy;
mod rules;
mod rules_cache;
mod sealed;
mod sessions;
mod spool;
mod sqlite;
#[cfg(test)]
mod stories;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use crate::model::Clock;

pub use accounts::jobs::JobHash;
pub use accounts::journal::{
    DamagedLedger, FinishedAttempt, FoundAttempt, Journal, JournalEntries, JournalFindings,
    LedgerChanges, NotedUse,
};
use accounts::leases::ProcessId;
pub use accounts::ledger::{Booking, CounterBucket, KnownTokens};
pub use accounts::overview::HeldSums;
pub use accounts::totals::{QUARTER_MS, Scope as TotalScope, Total, TotalKey, TotalSpan};
pub use accounts::usage::{
    DayStretch, ReceiptsAfter, TooManyLines, TotalLine, UsageLine, UsageOwner,
};
pub use database::pulse::DatabasePulse;
use database::pulse::Pulse;
use database::trouble::WAIT_MAX;
pub use database::trouble::{DatabaseTrouble, StoreError, copy_error};
use database::value::{Decision, Effect, Row, Statement, StatementResult, Statements, Transaction};
pub use idempotency::EndedCall;
pub use pending::{PendingAction, PendingKind};
use postgres::Postgres;
pub use privacy::OwnAttempt;
pub use rules::{GivenTier, OperatorsRules, Rules};
use rules_cache::RulesCache;
pub use rules_cache::{RulesAndOffers, RulesKey};
pub use sealed::imports::{ImportOf, ImportedKey};
pub use sealed::keys::NewKey;
pub use sessions::{OpenSignIn, SessionsAt};
pub use spool::{LeftInSpool, Spool, SpooledSettlement};
use sqlite::Sqlite;
pub use sqlite::{FileClaim, check_folder};
#[cfg(test)]
pub use stories::audit::AuditedAttempt;

/// The newest migration. A database that has had it is opened without the
/// migrator, which would keep half a megabyte of memory from then on.
const MIGRATION: i32 = 19;
const NEWEST_MIGRATION: &str = "select max(version) from refinery_schema_history";

/// Whether a database must be migrated, by the newest migration that it has
/// had. Fails for one that a newer program has migrated.
fn must_migrate(newest: Option<i32>) -> anyhow::Result<bool> {
    if let Some(newer) = newest.filter(|version| *version > MIGRATION) {
        bail!(
            "it was written by a newer Latchkey (its tables are version {newer}, and this program knows {MIGRATION}); run that version again, or put back a backup from before the upgrade"
        );
    }
    Ok(newest != Some(MIGRATION))
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    rules_cache: Arc<RulesCache>,
    /// Whose holds and calls these are.
    process: ProcessId,
    pulse: Arc<Pulse>,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens the database that a URL names and brings its tables up to
    /// date: `sqlite:<path>`, or `postgres://…`.
    pub async fn open(url: &SecretString) -> anyhow::Result<Self> {
        let url = url.expose_secret();
        let rules_cache = Arc::new(RulesCache::new(Clock::default()));
        let backend = if let Some(path) = url.strip_prefix("sqlite:") {
            Backend::Sqlite(
                Sqlite::open(path.into(), Arc::clone(&rules_cache))
                    .await
                    .context("could not open SQLite")?,
            )
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Backend::Postgres(
                Postgres::open(url)
                    .await
                    .context("could not open PostgreSQL")?,
            )
        } else {
            bail!("`store.url` must start with `sqlite:` or `postgres://`");
        };
        Ok(Self {
            backend,
            rules_cache,
            process: ProcessId::draw()?,
            pulse: Arc::default(),
        })
    }

    /// Runs a reading statement.
    async fn query(&self, statement: Statement) -> anyhow::Result<Vec<Row>> {
        let found = match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.query(statement).await,
            Backend::Postgres(postgres) => postgres.query(statement).await,
        };
        found.inspect_err(|error| self.pulse.note_error(error))
    }

    /// Runs two reading statements in hardly more time than one.
    async fn query_both(&self, both: [Statement; 2]) -> anyhow::Result<[Vec<Row>; 2]> {
        let found = match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.query_both(both).await,
            Backend::Postgres(postgres) => {
                let [one, other] = both;
                let both = tokio::try_join!(postgres.query(one), postgres.query(other));
                both.map(|(one, other)| [one, other])
            }
        };
        found.inspect_err(|error| self.pulse.note_error(error))
    }

    /// Runs a writing statement; returns when its change is safe on disk.
    async fn write(&self, statement: Statement) -> anyhow::Result<StatementResult> {
        debug_assert_ne!(statement.effect, Effect::Reads, "{}", statement.sql);
        let written = match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.write(statement).await,
            Backend::Postgres(postgres) => postgres.write(statement).await,
        };
        self.pulse.note(written)
    }

    /// Runs writing statements in one transaction.
    async fn write_all(&self, statements: Vec<Statement>) -> anyhow::Result<()> {
        let effects = statements.iter().map(|statement| statement.effect);
        let changes_rules = effects.max() == Some(Effect::WritesRules);
        let written = self.transact(Transaction {
            first: Box::new(move || Box::new(statements.clone().into_iter())),
            decide: None,
            changes_rules,
        });
        let written = timeout(WAIT_MAX, written).await;
        written.map_err(|_| StoreError::too_slow("write"))?
    }

    /// Reads, decides and writes, all of it or nothing, and never rules: for
    /// the ledger, whose statements are made as they are run.
    async fn transact_without_rules(&self, transaction: Transaction) -> anyhow::Result<()> {
        let Transaction { first, decide, .. } = transaction;
        let decide = decide.map(|decide| -> Decision {
            Box::new(move |outcomes| Ok(without_rules(decide(outcomes)?)))
        });
        self.transact(Transaction {
            first: Box::new(move || without_rules(first())),
            decide,
            changes_rules: false,
        })
        .await
    }

    /// Reads, decides and writes, all of it or nothing.
    async fn transact(&self, transaction: Transaction) -> anyhow::Result<()> {
        let done = match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.transact(transaction).await,
            Backend::Postgres(postgres) => postgres.transact(transaction).await,
        };
        self.pulse.note(done)
    }

    /// Claims a SQLite file for this process, until the claim is dropped. A
    /// PostgreSQL database is not claimed, since processes may share it.
    pub fn claim(url: &SecretString) -> anyhow::Result<Option<FileClaim>> {
        let path = url.expose_secret().strip_prefix("sqlite:");
        path.map(|path| FileClaim::take(path.as_ref())).transpose()
    }

    /// Whether a process has claimed SQLite's file. None on PostgreSQL, which is
    /// not claimed.
    pub fn is_claimed(url: &SecretString) -> Option<bool> {
        let path = url.expose_secret().strip_prefix("sqlite:")?;
        Some(FileClaim::is_held(path.as_ref()))
    }

    /// Opens the spool beside SQLite's file, or claims those of a PostgreSQL
    /// database in a folder of this machine; and what earlier processes left in
    /// it. None where that folder is none, or cannot be used.
    pub async fn open_spool(
        &self,
        folder: Option<&Path>,
    ) -> anyhow::Result<Option<(Spool, LeftInSpool)>> {
        match (&self.backend, folder) {
            (Backend::Sqlite(sqlite), _) => sqlite.open_spool().await.map(Some),
            (Backend::Postgres(postgres), Some(folder)) => postgres.claim_spool(folder).await,
            (Backend::Postgres(_), None) => Ok(None),
        }
    }

    /// SQLite's file, where it is not there yet.
    pub fn missing_file(url: &SecretString) -> Option<PathBuf> {
        let path = PathBuf::from(url.expose_secret().strip_prefix("sqlite:")?);
        (!path.exists()).then_some(path)
    }

    /// Waits until SQLite's file is taken away; the error says what happened to
    /// it. On PostgreSQL, it waits for ever.
    pub async fn wait_for_loss(&self) -> anyhow::Error {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.wait_for_loss().await,
            Backend::Postgres(_) => std::future::pending().await,
        }
    }

    /// Reads every page of SQLite's file, and returns what SQLite reports as
    /// damaged. On PostgreSQL, it finds nothing.
    pub async fn find_damage(&self) -> anyhow::Result<Vec<String>> {
        if !self.is_ours_alone() {
            return Ok(Vec::new());
        }
        let rows = self
            .query(Statement::new("pragma quick_check(3)", []))
            .await?;
        let found = rows.iter().map(|row| row.text(0).map(str::to_owned));
        let found: Vec<String> = found.collect::<anyhow::Result<_>>()?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// Whether every change of the database passes through this process.
    pub fn is_ours_alone(&self) -> bool {
        matches!(self.backend, Backend::Sqlite(_))
    }

    /// Keeps SQLite's file from growing, as a full disk does, or lets it.
    #[cfg(test)]
    pub async fn limit_growth(&self, is_full: bool) {
        let sql = if is_full {
            "pragma max_page_count = 1"
        } else {
            "pragma max_page_count = 1073741823"
        };
        if let Backend::Sqlite(sqlite) = &self.backend {
            sqlite.write(Statement::new(sql, [])).await.unwrap();
        }
    }

    /// Finishes what is queued and closes the database.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => postgres.close(),
        }
    }
}

/// The same statements. Where tests run, none of them may write rules.
fn without_rules(statements: Statements) -> Statements {
    if cfg!(debug_assertions) {
        return Box::new(statements.inspect(|statement| {
            assert_ne!(statement.effect, Effect::WritesRules, "{}", statement.sql);
        }));
    }
    statements
}
