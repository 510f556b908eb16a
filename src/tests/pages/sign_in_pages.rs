//! Signing in to the console and out again, and everything that is refused on
//! the way.

use std::time::Duration;

use latchkey_emulator::{RestFault, RestTrouble};

use crate::tests::console::{ORIGIN, Visitor, parameter};
use crate::tests::{Setup, Stage, run, run_with};

const SESSION: &str = "__Host-latchkey";
const SIGN_IN: &str = "__Host-latchkey-in";

fn cookie(browser: &Visitor<'_>, name: &str) -> Option<String> {
    browser.cookie(name)
}

/// How many codes were exchanged with Discord.
fn exchanges(stage: &Stage) -> u32 {
    stage.world().look(|state| state.sign_ins.exchanges)
}

#[tokio::test]
async fn somebody_signs_in_looks_and_signs_out() {
    run(async |stage| {
        let browser = Visitor::stranger(stage).await;
        let first = browser.opens_once("/signed-in").await;
        assert_eq!(first.status, 401);
        assert!(
            first.html.contains("/sign-in?next=%2Fsigned-in"),
            "{}",
            first.html
        );
        let back = browser.signs_in_with_discord(stage.scene.member).await;
        assert_eq!(back.location(), "/signed-in");
        assert_eq!(back.headers["cache-control"], "no-store");
        let shown = browser.opens_once("/signed-in").await;
        assert!(shown.html.contains("As mia."), "{}", shown.html);
        // The pages know the name; the database has no cookie.
        let session = cookie(&browser, SESSION).unwrap();
        assert_eq!(session.len(), 43);
        let out = browser.submits("/signed-in", "/sign-out", &[]).await;
        assert_eq!((out.status, out.location()), (303, "/"));
        assert_eq!(out.headers["clear-site-data"], "\"cache\"");
        assert_eq!(cookie(&browser, SESSION), None);
        // Whoever kept the cookie has nothing of it.
        browser.keeps(SESSION, &session);
        let after = browser.opens_once("/signed-in").await;
        assert_eq!(after.status, 401);
    })
    .await;
}

#[tokio::test]
async fn signing_in_always_begins_a_new_session() {
    run(async |stage| {
        let browser = Visitor::stranger(stage).await;
        // Somebody planted a cookie of their own choosing.
        let planted = "A".repeat(43);
        browser.keeps(SESSION, &planted);
        browser.signs_in_with_discord(stage.scene.member).await;
        let first = cookie(&browser, SESSION).unwrap();
        assert_ne!(first, planted);
        browser.signs_in_with_discord(stage.scene.member).await;
        let second = cookie(&browser, SESSION).unwrap();
        assert_ne!(first, second);
        let other = Visitor::stranger(stage).await;
        other.keeps(SESSION, &first);
        let shown = other.opens_once("/signed-in").await;
        assert_eq!(shown.status, 401, "its session ended");
    })
    .await;
}

#[tokio::test]
async fn what_does_not_come_back_where_it_began_signs_nobody_in() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let (victim, thief) = (
            Visitor::stranger(stage).await,
            Visitor::stranger(stage).await,
        );
        let ended = async |browser: &Visitor<'_>, back: &str| {
            let shown = browser.opens_once(back).await;
            assert_eq!(shown.status, 400, "{back}");
            assert_eq!(shown.title(), "That sign-in has ended", "{back}");
            assert_eq!(cookie(browser, SESSION), None, "{back}");
        };
        // Without a cookie, with one of another sign-in, and with states that
        // are nobody's.
        let thiefs = thief.goes_to_discord("/sign-in").await;
        ended(&victim, &thiefs).await;
        let victims = victim.goes_to_discord("/sign-in").await;
        ended(&victim, &thiefs).await;
        ended(&thief, &victims).await;
        ended(&victim, "/sign-in/back").await;
        ended(&victim, "/sign-in/back?code=x").await;
        let state = parameter(&victims, "state").unwrap();
        let altered = state.to_ascii_lowercase().replace('a', "b");
        ended(&victim, &victims.replace(&state, &altered)).await;
        ended(
            &victim,
            &format!("/sign-in/back?state={}", "x".repeat(5_000)),
        )
        .await;
        // Nobody asked Discord about any of it.
        assert_eq!(exchanges(stage), 0);
        // The thief's code in the victim's way back: the verifier is another.
        let code = |back: &str| parameter(back, "code").unwrap();
        let swapped = victims.replace(&code(&victims), &code(&thiefs));
        ended(&victim, &swapped).await;
        // That used the state up, also for its own code.
        ended(&victim, &victims).await;
        assert_eq!(exchanges(stage), 0);
        // A way back is good once, for ten minutes.
        let back = victim.goes_to_discord("/sign-in").await;
        stage.clock.advance_ms(10 * 60_000);
        ended(&victim, &back).await;
        let back = victim.goes_to_discord("/sign-in").await;
        assert_eq!(victim.opens_once(&back).await.location(), "/keys");
        let again = victim.opens_once(&back).await;
        assert_eq!(again.status, 400);
        assert_eq!(exchanges(stage), 1);
    })
    .await;
}

