//! What callers are told when the database is in trouble, how long they wait
//! for it, and what is stored all the same.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::store::database::change::{Change, Table};
use crate::store::database::trouble::WAIT_MAX;
use crate::store::*;
use crate::tests::database_file::{OtherProgram, damage};
use crate::tests::link::Link;
use crate::tests::postgres;

const NOW_MS: i64 = 1_000_000_000;
/// What a very busy machine may make of a wait. The faults of these tests last
/// until they are ended, so that a wait without an end would be longer.
const LONGEST: Duration = WAIT_MAX.saturating_mul(6);

const ADD: Change = Change::to(
    Table::QuotaCounter,
    "insert into quota_counter (counter, state, touched_at_ms) values ($1, $2, $3)",
);

/// A new database in a file.
async fn in_file() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = open_file(folder.path()).await;
    (folder, store)
}

async fn open_file(folder: &Path) -> Store {
    let url = format!("sqlite:{}", folder.join("trouble.db").display());
    Store::open(&SecretString::from(url)).await.unwrap()
}

/// A PostgreSQL database, the store that uses it, and a connection beside it.
struct Shared {
    store: Store,
    link: Link,
    beside: tokio_postgres::Client,
}

impl Shared {
    async fn open() -> Option<Self> {
        let direct = postgres::database()?;
        let (link, url) = Link::to_database(&direct).await;
        let store = Store::open(&url).await.unwrap();
        let beside = postgres::connect(&direct).await;
        Some(Self {
            store,
            link,
            beside,
        })
    }

    async fn runs(&self, sql: &str) {
        self.beside.batch_execute(sql).await.unwrap();
    }

    /// Ends all connections of the store at the server.
    async fn ends_backends(&self) {
        self.runs(
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and pid <> pg_backend_pid()",
        )
        .await;
    }
}

async fn add(store: &Store, name: &str) -> anyhow::Result<()> {
    let statement = ADD.with([name.into(), "".into(), NOW_MS.into()]);
    store.write(statement).await.map(drop)
}

/// The names of all counters that were added.
async fn added(store: &Store) -> BTreeSet<String> {
    let sql = "select counter from quota_counter where counter not like 'probe/%'";
    let rows = store.query(Statement::new(sql, [])).await.unwrap();
    rows.iter()
        .map(|row| row.text(0).unwrap().to_owned())
        .collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn trouble<T>(result: anyhow::Result<T>) -> Option<DatabaseTrouble> {
    DatabaseTrouble::behind(&result.err()?)
}

/// Every wait of these takes the whole time, so that they wait together.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_longer_than_five_seconds() {
    assert_eq!(WAIT_MAX, Duration::from_secs(5));
    let postgres = join(
        Box::pin(waits_for_locks()),
        Box::pin(waits_for_a_silent_server()),
    );
    join(Box::pin(waits_for_sqlite()), postgres).await;
}

async fn waits_for_sqlite() {
    let (folder, store) = in_file().await;
    let other = OtherProgram::open(&folder.path().join("trouble.db"));
    other.runs("begin immediate");
    let began = Instant::now();
    let waiting = join_all((0..40).map(|number| {
        let store = store.clone();
        async move { trouble(add(&store, &format!("late-{number}")).await) }
    }));
    let reading = async {
        // Whoever reads does not wait.
        for _ in 0..20 {
            assert_eq!(added(&store).await, names(&[]));
        }
        store.pulse()
    };
    let (told, _) = join(waiting, reading).await;
    assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
    let kinds = [DatabaseTrouble::Locked, DatabaseTrouble::TooSlow];
    for told in told {
        assert!(told.is_some_and(|told| kinds.contains(&told)), "{told:?}");
    }
    assert!(store.pulse().trouble.is_some());
    other.runs("rollback");
    add(&store, "after").await.unwrap();
    // Nothing of what was refused is stored later.
    assert_eq!(added(&store).await, names(&["after"]));
    assert_eq!(store.pulse().trouble, None);
    store.close().await;
    assert_eq!(
        trouble(add(&store, "closed").await),
        Some(DatabaseTrouble::Away)
    );
}

