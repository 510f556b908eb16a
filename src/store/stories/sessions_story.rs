//! The story of browser sessions, told to SQLite and to PostgreSQL.

use secrecy::SecretString;

use crate::model::{BrowserSession, BrowserSessionId, PersonId, ServerId};
use crate::store::{OpenSignIn, SessionsAt, Store};

const NOW_MS: i64 = 1_000_000_000;
const MIA: PersonId = PersonId(7);
const OMAR: PersonId = PersonId(8);
const AT: SessionsAt = SessionsAt {
    seen_after_ms: NOW_MS - 100,
    now_ms: NOW_MS,
};

#[tokio::test]
async fn sessions_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("story.db").display());
    tell(&SecretString::from(url)).await;
}

#[tokio::test]
async fn sessions_on_postgresql() {
    if let Some(url) = crate::tests::postgres::database() {
        tell(&url).await;
    }
}

async fn tell(url: &SecretString) {
    let store = Store::open(url).await.unwrap();
    a_sign_in_is_taken_once_where_it_was_opened(&store).await;
    the_oldest_sign_in_makes_room(&store).await;
    a_session_is_found_until_it_ends(&store).await;
    sessions_end_for_their_owner_alone(&store).await;
    a_message_is_said_once(&store).await;
    what_has_ended_is_forgotten(&store).await;
    begin(&store, MIA, 90, NOW_MS).await;
    store
        .put_flash(BrowserSessionId(90), "f", "Added.", NOW_MS)
        .await
        .unwrap();
    store.erase_person(MIA, NOW_MS, NOW_MS).await.unwrap();
    assert!(ids(&store, MIA).await.is_empty());
    let left = store.take_flashes(BrowserSessionId(90)).await.unwrap();
    assert!(left.is_empty());
    store.close().await;
}

async fn open(store: &Store, state: u8, expires_at_ms: i64) {
    let opened = OpenSignIn {
        state_hash: &[state; 32],
        cookie_hash: &[state + 100; 32],
        next: "/keys",
        expires_at_ms,
    };
    store.open_sign_in(opened, 3).await.unwrap();
}

async fn take(store: &Store, state: u8, cookie: u8, now_ms: i64) -> Option<String> {
    let (state, cookie) = ([state; 32], [cookie; 32]);
    let taken = store.take_sign_in(&state, &cookie, now_ms);
    taken.await.unwrap()
}

async fn a_sign_in_is_taken_once_where_it_was_opened(store: &Store) {
    open(store, 1, NOW_MS + 10).await;
    // Another browser's cookie, a state of nobody's, too late.
    assert_eq!(take(store, 1, 102, NOW_MS).await, None);
    assert_eq!(take(store, 2, 101, NOW_MS).await, None);
    assert_eq!(take(store, 1, 101, NOW_MS + 10).await, None);
    assert_eq!(
        take(store, 1, 101, NOW_MS + 9).await.as_deref(),
        Some("/keys")
    );
    assert_eq!(take(store, 1, 101, NOW_MS).await, None, "it was used");
}

async fn the_oldest_sign_in_makes_room(store: &Store) {
    for state in 11..=14 {
        open(store, state, NOW_MS + i64::from(state)).await;
    }
    assert_eq!(take(store, 11, 111, NOW_MS).await, None);
    for state in 12..=14 {
        assert!(take(store, state, state + 100, NOW_MS).await.is_some());
    }
}

fn session(person: PersonId, id: u64, seen_at_ms: i64) -> BrowserSession {
    BrowserSession {
        id: BrowserSessionId(id),
        person,
        name: "Mia".into(),
        servers: vec![ServerId(9), ServerId(u64::MAX)],
        joined: vec![ServerId(7)],
        browser: "Firefox on Linux".into(),
        signed_in_at_ms: seen_at_ms,
        seen_at_ms,
        ends_at_ms: NOW_MS + 1_000,
    }
}

fn hash(id: u64) -> [u8; 32] {
    [u8::try_from(id).unwrap(); 32]
}

async fn begin(store: &Store, person: PersonId, id: u64, seen_at_ms: i64) {
    let begun = session(person, id, seen_at_ms);
    store.begin_session(&begun, &hash(id), 3).await.unwrap();
}

async fn ids(store: &Store, person: PersonId) -> Vec<u64> {
    let found = store.sessions_of(person, AT).await.unwrap();
    found.iter().map(|session| session.id.0).collect()
}

