//! The panel of keys on the demo's page, which shows the parts of a message
//! as Discord does.

use latchkey_emulator::providers::{Standing, sample};

use super::demo_page::keeps_pictures;
use super::page::open;
use crate::tests::{good, run};

#[tokio::test]
async fn a_panel_is_shown_part_by_part_and_used_with_the_keyboard() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        browser.shows("mia (member)").await;
        let mia = stage.mia();
        mia.runs("/keys add provider:openai scope:user name:laptop").await;
        mia.submits(&[("key", &good("openai"))]).await;
        mia.adds("google", "user", &sample("google", Standing::Restricted)).await;
        mia.adds("mistral", "user", &sample("mistral", Standing::Empty)).await;
        mia.adds("xai", "user", &good("xai")).await;
        mia.runs("/keys pause provider:xai").await;
        mia.runs("/ask prompt:count provider:openai").await;
        mia.runs("/keys list").await;
        let panel = "document.querySelector('#messages .container')";
        browser.until(&format!("{panel}?.querySelectorAll('.buttons button').length === 17")).await;
        keeps_pictures(&browser, "keys-panel").await;
        // It fits a narrow window.
        browser.resizes(390, 844).await;
        browser.until("document.documentElement.scrollWidth <= 390").await;
        let fits = "[...document.querySelectorAll('.container *')].every((it) => it.getBoundingClientRect().right <= 390)";
        assert_eq!(browser.evaluates(fits).await, true);
        browser.resizes(1280, 800).await;
        // Whoever presses with the keyboard stays where they are.
        let of_openai = "[...document.querySelectorAll('.container .buttons')].find((it) => it.previousSibling.textContent.includes('OpenAI'))";
        browser.evaluates(&format!("{of_openai}.children[1].focus()")).await;
        browser.presses("Enter").await;
        browser.until("document.activeElement.textContent === 'Resume'").await;
        browser.until(&format!("{of_openai}.contains(document.activeElement)")).await;
        browser.presses("Enter").await;
        browser.until("document.activeElement.textContent === 'Pause'").await;
        // The menu opens the form.
        let menu = "document.querySelector('.container select')";
        browser
            .evaluates(&format!("{menu}.value = 'deepseek'; {menu}.dispatchEvent(new Event('change'))"))
            .await;
        browser.until("document.getElementById('modal').open").await;
        browser.until("document.activeElement.name === 'key'").await;
        browser.types(&good("deepseek")).await;
        browser.presses("Enter").await;
        browser.shows("Stored the personal key: DeepSeek …6789.").await;
        let removes = format!("[...{panel}.querySelectorAll('button')].find((it) => it.textContent === 'Remove')");
        browser.evaluates(&format!("{removes}.click()")).await;
        browser.shows("It can't be brought back.").await;
        keeps_pictures(&browser, "keys-panel-removal").await;
    })
    .await;
}