/// Its caller goes while the writer waits for another process's lock.
#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_written_later() {
    let (folder, store) = in_file().await;
    let other = OtherProgram::open(&folder.path().join("trouble.db"));
    other.runs("begin immediate");
    let gone = timeout(Duration::from_millis(300), add(&store, "gone"));
    assert!(gone.await.is_err());
    other.runs("rollback");
    add(&store, "after").await.unwrap();
    assert_eq!(added(&store).await, names(&["after"]));
    store.close().await;
}

async fn waits_for_locks() {
    let Some(shared) = Shared::open().await else {
        return;
    };
    shared
        .runs("begin; lock table quota_counter in access exclusive mode")
        .await;
    let began = Instant::now();
    // More than there are connections: some wait for those.
    let waiting = join_all((0..24).map(|number| {
        let store = shared.store.clone();
        async move { trouble(add(&store, &format!("late-{number}")).await) }
    }));
    let kinds = [DatabaseTrouble::Locked, DatabaseTrouble::TooSlow];
    for told in waiting.await {
        assert!(told.is_some_and(|told| kinds.contains(&told)), "{told:?}");
    }
    assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
    shared.runs("rollback").await;
    add(&shared.store, "after").await.unwrap();
    assert_eq!(added(&shared.store).await, names(&["after"]));
}

async fn waits_for_a_silent_server() {
    let Some(shared) = Shared::open().await else {
        return;
    };
    let Shared { store, link, .. } = &shared;
    add(store, "before").await.unwrap();
    link.falls_silent();
    let began = Instant::now();
    let sql = "select counter from quota_counter";
    let (one, other) = (Statement::new(sql, []), Statement::new(sql, []));
    let work = ADD.with(["late".into(), "".into(), NOW_MS.into()]);
    let (read, (both, (wrote, all))) = join(
        store.query(Statement::new(sql, [])),
        join(
            store.query_both([one, other]),
            join(add(store, "late"), store.write_all(vec![work])),
        ),
    )
    .await;
    assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
    let told = [trouble(read), trouble(both), trouble(wrote), trouble(all)];
    let kinds = [DatabaseTrouble::TooSlow, DatabaseTrouble::Away];
    for told in told {
        assert!(told.is_some_and(|told| kinds.contains(&told)), "{told:?}");
    }
    link.passes();
    // Connections that did not answer are not used again.
    add(store, "after").await.unwrap();
    let stored = added(store).await;
    assert!(stored.is_superset(&names(&["before", "after"])));
}

#[tokio::test]
async fn a_server_that_is_away_is_not_waited_for_and_is_found_again() {
    let Some(shared) = Shared::open().await else {
        return;
    };
    let Shared { store, link, .. } = &shared;
    add(store, "before").await.unwrap();
    link.refuses();
    let began = Instant::now();
    for _ in 0..3 {
        assert_eq!(
            trouble(add(store, "away").await),
            Some(DatabaseTrouble::Away)
        );
        assert_eq!(trouble(store.ping().await), Some(DatabaseTrouble::Away));
    }
    assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
    link.passes();
    add(store, "after").await.unwrap();
    assert_eq!(added(store).await, names(&["before", "after"]));
}

/// While callers come, every connection is ended, again and again: whoever is
/// told that it is stored finds it there, once, and hardly anybody is told
/// anything else.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_were_ended_are_replaced_without_a_word() {
    let Some(shared) = Shared::open().await else {
        return;
    };
    let mut stored = 0;
    for round in 0..10 {
        // They are idle, and the pool believes that they are well.
        let warm = join_all((0..16).map(|_| shared.store.ping())).await;
        assert!(warm.into_iter().all(|done| done.is_ok()));
        shared.ends_backends().await;
        let calls = join_all((0..16).map(|number| {
            let store = shared.store.clone();
            async move {
                let name = format!("{round}-{number}");
                match number % 3 {
                    0 => store.ping().await,
                    1 => add(&store, &name).await,
                    _ => {
                        let add = ADD.with([name.as_str().into(), "".into(), NOW_MS.into()]);
                        store.write_all(vec![add]).await
                    }
                }
            }
        }));
        for (number, done) in calls.await.into_iter().enumerate() {
            done.unwrap_or_else(|error| panic!("{round}, {number}: {error:#}"));
            stored += usize::from(number % 3 > 0);
        }
    }
    assert_eq!(added(&shared.store).await.len(), stored);
}

