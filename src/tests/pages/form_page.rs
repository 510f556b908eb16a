//! Forms on the demo's page: fields of every kind below their labels.

use super::demo_page::keeps_pictures;
use super::page::open;
use crate::tests::{good, run};

/// The controls of the form that is open.
const CONTROLS: &str = "[...document.querySelectorAll('#modal [name], #modal button')]";

#[tokio::test]
async fn a_form_is_filled_in_with_the_keyboard_and_fits_a_narrow_window() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        browser.shows("mia (member)").await;
        let mia = stage.mia();
        mia.runs("/keys add name:lap").await;
        browser.until("document.activeElement.name === 'key'").await;
        browser.types(&good("mistral")).await;
        browser.presses("Tab").await;
        browser
            .until("document.activeElement.name === 'provider'")
            .await;
        let provider = "document.querySelector('#modal [name=provider]')";
        browser
            .evaluates(&format!("{provider}.value = 'mistral'"))
            .await;
        browser.presses("Tab").await;
        browser
            .until("document.activeElement.name === 'name'")
            .await;
        browser.evaluates("document.activeElement.value = ''").await;
        browser.types("laptop").await;
        browser.presses("Tab").await;
        browser
            .until("document.activeElement.name === 'days'")
            .await;
        browser
            .evaluates("document.activeElement.value = '30'")
            .await;
        keeps_pictures(&browser, "key-form").await;
        browser.resizes(390, 844).await;
        let fits = format!("{CONTROLS}.every((it) => it.getBoundingClientRect().right <= 390)");
        browser.until(&fits).await;
        browser.resizes(1280, 800).await;
        browser.presses("Tab").await;
        browser.presses("Tab").await;
        browser
            .until("document.activeElement.id === 'modal-submit'")
            .await;
        browser.presses("Enter").await;
        browser
            .shows("Stored the personal key: Mistral “laptop” …6789.")
            .await;
        browser.shows("It is used until").await;
    })
    .await;
}

#[tokio::test]
async fn a_file_is_put_into_a_form() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        browser.shows("mia (member)").await;
        stage.mia().runs("/keys import").await;
        browser
            .until("document.querySelector('#modal [name=file]')?.type === 'file'")
            .await;
        keeps_pictures(&browser, "import-form").await;
        let line = format!("XAI_API_KEY={}", good("xai"));
        let puts = format!(
            "(() => {{ const all = new DataTransfer(); all.items.add(new File(['{line}'], 'keys.env')); \
             document.querySelector('#modal [name=file]').files = all.files; }})()"
        );
        browser.evaluates(&puts).await;
        browser
            .evaluates("document.getElementById('modal-submit').click()")
            .await;
        browser.shows("I found 1 key that can be stored.").await;
        let store = "[...document.querySelectorAll('#messages button')].find((it) => it.textContent === 'Store them')";
        browser.evaluates(&format!("{store}.click()")).await;
        browser.shows("Stored the personal key: xAI …6789.").await;
    })
    .await;
}
