//! What pages say where nothing is there yet, and where something is refused:
//! what happened, and a next step; looked at in Chromium on a telephone and on
//! a wide screen, in light and in dark.

mod empty;
mod forms;
mod refused;

use std::time::Duration;

use serde_json::Value;

use super::{ORIGIN, SeenPage, Visitor};
use crate::tests::browser::Browser;
use crate::tests::pages::walks::{LAPTOP, asks_axe, axe};
use crate::tests::stage::{Setup, Stage};

const SIZES: [(u32, u32); 2] = [(NARROWEST, 740), (1_440, 900)];
/// Where pictures are taken too, at sizes of their own.
const NARROWEST: u32 = 360;
const LOOKS: [&str; 2] = ["light", "dark"];
/// What is empty and good.
const NEEDS_NO_STEP: [&str; 2] = [
    "Everybody may ask.",
    "No provider was asked in the last hour.",
];
/// A key, a token or a session that nobody has.
pub const NOBODYS: &str = "0192f1c0a5b87c3e9d1f2a3b4c5d6e7f";

/// Pages that are looked at, and what is wrong with them.
pub struct Gallery {
    /// None where there is no Chromium or no axe.
    eyes: Option<(Browser, String)>,
    wrong: Vec<String>,
    pub hung: usize,
}

impl Gallery {
    pub async fn opens(stage: &Stage) -> Self {
        let base = stage.gateway().await;
        let eyes = match axe() {
            Some(axe) => Browser::open("about:blank").await.map(|it| (it, axe)),
            None => None,
        };
        if let Some((browser, _)) = &eyes {
            browser.watches().await;
            browser.goes_to(&format!("{base}/")).await;
        }
        Self {
            eyes,
            wrong: Vec::new(),
            hung: 0,
        }
    }

    /// A page with something that is not there yet.
    pub async fn shows_empty(&mut self, name: &str, page: &SeenPage) {
        if page.status != 200 {
            self.says(name, &format!("status {}", page.status));
        }
        self.looks_at(name, page).await;
    }

    /// A page that says no.
    pub async fn shows_refusal(&mut self, name: &str, (status, page): (u16, &SeenPage)) {
        if page.status != status {
            self.says(name, &format!("status {} and not {status}", page.status));
        }
        if page.says().lines().count() < 3 || !has_way(page) {
            self.says(name, &format!("no words or no way: {}", page.shown()));
        }
        self.looks_at(name, page).await;
    }

    fn says(&mut self, name: &str, what: &str) {
        self.wrong.push(format!("{name}: {what}"));
    }

    async fn looks_at(&mut self, name: &str, page: &SeenPage) {
        self.hung += 1;
        if page.html.matches("<h1").count() != 1 {
            self.says(name, &format!("no heading, or several: {}", page.shown()));
        }
        let Some((browser, axe)) = &self.eyes else {
            return;
        };
        let mut wrong = Vec::new();
        browser.resizes(LAPTOP.0, LAPTOP.1).await;
        browser.shows_page(&page.html).await;
        for what in browser.stands_out().await {
            wrong.push(format!("{name} {}: {what}", LAPTOP.0));
        }
        for (width, height) in SIZES {
            for look in LOOKS {
                browser.resizes(width, height).await;
                browser.prefers(look).await;
                browser.shows_page(&page.html).await;
                let at = format!("{name} {width} {look}");
                for what in browser.stands_out().await {
                    wrong.push(format!("{at}: {what}"));
                }
                // What is empty says so, and has a next step.
                let mute = "[...document.querySelectorAll('main .empty')]
                    .filter(it => it.checkVisibility())
                    .filter(it => it.innerText.trim().length < 10 || !it.closest('section, main').querySelector('a, button'))
                    .map(it => it.innerText)";
                let mute = browser.evaluates(mute).await;
                let mute = mute.as_array().cloned().unwrap_or_default();
                let mute = mute.iter().filter_map(Value::as_str);
                for words in mute.filter(|words| !NEEDS_NO_STEP.contains(words)) {
                    wrong.push(format!("{at}: leads nowhere: {words}"));
                }
                for finding in asks_axe(browser, axe).await {
                    wrong.push(format!("{at}: {finding}"));
                }
                if width == NARROWEST {
                    browser
                        .keeps_whole_pictures(&format!("state-{name}"), look)
                        .await;
                }
            }
        }
        self.wrong.extend(wrong);
    }

    pub fn closes(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}

/// Whether the main part of a page has a link or a button.
fn has_way(page: &SeenPage) -> bool {
    let says = page.says();
    says.contains(" [/")
        || says.contains("[/")
        || says
            .lines()
            .any(|line| line.contains(") ") || line.ends_with(')'))
}

/// Nothing that anybody could pay with.
pub fn nothing() -> Setup {
    Setup {
        no_defaults: true,
        patience: Duration::from_mins(5),
        ..Setup::default()
    }
}

pub fn patient() -> Setup {
    Setup {
        patience: Duration::from_mins(5),
        ..Setup::default()
    }
}
