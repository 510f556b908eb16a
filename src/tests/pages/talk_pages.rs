//! The playground with answers in it, and the operator's page with calls that
//! failed, in a browser: nothing stands out at any width, and a conversation goes
//! on after its person signed out and in.

use serde_json::json;

use super::walk::walks;
use super::walks::{asks_axe, axe};
use crate::tests::browser::{Browser, PICTURE_SIZES};

/// The widths at which pages are looked at, in CSS pixels.
const WIDTHS: [u32; 6] = [360, 768, 1_024, 1_200, 1_280, 1_440];

/// The tables in answers: their rows, with how each cell stands.
const TABLES: &str = "[...document.querySelectorAll('.reply .grid')].map(table =>
    [...table.querySelectorAll('tr')].map(row => [...row.children].map(cell =>
        `${cell.textContent} ${cell.className}`.trim()).join(', ')).join('; '))";

/// Types a question, presses *Ask*, and waits until every answer has ended.
async fn asks(browser: &Browser, question: &str) {
    let types = format!("document.getElementById('ask').value = {}", json!(question));
    browser.evaluates(&types).await;
    let sends = "document.getElementById('playground').requestSubmit(); true";
    browser.evaluates(sends).await;
    has_ended(browser).await;
}

async fn has_ended(browser: &Browser) {
    browser
        .until(
            "!document.querySelector('#talk [aria-busy]')
                && !!document.querySelector('#talk > :last-child .reply footer .acts')",
        )
        .await;
    // A page follows what has grown once it is drawn.
    let drawn =
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
    browser.evaluates(drawn).await;
}

/// What stands out of the page, or out of what it stands in.
async fn stands_out(browser: &Browser) -> serde_json::Value {
    let measures = "(() => {
        const wide = document.documentElement.scrollWidth - innerWidth;
        const over = [...document.querySelectorAll('#talk .reply')].flatMap(reply => {
            const { left, right } = reply.getBoundingClientRect();
            return [...reply.querySelectorAll('.said, .said > *, header, footer, footer *')].filter(it => {
                const box = it.getBoundingClientRect();
                return box.width > 0 && !it.closest('.hidden') && (box.left < left - 1 || box.right > right + 1);
            }).map(it => it.outerHTML.slice(0, 80));
        });
        return [...(wide > 0 ? [`${wide} px`] : []), ...over];
    })()";
    browser.evaluates(measures).await
}

#[tokio::test]
async fn answers_fit_their_page_at_every_width() {
    walks("mia", async |walker| {
    let (browser, axe) = (&walker.browser, axe());
    for models in [1, 2] {
        walker.goes_to("/playground").await;
        if models == 2 {
            let chooses = "(() => {
                const beside = document.getElementById('playground').elements.beside;
                const ofOpenAi = it => it.value.startsWith('openai/') && !it.disabled;
                beside.value = [...beside.options].filter(ofOpenAi).at(-1)?.value ?? '';
                beside.dispatchEvent(new Event('change', { bubbles: true }));
                return beside.value;
            })()";
            assert_ne!(browser.evaluates(chooses).await, "");
        }
        for question in ["some code", "a table", &"word".repeat(60)] {
            asks(browser, question).await;
        }
        let table = "Model, Context end, Good at; luna, 128,000 end, short answers; nova, 1,000,000 end, long documents";
        assert_eq!(browser.evaluates(TABLES).await, json!(vec![table; models]));
        for width in WIDTHS {
            // Nothing lies over what is looked at: all of it has room.
            browser.resizes(width, 4_000).await;
            let wrong = stands_out(browser).await;
            assert_eq!(wrong, json!([]), "{models} at {width}");
            browser.evaluates("scrollTo(0, 0); 0").await;
            if let Some(axe) = &axe {
                let found = asks_axe(browser, axe).await;
                assert_eq!(found, Vec::<String>::new(), "{models} at {width}");
            }
            let name = format!("console-mia-answers-{models}-{width}");
            browser.keeps_picture(&name).await;
        }
        browser.resizes(1_440, 900).await;
    }
    })
    .await;
}

/// Where the newest answer and the message box end, and how high the window is.
const ENDS: &str = "(() => {
    const bottom = it => it.getBoundingClientRect().bottom;
    const newest = document.querySelector('#talk > :last-child');
    return { newest: bottom(newest), box: bottom(document.querySelector('.composer')),
        boxTop: document.querySelector('.composer').getBoundingClientRect().top, window: innerHeight };
})()";

/// Asserts that the newest answer ends above the message box, and that all of the
/// box is in the window.
async fn sees_the_newest(browser: &Browser, when: &str) {
    let ends = browser.evaluates(ENDS).await;
    let at = |name: &str| ends[name].as_f64().expect("it is measured");
    assert!(at("newest") <= at("boxTop"), "{when}: {ends}");
    assert!(at("box") <= at("window"), "{when}: {ends}");
}

