//! The database takes no writes while calls are made, on SQLite and on
//! PostgreSQL: what has happened is kept and written when it takes them again,
//! and no call is made that would not be.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::{Instant, sleep, timeout};

use crate::ledger::stories::story::{NOW_MS, budget, check_sums, limit, open, order, sqlite, used};
use crate::ledger::writing::outage::WAITS_MAX;
use crate::ledger::*;
use crate::model::{Metric, ProviderId};
use crate::store::DatabaseTrouble;
use crate::tests::database_file::OtherProgram;
use crate::tests::link::Link;
use crate::tests::postgres;

/// How long anything may take that ends by itself.
const PATIENCE: Duration = Duration::from_secs(20);
const TOKENS: u64 = 1_000_000;

/// Why a database takes no writes.
enum Fault {
    /// SQLite's disk is full.
    Full,
    /// Another process holds the lock of SQLite's file.
    Locked(Option<rusqlite::Connection>),
    /// PostgreSQL may be read and not written.
    ReadOnly(SecretString),
    /// PostgreSQL cannot be reached.
    Away(Link),
    /// PostgreSQL does not answer any more.
    Silent(Link),
}

impl Fault {
    async fn begin(&mut self, ledger: &Ledger) {
        match self {
            Self::Full => ledger.store.limit_growth(true).await,
            Self::Locked(other) => {
                let other = other.as_ref().unwrap();
                other.execute_batch("begin immediate").unwrap();
            }
            Self::ReadOnly(url) => set_read_only(url, "on").await,
            Self::Away(link) => link.refuses(),
            Self::Silent(link) => link.falls_silent(),
        }
    }

