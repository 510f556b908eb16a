//! Pictures of what people are shown in Discord, at a desk and on a telephone, in
//! the light and in the dark: for whoever wants to look, and held against the
//! size of a telephone.

use super::demo_page::keeps_pictures;
use super::page::open;
use crate::cli::tell_month;
use crate::tests::browser::Browser;
use crate::tests::{Stage, good, run};

/// The newest message.
const NEWEST: &str = "[...document.querySelectorAll('#messages > li')].pop()";

/// Looks at the newest message, which has this text in it: nothing of it is cut
/// off, and it is one screen of a telephone at the most.
async fn looks_at(browser: &Browser, name: &str, text: &str) {
    browser.shows(text).await;
    let is_loaded =
        "[...document.querySelectorAll('#messages img')].every((it) => it.naturalWidth > 0)";
    browser.until(is_loaded).await;
    keeps_pictures(browser, name).await;
    browser.resizes(390, 844).await;
    browser
        .until("document.documentElement.scrollWidth <= 390")
        .await;
    let wide = format!(
        "[...{NEWEST}.querySelectorAll('pre')].filter((it) => it.scrollWidth > it.clientWidth).map((it) => it.textContent)"
    );
    let wide = browser.evaluates(&wide).await;
    assert_eq!(wide, serde_json::json!([]), "{name} is too wide");
    let height = browser.evaluates(&format!("{NEWEST}.offsetHeight")).await;
    assert!(
        height.as_i64().unwrap() <= 844,
        "{name} is {height} px high"
    );
    browser.resizes(1280, 800).await;
}

/// Looks as somebody else.
async fn is_now(browser: &Browser, person: u64) {
    let select = "document.getElementById('person')";
    browser
        .evaluates(&format!("{select}.value = '{person}'; {select}.onchange()"))
        .await;
}

#[tokio::test]
async fn first_contact_fits_a_telephone() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        let mia = stage.mia();
        stage.world().remove_bot(stage.scene.server, false);
        stage.world().add_bot_at(
            stage.scene.server,
            crate::tests::discord::greetings::JUST_NOW,
        );
        looks_at(&browser, "greeting", "I answer questions with AI models").await;
        mia.runs("/help").await;
        looks_at(&browser, "help", "whose key paid for it").await;
        mia.runs("/ask prompt:hello provider:openai").await;
        looks_at(&browser, "no-key", "No API key configured").await;
    })
    .await;
}

/// `docs/demo.png` is what this keeps at a desk in the dark.
#[tokio::test]
async fn the_first_steps_that_the_readme_shows() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        let mia = stage.mia();
        let ask = "/ask prompt:Show me a small program, as code provider:openai";
        mia.runs(ask).await;
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs(ask).await;
        browser.shows("cargo run").await;
        keeps_pictures(&browser, "demo").await;
    })
    .await;
}

#[tokio::test]
async fn every_card_fits_a_telephone() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        let (mia, omar) = (stage.mia(), stage.omar());
        tell_month(&stage.app().await, &stage.scene).await.unwrap();
        mia.runs("/ask prompt:a table of models").await;
        looks_at(&browser, "answer", "long documents").await;
        mia.presses("Details").await;
        looks_at(&browser, "details", "Who could pay").await;
        for (name, command, text) in [
            ("usage", "/usage", "whoever paid"),
            ("quota-status", "/quota status", "now would go to"),
            ("keys-status", "/keys status", "goes to OpenAI"),
            ("models", "/model show", "You can use"),
        ] {
            mia.runs(command).await;
            looks_at(&browser, name, text).await;
        }
        is_now(&browser, stage.scene.manager).await;
        omar.runs("/admin limit what:dollars amount:4.50 per:day")
            .await;
        for (name, command, text) in [
            ("budget", "/server budget show", "all members together"),
            ("usage-of-server", "/usage scope:guild", "server's key paid"),
            ("admin", "/admin show", "Keys of the bot default"),
        ] {
            omar.runs(command).await;
            looks_at(&browser, name, text).await;
        }
        looks_at_a_gallery(&browser, stage).await;
    })
    .await;
}

async fn looks_at_a_gallery(browser: &Browser, stage: &Stage) {
    let mia = stage.mia();
    is_now(browser, stage.scene.member).await;
    mia.runs("/imagine prompt:a lantern provider:openai count:3")
        .await;
    browser
        .until("document.querySelectorAll('#messages .gallery img').length === 3")
        .await;
    looks_at(browser, "pictures", "a lantern").await;
}
