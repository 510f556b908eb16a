//! Chromium walks every page of the demo's console as a visitor, as mia, as
//! omar and as zoe: with script and without, at three widths, light and dark,
//! with axe's rules of accessibility on each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Child;
use tokio::time::timeout;

use crate::tests::browser::Browser;
use crate::tests::process::{command, terminate};

/// How long the demo may take to begin.
const PATIENCE: Duration = Duration::from_mins(2);
/// The widths and heights at which pages are looked at, in CSS pixels.
const SIZES: [(u32, u32); 3] = [(NARROWEST, 740), (768, 1_024), (1_440, 900)];
/// How wide many laptops are, where tables have the least room that they don't
/// fold in.
pub const LAPTOP: (u32, u32) = (1_280, 800);
/// Where pictures are taken too, at sizes of their own.
const NARROWEST: u32 = 360;
const LOOKS: [&str; 2] = ["light", "dark"];
/// The most that a page and what belongs to it may weigh, in bytes.
const PAGE_BYTES_MAX: u64 = 100 * 1024;
/// No walk meets more kinds of pages.
const KINDS_MAX: usize = 60;

/// The demo, as a process of its own.
pub struct Demo {
    process: Child,
    /// Where the console is.
    pub console: String,
    /// What it writes to standard error.
    log: tokio::task::JoinHandle<String>,
}

impl Demo {
    async fn begins() -> Self {
        Self::begins_with(&[]).await
    }

    /// Begins with these environment variables.
    pub async fn begins_with(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let variables: Vec<_> = variables.collect();
        let mut process = command("demo --port 0", &variables).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let console = loop {
            let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
            let line = line.expect("the demo says where it is");
            let found = line.strip_prefix("The console is at ");
            if let Some((address, _)) = found.and_then(|rest| rest.split_once("/. ")) {
                break address.to_owned();
            }
        };
        // Whatever else it says is read, so that it can say it.
        #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
        tokio::task::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let mut errors = process.stderr.take().unwrap();
        #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
        let log = tokio::task::spawn(async move {
            let mut log = Vec::new();
            // What was written until it breaks off is what there is.
            let _ = errors.read_to_end(&mut log).await;
            String::from_utf8_lossy(&log).into_owned()
        });
        Self {
            process,
            console,
            log,
        }
    }

    /// Ends it: what it wrote to standard error.
    pub async fn ends(mut self) -> String {
        assert!(terminate(&mut self.process).await);
        self.log.await.unwrap()
    }
}

/// axe, from the folder that `LATCHKEY_AXE` names.
pub fn axe() -> Option<String> {
    let named = std::env::vars().find(|(name, _)| name == "LATCHKEY_AXE");
    let path = named.map(|(_, path)| PathBuf::from(path).join("node_modules/axe-core/axe.min.js"));
    let source = path.and_then(|path| std::fs::read_to_string(path).ok());
    source.or_else(|| crate::tests::skip("there is no axe of tests/axe/package.json"))
}

/// The kind of a page: its path without ids, and the names in its query.
fn kind(address: &str) -> String {
    let url = url::Url::parse(address).unwrap();
    let is_id = |part: &str| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        part.len() >= 7 && digits >= 4
    };
    let parts = url.path().split('/');
    let parts: Vec<&str> = parts
        .map(|part| if is_id(part) { "*" } else { part })
        .collect();
    parts.join("/")
}

/// Somebody in a browser.
pub struct Walker<'a> {
    pub browser: Browser,
    demo: &'a Demo,
    name: &'static str,
}

impl<'a> Walker<'a> {
    /// Opens a browser, and signs in there unless they are a visitor.
    pub async fn comes(demo: &'a Demo, name: &'static str) -> Option<Self> {
        let browser = Browser::open("about:blank").await?;
        browser.watches().await;
        browser.resizes(1_440, 900).await;
        let walker = Walker {
            browser,
            demo,
            name,
        };
        walker.goes_to("/").await;
        if name != "visitor" {
            walker.signs_in().await;
        }
        Some(walker)
    }

    /// Goes to a page of the console.
    pub async fn goes_to(&self, path: &str) {
        let address = format!("{}{path}", self.demo.console);
        self.browser.goes_to(&address).await;
    }