async fn a_session_is_found_until_it_ends(store: &Store) {
    begin(store, MIA, 21, NOW_MS).await;
    let find = async |id, seen_after_ms, now_ms| {
        let at = SessionsAt {
            seen_after_ms,
            now_ms,
        };
        store.session_by_hash(&hash(id), at).await.unwrap()
    };
    let (found, kept) = find(21, NOW_MS - 1, NOW_MS + 999).await.unwrap();
    assert_eq!(found, session(MIA, 21, NOW_MS));
    assert_eq!(kept, hash(21));
    assert!(find(22, NOW_MS - 1, NOW_MS).await.is_none());
    assert!(find(21, NOW_MS - 1, NOW_MS + 1_000).await.is_none());
    assert!(find(21, NOW_MS, NOW_MS).await.is_none(), "nobody used it");
    let id = BrowserSessionId(21);
    store.touch_session(id, NOW_MS + 5).await.unwrap();
    // Two touches may overtake each other.
    store.touch_session(id, NOW_MS + 3).await.unwrap();
    let (found, _) = find(21, NOW_MS + 4, NOW_MS).await.unwrap();
    assert_eq!(found.seen_at_ms, NOW_MS + 5);
    // One more than there may be: the one that was seen longest ago goes.
    for (id, seen_at_ms) in [(22, NOW_MS - 3), (23, NOW_MS - 2), (24, NOW_MS - 1)] {
        begin(store, MIA, id, seen_at_ms).await;
    }
    begin(store, OMAR, 31, NOW_MS - 50).await;
    assert_eq!(ids(store, MIA).await, [21, 24, 23]);
    assert_eq!(ids(store, OMAR).await, [31]);
}

async fn sessions_end_for_their_owner_alone(store: &Store) {
    let end = async |person, id| {
        let ended = store.end_session(person, BrowserSessionId(id));
        ended.await.unwrap();
    };
    end(OMAR, 21).await;
    assert_eq!(ids(store, MIA).await, [21, 24, 23]);
    end(MIA, 24).await;
    assert_eq!(ids(store, MIA).await, [21, 23]);
    let kept = Some(BrowserSessionId(21));
    assert_eq!(store.end_sessions(MIA, kept).await.unwrap(), 1);
    assert_eq!(ids(store, MIA).await, [21]);
    assert_eq!(store.end_sessions(MIA, None).await.unwrap(), 1);
    assert_eq!(store.end_sessions(MIA, None).await.unwrap(), 0);
    assert_eq!(ids(store, OMAR).await, [31]);
}

async fn a_message_is_said_once(store: &Store) {
    let (mias, omars) = (BrowserSessionId(41), BrowserSessionId(31));
    for (at, id) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        let now_ms = NOW_MS + i64::try_from(at).unwrap();
        let text = format!("Said {id}.");
        let put = store.put_flash(mias, id, &text, now_ms);
        put.await.unwrap();
    }
    store.put_flash(omars, "o", "His.", NOW_MS).await.unwrap();
    assert_eq!(
        store.take_flashes(mias).await.unwrap(),
        ["Said b.", "Said c.", "Said d.", "Said e."]
    );
    assert!(store.take_flashes(mias).await.unwrap().is_empty());
    store.end_session(OMAR, omars).await.unwrap();
    assert!(store.take_flashes(omars).await.unwrap().is_empty());
}

async fn what_has_ended_is_forgotten(store: &Store) {
    open(store, 51, NOW_MS).await;
    open(store, 52, NOW_MS + 1).await;
    // Seen too long ago, over by then, and still there.
    begin(store, MIA, 51, NOW_MS - 100).await;
    begin(store, OMAR, 53, NOW_MS - 99).await;
    let id = BrowserSessionId(53);
    store
        .put_flash(id, "old", "Old.", NOW_MS - 1)
        .await
        .unwrap();
    store.put_flash(id, "new", "New.", NOW_MS).await.unwrap();
    store.forget_sessions(AT, NOW_MS).await.unwrap();
    let long_ago = SessionsAt {
        seen_after_ms: 0,
        now_ms: 0,
    };
    let (hash_of_old, hash_of_new) = (hash(51), hash(53));
    let old = store.session_by_hash(&hash_of_old, long_ago);
    assert!(old.await.unwrap().is_none());
    let new = store.session_by_hash(&hash_of_new, long_ago);
    assert!(new.await.unwrap().is_some());
    assert_eq!(store.take_flashes(id).await.unwrap(), ["New."]);
    assert_eq!(take(store, 51, 151, 0).await, None);
    assert!(take(store, 52, 152, 0).await.is_some());
    store.end_sessions(OMAR, None).await.unwrap();
}
