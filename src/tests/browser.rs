//! A headless Chromium, driven over its own protocol:
//! <https://chromedevtools.github.io/devtools-protocol/>.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long the browser may take to start, and a page to change.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a page is looked at while waiting.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Without these it talks to its makers' servers at every start.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1280,800",
];

/// The widths and heights at which pictures are taken, in CSS pixels: a desk's
/// and a telephone's.
pub const PICTURE_SIZES: [(u32, u32); 2] = [(1_280, 800), (390, 844)];

/// One page of a browser of its own.
pub struct Browser {
    socket: Mutex<Wire>,
    session: String,
    _process: Child,
    _profile: TempDir,
}

/// What goes to the browser, and what comes from it.
struct Wire {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The number of the last call.
    last: u64,
    /// What the browser told unasked, while a call was answered.
    events: Vec<Value>,
}

/// Keys that do something rather than write: name, code, and what they
/// write if they write.
const KEYS: &[(&str, u32, &str)] = &[
    ("Enter", 13, "\r"),
    ("Tab", 9, ""),
    ("Escape", 27, ""),
    ("ArrowDown", 40, ""),
    ("ArrowUp", 38, ""),
];

impl Browser {
    /// Opens a page; none where Chromium is not installed.
    pub async fn open(url: &str) -> Option<Self> {
        let Some(program) = chromium() else {
            return super::skip("Chromium is not installed");
        };
        let profile = tempfile::tempdir().unwrap();
        let process = Command::new(program)
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let socket = connect_async(address(profile.path()).await)
            .await
            .unwrap()
            .0;
        let mut browser = Self {
            socket: Mutex::new(Wire {
                socket,
                last: 0,
                events: Vec::new(),
            }),
            session: String::new(),
            _process: process,
            _profile: profile,
        };
        let target = browser
            .call("Target.createTarget", json!({"url": url}))
            .await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach).await;
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    /// Writes text where the cursor is.
    pub async fn types(&self, text: &str) {
        self.call("Input.insertText", json!({"text": text})).await;
    }

    /// Presses a key.
    pub async fn presses(&self, key: &str) {
        self.presses_with(key, 0).await;
    }

    /// Presses a key with shift held.
    pub async fn presses_shift(&self, key: &str) {
        self.presses_with(key, 8).await;
    }