    /// Presses *Sign in with Discord*, says on Discord's page who they are, and
    /// comes back.
    async fn signs_in(&self) {
        let browser = &self.browser;
        browser
            .evaluates("document.querySelector('a.strong[href^=\"/sign-in\"]').click()")
            .await;
        browser.shows("Authorize as").await;
        let presses = format!(
            "[...document.querySelectorAll('button')].find(it => it.innerText.includes({})).click()",
            json!(self.name)
        );
        browser.evaluates(&presses).await;
        browser
            .until("location.pathname === '/keys' && document.readyState === 'complete'")
            .await;
    }

    /// Every kind of page that links lead to from here, each by one address.
    pub async fn finds_pages(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let start = if self.name == "visitor" { "/" } else { "/keys" };
        let mut next = VecDeque::from([format!("{}{start}", self.demo.console)]);
        while let Some(address) = next.pop_front() {
            if found.len() > KINDS_MAX || found.contains_key(&kind(&address)) {
                continue;
            }
            self.browser.goes_to(&address).await;
            let is_page =
                "document.contentType === 'text/html' && !!document.querySelector('main')";
            if self.browser.evaluates(is_page).await != true {
                continue;
            }
            found.insert(kind(&address), address);
            next.extend(self.links().await);
        }
        found
    }

    /// Links of this page to others of the console.
    async fn links(&self) -> Vec<String> {
        let links = self
            .browser
            .evaluates(
                "[...document.querySelectorAll('a[href]')].map(it => it.href.split('#')[0])
                    .filter(it => new URL(it).origin === location.origin)
                    .filter(it => !/\\/(sign-in|sign-out|openapi|assets)|\\.(csv|json)/.test(it))",
            )
            .await;
        let links = links.as_array().cloned().unwrap_or_default();
        let texts = links.iter().filter_map(Value::as_str).map(str::to_owned);
        texts.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Looks at a page at each width and in each look: what is wrong with it.
    async fn looks_at(&self, kind: &str, address: &str, axe: &str) -> Vec<String> {
        let browser = &self.browser;
        let mut wrong = Vec::new();
        browser.resizes(LAPTOP.0, LAPTOP.1).await;
        browser.goes_to(address).await;
        for what in browser.stands_out().await {
            wrong.push(format!("{} {kind} {}: {what}", self.name, LAPTOP.0));
        }
        for (width, height) in SIZES {
            for look in LOOKS {
                browser.resizes(width, height).await;
                browser.prefers(look).await;
                browser.takes_events().await;
                browser.goes_to(address).await;
                let at = format!("{} {kind} {width} {look}", self.name);
                let mut says = |what: String| wrong.push(format!("{at}: {what}"));
                self.measures(&mut says).await;
                for event in browser.takes_events().await {
                    if let Some(fault) = self.fault_of(&event) {
                        says(fault);
                    }
                }
                for finding in asks_axe(browser, axe).await {
                    says(finding);
                }
                let name = kind.trim_matches('/').replace(['/', '*'], "-");
                let name = if name.is_empty() { "home" } else { &name };
                if width == NARROWEST {
                    let name = format!("console-{}-{name}", self.name);
                    browser.keeps_whole_pictures(&name, look).await;
                }
            }
        }
        wrong
    }

    /// Nothing is cut off at the side, nothing moves, and a page is light.
    async fn measures(&self, says: &mut impl FnMut(String)) {
        let measured = self
            .browser
            .evaluates(
                "(() => {
                    const entries = performance.getEntriesByType('resource');
                    const page = performance.getEntriesByType('navigation')[0];
                    const bytes = [page, ...entries].reduce((sum, it) => sum + it.encodedBodySize, 0);
                    return {
                        bytes, title: document.title,
                        headings: document.querySelectorAll('h1').length,
                        clipped: [...document.querySelectorAll('select')].filter(it => it.checkVisibility()).filter(it => {
                            const look = getComputedStyle(it), pen = document.createElement('canvas').getContext('2d');
                            pen.font = look.font;
                            const room = it.clientWidth - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight);
                            return Math.max(...[...it.options].map(option => pen.measureText(option.text).width)) > room + 1;
                        }).map(it => it.name).join(),
                    };
                })()",
            )
            .await;
        for what in self.browser.stands_out().await {
            says(what);
        }
        if measured["bytes"].as_u64() > Some(PAGE_BYTES_MAX) {
            says(format!("it weighs {} bytes", measured["bytes"]));
        }
        let moved = self.browser.moved().await;
        if moved > 0.0 {
            says(format!("it moves by {moved}"));
        }
        // Whatever can be chosen of a list can be read in it.
        if measured["clipped"] != "" {
            says(format!("lists are clipped: {}", measured["clipped"]));
        }
        if measured["headings"] != 1 {
            says(format!("it has {} main headings", measured["headings"]));
        }
    }

    /// What an event of the browser's says to be wrong.
    fn fault_of(&self, event: &Value) -> Option<String> {
        let parameters = &event["params"];
        match event["method"].as_str()? {
            "Log.entryAdded" if parameters["entry"]["level"] == "error" => {
                Some(format!("the browser says: {}", parameters["entry"]["text"]))
            }
            "Runtime.exceptionThrown" => Some(format!(
                "a script fails: {}",
                parameters["exceptionDetails"]
            )),
            "Network.requestWillBeSent" => {
                let address = parameters["request"]["url"].as_str()?;
                let is_ours = address.starts_with(&self.demo.console)
                    || address.starts_with("data:")
                    || address.starts_with("blob:");
                (!is_ours).then(|| format!("it asks {address}"))
            }
            _ => None,
        }
    }
}

