//! Signing in to the console and out again, and everything that is refused on
//! the way.

use std::time::Duration;

use latchkey_emulator::{RestFault, RestTrouble};
use reqwest::{Method, StatusCode};

use super::page_visitor::{ORIGIN, PageVisitor, parameter};
use super::{Setup, Stage, run, run_with};

const SESSION: &str = "__Host-latchkey";
const SIGN_IN: &str = "__Host-latchkey-in";

fn cookie(browser: &PageVisitor<'_>, name: &str) -> Option<String> {
    browser.cookies.lock().unwrap().get(name).cloned()
}

/// How many codes were exchanged with Discord.
fn exchanges(stage: &Stage) -> u32 {
    stage.world().look(|state| state.sign_ins.exchanges)
}

#[tokio::test]
async fn somebody_signs_in_looks_and_signs_out() {
    run(async |stage| {
        let browser = PageVisitor::new(stage);
        let first = browser.opens("/signed-in").await;
        assert_eq!(first.status, StatusCode::UNAUTHORIZED);
        assert!(
            first.text.contains("/sign-in?next=%2Fsigned-in"),
            "{}",
            first.text
        );
        let back = browser.signs_in(stage.scene.member).await;
        assert_eq!(back.location(), "/signed-in");
        assert_eq!(back.headers["cache-control"], "no-store");
        let shown = browser.opens("/signed-in").await;
        assert!(shown.text.contains("As mia."), "{}", shown.text);
        // The pages know the name; the database has no cookie.
        let session = cookie(&browser, SESSION).unwrap();
        assert_eq!(session.len(), 43);
        let out = browser.submits("/signed-in", "/sign-out", &[]).await;
        assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/"));
        assert_eq!(out.headers["clear-site-data"], "\"cache\"");
        assert_eq!(cookie(&browser, SESSION), None);
        // Whoever kept the cookie has nothing of it.
        browser.keeps(SESSION, &session);
        let after = browser.opens("/signed-in").await;
        assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn signing_in_always_begins_a_new_session() {
    run(async |stage| {
        let browser = PageVisitor::new(stage);
        // Somebody planted a cookie of their own choosing.
        let planted = "A".repeat(43);
        browser.keeps(SESSION, &planted);
        browser.signs_in(stage.scene.member).await;
        let first = cookie(&browser, SESSION).unwrap();
        assert_ne!(first, planted);
        browser.signs_in(stage.scene.member).await;
        let second = cookie(&browser, SESSION).unwrap();
        assert_ne!(first, second);
        let other = PageVisitor::new(stage);
        other
            .cookies
            .lock()
            .unwrap()
            .insert(SESSION.to_owned(), first);
        let shown = other.opens("/signed-in").await;
        assert_eq!(shown.status, StatusCode::UNAUTHORIZED, "its session ended");
    })
    .await;
}

#[tokio::test]
async fn what_does_not_come_back_where_it_began_signs_nobody_in() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let (victim, thief) = (PageVisitor::new(stage), PageVisitor::new(stage));
        let ended = async |browser: &PageVisitor<'_>, back: &str| {
            let shown = browser.opens(back).await;
            assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{back}");
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
        assert_eq!(victim.opens(&back).await.location(), "/keys");
        let again = victim.opens(&back).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST);
        assert_eq!(exchanges(stage), 1);
    })
    .await;
}

#[tokio::test]
async fn two_tabs_may_sign_in_side_by_side() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let browser = PageVisitor::new(stage);
        let one = browser.goes_to_discord("/sign-in?next=/signed-in").await;
        let other = browser.goes_to_discord("/sign-in?next=/").await;
        assert_eq!(browser.opens(&one).await.location(), "/signed-in");
        assert_eq!(browser.opens(&other).await.location(), "/");
        assert_eq!(browser.opens("/signed-in").await.status, StatusCode::OK);
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
            let browser = PageVisitor::new(stage);
            let path = url::form_urlencoded::Serializer::new("/sign-in?".to_owned())
                .append_pair("next", next)
                .finish();
            let back = browser.goes_to_discord(&path.replace("?&", "?")).await;
            assert_eq!(browser.opens(&back).await.location(), "/keys", "{next}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_sends_somebody_else_back_is_not_believed() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let browser = PageVisitor::new(stage);
        let back = browser.goes_to_discord("/sign-in").await;
        let issuer = parameter(&back, "iss").unwrap();
        let issuer: String = url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
        let shown = browser
            .opens(&back.replace(&issuer, "https%3A%2F%2Fevil.example"))
            .await;
        assert_eq!(
            shown.title(),
            "Somebody else sent you here",
            "{}",
            shown.text
        );
        assert_eq!((cookie(&browser, SESSION), exchanges(stage)), (None, 0));
    })
    .await;
}