    async fn presses_with(&self, key: &str, modifiers: u32) {
        let (_, code, text) = KEYS
            .iter()
            .find(|(name, _, _)| *name == key)
            .expect("the key is known");
        let event = |kind: &str| {
            json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
                "modifiers": modifiers, "text": text})
        };
        self.call(
            "Input.dispatchKeyEvent",
            event(if text.is_empty() {
                "rawKeyDown"
            } else {
                "keyDown"
            }),
        )
        .await;
        self.call("Input.dispatchKeyEvent", event("keyUp")).await;
    }

    /// What a JavaScript expression is.
    pub async fn evaluates(&self, expression: &str) -> Value {
        let call = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        self.call("Runtime.evaluate", call).await["result"]["value"].clone()
    }

    /// How far the page's parts have moved by themselves, as the browser counts
    /// it (<https://wicg.github.io/layout-instability/>). Only an observer is
    /// told of that.
    pub async fn moved(&self) -> f64 {
        let moved = self
            .evaluates(
                "new Promise(done => requestAnimationFrame(() => setTimeout(() => {
                    const observer = new PerformanceObserver(() => {});
                    observer.observe({type: 'layout-shift', buffered: true});
                    const all = observer.takeRecords().filter(it => !it.hadRecentInput);
                    done(all.reduce((sum, it) => sum + it.value, 0)); }, 0)))",
            )
            .await;
        moved.as_f64().expect("the browser counts it")
    }

    /// Waits until an expression is true.
    pub async fn until(&self, expression: &str) {
        let began = Instant::now();
        while self.evaluates(expression).await != true {
            if began.elapsed() > PATIENCE {
                let shown = self
                    .evaluates("document.querySelector('main').innerText")
                    .await;
                panic!("never true: {expression}\n{shown}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until the page shows a text.
    pub async fn shows(&self, text: &str) {
        self.until(&format!(
            "document.body.innerText.includes({})",
            json!(text)
        ))
        .await;
    }

    /// Makes the window as wide as a telephone's.
    pub async fn narrows(&self) {
        self.resizes(360, 640).await;
    }

    /// Makes the window so wide and so high, in CSS pixels.
    pub async fn resizes(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Prefers the light or the dark look.
    pub async fn prefers(&self, look: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": look}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
    }

    /// Runs no script of pages any more.
    pub async fn runs_no_script(&self) {
        let off = json!({"value": true});
        self.call("Emulation.setScriptExecutionDisabled", off).await;
    }

    /// Tells of what goes wrong in pages, and of what they ask for.
    pub async fn watches(&self) {
        for domain in [
            "Log.enable",
            "Network.enable",
            "Page.enable",
            "Runtime.enable",
        ] {
            self.call(domain, json!({})).await;
        }
    }

    /// Goes to an address, and waits until the page is there. A navigation is
    /// answered once the new page has begun.
    pub async fn goes_to(&self, address: &str) {
        self.call("Page.navigate", json!({"url": address})).await;
        self.until("document.readyState === 'complete'").await;
    }

    /// Shows a page that came by another way, as if it stood at the address where
    /// the browser is.
    pub async fn shows_page(&self, html: &str) {
        let tree = self.call("Page.getFrameTree", json!({})).await;
        let frame = &tree["frameTree"]["frame"]["id"];
        let content = json!({"frameId": frame, "html": html});
        self.call("Page.setDocumentContent", content).await;
        self.until("document.readyState === 'complete'").await;
    }

    /// Takes what the browser told of since the last time.
    pub async fn takes_events(&self) -> Vec<Value> {
        std::mem::take(&mut self.socket.lock().await.events)
    }

    /// What stands out of the window, or out of the card that it is in.
    pub async fn stands_out(&self) -> Vec<String> {
        let measures = "(() => {
            const over = (it, room) => it.scrollWidth - room;
            const page = over(document.documentElement, innerWidth);
            const scrolls = (it, card) => {
                for (let at = it.parentElement; at !== card; at = at.parentElement)
                    if (getComputedStyle(at).overflowX !== 'visible') return true;
                return false;
            };
            const cards = [...document.querySelectorAll('.card')].flatMap(card => {
                const { left, right } = card.getBoundingClientRect();
                const out = [...card.querySelectorAll('*')].filter(it => {
                    const box = it.getBoundingClientRect();
                    return box.width > 1 && (box.right > right + 1 || box.left < left - 1)
                        && !(it instanceof SVGElement) && !scrolls(it, card);
                });
                return out.slice(0, 2).map(it => `${it.tagName} “${it.innerText.slice(0, 30)}” stands out of its card by `
                    + Math.round(Math.max(it.getBoundingClientRect().right - right, left - it.getBoundingClientRect().left)));
            });
            return [...(page > 0 ? [`${page} px stand out at the side`] : []), ...cards];
        })()";
        let found = self.evaluates(measures).await;
        let found = found.as_array().cloned().unwrap_or_default();
        found
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// Keeps pictures of the whole page, however long it is, at each size at
    /// which pictures are taken. The last size stays.
    pub async fn keeps_whole_pictures(&self, name: &str, look: &str) {
        if !super::keeps_pictures() {
            return;
        }
        for (width, height) in PICTURE_SIZES {
            self.resizes(width, height).await;
            let how = json!({"format": "png", "captureBeyondViewport": true});
            self.keeps_picture_of(&format!("{name}-{width}-{look}"), how)
                .await;
        }
    }

    /// Keeps a picture, where `LATCHKEY_SCREENSHOTS` names a folder.
    pub async fn keeps_picture(&self, name: &str) {
        self.keeps_picture_of(name, json!({"format": "png"})).await;
    }

    async fn keeps_picture_of(&self, name: &str, how: Value) {
        use base64::Engine;
        if !super::keeps_pictures() {
            return;
        }
        let picture = self.call("Page.captureScreenshot", how).await;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(picture["data"].as_str().unwrap())
            .unwrap();
        super::keep_picture(name, &bytes);
    }

    async fn call(&self, method: &str, parameters: Value) -> Value {
        let mut wire = self.socket.lock().await;
        wire.last += 1;
        let id = wire.last;
        let mut call = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            call["sessionId"] = json!(self.session);
        }
        let message = Message::text(call.to_string());
        wire.socket.send(message).await.unwrap();
        loop {
            let answer = wire
                .socket
                .next()
                .await
                .expect("the browser lives")
                .unwrap();
            let answer: Value = serde_json::from_str(answer.to_text().unwrap()).unwrap_or_default();
            if answer["id"] == id {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            wire.events.push(answer);
        }
    }
}

/// Where the browser says that it listens.
async fn address(profile: &Path) -> String {
    let began = Instant::now();
    loop {
        let text = std::fs::read_to_string(profile.join("DevToolsActivePort")).unwrap_or_default();
        if let Some((port, path)) = text.split_once('\n').filter(|(_, path)| !path.is_empty()) {
            return format!("ws://127.0.0.1:{port}{path}");
        }
        assert!(began.elapsed() < PATIENCE, "Chromium did not start");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn chromium() -> Option<PathBuf> {
    let path = std::env::vars_os()
        .find(|(key, _)| key == "PATH")
        .map(|(_, value)| value)?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders
        .iter()
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.exists())
}