/// What axe finds. It can't tell the contrast of a list behind whose words
/// its arrow is drawn, of a chart's words, nor of a single digit; the colours of both are
/// among the pairs that `tests::colours` computes.
pub async fn asks_axe(browser: &Browser, axe: &str) -> Vec<String> {
    browser.evaluates(axe).await;
    let found = browser
        .evaluates(
            "axe.run(document, {
                resultTypes: ['violations', 'incomplete'],
                runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
            }).then(found => [
                ...found.violations,
                ...found.incomplete.filter(it => it.id === 'color-contrast'),
            ].map(it => ({...it, nodes: it.nodes.filter(node =>
                !(/^<(select|text)/.test(node.html)
                    || /too short|non-text/.test(node.any[0]?.message)))}))
            .filter(it => it.nodes.length > 0).map(it => it.id + ': ' + it.nodes.slice(0, 3).map(node =>
                node.html.slice(0, 160) + ' ' + (node.any[0]?.message ?? '')).join(' | ')))",
        )
        .await;
    let found = found.as_array().expect("axe answers").clone();
    found.iter().map(ToString::to_string).collect()
}

/// Walks all pages as somebody: the kinds that there were.
async fn walks(name: &'static str) -> Option<BTreeSet<String>> {
    let axe = axe()?;
    let demo = Demo::begins().await;
    let walker = Walker::comes(&demo, name).await?;
    let pages = walker.finds_pages().await;
    let mut wrong = Vec::new();
    for (kind, address) in &pages {
        wrong.extend(walker.looks_at(kind, address, &axe).await);
    }
    drop(walker);
    demo.ends().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Some(pages.into_keys().collect())
}

#[tokio::test]
async fn a_visitor_walks_every_page() {
    if let Some(pages) = walks("visitor").await {
        assert!(
            pages.contains("/") && pages.contains("/playground"),
            "{pages:?}"
        );
    }
}

#[tokio::test]
async fn a_member_walks_every_page() {
    if let Some(pages) = walks("mia").await {
        for page in [
            "/keys",
            "/keys/new",
            "/models",
            "/playground",
            "/usage",
            "/tokens",
            "/profile",
        ] {
            assert!(pages.contains(page), "{page} is not among {pages:?}");
        }
        assert!(!pages.iter().any(|page| page.starts_with("/operator")));
    }
}

#[tokio::test]
async fn a_manager_who_is_an_operator_walks_every_page() {
    if let Some(pages) = walks("omar").await {
        for page in ["/servers/*", "/operator", "/operator/keys/new"] {
            assert!(pages.contains(page), "{page} is not among {pages:?}");
        }
    }
}

#[tokio::test]
async fn a_stranger_walks_every_page() {
    if let Some(pages) = walks("zoe").await {
        assert!(pages.contains("/keys"), "{pages:?}");
    }
}

