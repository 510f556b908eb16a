//! One story, told to SQLite and to PostgreSQL.

use secrecy::SecretString;

use crate::model::{Health, Key, KeyId, Owner, PersonId, Place, ProviderId, Scope, ServerId};
use crate::store::database::change::{Change, Table};
use crate::store::sealed::imports::an_import_is_for_one_person_and_one_place;
use crate::store::stories::rules_story::rules_are_set_read_and_cleared;
use crate::store::*;

pub const NOW_MS: i64 = 1_000_000_000;
pub const MIA: PersonId = PersonId(7);
pub const CLUB: ServerId = ServerId(9);

fn key(id: u8, owner: Owner, provider: &str) -> Key {
    Key {
        id: KeyId([id; 16]),
        owner,
        provider: ProviderId::from(provider),
        name: Some("home".into()),
        hint: None,
        health: Health::Valid,
        paused: false,
        expires_at_ms: None,
        added_by: MIA,
        added_at_ms: NOW_MS,
        checked_at_ms: Some(NOW_MS),
        last_used_at_ms: None,
        master_kid: "kid-1".into(),
    }
}

fn mias(place: Place, channel: Option<u64>) -> RulesKey {
    RulesKey {
        person: MIA,
        place,
        channel,
    }
}

async fn put(store: &Store, key: &Key) {
    let sealed = format!("sealed-{}", key.id).into_bytes();
    store
        .put_key(NewKey {
            key: key.clone(),
            sealed,
        })
        .await
        .unwrap();
}

#[test]
fn the_newest_migration_is_the_one_that_is_looked_for() {
    let files = std::fs::read_dir("migrations/sqlite").unwrap();
    let version = |name: String| name.strip_prefix('V')?.split_once("__")?.0.parse().ok();
    let versions = files.map(|file| version(file.unwrap().file_name().into_string().unwrap()));
    assert_eq!(versions.max().flatten(), Some(MIGRATION));
}

#[tokio::test]
async fn the_story_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("story.db").display());
    tell(&SecretString::from(url)).await;
}

#[tokio::test]
async fn the_story_on_postgresql() {
    if let Some(url) = crate::tests::postgres::database() {
        tell(&url).await;
    }
}

async fn tell(url: &SecretString) {
    let store = Store::open(url).await.unwrap();
    keys_are_stored_replaced_and_removed(&store).await;
    only_keys_that_belong_here_are_offered(&store).await;
    health_changes_once(&store).await;
    an_action_is_taken_once(&store).await;
    an_import_is_for_one_person_and_one_place(&store).await;
    checks_are_counted_exactly(&store).await;
    master_keys_are_remembered(&store).await;
    rules_are_set_read_and_cleared(&store).await;
    servers_leave_and_come_back(&store).await;
    many_writers_lose_nothing(&store).await;
    a_statement_that_fails_takes_no_other_with_it(&store).await;
    work_that_fails_leaves_nothing(&store).await;
    store.close().await;
    // Opening it again migrates nothing twice and finds everything.
    let again = Store::open(url).await.unwrap();
    assert_eq!(
        again
            .keys_of(Owner::Person(PersonId(100)))
            .await
            .unwrap()
            .len(),
        1
    );
    again.close().await;
}

async fn keys_are_stored_replaced_and_removed(store: &Store) {
    let mine = Owner::Person(MIA);
    let (first, second) = (key(1, mine, "openai"), key(2, mine, "openai"));
    put(store, &first).await;
    assert_eq!(
        store.keys_of(mine).await.unwrap(),
        std::slice::from_ref(&first)
    );
    put(store, &second).await;
    let (found, sealed) = store.key_of(mine, &second.provider).await.unwrap().unwrap();
    assert_eq!(
        (&found, sealed.0),
        (&second, format!("sealed-{}", second.id).into_bytes().into())
    );
    assert_eq!(store.keys_of(mine).await.unwrap().len(), 1);
    store.touch_key(second.id, NOW_MS + 5).await.unwrap();
    assert!(
        store
            .set_paused(mine, &second.provider, true)
            .await
            .unwrap()
    );
    let (found, _) = store.key_of(mine, &second.provider).await.unwrap().unwrap();
    assert_eq!(
        (found.paused, found.last_used_at_ms),
        (true, Some(NOW_MS + 5))
    );
    assert_eq!(store.adder_of(second.id).await.unwrap(), Some(MIA));
    assert!(store.remove_key(mine, &second.provider).await.unwrap());
    assert!(!store.remove_key(mine, &second.provider).await.unwrap());
    assert!(
        !store
            .set_paused(mine, &second.provider, true)
            .await
            .unwrap()
    );
}