/// Every first try of a write fails as PostgreSQL says; a second is made where
/// it can help.
#[tokio::test]
async fn what_postgresql_says_is_sorted_and_tried_again_where_that_helps() {
    let Some(shared) = Shared::open().await else {
        return;
    };
    shared
        .runs(
            "create sequence tries;
             create function fail_at_first() returns trigger language plpgsql as $$ begin
                 if nextval('tries') % 2 = 1 then
                     raise exception 'made up' using errcode = new.state;
                 end if;
                 return new;
             end $$;
             create trigger fails before insert on quota_counter
             for each row execute function fail_at_first();",
        )
        .await;
    let again = None;
    for (code, told) in [
        ("40001", again),
        ("40P01", again),
        // The connection ends.
        ("57P01", again),
        ("57P02", again),
        ("08006", again),
        ("57014", Some(DatabaseTrouble::TooSlow)),
        ("55P03", Some(DatabaseTrouble::Locked)),
        ("53100", Some(DatabaseTrouble::Full)),
        ("25006", Some(DatabaseTrouble::ReadOnly)),
        ("58030", Some(DatabaseTrouble::Damaged)),
        ("XX001", Some(DatabaseTrouble::Damaged)),
    ] {
        shared.runs("alter sequence tries restart").await;
        let statement = || ADD.with([code.into(), code.into(), NOW_MS.into()]);
        let alone = shared.store.write(statement()).await;
        assert_eq!(trouble(alone), told, "{code}");
        shared.runs("alter sequence tries restart").await;
        shared.runs("truncate quota_counter").await;
        let together = shared.store.write_all(vec![statement()]).await;
        assert_eq!(trouble(together), told, "{code}");
        let expected = if told.is_none() {
            names(&[code])
        } else {
            names(&[])
        };
        assert_eq!(added(&shared.store).await, expected, "{code}");
        shared.runs("truncate quota_counter").await;
    }
    // A mistake of the program is none of the database's trouble.
    shared.runs("alter sequence tries restart").await;
    let mistake = ADD.with(["mistake".into(), "22012".into(), NOW_MS.into()]);
    let error = shared.store.write(mistake).await.err().unwrap();
    assert_eq!(DatabaseTrouble::behind(&error), None, "{error:#}");
}

#[tokio::test]
async fn a_decision_is_made_once_even_if_the_transaction_could_be_tried_again() {
    let Some(shared) = Shared::open().await else {
        return;
    };
    shared
        .runs(
            "create function fail() returns trigger language plpgsql as $$ begin
                 raise exception 'made up' using errcode = '40001';
             end $$;
             create trigger fails before insert on quota_counter
             for each row execute function fail();",
        )
        .await;
    let done = shared.store.transact(Transaction {
        first: Box::new(|| Box::new(std::iter::empty())),
        decide: Some(Box::new(|_| {
            let add = ADD.with(["decided".into(), "".into(), NOW_MS.into()]);
            Ok(Box::new(std::iter::once(add)))
        })),
        changes_rules: false,
    });
    assert_eq!(trouble(done.await), Some(DatabaseTrouble::Locked));
}