#[tokio::test]
async fn who_declines_is_not_signed_in() {
    run(async |stage| {
        stage.world().declines();
        let browser = PageVisitor::new(stage);
        let back = browser.goes_to_discord("/sign-in?next=/signed-in").await;
        let shown = browser.opens(&back).await;
        assert_eq!(
            (shown.status, shown.title()),
            (StatusCode::OK, "You are not signed in")
        );
        assert!(
            shown.text.contains("/sign-in?next=%2Fsigned-in"),
            "{}",
            shown.text
        );
        assert_eq!(cookie(&browser, SESSION), None);
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_looks_ahead_begins_nothing() {
    run(async |stage| {
        let browser = PageVisitor::new(stage);
        for purpose in ["prefetch", "prefetch;prerender"] {
            let request = browser.request(Method::GET, "/sign-in").await;
            let shown = browser.sends(request.header("sec-purpose", purpose)).await;
            assert_eq!(shown.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(cookie(&browser, SIGN_IN), None);
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_begins_ten_sign_ins_a_minute() {
    run(async |stage| {
        let browser = PageVisitor::new(stage);
        for _ in 0..10 {
            assert_eq!(
                browser.opens("/sign-in").await.status,
                StatusCode::SEE_OTHER
            );
        }
        let shown = browser.opens("/sign-in").await;
        assert_eq!(shown.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(shown.headers["retry-after"], "60");
        stage.clock.advance_ms(60_000);
        assert_eq!(
            browser.opens("/sign-in").await.status,
            StatusCode::SEE_OTHER
        );
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
            let browser = PageVisitor::new(stage);
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
            let shown = browser.opens(&back).await;
            let wait = shown
                .headers
                .get("retry-after")
                .map(|it| it.to_str().unwrap());
            seen.push(format!("{} {} {wait:?}", shown.status, shown.title()));
            assert_eq!(cookie(&browser, SESSION), None);
        }
        let browser = PageVisitor::new(stage);
        let back = browser.goes_to_discord("/sign-in").await;
        stage
            .world()
            .with(|state| "made-up-other".clone_into(&mut state.sign_ins.client_secret));
        seen.push(browser.opens(&back).await.title().to_owned());
        insta::assert_snapshot!(seen.join("\n"), @r#"
        503 Service Unavailable Discord does not answer Some("10")
        503 Service Unavailable Discord asks to wait Some("7")
        502 Bad Gateway Discord refused None
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
        let browser = PageVisitor::new(stage);
        let shown = browser.opens("/sign-in").await;
        assert_eq!(shown.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(
            shown.text.contains("DISCORD_CLIENT_SECRET"),
            "{}",
            shown.text
        );
        assert_eq!(browser.opens("/").await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn only_a_form_of_ours_signs_somebody_out() {
    run(async |stage| {
        let browser = PageVisitor::new(stage);
        browser.signs_in(stage.scene.member).await;
        let looked = browser.opens("/sign-out").await;
        assert_eq!(looked.status, StatusCode::METHOD_NOT_ALLOWED);
        let page = browser.opens("/signed-in").await.text;
        let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap();
        for (origin, token) in [
            (Some("https://evil.example"), token),
            (Some("null"), token),
            (None, token),
            (Some(ORIGIN), ""),
            (Some(ORIGIN), "made-up-token"),
        ] {
            let request = browser.request(Method::POST, "/sign-out").await;
            let request = request.body(format!("form_token={token}"));
            let mut request = request.header("content-type", "application/x-www-form-urlencoded");
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            let shown = browser.sends(request).await;
            assert_ne!(shown.status, StatusCode::SEE_OTHER, "{origin:?} {token}");
            assert_eq!(browser.opens("/signed-in").await.status, StatusCode::OK);
        }
    })
    .await;
}

/// What proves who somebody is stands in no row, and Discord's tokens nowhere.
#[tokio::test]
async fn nothing_of_a_sign_in_is_stored_that_could_be_used_again() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let browser = PageVisitor::new(stage);
        let waiting = browser.goes_to_discord("/sign-in").await;
        let back = browser.goes_to_discord("/sign-in").await;
        assert_eq!(browser.opens(&back).await.location(), "/keys");
        let page = browser.opens("/signed-in").await.text;
        let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap().to_owned();
        let mut secrets: Vec<String> = browser.cookies.lock().unwrap().values().cloned().collect();
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
                assert!(!super::secrets::holds(&bytes, secret), "{file}");
            }
        }
    })
    .await;
}

/// A cookie says nothing to programs' addresses, and a token nothing to pages.
#[tokio::test]
async fn cookies_and_tokens_do_not_stand_in_for_each_other() {
    run(async |stage| {
        let browser = PageVisitor::new(stage);
        browser.signs_in(stage.scene.member).await;
        for path in ["/v1/models", "/api/v1/usage", "/openai/v1/models"] {
            assert_eq!(
                browser.opens(path).await.status,
                StatusCode::UNAUTHORIZED,
                "{path}"
            );
        }
        let token = super::tokens::token_in(&stage.mia().runs("/token create").await);
        let stranger = PageVisitor::new(stage);
        let request = stranger.request(Method::GET, "/signed-in").await;
        let token = secrecy::ExposeSecret::expose_secret(&token);
        let shown = stranger.sends(request.bearer_auth(token)).await;
        assert_eq!(shown.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}
