//! Keys that people type into the console turn up nowhere: in no page, address,
//! history, storage of the browser, nor line that the program writes.

use serde_json::{Value, json};

use crate::tests::pages::walks::{Demo, Walker};

/// What each typed key has in its middle; its end may be shown as a hint.
const CANARY: &str = "canary0made0up0key";
/// Everything of a page that outlasts it or that others see: its source, what
/// its fields hold, its address, the state of its place in the history, and
/// what is stored.
const SEEN: &str = "JSON.stringify([document.documentElement.outerHTML, location.href,
    document.referrer, history.state, {...localStorage}, {...sessionStorage}, document.cookie,
    [...document.querySelectorAll('input, textarea')].map(it => it.value)])";

/// The addresses that stand in what the browser told of.
fn addresses(event: &Value) -> Vec<String> {
    let parameters = &event["params"];
    let all = [
        &parameters["request"]["url"],
        &parameters["request"]["headers"]["Referer"],
        &parameters["documentURL"],
        &parameters["response"]["url"],
        &parameters["frame"]["url"],
    ];
    let texts = all.into_iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// Nothing that can be seen of a page holds a key, nor do addresses.
async fn sees_no_key(walker: &Walker<'_>, at: &str) {
    let seen = walker.browser.evaluates(SEEN).await;
    let seen = seen.as_str().expect("the page can be read");
    assert!(!seen.contains(CANARY), "{at}: {seen}");
    for event in walker.browser.takes_events().await {
        for address in addresses(&event) {
            assert!(!address.contains(CANARY), "{at}: {address}");
        }
    }
}

/// Types a key into a page's field for it and sends the form; then looks at
/// what comes, at the page before, and at what comes again.
async fn types_a_key(walker: &Walker<'_>, page: &str, number: usize) {
    let browser = &walker.browser;
    browser.goes_to(page).await;
    let key = format!("sk-proj-{CANARY}{number:04}zz");
    let field = "document.querySelector('main input[type=password], main textarea[name=keys]')";
    let shown = format!(
        "(() => {{ document.getElementById('once')?.click(); const field = {field};
            if (!field) return false; field.focus(); window.typed = true; return true; }})()"
    );
    assert_eq!(browser.evaluates(&shown).await, true, "{page} has no field");
    if page.ends_with("/keys/import") {
        assert_eq!(browser.evaluates(&drops_file()).await, ".env is chosen");
        browser.evaluates(&format!("{field}.focus(); true")).await;
        browser.types("OPENAI_API_KEY=").await;
    }
    browser.types(&key).await;
    let typed = browser.evaluates(&format!("{field}.value")).await;
    assert!(typed.as_str().unwrap().contains(&key), "{page}: {typed}");
    if page.ends_with("/playground") {
        let asks = "document.getElementById('ask').value = 'hello';
            document.querySelector('#playground').requestSubmit(); true";
        browser.evaluates(asks).await;
        browser
            .until("document.querySelector('#talk article') && !document.querySelector('#talk [aria-busy]')")
            .await;
        sees_no_key(walker, page).await;
        return;
    }
    browser
        .evaluates(&format!("{field}.form.requestSubmit(); true"))
        .await;
    browser
        .until("!window.typed && document.readyState === 'complete' && !!document.querySelector('main')")
        .await;
    sees_no_key(walker, page).await;
    browser.evaluates("history.back(); true").await;
    browser
        .until("document.readyState === 'complete' && !!document.querySelector('main')")
        .await;
    sees_no_key(walker, &format!("{page}, gone back to")).await;
}

/// Drops a file with a key onto the form that imports one; what is said then.
fn drops_file() -> String {
    format!(
        "(() => {{ const files = new DataTransfer();
            files.items.add(new File(['GROQ_API_KEY=gsk_{CANARY}0000file'], '.env'));
            const field = document.getElementById('file');
            const drop = {{ dataTransfer: files, bubbles: true, cancelable: true }};
            field.form.dispatchEvent(new DragEvent('drop', drop));
            return field.files.length === 1 && document.getElementById('status').textContent; }})()"
    )
}

#[tokio::test]
async fn a_key_that_is_typed_into_any_form_turns_up_nowhere() {
    let demo = Demo::begins_with(&[("RUST_LOG", "trace")]).await;
    let Some(walker) = Walker::comes(&demo, "omar").await else {
        return;
    };
    let link = async |page: &str, start: &str| {
        walker.goes_to(page).await;
        let found = format!(
            "[...document.querySelectorAll('a[href]')].map(it => it.pathname)
                .find(it => new RegExp({}).test(it))",
            json!(start)
        );
        let found = walker.browser.evaluates(&found).await;
        found.as_str().expect("there is such a link").to_owned()
    };
    let one = link("/keys", "^/keys/[0-9a-f]{32}$").await;
    let server = link("/servers", "^/servers/[0-9]+$").await;
    let pages = [
        "/keys/new?provider=openai".to_owned(),
        one,
        "/keys/import".to_owned(),
        format!("{server}/keys?provider=openai"),
        "/operator/keys/new?provider=openai".to_owned(),
        "/playground".to_owned(),
    ];
    for (number, page) in pages.iter().enumerate() {
        types_a_key(&walker, &format!("{}{page}", demo.console), number).await;
    }
    // Every page that there is afterwards.
    for address in walker.finds_pages().await.into_values() {
        walker.browser.goes_to(&address).await;
        sees_no_key(&walker, &address).await;
    }
    drop(walker);
    let log = demo.ends().await;
    assert!(log.contains("stored key") && !log.contains(CANARY), "{log}");
}
