//! A key that OpenRouter makes for whoever agrees to it in a browser.

use latchkey_emulator::providers::{ConsentHabit, Standing, sample};

use super::{ORIGIN, SeenPage, Visitor};
use crate::tests::{Setup, Stage, bad, good, run, run_with};

const BEGIN: &str = "/keys/openrouter";

fn agrees(stage: &Stage, habit: ConsentHabit) {
    stage.world().with(|state| state.providers.consent = habit);
}

/// Goes to OpenRouter, and returns where that sends the browser back to.
async fn goes(visitor: &Visitor<'_>, stage: &Stage) -> String {
    let there = visitor.opens_once(BEGIN).await;
    assert_eq!(there.status, 303, "{}", there.html);
    let http = stage.app().await.http();
    let back = http.get(there.location()).send().await.unwrap();
    let back = back.headers().get("location").expect("it leads back");
    let back = back.to_str().unwrap().strip_prefix(ORIGIN);
    back.expect("it leads back to us").to_owned()
}

fn says(page: &SeenPage, status: u16, words: &str) {
    assert_eq!(page.status, status, "{}", page.shown());
    assert!(page.says().contains(words), "{words}: {}", page.shown());
}

async fn stored(visitor: &Visitor<'_>) -> bool {
    let list = visitor.opens("/keys").await;
    list.action("/keys/", "/check").is_some()
}

#[tokio::test]
async fn a_key_is_made_by_agreeing_and_nobody_sees_it() {
    run(async |stage| {
        agrees(stage, ConsentHabit::Agrees);
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let list = mia.opens("/keys").await;
        assert!(
            list.html.contains("href=\"/keys/openrouter\""),
            "{}",
            list.html
        );
        let back = goes(&mia, stage).await;
        let done = mia.opens(&back).await;
        assert_eq!(done.address, "/keys");
        says(
            &done,
            200,
            "Stored your OpenRouter key. OpenRouter accepts it.",
        );
        assert!(!done.html.contains(&good("openrouter")) && !back.contains(&good("openrouter")));
        // The same address once more finds nothing.
        let again = mia.opens_once(&back).await;
        says(&again, 400, "That has ended");
    })
    .await;
}

#[tokio::test]
async fn nobody_stores_what_another_person_or_browser_began() {
    run(async |stage| {
        agrees(stage, ConsentHabit::Agrees);
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let zoe = Visitor::signed_in(stage, stage.scene.stranger).await;
        let of_zoe = goes(&zoe, stage).await;
        goes(&mia, stage).await;
        says(&mia.opens_once(&of_zoe).await, 400, "That has ended");
        // The cookie too is another's, and so it was not for this person.
        let cookie = zoe.cookie("__Host-latchkey-key").unwrap();
        mia.keeps("__Host-latchkey-key", &cookie);
        says(&mia.opens_once(&of_zoe).await, 400, "That has ended");
        let mine = goes(&mia, stage).await;
        mia.loses("__Host-latchkey-key");
        says(&mia.opens_once(&mine).await, 400, "That has ended");
        let made_up = format!("{BEGIN}/back/{}?code=made-up", "a".repeat(43));
        says(&mia.opens_once(&made_up).await, 400, "That has ended");
        assert!(!stored(&mia).await && !stored(&zoe).await);
    })
    .await;
}

#[tokio::test]
async fn who_declines_or_comes_late_has_no_key() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        agrees(stage, ConsentHabit::Declines);
        let back = goes(&mia, stage).await;
        says(&mia.opens_once(&back).await, 200, "No key was made");
        agrees(stage, ConsentHabit::Agrees);
        let back = goes(&mia, stage).await;
        stage.world().with(|state| {
            for code in &mut state.providers.consent_codes {
                code.is_expired = true;
            }
        });
        says(&mia.opens_once(&back).await, 400, "That has ended");
        let back = goes(&mia, stage).await;
        stage.clock.advance_ms(11 * 60 * 1_000);
        says(&mia.opens_once(&back).await, 400, "That has ended");
        // Somebody's own code does not go with what this browser began.
        let back = goes(&mia, stage).await;
        let (path, _) = back.split_once('?').unwrap();
        let foreign = format!("{path}?code=made-up-code-0");
        says(&mia.opens_once(&foreign).await, 400, "That has ended");
        assert!(!stored(&mia).await);
    })
    .await;
}