#[tokio::test]
async fn two_tabs_may_sign_in_side_by_side() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let browser = Visitor::stranger(stage).await;
        let one = browser.goes_to_discord("/sign-in?next=/signed-in").await;
        let other = browser.goes_to_discord("/sign-in?next=/").await;
        assert_eq!(browser.opens_once(&one).await.location(), "/signed-in");
        assert_eq!(browser.opens_once(&other).await.location(), "/");
        assert_eq!(browser.opens_once("/signed-in").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        for next in [
            "//evil.example",
            "/\\evil.example",
            "https:evil.example",
            "/sign-in/back",
        ] {
            let browser = Visitor::stranger(stage).await;
            let path = url::form_urlencoded::Serializer::new("/sign-in?".to_owned())
                .append_pair("next", next)
                .finish();
            let back = browser.goes_to_discord(&path.replace("?&", "?")).await;
            assert_eq!(
                browser.opens_once(&back).await.location(),
                "/keys",
                "{next}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn who_sends_somebody_else_back_is_not_believed() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let browser = Visitor::stranger(stage).await;
        let back = browser.goes_to_discord("/sign-in").await;
        let issuer = parameter(&back, "iss").unwrap();
        let issuer: String = url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
        let shown = browser
            .opens_once(&back.replace(&issuer, "https%3A%2F%2Fevil.example"))
            .await;
        assert_eq!(
            shown.title(),
            "Somebody else sent you here",
            "{}",
            shown.html
        );
        assert_eq!((cookie(&browser, SESSION), exchanges(stage)), (None, 0));
    })
    .await;
}

#[tokio::test]
async fn who_declines_is_not_signed_in() {
    run(async |stage| {
        stage.world().declines();
        let browser = Visitor::stranger(stage).await;
        let back = browser.goes_to_discord("/sign-in?next=/signed-in").await;
        let shown = browser.opens_once(&back).await;
        assert_eq!(
            (shown.status, shown.title()),
            (200, "You are not signed in")
        );
        assert!(
            shown.html.contains("/sign-in?next=%2Fsigned-in"),
            "{}",
            shown.html
        );
        assert_eq!(cookie(&browser, SESSION), None);
    })
    .await;
}