async fn only_keys_that_belong_here_are_offered(store: &Store) {
    for (id, owner) in [
        (10, Owner::Person(MIA)),
        (11, Owner::Person(PersonId(8))),
        (12, Owner::Server(CLUB)),
        (13, Owner::Server(ServerId(10))),
        // A person and a server with the same snowflake are not the same.
        (14, Owner::Server(ServerId(7))),
        (15, Owner::Operator),
    ] {
        put(store, &key(id, owner, "mistral")).await;
    }
    let offers = async |place| {
        let found = store.rules_and_offers(mias(place, None), |kid| kid == "kid-1");
        found.await.map(|found| found.offers.clone())
    };
    let ids = |offers: Vec<crate::model::Offer>| {
        let mut ids: Vec<u8> = offers.iter().map(|offer| offer.key.unwrap().0[0]).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(
        ids(offers(Place::Server(CLUB)).await.unwrap()),
        [10, 12, 15]
    );
    assert_eq!(ids(offers(Place::Direct).await.unwrap()), [10, 15]);
    // In another channel, so that it is read again.
    let found = store.rules_and_offers(mias(Place::Direct, Some(1)), |_| false);
    let locked = &found.await.unwrap().offers;
    assert!(locked.iter().all(|offer| offer.locked));
}

async fn health_changes_once(store: &Store) {
    let id = KeyId([10; 16]);
    assert!(store.demote(id, Health::Refused, NOW_MS).await.unwrap());
    assert!(
        !store.demote(id, Health::Refused, NOW_MS + 1).await.unwrap(),
        "told once"
    );
    assert!(
        store
            .set_health(id, Health::Valid, NOW_MS + 2)
            .await
            .unwrap()
    );
    assert!(
        !store
            .set_health(KeyId([99; 16]), Health::Valid, NOW_MS)
            .await
            .unwrap()
    );
}

async fn an_action_is_taken_once(store: &Store) {
    let action = PendingAction {
        kind: PendingKind::AddKey,
        person: MIA,
        server: Some(CLUB),
        scope: Scope::Guild,
        provider: ProviderId::from("openai"),
        name: None,
    };
    store.add_pending("a", &action, NOW_MS + 10).await.unwrap();
    for (person, server, now_ms) in [
        (PersonId(8), Some(CLUB), NOW_MS),
        (MIA, None, NOW_MS),
        (MIA, Some(ServerId(10)), NOW_MS),
        (MIA, Some(CLUB), NOW_MS + 10),
    ] {
        assert_eq!(
            store
                .take_pending("a", person, server, now_ms)
                .await
                .unwrap(),
            None
        );
    }
    let taken = store
        .take_pending("a", MIA, Some(CLUB), NOW_MS)
        .await
        .unwrap();
    assert_eq!(taken, Some(action.clone()));
    assert_eq!(
        store
            .take_pending("a", MIA, Some(CLUB), NOW_MS)
            .await
            .unwrap(),
        None
    );
    store
        .add_pending(
            "b",
            &PendingAction {
                server: None,
                ..action
            },
            NOW_MS,
        )
        .await
        .unwrap();
    assert_eq!(store.expire_pending(NOW_MS).await.unwrap(), 1);
}

async fn checks_are_counted_exactly(store: &Store) {
    let mut allowed = 0;
    for number in 0..12 {
        let id = format!("check-{number}");
        allowed += u32::from(
            store
                .count_check(&id, MIA, None, NOW_MS + number)
                .await
                .unwrap()
                .is_ok(),
        );
    }
    assert_eq!(allowed, 5);
    let wait_ms = store
        .count_check("x", MIA, None, NOW_MS + 20)
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(wait_ms, 60_000 - 20);
    assert!(
        store
            .count_check("y", MIA, None, NOW_MS + 60_000)
            .await
            .unwrap()
            .is_ok()
    );
    store.uncount_check("y").await.unwrap();
    let expired = store.expire_checks(NOW_MS + 3_600_000 + 4).await;
    assert_eq!(expired.unwrap(), 5);
}

async fn master_keys_are_remembered(store: &Store) {
    assert_eq!(store.master_check("kid-1").await.unwrap(), None);
    store.add_master("kid-1", b"check", NOW_MS).await.unwrap();
    store.add_master("kid-1", b"another", NOW_MS).await.unwrap();
    assert_eq!(
        store.master_check("kid-1").await.unwrap().unwrap(),
        b"check"
    );
    assert_eq!(
        store.keys_by_master().await.unwrap(),
        [("kid-1".to_owned(), 6)]
    );
}

async fn many_writers_lose_nothing(store: &Store) {
    let writers = (0..200_u8).map(|number| {
        let store = store.clone();
        async move {
            let owner = Owner::Person(PersonId(100 + u64::from(number)));
            put(&store, &key(number, owner, "xai")).await;
        }
    });
    // Ids of the earlier chapters are taken, so those go first.
    for id in 10..=15 {
        let owner = match id {
            10 => Owner::Person(MIA),
            11 => Owner::Person(PersonId(8)),
            12 => Owner::Server(CLUB),
            13 => Owner::Server(ServerId(10)),
            14 => Owner::Server(ServerId(7)),
            _ => Owner::Operator,
        };
        assert!(
            store
                .remove_key(owner, &ProviderId::from("mistral"))
                .await
                .unwrap()
        );
    }
    futures_util::future::join_all(writers).await;
    assert_eq!(
        store.keys_by_master().await.unwrap(),
        [("kid-1".to_owned(), 200)]
    );
}

async fn a_statement_that_fails_takes_no_other_with_it(store: &Store) {
    let action = PendingAction {
        kind: PendingKind::RemoveKey,
        person: MIA,
        server: None,
        scope: Scope::User,
        provider: ProviderId::from("openai"),
        name: None,
    };
    // Every id comes twice; the second of each is refused.
    let writes = (0..100).map(|number| {
        let (store, action) = (store.clone(), action.clone());
        async move {
            store
                .add_pending(&format!("twice-{}", number / 2), &action, NOW_MS + 1)
                .await
                .is_ok()
        }
    });
    let stored = futures_util::future::join_all(writes).await;
    assert_eq!(stored.iter().filter(|stored| **stored).count(), 50);
    assert_eq!(store.expire_pending(NOW_MS + 1).await.unwrap(), 50);
}

/// Alone in its transaction, and beside others.
async fn work_that_fails_leaves_nothing(store: &Store) {
    let work = async |number: i64| {
        const SQL: Change = Change::to(
            Table::QuotaCounter,
            "insert into quota_counter (counter, state, touched_at_ms) values ($1, '', $2)",
        );
        let name = format!("work-{number}");
        let insert = SQL.with([name.into(), NOW_MS.into()]);
        let done = store.transact(Transaction {
            first: Box::new(move || Box::new(std::iter::once(insert.clone()))),
            decide: Some(Box::new(move |found| {
                assert_eq!(found[0].changed, 1);
                anyhow::ensure!(number % 2 == 0, "an odd number");
                Ok(Box::new(std::iter::empty()))
            })),
            changes_rules: false,
        });
        done.await.map_err(|error| format!("{error:#}"))
    };
    assert_eq!(work(1).await, Err("an odd number".into()));
    assert_eq!(work(2).await, Ok(()));
    let many = futures_util::future::join_all((3..23).map(work)).await;
    assert_eq!(many.iter().filter(|done| done.is_ok()).count(), 10);
    // Those that are left are all the even ones.
    assert_eq!(store.forget_counters(NOW_MS + 1).await.unwrap(), 11);
}

async fn servers_leave_and_come_back(store: &Store) {
    let (here, gone) = (ServerId(9_001), ServerId(9_002));
    for (id, server) in [(241, here), (242, gone)] {
        put(store, &key(id, Owner::Server(server), "openai")).await;
    }
    let offered = async |server| {
        let found = store.rules_and_offers(mias(Place::Server(server), None), |_| true);
        let found = found.await.unwrap();
        found
            .offers
            .iter()
            .any(|o| o.owner == Some(Owner::Server(server)))
    };
    assert!(!store.note_departure(ServerId(9_003), NOW_MS).await.unwrap());
    assert!(store.note_departure(gone, NOW_MS).await.unwrap());
    assert!(!store.note_departure(gone, NOW_MS + 9).await.unwrap());
    let with_keys = store.servers_with_keys().await.unwrap();
    assert!(with_keys.contains(&here) && !with_keys.contains(&gone));
    assert!(offered(here).await && !offered(gone).await);
    assert!(store.note_return(gone).await.unwrap());
    assert!(!store.note_return(gone).await.unwrap());
    assert!(offered(gone).await);
    store.note_departure(gone, NOW_MS).await.unwrap();
    store.forget_departed(NOW_MS).await.unwrap();
    assert_eq!(store.keys_of(Owner::Server(gone)).await.unwrap().len(), 1);
    store.forget_departed(NOW_MS + 1).await.unwrap();
    assert_eq!(store.keys_of(Owner::Server(gone)).await.unwrap().len(), 0);
    assert_eq!(store.keys_of(Owner::Server(here)).await.unwrap().len(), 1);
    let openai = ProviderId::from("openai");
    assert!(
        store
            .remove_key(Owner::Server(here), &openai)
            .await
            .unwrap()
    );
}
