//! What a message holds, and how Discord writes it.

use std::fmt;

use serde_json::{Value, json};

use crate::bot::connection::wire::panel::Panel;

const ACTION_ROW: u8 = 1;
const BUTTON: u8 = 2;
const STRING_SELECT: u8 = 3;
/// Discord's most buttons of a row.
pub const ROW_BUTTONS_MAX: usize = 5;
/// Discord's longest line of a menu, and longest choice of a completion.
pub const CHOICE_CHARACTERS_MAX: usize = 100;
/// The flag of a message whose links show no previews: `SUPPRESS_EMBEDS` in
/// `docs/discord.md` §3.1.
pub const SUPPRESS_EMBEDS: u64 = 1 << 2;

/// A message. Nothing in its text can ping anyone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    pub text: String,
    pub buttons: Vec<Button>,
    /// Shown only where a message is edited or followed up.
    pub files: Vec<File>,
    /// A menu, in the place of buttons.
    pub select: Option<Select>,
    /// What is shown in the place of all this, where Discord takes it.
    pub panel: Option<Panel>,
    /// The message that it answers, where it is posted in a channel.
    pub reply_to: Option<u64>,
    /// The one person whom it pings.
    pub mention: Option<u64>,
    /// Whether an edit takes away the files that stood there.
    pub drops_files: bool,
    /// Whether the pages that its links lead to are not shown under it.
    pub hides_previews: bool,
    /// By which Discord knows a message that it has already.
    pub nonce: Option<String>,
}

/// A file under a message.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    pub name: String,
    /// Its media type.
    pub kind: &'static str,
    /// What it shows, for who can't see it.
    pub description: String,
    pub bytes: Vec<u8>,
}

impl File {
    /// A file of what somebody said.
    pub fn of_markdown(name: &str, description: String, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: "text/markdown",
            description,
            bytes: text.as_bytes().to_vec(),
        }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {} bytes]", self.name, self.bytes.len())
    }
}

/// A menu under a message, of which one choice is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    pub custom_id: String,
    pub placeholder: String,
    pub choices: Vec<Choice>,
}

/// One line of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub label: String,
    pub value: String,
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    pub label: String,
    pub custom_id: String,
    pub style: ButtonStyle,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ButtonStyle {
    Primary = 1,
    Secondary = 2,
    Danger = 4,
    /// Leads to an address, which stands in the place of the id.
    Link = 5,
}

impl Card {
    /// A message without buttons.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// The message as Discord reads it.
    pub fn to_json(&self) -> Value {
        if let Some(panel) = &self.panel {
            return panel.to_json();
        }
        let rows = match &self.select {
            Some(select) => json!([row_of_menu(select)]),
            None => self
                .buttons
                .chunks(ROW_BUTTONS_MAX)
                .map(row_of_buttons)
                .collect(),
        };
        let mut message =
            json!({"content": self.text, "components": rows, "allowed_mentions": {"parse": []}});
        if let Some(person) = self.mention {
            message["content"] = json!(format!("{}\n<@{person}>", self.text));
            message["allowed_mentions"] = json!({"parse": [], "users": [person.to_string()]});
        }
        if self.hides_previews {
            message["flags"] = json!(SUPPRESS_EMBEDS);
        }
        if let Some(nonce) = &self.nonce {
            message["nonce"] = json!(nonce);
            message["enforce_nonce"] = json!(true);
        }
        if let Some(id) = self.reply_to {
            let id = id.to_string();
            message["message_reference"] = json!({"message_id": id, "fail_if_not_exists": false});
        }
        if !self.files.is_empty() {
            let file = |(id, file): (usize, &File)| json!({"id": id.to_string(), "filename": file.name, "description": file.description});
            let files: Vec<Value> = self.files.iter().enumerate().map(file).collect();
            message["attachments"] = json!(files);
        }
        if self.files.is_empty() && self.drops_files {
            message["attachments"] = json!([]);
        }
        message
    }
}

/// Buttons side by side.
pub fn row_of_buttons(buttons: &[Button]) -> Value {
    let buttons: Vec<Value> = buttons.iter().map(Button::to_json).collect();
    json!({"type": ACTION_ROW, "components": buttons})
}

/// A menu, which has a row to itself.
pub fn row_of_menu(select: &Select) -> Value {
    json!({"type": ACTION_ROW, "components": [select.to_json()]})
}

impl Button {
    fn to_json(&self) -> Value {
        let target = match self.style {
            ButtonStyle::Link => "url",
            _ => "custom_id",
        };
        json!({
            "type": BUTTON, "style": self.style as u8,
            "label": self.label, target: self.custom_id,
        })
    }
}

impl Select {
    fn to_json(&self) -> Value {
        let clip = |text: &str| text.chars().take(CHOICE_CHARACTERS_MAX).collect::<String>();
        let option =
            |choice: &Choice| json!({"label": clip(&choice.label), "value": clip(&choice.value)});
        let options: Vec<Value> = self.choices.iter().map(option).collect();
        json!({
            "type": STRING_SELECT, "custom_id": self.custom_id,
            "placeholder": self.placeholder, "options": options,
        })
    }
}