/// A state of 43 random characters has the shape of somebody's key once in some
/// thousand sign-ins.
#[tokio::test]
async fn what_comes_back_may_have_the_shape_of_a_key() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let browser = Visitor::stranger(stage).await;
        browser.signs_in_with_discord(stage.scene.member).await;
        for (back, title) in [
            (
                "/sign-in/back?state=sk-MadeUpMadeUp&code=x",
                "That sign-in has ended",
            ),
            (
                "/sign-in/back?state=x&code=sk-MadeUpMadeUp",
                "That sign-in has ended",
            ),
            (
                "/keys/openrouter/back/x?code=sk-MadeUpMadeUp",
                "That has ended",
            ),
        ] {
            assert_eq!(browser.opens_once(back).await.title(), title, "{back}");
        }
        let elsewhere = browser.opens_once("/keys?in=sk-MadeUpMadeUp").await;
        assert!(
            elsewhere.html.contains("secret_in_address"),
            "{}",
            elsewhere.html
        );
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_looks_ahead_begins_nothing() {
    run(async |stage| {
        let browser = Visitor::stranger(stage).await;
        for purpose in ["prefetch", "prefetch;prerender"] {
            let request = browser.call("GET", "/sign-in");
            let shown = browser
                .sends_once(request.header("sec-purpose", purpose))
                .await;
            assert_eq!(shown.status, 503);
            assert_eq!(cookie(&browser, SIGN_IN), None);
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_begins_ten_sign_ins_a_minute() {
    run(async |stage| {
        let browser = Visitor::stranger(stage).await;
        for _ in 0..10 {
            assert_eq!(browser.opens_once("/sign-in").await.status, 303);
        }
        let shown = browser.opens_once("/sign-in").await;
        assert_eq!(shown.status, 429);
        assert_eq!(shown.headers["retry-after"], "60");
        stage.clock.advance_ms(60_000);
        assert_eq!(browser.opens_once("/sign-in").await.status, 303);
    })
    .await;
}

#[tokio::test]
async fn discords_trouble_is_told_apart_and_signs_nobody_in() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let limited = RestTrouble::Limited {
            seconds: 7.0,
            is_global: false,
        };
        let mut seen = Vec::new();
        for (path, trouble) in [
            ("/oauth2/token", RestTrouble::Page(502)),
            ("/oauth2/token", limited),
            ("/users/@me", RestTrouble::Refused(403, 50_026)),
        ] {
            let browser = Visitor::stranger(stage).await;
            let back = browser.goes_to_discord("/sign-in").await;
            let fault = RestFault {
                method: "",
                path,
                content: "",
                trouble,
                after: 0,
                times: 1,
                delay: Duration::ZERO,
            };
            stage.world().with(|state| state.rest_faults.push(fault));
            let shown = browser.opens_once(&back).await;
            let wait = shown
                .headers
                .get("retry-after")
                .map(|it| it.to_str().unwrap());
            seen.push(format!("{} {} {wait:?}", shown.status, shown.title()));
            assert_eq!(cookie(&browser, SESSION), None);
        }
        let browser = Visitor::stranger(stage).await;
        let back = browser.goes_to_discord("/sign-in").await;
        stage
            .world()
            .with(|state| "made-up-other".clone_into(&mut state.sign_ins.client_secret));
        seen.push(browser.opens_once(&back).await.title().to_owned());
        insta::assert_snapshot!(seen.join("\n"), @r#"
        503 Discord does not answer Some("10")
        503 Discord asks to wait Some("7")
        502 Discord refused None
        Nobody can sign in here yet
        "#);
    })
    .await;
}

#[tokio::test]
async fn without_a_secret_the_page_says_what_is_missing() {
    let setup = Setup {
        no_client_secret: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let browser = Visitor::stranger(stage).await;
        let shown = browser.opens_once("/sign-in").await;
        assert_eq!(shown.status, 503);
        assert!(
            shown.html.contains("DISCORD_CLIENT_SECRET"),
            "{}",
            shown.html
        );
        assert_eq!(browser.opens_once("/").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn only_a_form_of_ours_signs_somebody_out() {
    run(async |stage| {
        let browser = Visitor::stranger(stage).await;
        browser.signs_in_with_discord(stage.scene.member).await;
        let looked = browser.opens_once("/sign-out").await;
        assert_eq!((looked.status, looked.location()), (303, "/"));
        let page = browser.opens_once("/signed-in").await.html;
        let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap();
        for (origin, token) in [
            (Some("https://evil.example"), token),
            (Some("null"), token),
            (None, token),
            (Some(ORIGIN), ""),
            (Some(ORIGIN), "made-up-token"),
        ] {
            let request = browser.call("POST", "/sign-out");
            let request = request.body(format!("form_token={token}"));
            let mut request = request.header("content-type", "application/x-www-form-urlencoded");
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            let shown = browser.sends_once(request).await;
            assert_ne!(shown.status, 303, "{origin:?} {token}");
            assert_eq!(browser.opens_once("/signed-in").await.status, 200);
        }
    })
    .await;
}

/// What proves who somebody is stands in no row, and Discord's tokens nowhere.
#[tokio::test]
async fn nothing_of_a_sign_in_is_stored_that_could_be_used_again() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let browser = Visitor::stranger(stage).await;
        let waiting = browser.goes_to_discord("/sign-in").await;
        let back = browser.goes_to_discord("/sign-in").await;
        assert_eq!(browser.opens_once(&back).await.location(), "/keys");
        let page = browser.opens_once("/signed-in").await.html;
        let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap().to_owned();
        let mut secrets: Vec<String> = browser.kept();
        secrets.push(token);
        for back in [&waiting, &back] {
            secrets.extend(["state", "code"].map(|name| parameter(back, name).unwrap()));
        }
        stage.world().look(|state| {
            for it in &state.sign_ins.authorizations {
                secrets.push(it.access_token.clone());
                secrets.extend(it.refresh_token.clone());
            }
            secrets.push(state.sign_ins.client_secret.clone());
        });
        assert!(secrets.len() > 8);
        stage.stop().await;
        for file in ["test.db", "test.db-wal"] {
            let bytes = std::fs::read(stage.database().with_file_name(file)).unwrap_or_default();
            for secret in &secrets {
                assert!(!crate::tests::secrets::holds(&bytes, secret), "{file}");
            }
        }
    })
    .await;
}

/// A cookie says nothing to programs' addresses, and a token nothing to pages.
#[tokio::test]
async fn cookies_and_tokens_do_not_stand_in_for_each_other() {
    run(async |stage| {
        let browser = Visitor::stranger(stage).await;
        browser.signs_in_with_discord(stage.scene.member).await;
        for path in ["/v1/models", "/api/v1/usage", "/openai/v1/models"] {
            assert_eq!(browser.opens_once(path).await.status, 401, "{path}");
        }
        let token = crate::tests::tokens::token_in(&stage.mia().runs("/token create").await);
        let stranger = Visitor::stranger(stage).await;
        let request = stranger.call("GET", "/signed-in");
        let token = secrecy::ExposeSecret::expose_secret(&token);
        let shown = stranger.sends_once(request.bearer_auth(token)).await;
        assert_eq!(shown.status, 401);
    })
    .await;
}
