//! Browsers in which people are signed in, and sign-ins on their way.

use secrecy::{ExposeSecret, SecretString};

use crate::app::{NewSession, OwnSession, is_same_secret};
use crate::model::{BrowserSession, PersonId, ServerId};
use crate::tests::{Stage, run};

const MINUTE_MS: i64 = 60_000;

async fn sign_in(stage: &Stage, person: u64, before: Option<BrowserSession>) -> SecretString {
    let new = NewSession {
        person: PersonId(person),
        name: "Mia\u{7}".repeat(40),
        servers: vec![ServerId(9); 150],
        joined: vec![ServerId(8); 51],
        browser: "Firefox on Linux".to_owned(),
        before,
    };
    let app = stage.app().await;
    app.people.begin_session(new).await.unwrap()
}

async fn find(stage: &Stage, cookie: &SecretString) -> Option<OwnSession> {
    let app = stage.app().await;
    app.people.find_session(cookie).await.unwrap()
}

async fn count(stage: &Stage, person: u64) -> usize {
    let app = stage.app().await;
    let listed = app.people.list_sessions(PersonId(person)).await.unwrap();
    listed.len()
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_after_half_a_day() {
    run(async |stage| {
        let app = stage.app().await;
        let (idle, used) = (
            sign_in(stage, stage.scene.member, None).await,
            sign_in(stage, stage.scene.member, None).await,
        );
        let began = find(stage, &used).await.unwrap();
        assert_eq!(began.session.person, PersonId(stage.scene.member));
        assert_eq!(began.session.name.chars().count(), 80);
        assert!(!began.session.name.contains('\u{7}'));
        assert_eq!(began.session.all_servers().len(), 200);
        assert_eq!(began.session.servers.len(), 150);
        assert!(began.is_fresh(app.now_ms()));
        for minute in 0..12 * 60 {
            if minute % 29 == 0 {
                let own = find(stage, &used).await.unwrap();
                app.people.note_visit(&own.session);
                app.idle().await;
            }
            assert_eq!(find(stage, &idle).await.is_some(), minute < 30, "{minute}");
            stage.clock.advance_ms(MINUTE_MS);
            if minute == 9 {
                let own = find(stage, &used).await.unwrap();
                assert!(!own.is_fresh(app.now_ms()), "ten minutes later");
            }
        }
        assert!(find(stage, &used).await.is_none());
        assert_eq!(count(stage, stage.scene.member).await, 0);
        app.sweep().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_finds_nothing() {
    run(async |stage| {
        let cookie = sign_in(stage, stage.scene.member, None).await;
        let text = cookie.expose_secret();
        let upper = text.to_ascii_uppercase();
        let almost = format!("{}A", text.split_at(42).0);
        for other in ["", "x", &upper, &almost, &format!("{text} ")] {
            if other != text {
                assert!(find(stage, &SecretString::from(other)).await.is_none());
            }
        }
        let (one, other) = (
            find(stage, &cookie).await.unwrap(),
            sign_in(stage, stage.scene.member, None).await,
        );
        let other = find(stage, &other).await.unwrap();
        assert!(is_same_secret(
            &one.form_token,
            &crate::app::form_token(&cookie, PersonId(stage.scene.member))
        ));
        assert!(!is_same_secret(&one.form_token, &other.form_token));
        assert!(!is_same_secret(&one.form_token, &cookie));
    })
    .await;
}

#[tokio::test]
async fn sessions_are_ended_by_their_person_a_block_and_an_erasure() {
    run(async |stage| {
        let (mia, omar) = (stage.scene.member, stage.scene.manager);
        let people = &stage.app().await.people;
        // One browser signs in twice: its first session ends.
        let first = sign_in(stage, mia, None).await;
        let before = find(stage, &first).await.unwrap().session;
        let second = sign_in(stage, mia, Some(before)).await;
        assert!(find(stage, &first).await.is_none());
        let own = find(stage, &second).await.unwrap().session;
        // Nobody ends somebody else's.
        people.end_session(PersonId(omar), own.id).await.unwrap();
        assert_eq!(count(stage, mia).await, 1);
        people.end_session(PersonId(mia), own.id).await.unwrap();
        assert!(find(stage, &second).await.is_none());

        for _ in 0..25 {
            sign_in(stage, mia, None).await;
        }
        assert_eq!(count(stage, mia).await, 20);
        let kept = sign_in(stage, mia, None).await;
        let own = find(stage, &kept).await.unwrap().session;
        assert_eq!(people.end_other_sessions(&own).await.unwrap(), 19);
        assert_eq!(count(stage, mia).await, 1);

        let omars = sign_in(stage, omar, None).await;
        stage.omar().runs("/admin block user:mia").await;
        assert!(find(stage, &kept).await.is_none());
        assert!(find(stage, &omars).await.is_some());
        let omar = stage.omar();
        omar.runs("/privacy erase").await;
        omar.submits(&[("confirm", "ERASE")]).await;
        assert!(find(stage, &omars).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_comes_back_once_and_in_its_own_browser() {
    run(async |stage| {
        let people = &stage.app().await.people;
        let begun = people.begin_sign_in("/usage", None).await.unwrap();
        let other = people.begin_sign_in("/keys", None).await.unwrap();
        let take = async |state, cookie| people.take_sign_in(state, cookie).await.unwrap();
        let nothing = SecretString::from("");
        assert!(take(&begun.state, &other.cookie).await.is_none());
        assert!(take(&other.state, &begun.cookie).await.is_none());
        assert!(take(&begun.state, &nothing).await.is_none());
        let back = take(&begun.state, &begun.cookie).await.unwrap();
        assert_eq!(back.next, "/usage");
        assert!(is_same_secret(&back.verifier, &begun.verifier));
        assert!(!is_same_secret(&back.verifier, &other.verifier));
        assert!(take(&begun.state, &begun.cookie).await.is_none());
        stage.clock.advance_ms(10 * MINUTE_MS);
        assert!(take(&other.state, &other.cookie).await.is_none());
        // What fills the house with sign-ins does not keep others out.
        let first = people.begin_sign_in("/", None).await.unwrap();
        stage.clock.advance_ms(1);
        for _ in 0..1_000 {
            people.begin_sign_in("/", None).await.unwrap();
        }
        assert!(take(&first.state, &first.cookie).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn what_was_done_is_said_once_on_the_next_page() {
    run(async |stage| {
        let people = &stage.app().await.people;
        let cookie = sign_in(stage, stage.scene.member, None).await;
        let own = find(stage, &cookie).await.unwrap().session;
        people.put_flash(&own, "Added a key.").await.unwrap();
        assert_eq!(people.take_flashes(&own).await.unwrap(), ["Added a key."]);
        assert!(people.take_flashes(&own).await.unwrap().is_empty());
        people.put_flash(&own, "Nobody comes.").await.unwrap();
        stage.clock.advance_ms(10 * MINUTE_MS + 1);
        stage.app().await.sweep().await.unwrap();
        assert!(people.take_flashes(&own).await.unwrap().is_empty());
    })
    .await;
}
