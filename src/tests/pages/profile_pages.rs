//! The console's pages about oneself: tokens, sessions, what is stored.

use insta::assert_snapshot;
use regex::Regex;
use secrecy::SecretString;
use serde_json::Value;

use crate::model::Right;
use crate::tests::console::{SeenPage, Visitor};
use crate::tests::tokens::token_in;
use crate::tests::{Stage, run};

const MINUTE_MS: i64 = 60_000;

/// What a page says, without its markup.
fn words(shown: &SeenPage) -> String {
    let main = shown.html.split("<main").nth(1).unwrap_or(&shown.html);
    let plain = Regex::new("<[^>]*>").unwrap().replace_all(main, " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn browser_of(stage: &Stage, person: u64) -> Visitor<'_> {
    let browser = Visitor::stranger(stage).await;
    browser.signs_in_with_discord(person).await;
    browser
}

/// The id of the form on the page that makes tokens.
async fn form_id(browser: &Visitor<'_>) -> String {
    let page = browser.opens_once("/tokens/new").await.html;
    let id = Regex::new("name=\"once\" value=\"([0-9a-f]+)\"").unwrap();
    id.captures(&page).expect("the form has an id")[1].to_owned()
}

#[tokio::test]
async fn a_token_is_made_shown_once_used_and_revoked() {
    run(async |stage| {
        let browser = browser_of(stage, stage.scene.member).await;
        let empty = browser.opens_once("/tokens").await;
        assert!(
            words(&empty).contains("No tokens yet."),
            "{}",
            words(&empty)
        );
        let once = form_id(&browser).await;
        let fields = [
            ("name", "Laptop <b>"),
            ("days", "30"),
            ("server", ""),
            ("may", "chat"),
            ("may", "usage:read"),
            ("once", once.as_str()),
        ];
        let made = browser.submits("/tokens/new", "/tokens", &fields).await;
        assert_eq!(made.status, 200, "{}", words(&made));
        assert_eq!(made.headers["cache-control"], "no-store");
        assert!(made.headers.get("content-encoding").is_none());
        assert!(!made.html.contains("Laptop <b>"), "it is escaped");
        for client in [
            "Claude Code",
            "Codex",
            "curl",
            "OpenAI, Python",
            "Anthropic, Python",
        ] {
            assert!(words(&made).contains(client), "{client}");
        }
        let token = token_in(&made.html);
        let people = &stage.app().await.people;
        let known = people.authenticate(&token, None).await.unwrap();
        assert_eq!(known.person.0, stage.scene.member);
        assert!(known.scopes.has(Right::UsageRead) && !known.scopes.has(Right::KeysRead));
        assert_eq!(
            known.expires_at_ms - known.created_at_ms,
            30 * 24 * 60 * MINUTE_MS
        );
        // A reload sends the form again.
        let again = browser.submits("/tokens/new", "/tokens", &fields).await;
        assert_eq!(again.status, 409);
        assert!(!again.html.contains("latchkey_"));
        let listed = browser.opens_once("/tokens").await;
        assert!(words(&listed).contains("1 of 20"), "{}", words(&listed));
        assert!(!listed.html.contains("latchkey_"), "it is shown this once");
        // Somebody else can't revoke it.
        let revoke = format!("/tokens/{}/revoke", known.id);
        let omar = browser_of(stage, stage.scene.manager).await;
        let refused = omar.submits("/tokens", &revoke, &[]).await;
        assert_ne!(refused.status, 303);
        people.authenticate(&token, None).await.unwrap();
        let revoked = browser.submits("/tokens", &revoke, &[]).await;
        assert_eq!(revoked.location(), "/tokens");
        people.authenticate(&token, None).await.unwrap_err();
        let after = browser.opens_once("/tokens").await;
        assert!(
            words(&after).contains("Revoked “Laptop"),
            "{}",
            words(&after)
        );
        let later = browser.opens_once("/tokens").await;
        assert!(!words(&later).contains("Revoked"), "it is said once");
    })
    .await;
}

#[tokio::test]
async fn a_token_may_only_do_what_its_maker_may_grant() {
    run(async |stage| {
        let server = stage.scene.server.to_string();
        let omar = browser_of(stage, stage.scene.manager).await;
        let page = omar.opens_once("/tokens/new").await;
        assert!(page.html.contains(&format!("value=\"{server}\"")));
        let send = async |browser: &Visitor<'_>, more: &[(&str, &str)]| {
            let once = form_id(browser).await;
            let mut fields = vec![("days", "30"), ("once", once.as_str())];
            fields.extend(more);
            browser.submits("/tokens/new", "/tokens", &fields).await
        };
        let made = send(&omar, &[("may", "chat"), ("server", &server)]).await;
        let people = &stage.app().await.people;
        let known = people
            .authenticate(&token_in(&made.html), None)
            .await
            .unwrap();
        assert_eq!(known.scopes.server.unwrap().0, stage.scene.server);
        // Zoe is not in the server, and an id of nowhere is nobody's.
        let zoe = browser_of(stage, stage.scene.stranger).await;
        for server in [server.as_str(), "7", "everywhere"] {
            let refused = send(&zoe, &[("may", "chat"), ("server", server)]).await;
            assert_eq!(refused.status, 422, "{}", words(&refused));
        }
        for may in [
            vec![],
            vec![("may", "everything")],
            vec![("may", "guild:7")],
        ] {
            let refused = send(&zoe, &may).await;
            assert_eq!(refused.status, 422);
        }
        // What changes keys wants a sign-in of the last ten minutes.
        stage.clock.advance_ms(10 * MINUTE_MS);
        let stale = send(&zoe, &[("may", "keys:write")]).await;
        assert_eq!(stale.title(), "Sign in once more for this");
        assert!(
            stale
                .html
                .contains("/sign-in?again=yes&amp;next=%2Ftokens%2Fnew")
        );
        zoe.signs_in_with_discord(stage.scene.stranger).await;
        let made = send(&zoe, &[("may", "keys:write")]).await;
        assert_eq!(made.status, 200, "{}", words(&made));
    })
    .await;
}