#[tokio::test]
async fn the_page_follows_the_newest_answer_unless_its_reader_went_up() {
    walks("mia", async |walker| {
        let browser = &walker.browser;
        for (width, height) in PICTURE_SIZES {
            browser.resizes(width, height).await;
            walker.goes_to("/playground").await;
            for question in ["some code", "a table", "hello", &"word ".repeat(300)] {
                asks(browser, question).await;
                sees_the_newest(browser, &format!("{width}: {question:.9}")).await;
            }
            browser
                .keeps_picture(&format!("console-mia-newest-{width}"))
                .await;
            // Whoever reads further up stays there while an answer comes, and has
            // the box at hand.
            let goes_up = "document.getElementById('ask').value = 'some code';
            document.getElementById('playground').requestSubmit();
            new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
                scrollTo(0, 0); done(true);
            })))";
            browser.evaluates(goes_up).await;
            has_ended(browser).await;
            assert_eq!(browser.evaluates("scrollY").await, 0, "{width}");
            let ends = browser.evaluates(ENDS).await;
            assert!(ends["box"].as_f64() <= ends["window"].as_f64(), "{ends}");
            // Their next question leads to the end again.
            asks(browser, "hello").await;
            sees_the_newest(browser, &format!("{width}, after going up")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn without_script_the_page_opens_at_the_newest_answer() {
    walks("mia", async |walker| {
        let browser = &walker.browser;
        for (width, height) in PICTURE_SIZES {
            browser.resizes(width, height).await;
            browser.runs_no_script().await;
            walker.goes_to("/playground").await;
            for count in 1..=3 {
                let sends = format!(
                    "document.getElementById('ask').value = 'question {count}';
                 document.getElementById('playground').requestSubmit()"
                );
                browser.evaluates(&sends).await;
                let rounds = format!(
                    "document.readyState === 'complete'
                     && document.querySelectorAll('#talk .reply').length === {count}"
                );
                browser.until(&rounds).await;
            }
            let top = "document.querySelector('#talk > :last-child').getBoundingClientRect().top";
            let top = browser.evaluates(top).await;
            assert!(top.as_f64() < Some(f64::from(height)), "{width}: {top}");
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_stands_out_of_its_card_on_any_page_at_any_width() {
    walks("omar", async |walker| {
        let browser = &walker.browser;
        walker.goes_to("/playground").await;
        asks(browser, "hello").await;
        let mut wrong = Vec::new();
        for (kind, address) in walker.finds_pages().await {
            browser.goes_to(&address).await;
            if kind == "/operator" {
                browser.shows("Key refused").await;
            }
            for width in WIDTHS {
                browser.resizes(width, 900).await;
                let out = browser.stands_out().await.into_iter();
                wrong.extend(out.map(|what| format!("{kind} at {width}: {what}")));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

/// Sends the form of the same session, as another tab does.
const SIGNS_OUT: &str = "fetch('/sign-out', { method: 'POST', body: new URLSearchParams(
    new FormData(document.querySelector('form[action=\"/sign-out\"]'))) }).then(it => it.ok)";

#[tokio::test]
async fn a_conversation_goes_on_after_a_sign_out_and_a_sign_in_beside_it() {
    walks("mia", async |walker| {
        let browser = &walker.browser;
        walker.goes_to("/playground").await;
        asks(browser, "the first question").await;
        browser.shows("You asked: the first question").await;
        let token = "document.getElementById('playground').elements.form_token.value";
        let before = browser.evaluates(token).await;
        assert_eq!(browser.evaluates(SIGNS_OUT).await, true);
        asks(browser, "the second question").await;
        browser.shows("You are signed out").await;
        let page = "document.body.innerText";
        let says = browser.evaluates(page).await;
        let says = says.as_str().unwrap_or_default();
        assert!(says.contains("then press Again here"), "{says}");
        assert!(says.contains("You asked: the first question"), "{says}");
        let way =
            "[...document.querySelectorAll('#talk .note a')].map(it => [it.target, it.pathname])";
        let way = browser.evaluates(way).await;
        assert_eq!(way, json!([["_blank", "/sign-in"]]));
        // What is sent next is sent as who they are by then.
        assert_ne!(browser.evaluates(token).await, before);
    })
    .await;
}

/// Has the page look up who would pay, and hear of what stops its reader.
fn hears(stopped: &serde_json::Value) -> String {
    let told = json!({ "payers": [null], "stopped": stopped });
    let told = json!(told.to_string());
    format!("window.fetch = async () => new Response({told}); showPayers().then(() => 1)")
}

#[tokio::test]
async fn an_open_playground_says_what_stops_its_reader_by_then() {
    walks("mia", async |walker| {
        let browser = &walker.browser;
        walker.goes_to("/playground").await;
        browser.resizes(360, 900).await;
        let ways = json!([["/keys", "Go to your keys"]]);
        for is_blocked in [true, false] {
            let stopped = json!({
                "title": "You are blocked", "words": "Until tomorrow.", "ways": ways,
                "is_blocked": is_blocked,
            });
            browser.evaluates(&hears(&stopped)).await;
            browser.shows("You are blocked. Until tomorrow.").await;
            // A limit leaves room for a key for this once.
            browser.evaluates("fields.once.checked = true; 1").await;
            let is_shown = "document.querySelector('#stopped').offsetParent !== null";
            assert_eq!(browser.evaluates(is_shown).await, is_blocked);
            browser.evaluates("fields.once.checked = false; 1").await;
            if let Some(axe) = axe() {
                assert_eq!(asks_axe(browser, &axe).await, Vec::<String>::new());
            }
        }
        browser.keeps_picture("console-mia-stopped-360").await;
        browser.evaluates(&hears(&json!(null))).await;
        let says = browser
            .evaluates("document.querySelector('#stopped').textContent")
            .await;
        assert_eq!(says, "");
    })
    .await;
}
