//! A message that is laid out in parts, and how Discord writes it. Its text
//! stands in its components, and nothing beside them: `docs/discord.md` §3.6.

use serde_json::{Value, json};

use crate::bot::connection::wire::card::{Button, Select, row_of_buttons, row_of_menu};

const TEXT: u8 = 10;
const CONTAINER: u8 = 17;
/// The flag of such a message.
const IS_COMPONENTS_V2: u64 = 1 << 15;

/// A message that is laid out in parts, one below the other in one box.
/// Nothing in its texts can ping anyone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panel {
    pub parts: Vec<Part>,
}

/// A part of a panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// At most five, side by side.
    Buttons(Vec<Button>),
    Menu(Select),
}

impl Panel {
    /// The message as Discord reads it.
    pub fn to_json(&self) -> Value {
        let parts: Vec<Value> = self.parts.iter().map(Part::to_json).collect();
        json!({
            "flags": IS_COMPONENTS_V2,
            "components": [{"type": CONTAINER, "components": parts}],
            "allowed_mentions": {"parse": []},
        })
    }
}

impl Part {
    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!({"type": TEXT, "content": text}),
            Self::Buttons(buttons) => row_of_buttons(buttons),
            Self::Menu(select) => row_of_menu(select),
        }
    }
}
