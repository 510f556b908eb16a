//! Messages with their files, and interactions.

use std::time::Instant;

use serde_json::Value;

/// A message in a channel.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: u64,
    pub channel: u64,
    /// None: the bot.
    pub author: Option<u64>,
    pub content: String,
    pub components: Value,
    /// Only this person sees it.
    pub only_for: Option<u64>,
    /// "Thinking": promised, not there yet.
    pub loading: bool,
    pub edits: u32,
    /// The interaction that it answers.
    pub interaction: Option<u64>,
    /// The command that was typed, as shown above the answer.
    pub command: Option<String>,
    pub allowed_mentions: Value,
    pub files: Vec<Attachment>,
    /// The message that it answers.
    pub reference: Option<u64>,
    /// Whoever wrote that one is pinged.
    pub pings: bool,
}

/// A file under a message.
#[derive(Clone, Debug)]
pub struct Attachment {
    pub name: String,
    pub kind: String,
    pub description: String,
    pub bytes: Vec<u8>,
}

/// What an interaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Command = 2,
    Component = 3,
    Autocomplete = 4,
    ModalSubmit = 5,
}

/// Something that a person did and that the bot may answer.
#[derive(Clone, Debug)]
pub struct Interaction {
    pub id: u64,
    pub token: String,
    pub kind: Kind,
    pub person: u64,
    pub channel: u64,
    pub line: String,
    pub created: Instant,
    pub acknowledged: Option<Instant>,
    /// The message that `@original` means.
    pub original: Option<u64>,
    /// A form that the bot opened.
    pub modal: Option<Value>,
    pub choices: Option<Value>,
    pub follow_ups: u32,
    /// The app is not in this server; only the person has it.
    pub visiting: bool,
}