#[tokio::test]
async fn somebody_chooses_what_they_like() {
    run(async |stage| {
        let browser = browser_of(stage, stage.scene.member).await;
        let fields = [
            ("model", "openai/gpt-6-luna"),
            ("persona", ""),
            ("look", "dark"),
        ];
        let saved = browser.submits("/profile", "/profile", &fields).await;
        assert_eq!(saved.location(), "/profile", "{}", words(&saved));
        let shown = browser.opens_once("/profile").await;
        assert!(shown.html.contains("data-theme=\"dark\""));
        assert!(shown.html.contains("value=\"openai/gpt-6-luna\""));
        assert!(words(&shown).contains("Saved."));
        let before = browser.opens_once("/profile").await;
        let wrong = [("model", ""), ("persona", ""), ("look", "zork")];
        let refused = browser.submits("/profile", "/profile", &wrong).await;
        assert_eq!(refused.status, 422, "{}", words(&refused));
        let after = browser.opens_once("/profile").await;
        assert_eq!(words(&before), words(&after), "nothing was saved");
        let wrong = [("model", "nobody/x"), ("persona", ""), ("look", "")];
        let refused = browser.submits("/profile", "/profile", &wrong).await;
        assert_ne!(refused.status, 303);
        assert!(
            refused.html.contains("nobody/x"),
            "what was typed is still there"
        );
        let nothing = [("model", ""), ("persona", ""), ("look", "")];
        browser.submits("/profile", "/profile", &nothing).await;
        let shown = browser.opens_once("/profile").await;
        assert!(!shown.html.contains("data-theme") && !shown.html.contains("gpt-6-luna\""));
    })
    .await;
}

