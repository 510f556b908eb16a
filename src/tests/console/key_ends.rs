//! A key that ends, on the console's pages.

use super::{SeenPage, Visitor};
use crate::tests::{Stage, good, run};

const LIFETIMES: &str = "It can be for 7, 30, 90 or 365 days, or for as long as the key works.";

/// The forms of keys: where each is, and where it goes.
fn forms(stage: &Stage) -> [(String, String); 3] {
    let servers = format!("/servers/{}/keys", stage.scene.server);
    [
        ("/keys/new?provider=openai".to_owned(), "/keys".to_owned()),
        (format!("{servers}?provider=openai"), servers),
        (
            "/operator/keys/new?provider=openai".to_owned(),
            "/operator/keys".to_owned(),
        ),
    ]
}

fn holds(page: &SeenPage, words: &str) {
    assert!(page.says().contains(words), "{words}: {}", page.shown());
}

#[tokio::test]
async fn a_key_is_used_for_no_time_that_the_form_does_not_offer() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        for (form, action) in forms(stage) {
            let page = omar.opens(&form).await;
            let typed = [("key", &*good("openai")), ("name", "Studio")];
            for days in ["8", "-1", "999", "abc"] {
                let mut fields = page.form_with(&action, &typed).fill(&typed);
                fields.retain(|(name, _)| name != "days");
                fields.push(("days".to_owned(), days.to_owned()));
                let told = omar.sends_once(omar.post(&action, &fields)).await;
                assert_eq!(told.status, 422, "{action} {days}: {}", told.shown());
                holds(&told, LIFETIMES);
                let again = told.form_with(&action, &typed).fill(&[]);
                let name = ("name".to_owned(), "Studio".to_owned());
                assert!(again.contains(&name), "{}", told.shown());
            }
        }
        assert!(omar.opens("/keys").await.holds("No API key configured"));
    })
    .await;
}

#[tokio::test]
async fn every_list_of_keys_says_when_one_ends_and_a_new_one_ends_then_too() {
    run(async |stage| {
        let other = format!("{}-two", good("openai"));
        let ends = ["28 Nov 2026", "29 Nov 2026", "30 Nov 2026"];
        for ((form, action), end) in forms(stage).into_iter().zip(ends) {
            let omar = Visitor::signed_in(stage, stage.scene.manager).await;
            let page = omar.opens(&form).await;
            let typed = [("key", &*good("openai")), ("days", "7")];
            let list = omar.sends(&page, &action, &typed).await;
            holds(&list, &format!("It is used until {end}"));
            holds(&list, "ends in 7 days");
            stage.clock.advance_ms(24 * 3_600 * 1_000);
            // A session lasts no day.
            let omar = Visitor::signed_in(stage, stage.scene.manager).await;
            let page = omar.opens(&form).await;
            let offered = page.form_with(&action, &typed).offered("days");
            assert_eq!(offered[..2], ["before", "0"], "{action}");
            let list = omar.sends(&page, &action, &[("key", &other)]).await;
            let kept = format!("It ends as the old one would have, and is used until {end}");
            holds(&list, &kept);
            holds(&list, "ends in 6 days");
        }
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let keys = omar.opens("/keys").await;
        let one = keys.action("/keys/", "/check").unwrap();
        let one = one.trim_end_matches("/check").to_owned();
        let (page, replace) = (omar.opens(&one).await, format!("{one}/replace"));
        let key = [("key", &*good("openai"))];
        holds(&omar.sends(&page, &replace, &key).await, "28 Nov 2026");
        stage.clock.advance_ms(5 * 24 * 3_600 * 1_000);
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let keys = omar.opens("/keys").await;
        holds(&keys, "has ended");
        holds(&keys, "Nowhere");
    })
    .await;
}
