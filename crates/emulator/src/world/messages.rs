//! Messages with their files, and interactions.

use std::time::Instant;

use serde_json::Value;

/// A message in a channel.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: u64,
    pub channel: u64,
    /// The person who wrote it; none where the bot did.
    pub author: Option<u64>,
    pub content: String,
    pub components: Value,
    /// Only this person sees it.
    pub only_for: Option<u64>,
    /// The bot has deferred its answer, and Discord shows that it is thinking.
    pub loading: bool,
    pub edits: u32,
    /// The interaction that it answers, if any.
    pub interaction: Option<u64>,
    /// The command that was typed, as shown above the answer.
    pub command: Option<String>,
    pub allowed_mentions: Value,
    pub files: Vec<Attachment>,
    /// The message that it answers.
    pub reference: Option<u64>,
    /// Whether the author of that message is pinged.
    pub pings: bool,
}

/// A file of a message.
#[derive(Clone, Debug, Default)]
pub struct Attachment {
    pub name: String,
    /// Its name as it was sent, without what follows the last dot, where
    /// Discord changed it.
    pub title: Option<String>,
    /// Its media type; empty where Discord does not tell one.
    pub kind: String,
    pub description: String,
    pub bytes: Vec<u8>,
    /// Width and height, where Discord could measure it.
    pub pixels: Option<(u32, u32)>,
    /// How long it plays, where Discord says so.
    pub duration_secs: Option<f64>,
    /// The shape of a voice message's sound, in Base64; other files have
    /// none.
    pub waveform: Option<String>,
}

/// The type of an interaction, by Discord's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InteractionKind {
    Command = 2,
    Component = 3,
    Autocomplete = 4,
    ModalSubmit = 5,
}

/// An interaction: a person did something that the bot may answer.
#[derive(Clone, Debug)]
pub struct Interaction {
    pub id: u64,
    pub token: String,
    pub kind: InteractionKind,
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
    /// Only the person has installed the app, not the server they are in.
    pub visiting: bool,
}