    async fn end(&mut self, ledger: &Ledger) {
        match self {
            Self::Full => ledger.store.limit_growth(false).await,
            Self::Locked(other) => drop(other.take()),
            Self::ReadOnly(url) => set_read_only(url, "off").await,
            Self::Away(link) | Self::Silent(link) => link.passes(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_no_settlement() {
    let folder = tempfile::tempdir().unwrap();
    survive(
        open(&sqlite(&folder), &Clock::held_at(NOW_MS)).await,
        Fault::Full,
    )
    .await;
}

/// Whoever is killed while the database takes no writes has made no call that is
/// in no row after the next start, whoever pays: one that was begun before a
/// write failed is in the spool, and later ones wait for the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_on_a_full_disk_or_beside_a_lock_loses_no_call() {
    for is_full in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(&sqlite(&folder), &Clock::held_at(NOW_MS)).await;
        ledger.take_lease().await.unwrap();
        let file = folder.path().join("ledger.db");
        let mut fault = if is_full {
            Fault::Full
        } else {
            Fault::Locked(rusqlite::Connection::open(file).ok())
        };
        let before = begin_until_refused(&ledger, &mut fault).await;
        assert!(!before.is_empty());
        // The process is killed: nothing is settled.
        let ids = before.iter().map(|hold| format!("{:?}", hold.id()));
        let ids: Vec<_> = ids.collect();
        before.into_iter().for_each(std::mem::forget);
        ledger.store.close().await;
        if !is_full {
            fault.end(&ledger).await;
        }
        let next = open(&sqlite(&folder), &Clock::held_at(NOW_MS)).await;
        next.take_lease().await.unwrap();
        let rows = check_sums(&next).await;
        for id in ids {
            let row = rows.iter().find(|row| row.id() == id).unwrap();
            assert_eq!((row.state.as_str(), row.estimated), ("expired", true));
        }
        // What is written once is not there twice.
        let count = rows.len();
        next.close().await;
        next.take_lease().await.unwrap();
        assert_eq!(check_sums(&next).await.len(), count);
    }
}

/// Begins calls that no limit bounds, before and while a fault lasts; those that
/// were made.
async fn begin_until_refused(ledger: &Ledger, fault: &mut Fault) -> Vec<Hold> {
    let calls = Calls {
        ledger,
        provider: ProviderId::from("openai"),
        answered: BTreeMap::new(),
    };
    let mut made = vec![calls.begin(false).await.unwrap()];
    fault.begin(ledger).await;
    while !ledger.shared.outage.is_unsafe() {
        made.extend(calls.begin(false).await);
        sleep(Duration::from_millis(1)).await;
    }
    let refused = calls.begin(false).await.unwrap_err();
    assert!(DatabaseTrouble::behind(&refused).is_some(), "{refused:#}");
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_process_locks_loses_no_settlement() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&sqlite(&folder), &Clock::held_at(NOW_MS)).await;
    let other = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    survive(ledger, Fault::Locked(Some(other))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_is_read_only_loses_no_settlement() {
    if let Some(url) = postgres::database() {
        let ledger = open(&url, &Clock::held_at(NOW_MS)).await;
        survive(ledger, Fault::ReadOnly(url)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_is_away_loses_no_settlement() {
    if let Some(url) = postgres::database() {
        let (link, url) = Link::to_database(&url).await;
        let ledger = open(&url, &Clock::held_at(NOW_MS)).await;
        survive(ledger, Fault::Away(link)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_was_stopped_loses_no_settlement() {
    if let Some(url) = postgres::database() {
        let (link, url) = Link::to_database(&url).await;
        let ledger = open(&url, &Clock::held_at(NOW_MS)).await;
        survive(ledger, Fault::Silent(link)).await;
    }
}

/// Sets whether a database may be written, as a failover does, which ends all
/// connections.
async fn set_read_only(url: &SecretString, is_read_only: &str) {
    let client = postgres::connect(url).await;
    let found = client.query_one("select current_database()", &[]).await;
    let name: String = found.unwrap().get(0);
    let set = format!("alter database {name} set default_transaction_read_only = {is_read_only}");
    for sql in [
        "set default_transaction_read_only = off",
        &set,
        END_CONNECTIONS,
    ] {
        client.batch_execute(sql).await.unwrap();
    }
}

/// Ends all other connections to a database, as a server does that restarts.
const END_CONNECTIONS: &str = "select pg_terminate_backend(pid) from pg_stat_activity \
     where datname = current_database() and pid <> pg_backend_pid()";

/// Calls, with what each is answered to have used.
struct Calls<'l> {
    ledger: &'l Ledger,
    provider: ProviderId,
    answered: BTreeMap<String, u64>,
}

impl Calls<'_> {
    /// Makes a call as far as its hold; limited or not.
    async fn begin(&self, is_limited: bool) -> anyhow::Result<Hold> {
        let limits = if is_limited {
            budget(&[limit(Metric::OutputTokens, TOKENS)], 7)
        } else {
            Vec::new()
        };
        let order = order(&self.provider, 7);
        let mut hold = self
            .ledger
            .hold(order, limits)
            .await?
            .expect("there is room");
        hold.begin().await?;
        Ok(hold)
    }

    /// Its answer comes, with what it cost.
    async fn end(&mut self, hold: Hold, tokens: u64) {
        self.answered.insert(format!("{:?}", hold.id()), tokens);
        let settled = timeout(PATIENCE, self.ledger.settle(hold, &used(tokens))).await;
        settled.expect("nobody waits for long").unwrap();
    }

    async fn make(&mut self, is_limited: bool, tokens: u64) -> anyhow::Result<()> {
        let hold = self.begin(is_limited).await?;
        self.end(hold, tokens).await;
        Ok(())
    }

    /// Makes calls until one is refused; returns why.
    async fn make_until_refused(&mut self, is_limited: bool) -> anyhow::Error {
        loop {
            if let Err(refused) = self.make(is_limited, 3).await {
                return refused;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn survive(ledger: Ledger, mut fault: Fault) {
    let told = timeout(3 * PATIENCE, async {
        let mut calls = Calls {
            ledger: &ledger,
            provider: ProviderId::from("openai"),
            answered: BTreeMap::new(),
        };
        calls.make(true, 5).await.unwrap();
        calls.make(false, 6).await.unwrap();
        let (limited, exempt) = (calls.begin(true).await, calls.begin(false).await);
        ledger.flush().await;
        fault.begin(&ledger).await;
        calls.end(limited.unwrap(), 7).await;
        calls.end(exempt.unwrap(), 8).await;
        for is_limited in [false, true] {
            let refused = timeout(PATIENCE, calls.make_until_refused(is_limited));
            let refused = refused.await.expect("calls are refused in time");
            assert!(DatabaseTrouble::behind(&refused).is_some(), "{refused:#}");
        }
        let closed = timeout(PATIENCE, calls.begin(false)).await;
        closed.expect("nobody waits for long").unwrap_err();
        fault.end(&ledger).await;
        let again = timeout(PATIENCE, async {
            while calls.make(true, 9).await.is_err() {
                sleep(Duration::from_millis(5)).await;
            }
        });
        again.await.expect("calls are made again soon");
        calls.make(false, 10).await.unwrap();
        ledger.flush().await;
        let rows = check_sums(&ledger).await;
        let (settled, others): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.state == "settled");
        // Whoever was not answered pays nothing.
        assert!(
            others.iter().all(|row| row.state == "released"),
            "{others:?}"
        );
        let counted: BTreeMap<String, u64> = settled
            .iter()
            .map(|row| (row.id(), row.used.output_tokens))
            .collect();
        assert_eq!(counted, calls.answered);
        assert!(settled.iter().all(|row| !row.estimated));
    });
    told.await.expect("it ends in time");
    ledger.close().await;
    ledger.store.close().await;
}

/// A stop gives a database that is in trouble the time that there is: whoever
/// was answered meanwhile is charged for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_a_locked_file_as_long_as_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::held_at(NOW_MS);
    let ledger = open(&sqlite(&folder), &clock).await;
    let other = OtherProgram::open(&folder.path().join("ledger.db"));
    let mut calls = Calls {
        ledger: &ledger,
        provider: ProviderId::from("openai"),
        answered: BTreeMap::new(),
    };
    let mut holds = Vec::new();
    for _ in 0..5 {
        holds.push(calls.begin(true).await.unwrap());
    }
    other.runs("begin immediate");
    let outage = Arc::clone(&ledger.shared.outage);
    let settles = async {
        for hold in holds {
            calls.end(hold, 7).await;
        }
        ledger.close_by(Instant::now() + PATIENCE).await;
    };
    let lets_go = async {
        while outage.waits().is_none_or(|waits| waits < 2 * WAITS_MAX) {
            sleep(Duration::from_millis(5)).await;
        }
        drop(other);
    };
    tokio::join!(settles, lets_go);
    let rows = ledger.store.audit().await;
    assert!(
        rows.iter()
            .all(|row| row.state == "settled" && row.used.output_tokens == 7 && !row.estimated),
        "{rows:?}"
    );
    assert_eq!(rows.len(), 5);
    ledger.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ends_lose_no_settlement() {
    let Some(url) = postgres::database() else {
        return;
    };
    let ledger = open(&url, &Clock::held_at(NOW_MS)).await;
    let server = postgres::connect(&url).await;
    let mut calls = Calls {
        ledger: &ledger,
        provider: ProviderId::from("openai"),
        answered: BTreeMap::new(),
    };
    for round in 0..5 {
        let (limited, exempt) = (calls.begin(true).await, calls.begin(false).await);
        server.batch_execute(END_CONNECTIONS).await.unwrap();
        calls.end(limited.unwrap(), round).await;
        calls.end(exempt.unwrap(), round).await;
        while calls.make(true, 1).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    }
    ledger.flush().await;
    let rows = check_sums(&ledger).await;
    let settled = rows.iter().filter(|row| row.state == "settled");
    assert_eq!(settled.count(), calls.answered.len());
    assert!(rows.iter().all(|row| row.state != "held"));
    ledger.close().await;
}

/// A counter that nobody can read keeps its own attempts from being written,
/// and no others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_damaged_counter_stops_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&sqlite(&folder), &Clock::held_at(NOW_MS)).await;
    let mut calls = Calls {
        ledger: &ledger,
        provider: ProviderId::from("openai"),
        answered: BTreeMap::new(),
    };
    let (damaged, exempt) = (calls.begin(true).await, calls.begin(false).await);
    ledger.flush().await;
    damage_counters(&folder.path().join("ledger.db"));
    let damaged = damaged.unwrap();
    let lost = format!("{:?}", damaged.id());
    let ended = used(7);
    let settling = ledger.settle(damaged, &ended);
    let (settled, ()) = tokio::join!(settling, calls.end(exempt.unwrap(), 8));
    settled.unwrap();
    ledger.flush().await;
    calls.make(false, 9).await.unwrap();
    ledger.flush().await;
    let rows = ledger.store.audit().await;
    for row in rows {
        let state = if row.id() == lost { "held" } else { "settled" };
        assert_eq!(row.state, state);
    }
    ledger.close().await;
}

fn damage_counters(file: &std::path::Path) {
    let other = rusqlite::Connection::open(file).unwrap();
    let damaged = other.execute_batch("update quota_counter set state = 'damaged'");
    damaged.unwrap();
}
