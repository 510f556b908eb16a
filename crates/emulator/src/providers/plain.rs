//! Providers of OpenAI's dialect that differ only in what
//! `assets/providers.toml` says.

use std::sync::LazyLock;

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::errors::refusals::json_response;
use crate::world::Standing;

const TABLE: &str = include_str!("../../../../assets/providers.toml");

#[derive(Deserialize)]
struct Table {
    provider: Vec<Plain>,
}

/// What the emulator reads of an entry.
#[derive(Deserialize)]
pub struct Plain {
    pub id: String,
    #[serde(default = "models_path")]
    check: String,
    #[serde(default)]
    key_prefixes: Vec<String>,
    /// Whether it runs on one's own machine and takes calls without a key.
    #[serde(default)]
    pub keyless: bool,
    #[serde(default = "yes")]
    pub asks_for_usage: bool,
    #[serde(default)]
    responses: Option<String>,
    /// Where the check says how much the account has left.
    credit: Option<String>,
    #[serde(default)]
    pub lists_bare: bool,
    /// What it refuses a field with that it does not know; none where it takes
    /// no notice of one.
    unknown_field: Option<String>,
    #[serde(default, rename = "refusal")]
    refusals: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    /// The standing of the keys that are refused so; none where it is another
    /// refusal, which only the tests of the program read.
    #[serde(default)]
    standing: Option<String>,
    status: u16,
    body: String,
}

fn models_path() -> String {
    "/models".to_owned()
}

fn yes() -> bool {
    true
}

static PLAIN: LazyLock<Vec<Plain>> = LazyLock::new(|| {
    let table: Table = toml::from_str(TABLE).expect("assets/providers.toml is a table");
    table.provider
});

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Plain> {
    PLAIN.iter()
}

impl Plain {
    /// The text that its keys begin with.
    pub fn prefix(&self) -> &str {
        self.key_prefixes.first().map_or("", String::as_str)
    }

    /// Returns the path of the free call that tells whether a key works,
    /// whichever host it is at.
    pub fn check_path(&self) -> &str {
        let path = self
            .check
            .split_once("://")
            .map_or(&*self.check, |(_, rest)| {
                rest.find('/')
                    .and_then(|at| rest.get(at..))
                    .unwrap_or_default()
            });
        path.split('?').next().unwrap_or_default()
    }

    /// Returns the refusal of a key of this standing, as it is written down;
    /// none where nobody has written one.
    pub fn refuse(&self, standing: Standing) -> Option<Response> {
        let word = word_of(standing)?;
        let mut all = self.refusals.iter();
        let found = all.find(|it| it.standing.as_deref() == Some(word))?;
        let body = serde_json::from_str(&found.body).unwrap_or_default();
        Some(json_response(found.status, body))
    }

    /// Whether it has OpenAI's Responses.
    pub fn has_responses(&self) -> bool {
        self.responses.is_some()
    }

    /// Whether it has no chat.
    pub fn has_no_chat(&self) -> bool {
        self.responses.as_deref() == Some("only")
    }

    /// Returns what the check says of an account that has so much left; none
    /// where it does not tell.
    pub fn tell_credit(&self, left: u32) -> Option<Value> {
        let names = self.credit.as_ref()?.strip_prefix('/')?.rsplit('/');
        let nest = |inner, name: &str| json!({name: inner});
        Some(names.fold(json!(left.to_string()), nest))
    }

    /// Returns the words that refuse a field, if the provider refuses any.
    pub fn refuse_field(&self, name: &str) -> Option<String> {
        Some(self.unknown_field.as_ref()?.replace("{name}", name))
    }
}

fn word_of(standing: Standing) -> Option<&'static str> {
    Some(match standing {
        Standing::Bad => "bad",
        Standing::Empty => "empty",
        Standing::Restricted => "restricted",
        Standing::NoModel => "no-model",
        Standing::NoPermission => "no-permission",
        Standing::Limited => "limited",
        _ => return None,
    })
}