#[tokio::test]
async fn somebody_sees_where_they_are_signed_in_and_ends_it() {
    run(async |stage| {
        let mia = stage.scene.member;
        let (one, other) = (browser_of(stage, mia).await, browser_of(stage, mia).await);
        let omar = browser_of(stage, stage.scene.manager).await;
        let shown = one.opens_once("/profile").await;
        let end = Regex::new("/profile/sessions/[0-9a-f]{16}/end").unwrap();
        let found: Vec<&str> = end.find_iter(&shown.html).map(|it| it.as_str()).collect();
        let [others] = found[..] else {
            panic!("{found:?}");
        };
        // It is not Omar's to end.
        let refused = omar.submits("/profile", others, &[]).await;
        assert_eq!(refused.status, 404);
        assert_eq!(other.opens_once("/profile").await.status, 200);
        let ended = one.submits("/profile", others, &[]).await;
        assert_eq!(ended.location(), "/profile");
        assert_eq!(other.opens_once("/profile").await.status, 401);
        other.signs_in_with_discord(mia).await;
        one.submits("/profile", "/profile/sessions/end-others", &[])
            .await;
        assert_eq!(other.opens_once("/profile").await.status, 401);
        let shown = one.opens_once("/profile").await;
        assert!(words(&shown).contains("One other browser is signed out."));
    })
    .await;
}

#[tokio::test]
async fn what_is_stored_is_taken_and_erased() {
    run(async |stage| {
        let browser = browser_of(stage, stage.scene.member).await;
        let key = SecretString::from(crate::tests::good("mistral"));
        let key = secrecy::ExposeSecret::expose_secret(&key);
        stage.mia().adds("mistral", "user", key).await;
        let shown = words(&browser.opens_once("/profile").await);
        assert!(shown.contains("Keys, sealed 1"), "{shown}");
        let export = browser.opens_once("/profile/export.json").await;
        let disposition = export.headers["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with("attachment"), "{disposition}");
        let all: Value = serde_json::from_str(&export.html).unwrap();
        assert_eq!(all["keys"][0]["provider"], "mistral");
        assert_eq!(all["sessions"].as_array().unwrap().len(), 1);
        assert!(!export.html.contains(key));

        let wrong = [("confirm", "erase omar")];
        let refused = browser
            .submits("/profile/erase", "/profile/erase", &wrong)
            .await;
        assert_eq!(refused.status, 422);
        stage.clock.advance_ms(10 * MINUTE_MS);
        let stale = browser.opens_once("/profile/erase").await;
        assert_eq!(stale.title(), "Sign in once more for this");
        let right = [("confirm", "erase mia")];
        let stale = browser.submits("/profile", "/profile/erase", &right).await;
        assert_eq!(stale.title(), "Sign in once more for this");
        assert!(stage.mia().runs("/keys list").await.contains("Mistral"));
        // Signing in again asks for consent, and leads back.
        let there = browser
            .opens_once("/sign-in?again=yes&next=/profile/erase")
            .await;
        assert!(
            there.location().contains("prompt=consent"),
            "{}",
            there.location()
        );
        let back = browser
            .goes_to_discord("/sign-in?again=yes&next=/profile/erase")
            .await;
        assert_eq!(browser.opens_once(&back).await.location(), "/profile/erase");
        let erased = browser
            .submits("/profile/erase", "/profile/erase", &right)
            .await;
        assert_eq!(erased.location(), "/erased", "{}", words(&erased));
        let told = browser.opens_once("/erased").await;
        assert_snapshot!(words(&told), @r#"id="main" tabindex="-1"> Everything about you is erased Your keys, tokens, choices, usage and a tier that was given to you by hand are gone, and you are signed out of every browser. What stays, and why Sums of servers and of the bot , without you in them: their owners keep them as books of what was paid. Keys that you added to servers , without your name: they are the servers’, and whoever manages those removes them. What limits have counted, and a block , until they end, so that nobody erases themselves to begin anew. Backups of the operator’s , until they are replaced. They may hold your keys, sealed: revoke them at their providers too. Answers in Discord , which are Discord’s: delete them there. Go to the start Latchkey 0.1.0 What happens to a key API"#);
        // To somebody who erased nothing there is nothing to say.
        let stranger = Visitor::stranger(stage).await;
        assert_eq!(stranger.opens_once("/erased").await.location(), "/");
        assert_eq!(browser.opens_once("/profile").await.status, 401);
        assert!(!stage.mia().runs("/keys list").await.contains("Mistral"));
    })
    .await;
}
