//! An open playground beside which somebody signs in or out.

use insta::assert_snapshot;
use serde_json::Value;

use super::playground_streams::{OPENAI, call_with, script_call, text_of};
use super::{SeenPage, Visitor};
use crate::tests::{good, run};

#[tokio::test]
async fn who_signed_out_beside_it_is_told_so_and_asks_again_after_signing_in() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let typed = [("ask", "count"), ("model", OPENAI)];
        let trouble = |heard: SeenPage| -> Value {
            assert_eq!(heard.html.lines().count(), 1, "{}", heard.html);
            serde_json::from_str(&heard.html).unwrap()
        };
        let says = |line: &Value| format!("{}: {}", text_of(line, "title"), text_of(line, "words"));
        let token = |line: &Value| text_of(line, "form_token").to_owned();
        // Asked while nobody is signed in, and again after a sign-in beside it.
        let page = mia.opens("/playground").await;
        mia.loses("__Host-latchkey");
        let refused = mia.sends_once(script_call(&mia, &page, &typed)).await;
        assert_eq!(refused.status, 401);
        let refused = trouble(refused);
        assert_snapshot!(says(&refused), @"You are signed out: Your sign-in ended while this page was open, and nobody was asked. Sign in again in a new tab, then press Again here.");
        assert_snapshot!(refused["ways"], @r#"[["/sign-in?next=%2Fsigned-in","Sign in with Discord"]]"#);
        mia.signs_in(stage.scene.member).await;
        let again = mia.sends_once(call_with(&mia, token(&refused), &typed)).await;
        assert_eq!(again.status, 200);
        assert!(again.html.contains("ten"), "{}", again.html);
        // Asked only after that.
        let page = mia.opens("/playground").await;
        mia.loses("__Host-latchkey");
        mia.signs_in(stage.scene.member).await;
        let refused = mia.sends_once(script_call(&mia, &page, &typed)).await;
        assert_eq!(refused.status, 409);
        let refused = trouble(refused);
        assert_snapshot!(says(&refused), @"You signed in meanwhile: This page was opened before, and nobody was asked yet. Press Again to ask.");
        let again = mia.sends_once(call_with(&mia, token(&refused), &typed)).await;
        assert_eq!(again.status, 200);
    })
    .await;
}

#[tokio::test]
async fn an_open_page_asks_nobody_once_another_account_signed_in_beside_it() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let page = browser.opens("/playground").await;
        browser.signs_in(stage.scene.manager).await;
        let typed = [("ask", "count"), ("model", OPENAI)];
        let refused = browser.sends_once(script_call(&browser, &page, &typed)).await;
        assert_eq!(refused.status, 409);
        let line: Value = serde_json::from_str(&refused.html).unwrap();
        assert_snapshot!(text_of(&line, "title"), @"Another account is signed in");
        assert_snapshot!(text_of(&line, "words"), @"This page was opened by another account, and omar is signed in now. Nobody was asked, and omar pays nothing. Sign in again as who opened it, in a new tab, and press Again here; or go on as omar on a page of theirs.");
        assert_snapshot!(line["ways"], @r#"[["/sign-in?next=%2Fsigned-in&again=1","Sign in as another account"],["/playground","Go on as omar"]]"#);
        // Pressed again, it is refused again; and without script as well.
        let token = text_of(&line, "form_token").to_owned();
        let again = browser.sends_once(call_with(&browser, token, &typed)).await;
        assert_eq!(again.status, 409);
        let shown = browser.sends(&page, "/playground/ask", &typed).await;
        assert_eq!(shown.status, 409);
        assert!(shown.holds("nothing of it goes to omar"), "{}", shown.shown());
        assert_eq!(stage.keys_that_paid("openai"), Vec::<String>::new());
    })
    .await;
}

/// Whose page it is stands in the form: where that was not read, the page keeps
/// the token that it has.
#[tokio::test]
async fn a_form_that_was_not_read_makes_a_page_nobody_elses() {
    run(async |stage| {
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let page = browser.opens("/playground").await;
        browser.signs_in(stage.scene.manager).await;
        let large = "x".repeat(17 * 1024 * 1024);
        let typed = [("ask", large.as_str()), ("model", OPENAI)];
        let refused = browser
            .sends_once(script_call(&browser, &page, &typed))
            .await;
        assert_eq!(refused.status, 413, "{}", refused.shown());
        let line: Value = serde_json::from_str(&refused.html).unwrap();
        assert_eq!(line["form_token"], Value::Null, "{line}");
        let again = browser
            .sends_once(script_call(&browser, &page, &[("ask", "count")]))
            .await;
        assert_eq!(again.status, 409);
    })
    .await;
}

#[tokio::test]
async fn a_visitors_page_says_who_would_pay_once_somebody_signed_in_beside_it() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let browser = Visitor::stranger(stage).await;
        let page = browser.opens("/playground").await;
        browser.signs_in(stage.scene.member).await;
        let typed = [("ask", "count"), ("model", OPENAI)];
        let refused = browser.sends_once(script_call(&browser, &page, &typed)).await;
        assert_eq!(refused.status, 409);
        let line: Value = serde_json::from_str(&refused.html).unwrap();
        assert_snapshot!(text_of(&line, "words"), @"This page was opened before, and nobody was asked yet. Press Again to ask as mia, whose keys can pay then.");
        assert_eq!(stage.keys_that_paid("openai"), Vec::<String>::new());
        let token = text_of(&line, "form_token").to_owned();
        let again = browser.sends_once(call_with(&browser, token, &typed)).await;
        assert_eq!(again.status, 200);
    })
    .await;
}
