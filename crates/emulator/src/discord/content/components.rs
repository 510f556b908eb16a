//! The components of a message: where each kind may stand, and how much of
//! everything there may be. Sources: `docs/discord.md` §3.2 and §3.6.

use std::collections::HashSet;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use crate::discord::errors::refuse;
use crate::world::Message;

/// The flag of a message whose text stands in its components.
pub const IS_COMPONENTS_V2: u64 = 1 << 15;
/// The most components of such a message, nested ones counted.
const COMPONENTS_MAX: usize = 40;
/// The most text in all of them together, in UTF-16 units.
const CHARACTERS_MAX: usize = 4_000;
/// What Discord can store of it: its bytes, and some for each text.
const BYTES_MAX: usize = 10_170;
const BYTES_FOR_A_TEXT: usize = 12;
/// The most rows of a message of the older kind.
const ROWS_MAX: usize = 5;

const ROW: u64 = 1;
const BUTTON: u64 = 2;
const STRING_SELECT: u64 = 3;
const SECTION: u64 = 9;
const TEXT: u64 = 10;
const THUMBNAIL: u64 = 11;
const GALLERY: u64 = 12;
const FILE: u64 = 13;
const SEPARATOR: u64 = 14;
const CONTAINER: u64 = 17;
/// What may stand by itself in a message of the newer kind.
const AT_THE_TOP: &[u64] = &[ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER];
const IN_A_CONTAINER: &[u64] = &[ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR];
const SELECTS: &[u64] = &[STRING_SELECT, 5, 6, 7, 8];

/// Whether the text of a message stands in its components.
pub fn is_v2(message: &Message) -> bool {
    has_flag(&message.fields)
}

fn has_flag(body: &Value) -> bool {
    body["flags"]
        .as_u64()
        .is_some_and(|flags| flags & IS_COMPONENTS_V2 != 0)
}

/// Refuses components that Discord does not take, in a message that is posted
/// or in one that stands there and is edited.
pub fn check_components(standing: Option<&Message>, body: &Value) -> Result<(), Box<Response>> {
    let was_v2 = standing.is_some_and(is_v2);
    let components = body["components"].as_array().map_or(&[][..], Vec::as_slice);
    let mut seen = Tally::default();
    let is_taken = if was_v2 || has_flag(body) {
        keeps_flag(was_v2, body)
            && leaves_older_fields(standing, body)
            && components.iter().all(|it| seen.visit(it, AT_THE_TOP))
            && seen.count <= COMPONENTS_MAX
            && seen.characters <= CHARACTERS_MAX
    } else {
        components.len() <= ROWS_MAX && components.iter().all(|it| seen.visit(it, &[ROW]))
    };
    if !is_taken {
        let problem = "Invalid Form Body";
        return Err(Box::new(refuse(StatusCode::BAD_REQUEST, 50_035, problem)));
    }
    // Discord means to refuse this, and fails instead.
    if seen.bytes > BYTES_MAX {
        let problem = "500: Internal Server Error";
        let failed = refuse(StatusCode::INTERNAL_SERVER_ERROR, 0, problem);
        return Err(Box::new(failed));
    }
    Ok(())
}

/// Whether an edit that says something of flags leaves the one that can't be
/// taken back.
fn keeps_flag(was_v2: bool, body: &Value) -> bool {
    !was_v2 || body["flags"].is_null() || has_flag(body)
}

/// Whether nothing of the older kind stands beside the components, or would
/// be left there by an edit.
fn leaves_older_fields(standing: Option<&Message>, body: &Value) -> bool {
    let is_empty = |name: &str| body[name].as_array().is_none_or(Vec::is_empty);
    let is_left = standing.is_some_and(|it| !it.loading && !is_v2(it) && !it.content.is_empty())
        && body.get("content").is_none();
    body["content"].is_null()
        && body["poll"].is_null()
        && is_empty("embeds")
        && is_empty("sticker_ids")
        && !is_left
}