fn codes_used(stage: &Stage) -> usize {
    stage.world().look(|state| {
        let codes = state.providers.consent_codes.iter();
        codes.filter(|code| code.is_used).count()
    })
}

/// A key that is made can spend, so none is where it could not be stored.
#[tokio::test]
async fn no_key_is_made_where_no_check_is_left() {
    run(async |stage| {
        agrees(stage, ConsentHabit::Agrees);
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        for _ in 0..5 {
            stage.mia().adds("openai", "user", &bad("openai")).await;
        }
        for _ in 0..2 {
            let back = goes(&mia, stage).await;
            let refused = mia.opens_once(&back).await;
            says(&refused, 429, "Too many checks");
            says(&refused, 429, "nothing was checked or stored");
            says(&refused, 429, "Start again");
        }
        assert_eq!(codes_used(stage), 0);
        // One check is enough for one key.
        stage.clock.advance_ms(61_000);
        for _ in 0..4 {
            stage.mia().adds("openai", "user", &bad("openai")).await;
        }
        let back = goes(&mia, stage).await;
        let done = mia.opens(&back).await;
        says(&done, 200, "Stored your OpenRouter key.");
        assert_eq!(codes_used(stage), 1);
    })
    .await;
}

#[tokio::test]
async fn a_made_key_that_is_not_stored_is_named_with_the_page_where_it_is_deleted() {
    run(async |stage| {
        agrees(stage, ConsentHabit::Agrees);
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let (old, new) = (good("openrouter"), sample("openrouter", Standing::Empty));
        stage.mia().adds("openrouter", "user", &old).await;
        stage
            .world()
            .with(|state| state.providers.makes_empty_keys = true);
        let back = goes(&mia, stage).await;
        let kept = mia.opens_once(&back).await;
        says(
            &kept,
            409,
            "OpenRouter made a key, and it could not be stored here: its account is out of credit, \
             so it can’t pay, and your key that works stays in place.",
        );
        let has_ways = |page: &SeenPage| {
            let ways = ["https://openrouter.ai/", "href=\"/keys\""];
            ways.iter().all(|way| page.html.contains(way)) && !page.html.contains(&new)
        };
        assert!(
            has_ways(&kept) && !kept.says().contains("Tick the box"),
            "{}",
            kept.shown()
        );
        let refuse = "create trigger made_up before update on provider_key
            begin select raise(abort, 'made up'); end;
            create trigger made_up_too before insert on provider_key
            begin select raise(abort, 'made up'); end;";
        rusqlite::Connection::open(stage.database())
            .and_then(|database| database.execute_batch(refuse))
            .unwrap();
        stage
            .world()
            .with(|state| state.providers.makes_empty_keys = false);
        let back = goes(&mia, stage).await;
        let failed = mia.opens_once(&back).await;
        says(
            &failed,
            500,
            "OpenRouter made a key, and it could not be stored here:",
        );
        assert!(
            has_ways(&failed) && !failed.html.contains(&old),
            "{}",
            failed.shown()
        );
    })
    .await;
}

/// Whoever is erased between the way there and back comes back to nothing.
#[tokio::test]
async fn what_was_begun_is_erased_with_its_person() {
    run(async |stage| {
        agrees(stage, ConsentHabit::Agrees);
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let back = goes(&mia, stage).await;
        let app = stage.app().await;
        let person = crate::model::PersonId(stage.scene.member);
        let caller = crate::app::nobody_else(person);
        app.people.erase(&caller).await.unwrap();
        mia.signs_in(stage.scene.member).await;
        says(&mia.opens_once(&back).await, 400, "That has ended");
        assert!(!stored(&mia).await);
    })
    .await;
}

#[tokio::test]
async fn the_button_is_there_only_where_there_are_pages() {
    run(async |stage| {
        let shown = stage.mia().runs("/keys list scope:user").await;
        assert!(shown.contains("[Sign in with OpenRouter]"), "{shown}");
    })
    .await;
    let setup = Setup {
        config: "[console]\nenabled = false\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let shown = stage.mia().runs("/keys list scope:user").await;
        assert!(!shown.contains("Sign in with"), "{shown}");
    })
    .await;
}
