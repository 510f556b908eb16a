//! Messages with their files, and interactions.

use std::time::{Duration, Instant};

use serde_json::Value;

/// A message in a channel.
#[derive(Clone, Debug, Default)]
pub struct Message {
    pub id: u64,
    pub channel: u64,
    /// The person who wrote it; none where the bot or a webhook did.
    pub author: Option<u64>,
    pub content: String,
    /// Its type, by Discord's numbers, where it is neither a plain message
    /// nor a reply.
    pub kind: Option<u8>,
    /// The webhook that it came through; it has no author then.
    pub webhook: Option<Webhook>,
    /// Further fields of Discord's message object, as Discord writes them:
    /// embeds, a poll, stickers, snapshots, flags.
    pub fields: Value,
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
    /// How much older it is than its place among the others tells.
    pub age: Duration,
}

impl Message {
    /// What people see of its text: some characters have no width.
    pub fn seen_text(&self) -> String {
        self.content.replace(['\u{200b}', '\u{200c}'], "")
    }

    /// Whether the bot itself wrote it.
    pub fn is_bots(&self) -> bool {
        self.author.is_none() && self.webhook.is_none()
    }
}

/// A webhook, as it shows itself in one message.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub id: u64,
    pub name: String,
    /// The application that owns it, such as one that speaks for people
    /// under other names.
    pub application: Option<u64>,
}

/// A file of a message.
#[derive(Clone, Debug, Default)]
pub struct Attachment {
    /// Its id, once it stands under a message of the bot's; 0 for others.
    pub id: u64,
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