#[tokio::test]
async fn every_page_is_there_without_script() {
    let demo = Demo::begins().await;
    let Some(walker) = Walker::comes(&demo, "omar").await else {
        return;
    };
    let pages = walker.finds_pages().await;
    walker.browser.runs_no_script().await;
    for (kind, address) in pages {
        walker.browser.goes_to(&address).await;
        // What only a script can use is not shown.
        let dead = "[...document.querySelectorAll('main button[type=button]')]
            .filter(it => it.checkVisibility({visibilityProperty: true}) && !it.popoverTargetElement)
            .map(it => it.outerHTML)";
        let dead = walker.browser.evaluates(dead).await;
        assert_eq!(dead, json!([]), "{kind}");
        let headings = "document.querySelectorAll('main h1').length";
        assert_eq!(walker.browser.evaluates(headings).await, 1, "{kind}");
    }
    drop(walker);
    demo.ends().await;
}

/// Every stop of the Tab key can be seen, and the first leads past the
/// navigation.
#[tokio::test]
async fn the_keyboard_reaches_everything_that_can_be_seen() {
    let demo = Demo::begins().await;
    let Some(walker) = Walker::comes(&demo, "omar").await else {
        return;
    };
    let browser = &walker.browser;
    for (kind, address) in walker.finds_pages().await {
        browser.goes_to(&address).await;
        let wanted = browser
            .evaluates(
                "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
                    .filter(it => it.checkVisibility() && !it.disabled && it.tabIndex >= 0).length",
            )
            .await;
        let wanted = wanted.as_u64().unwrap();
        let mut seen = BTreeSet::new();
        for stop in 0..wanted + 2 {
            browser.presses("Tab").await;
            let at = browser
                .evaluates(
                    "(() => { const at = document.activeElement;
                        if (at === document.body) return null;
                        at.dataset.walked ??= document.querySelectorAll('[data-walked]').length;
                        const look = getComputedStyle(at);
                        const ring = at.closest('.composer, .tabs label') ?? at;
                        return [at.dataset.walked, look.outlineStyle !== 'none'
                            || getComputedStyle(ring).outlineStyle !== 'none', at.outerHTML.slice(0, 120)]; })()",
                )
                .await;
            let Some(at) = at.as_array() else { break };
            if stop == 0 {
                assert!(
                    at[2].as_str().unwrap().contains("#main"),
                    "{kind}: {}",
                    at[2]
                );
            }
            assert_eq!(at[1], true, "{kind}: nobody sees the focus on {}", at[2]);
            seen.insert(at[0].to_string());
        }
        // Radios of one group are one stop, which the arrow keys move in.
        let grouped = "[...document.querySelectorAll('input[type=radio]')].length
            - new Set([...document.querySelectorAll('input[type=radio]')].map(it => it.name)).size";
        let grouped = browser
            .evaluates(grouped)
            .await
            .as_u64()
            .unwrap_or_default();
        assert!(
            seen.len() as u64 + grouped >= wanted,
            "{kind}: {} of {wanted} are reached",
            seen.len()
        );
    }
    drop(walker);
    demo.ends().await;
}

/// A page with planted faults fails: axe sees what it should, and what moves is
/// noticed.
#[tokio::test]
async fn axe_sees_planted_faults() {
    let Some(axe) = axe() else { return };
    let demo = Demo::begins().await;
    let Some(walker) = Walker::comes(&demo, "visitor").await else {
        return;
    };
    assert_eq!(asks_axe(&walker.browser, &axe).await, Vec::<String>::new());
    walker
        .browser
        .evaluates(
            "const image = document.createElement('img'); image.src = 'data:,';
             const words = document.createElement('p'); words.textContent = 'too pale';
             const sheet = new CSSStyleSheet(); sheet.replaceSync('.pale { color: #bbb }');
             document.adoptedStyleSheets.push(sheet); words.className = 'pale';
             document.querySelector('main').append(image, words); 0",
        )
        .await;
    let found = asks_axe(&walker.browser, &axe).await.join("\n");
    assert!(
        found.contains("image-alt") && found.contains("color-contrast"),
        "{found}"
    );
    let browser = &walker.browser;
    assert!(browser.moved().await <= 0.0);
    browser
        .evaluates(
            "(() => { const late = document.createElement('div');
                const sheet = new CSSStyleSheet(); sheet.replaceSync('.late { height: 300px }');
                document.adoptedStyleSheets.push(sheet); late.className = 'late';
                document.body.prepend(late); })()",
        )
        .await;
    assert!(browser.moved().await > 0.0);
    drop(walker);
    demo.ends().await;
}
