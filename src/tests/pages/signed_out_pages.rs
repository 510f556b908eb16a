//! What a browser has left of the console after its person signed out: nothing
//! behind its back button, in its storage, or in a second tab.

use super::walk::walks;
use crate::tests::browser::Browser;

/// What the page says, and what the browser keeps of it.
async fn says(browser: &Browser) -> String {
    let all = "JSON.stringify([document.body.innerText, history.state, {...localStorage},
        {...sessionStorage}, document.cookie])";
    let said = browser.evaluates(all).await;
    said.as_str().expect("the page can be read").to_owned()
}

async fn is_there(browser: &Browser, path: &str) {
    browser
        .until(&format!(
            "location.pathname === '{path}' && document.readyState === 'complete'
                && !!document.querySelector('main')"
        ))
        .await;
}

#[tokio::test]
async fn behind_the_back_button_there_is_nothing_after_sign_out() {
    walks("mia", async |walker| {
        let browser = &walker.browser;
        let pages = ["/usage", "/tokens", "/profile", "/keys"];
        for page in pages {
            walker.goes_to(page).await;
        }
        assert!(says(browser).await.contains("Lantern Club"));
        let signs_out = "document.querySelector('form[action=\"/sign-out\"] button').click()";
        browser.evaluates(signs_out).await;
        is_there(browser, "/").await;
        for page in pages.iter().rev() {
            browser.evaluates("history.back(); true").await;
            is_there(browser, page).await;
            let said = says(browser).await;
            assert!(said.contains("Sign in first"), "{page}: {said}");
            assert!(!said.contains("Lantern Club"), "{page}: {said}");
            assert!(said.ends_with(",null,{},{},\"\"]"), "{page}: {said}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_second_tab_loses_nothing_that_was_typed_when_the_first_signs_out() {
    walks("mia", async |walker| {
        let browser = &walker.browser;
        walker.goes_to("/tokens/new").await;
        browser
            .evaluates("document.querySelector('input[name=name]').focus()")
            .await;
        browser.types("My laptop").await;
        // The other tab sends the form of the same session.
        let signs_out = "fetch('/sign-out', { method: 'POST', body: new URLSearchParams(
        new FormData(document.querySelector('form[action=\"/sign-out\"]'))) }).then(it => it.ok)";
        assert_eq!(browser.evaluates(signs_out).await, true);
        browser
            .evaluates("document.querySelector('form[action=\"/tokens\"]').requestSubmit(); true")
            .await;
        browser.shows("Sign in again, then send").await;
        let kept = browser
            .evaluates("document.querySelector('input[name=name]').value")
            .await;
        assert_eq!(kept, "My laptop");
        browser.keeps_picture("console-mia-typed-again").await;
    })
    .await;
}