#[tokio::test]
async fn a_database_that_cannot_be_written_says_so_and_can_be_read() {
    let (folder, store) = in_file().await;
    // The writer's connection alone, as with a disk that became read-only.
    let pragma = |sql| {
        store.write(Statement {
            sql,
            values: Vec::new(),
            effect: Effect::Writes,
        })
    };
    add(&store, "before").await.unwrap();
    pragma("pragma query_only = on").await.ok().unwrap();
    assert_eq!(
        trouble(add(&store, "late").await),
        Some(DatabaseTrouble::ReadOnly)
    );
    assert_eq!(
        trouble(store.probe(NOW_MS).await),
        Some(DatabaseTrouble::ReadOnly)
    );
    assert_eq!(store.pulse().trouble, Some(DatabaseTrouble::ReadOnly));
    assert_eq!(added(&store).await, names(&["before"]));
    store.close().await;
    let store = open_file(folder.path()).await;
    add(&store, "after").await.unwrap();
    assert_eq!(added(&store).await, names(&["before", "after"]));
    assert!(store.disk_free_bytes().await.is_some_and(|free| free > 0));
    drop(folder);
    if let Some(shared) = Shared::open().await {
        let name = shared
            .beside
            .query_one("select current_database()", &[])
            .await
            .unwrap();
        let name: String = name.get(0);
        let read_only = |word: &str| {
            format!("alter database {name} set default_transaction_read_only = {word}")
        };
        shared.runs(&read_only("on")).await;
        shared.ends_backends().await;
        for _ in 0..3 {
            assert_eq!(
                trouble(add(&shared.store, "late").await),
                Some(DatabaseTrouble::ReadOnly)
            );
        }
        assert_eq!(added(&shared.store).await, names(&[]));
        shared.runs(&read_only("off")).await;
        shared.ends_backends().await;
        add(&shared.store, "after").await.unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_takes_nothing_and_loses_nothing() {
    let (_folder, store) = in_file().await;
    let pragma = |sql| {
        store.write(Statement {
            sql,
            values: Vec::new(),
            effect: Effect::Writes,
        })
    };
    // SQLite takes the size that the file has, if that is more.
    pragma("pragma max_page_count = 1").await.ok().unwrap();
    let large = "x".repeat(20_000);
    let (mut stored, mut told) = (BTreeSet::new(), None);
    for number in 0..50 {
        // Several in one commit.
        let batch = join_all((0..4).map(|of| {
            let name = format!("{number}-{of}");
            let add = ADD.with([name.as_str().into(), large.as_str().into(), NOW_MS.into()]);
            let store = store.clone();
            async move { (name, store.write(add).await) }
        }));
        for (name, done) in batch.await {
            match done {
                Ok(_) => drop(stored.insert(name)),
                Err(error) => told = DatabaseTrouble::behind(&error),
            }
        }
    }
    assert_eq!(told, Some(DatabaseTrouble::Full));
    assert_eq!(added(&store).await, stored);
    assert_eq!(store.find_damage().await.unwrap(), Vec::<String>::new());
    pragma("pragma max_page_count = 1000000")
        .await
        .ok()
        .unwrap();
    let add = ADD.with(["after".into(), large.as_str().into(), NOW_MS.into()]);
    store.write(add).await.ok().unwrap();
}

#[tokio::test]
async fn damaged_pages_are_named_as_such_for_a_while() {
    let (folder, store) = in_file().await;
    store.close().await;
    damage(&folder.path().join("trouble.db"), "attempt");
    let store = open_file(folder.path()).await;
    let read = store.query(Statement::new("select count(*) from attempt", []));
    assert_eq!(trouble(read.await), Some(DatabaseTrouble::Damaged));
    // What is written elsewhere does not make it well.
    add(&store, "elsewhere").await.unwrap();
    assert_eq!(store.pulse().trouble, Some(DatabaseTrouble::Damaged));
}

/// A caller may leave at any moment. Either the change is not made, or the
/// cache has forgotten what was there before.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_rules_whose_caller_left_empties_the_cache() {
    const BLOCK: Change = Change::to(
        Table::Block,
        "insert into block (subject, set_by, set_at_ms) values ($1, 0, 0)",
    );
    let (_folder, store) = in_file().await;
    let mut made = 0;
    for number in 0_u64..60 {
        let changes = store.rules_cache.changes();
        let subject = format!("person/{number}");
        let write = store.write(BLOCK.with([subject.as_str().into()]));
        // Some leave before it is begun, and some after.
        let patience = Duration::from_micros(number * 20);
        drop(timeout(patience, write).await);
        // Whatever was sent before is done by now, or will never be.
        add(&store, &subject).await.unwrap();
        let sql = "select subject from block where subject = $1";
        let found = store.query(Statement::new(sql, [subject.as_str().into()]));
        if !found.await.unwrap().is_empty() {
            assert!(store.rules_cache.changes() > changes, "{number}");
            made += 1;
        }
    }
    assert!(made > 0);
}
