//! Files in the playground, in a browser: one that is too large is said to be so
//! before anything is sent, and one that was refused is taken out again.

use serde_json::json;

use super::walk::walks;
use super::walks::{asks_axe, axe};
use crate::tests::browser::Browser;

/// Attaches a file of so many bytes, as dropping it does.
fn attaches(bytes: usize) -> String {
    format!(
        "attach([new File([new Uint8Array({bytes})], 'large.txt', {{ type: 'text/plain' }})]); 1"
    )
}

async fn sends(browser: &Browser, question: &str) {
    let types = format!("question.value = {}; 1", json!(question));
    browser.evaluates(&types).await;
    browser.evaluates("form.requestSubmit(); 1").await;
}

async fn takes_out(browser: &Browser, list: &str) {
    let takes = format!("document.querySelector('{list} button').click(); 1");
    browser.evaluates(&takes).await;
    let gone = format!("document.querySelectorAll('{list} li').length === 0");
    browser.until(&gone).await;
}

#[tokio::test]
async fn a_file_that_is_too_large_is_taken_out_and_nothing_typed_is_lost() {
    walks("mia", async |walker| {
        let browser = &walker.browser;
        walker.goes_to("/playground").await;
        browser.resizes(360, 900).await;
        browser.evaluates(&attaches(17 << 20)).await;
        sends(browser, "what is in it?").await;
        browser.shows("Take a file out first.").await;
        let typed = browser.evaluates("question.value").await;
        assert_eq!(typed, "what is in it?");
        if let Some(axe) = axe() {
            assert_eq!(asks_axe(browser, &axe).await, Vec::<String>::new());
        }
        takes_out(browser, "#files").await;
        // The server refuses what the page lets through.
        browser.evaluates("fileField.dataset.bytes = 1e12; 1").await;
        browser.evaluates(&attaches(17 << 20)).await;
        sends(browser, "what is in it?").await;
        browser.shows("Those files are too large").await;
        browser
            .shows("Take a file out above, and press Again.")
            .await;
        if let Some(axe) = axe() {
            assert_eq!(asks_axe(browser, &axe).await, Vec::<String>::new());
        }
        let wide = browser
            .evaluates("document.documentElement.scrollWidth - innerWidth")
            .await;
        assert!(wide.as_i64().is_some_and(|wide| wide <= 0), "{wide}");
        browser.keeps_picture("console-mia-file-refused-360").await;
        takes_out(browser, "#talk .sent").await;
        let again = "[...document.querySelectorAll('#talk footer button')]
        .find(it => it.textContent.includes('Again')).click(); 1";
        browser.evaluates(again).await;
        browser.shows("You asked: what is in it?").await;
    })
    .await;
}
