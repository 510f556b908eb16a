//! Forms: what Discord takes of one and refuses, and how it is sent back.
//! Sources: `docs/discord.md` §3.3.

mod check;
mod sent;
#[cfg(test)]
mod tests;

pub use check::check_form;
pub use sent::{FilledForm, shown_form};

use serde_json::Value;

const ROW: u64 = 1;
const STRING_SELECT: u64 = 3;
const TEXT_INPUT: u64 = 4;
/// Menus of users, roles, both, and channels.
const OTHER_SELECTS: [u64; 4] = [5, 6, 7, 8];
const TEXT: u64 = 10;
const LABEL: u64 = 18;
const FILE_UPLOAD: u64 = 19;
const RADIO_GROUP: u64 = 21;
const CHECKBOX_GROUP: u64 = 22;
const CHECKBOX: u64 = 23;

fn kind_of(component: &Value) -> u64 {
    component["type"].as_u64().unwrap_or(0)
}