/// What was met so far on the way through a message's components.
#[derive(Default)]
struct Tally {
    count: usize,
    characters: usize,
    bytes: usize,
    custom_ids: HashSet<String>,
}

/// Whether a button may lead there: at most 512 characters, of an address that
/// browsers open (<https://discord.com/developers/docs/components/reference#button>).
fn is_link(url: &Value) -> bool {
    let starts = ["https://", "http://", "discord://"];
    let is_opened = |url: &str| starts.iter().any(|it| url.starts_with(it));
    url.as_str().is_some_and(is_opened) && units(url) <= 512
}

impl Tally {
    /// Counts a component and what is in it; whether each part is well formed
    /// and in a place where its kind may stand.
    fn visit(&mut self, component: &Value, allowed: &[u64]) -> bool {
        let kind = component["type"].as_u64().unwrap_or(0);
        self.count += 1;
        if !allowed.contains(&kind) || !self.takes_id(component) {
            return false;
        }
        match kind {
            ROW => self.visit_row(component),
            BUTTON => self.visit_button(component),
            STRING_SELECT => is_menu(component),
            SECTION => {
                self.visit_children(component, &[TEXT], 3)
                    && self.visit(&component["accessory"], &[BUTTON, THUMBNAIL])
            }
            TEXT => self.visit_text(component),
            GALLERY => has_between(&component["items"], 1, 10),
            CONTAINER => self.visit_children(component, IN_A_CONTAINER, COMPONENTS_MAX),
            _ => true,
        }
    }

    fn visit_children(&mut self, parent: &Value, allowed: &[u64], most: usize) -> bool {
        let children = &parent["components"];
        has_between(children, 1, most)
            && children
                .as_array()
                .into_iter()
                .flatten()
                .all(|child| self.visit(child, allowed))
    }

    /// Buttons, or one menu.
    fn visit_row(&mut self, row: &Value) -> bool {
        let holds_menu = row["components"][0]["type"]
            .as_u64()
            .is_some_and(|kind| SELECTS.contains(&kind));
        if holds_menu {
            self.visit_children(row, SELECTS, 1)
        } else {
            self.visit_children(row, &[BUTTON], 5)
        }
    }

    fn visit_button(&mut self, button: &Value) -> bool {
        self.characters += units(&button["label"]);
        let leads_somewhere = match button["style"].as_u64() {
            Some(1..=4) => button["custom_id"].is_string(),
            Some(5) => is_link(&button["url"]) && button["custom_id"].is_null(),
            Some(6) => button["sku_id"].is_string(),
            _ => false,
        };
        leads_somewhere && units(&button["label"]) <= 80
    }

    fn visit_text(&mut self, text: &Value) -> bool {
        let content = &text["content"];
        self.characters += units(content);
        self.bytes += content.as_str().map_or(0, str::len) + BYTES_FOR_A_TEXT;
        units(content) > 0
    }

    /// Whether a component's `custom_id` has a length that is taken, and is no
    /// other's.
    fn takes_id(&mut self, component: &Value) -> bool {
        let Some(id) = component["custom_id"].as_str() else {
            return true;
        };
        (1..=100).contains(&id.encode_utf16().count()) && self.custom_ids.insert(id.to_owned())
    }
}

fn is_menu(menu: &Value) -> bool {
    let options = menu["options"].as_array().into_iter().flatten();
    let mut options = options.map(|option| (units(&option["label"]), units(&option["value"])));
    menu["custom_id"].is_string()
        && units(&menu["placeholder"]) <= 150
        && has_between(&menu["options"], 1, 25)
        && options.all(|(label, value)| (1..=100).contains(&label) && (1..=100).contains(&value))
}

fn has_between(list: &Value, least: usize, most: usize) -> bool {
    list.as_array()
        .is_some_and(|all| (least..=most).contains(&all.len()))
}

fn units(text: &Value) -> usize {
    text.as_str().map_or(0, |text| text.encode_utf16().count())
}
