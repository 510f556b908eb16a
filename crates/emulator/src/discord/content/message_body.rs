//! Stores the message that the body of a call describes, changes it, and
//! writes it as JSON.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::components::{self, IS_COMPONENTS_V2};
use crate::discord::errors::refuse;
use crate::discord::{payload, permissions};
use crate::world::{Attachment, Message, State, permission};

/// The longest message, in UTF-16 units.
const CONTENT_MAX: usize = 2_000;
const SUPPRESS_EMBEDS: u64 = 1 << 2;
const EPHEMERAL: u64 = 1 << 6;
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
const IS_VOICE_MESSAGE: u64 = 1 << 13;
/// The flags that an edit may set: `docs/discord.md` §3.1.
pub const EDITED_FLAGS: u64 = SUPPRESS_EMBEDS | IS_COMPONENTS_V2;
/// The flags that a post in a channel may set.
pub const POSTED_FLAGS: u64 = EDITED_FLAGS | SUPPRESS_NOTIFICATIONS | IS_VOICE_MESSAGE;
/// The flags that an answer to an interaction may set.
pub const ANSWERED_FLAGS: u64 = POSTED_FLAGS | EPHEMERAL;

/// Changes a message as the body of a call describes.
pub fn edit_message(state: &mut State, id: u64, body: &Value) {
    if let Some(message) = state.message(id) {
        apply_edit(message, body);
    }
    limit_emojis(state, id);
}

fn apply_edit(message: &mut Message, body: &Value) {
    if let Some(content) = body["content"].as_str() {
        content.clone_into(&mut message.content);
    }
    keep_flag(message, body);
    if !body["components"].is_null() {
        message.components = body["components"].clone();
    }
    if !body["allowed_mentions"].is_null() {
        message.allowed_mentions = body["allowed_mentions"].clone();
    }
    message.loading = false;
    message.edits += 1;
}

/// Keeps that a message's text stands in its components, which takes its
/// content away.
fn keep_flag(message: &mut Message, body: &Value) {
    if body["flags"].as_u64().unwrap_or(0) & IS_COMPONENTS_V2 != 0 {
        message.fields = json!({"flags": IS_COMPONENTS_V2});
        message.content.clear();
    }
}

/// Checks the components of a body, for a new message or for one that stands.
pub fn check_components(
    state: &State,
    message: Option<u64>,
    body: &Value,
) -> Result<(), Box<Response>> {
    let standing = state.messages.iter().find(|it| Some(it.id) == message);
    components::check_components(standing, body)
}

/// Checks what a body says of files: each is one that came along, or one that
/// stands under the message and stays (50146, `docs/discord.md` §3.1).
pub fn check_files(
    state: &State,
    message: Option<u64>,
    body: &Value,
    files: &[Attachment],
) -> Result<(), Box<Response>> {
    let standing = state.messages.iter().find(|it| Some(it.id) == message);
    let standing = standing.map_or(&[][..], |it| it.files.as_slice());
    let is_known = |id: &u64| {
        usize::try_from(*id).is_ok_and(|number| number < files.len())
            || standing.iter().any(|file| file.id == *id)
    };
    if listed_files(body).is_none_or(|listed| listed.iter().all(is_known)) {
        return Ok(());
    }
    let words = "Uploaded file not found";
    Err(Box::new(refuse(StatusCode::BAD_REQUEST, 50_146, words)))
}

/// The ids of the files that a body lists; none where it lists none at all.
fn listed_files(body: &Value) -> Option<Vec<u64>> {
    let listed = body["attachments"].as_array()?;
    let id = |file: &Value| match &file["id"] {
        Value::String(id) => id.parse().unwrap_or(u64::MAX),
        id => id.as_u64().unwrap_or(u64::MAX),
    };
    Some(listed.iter().map(id).collect())
}

/// Puts files under a message. Where a body lists files, those that stand
/// there and are not listed go; where it lists none, all stay
/// (<https://docs.discord.com/developers/resources/message#edit-message>).
pub fn change_files(state: &mut State, id: u64, body: &Value, files: Vec<Attachment>) {
    let Some(message) = state.message(id) else {
        return;
    };
    if let Some(listed) = listed_files(body) {
        message.files.retain(|file| listed.contains(&file.id));
    }
    for file in files {
        let used: Vec<u64> = message.files.iter().map(|file| file.id).collect();
        // Of so many numbers one is free.
        let most = id + 1 + used.len() as u64;
        let free = (id + 1..=most).find(|free| !used.contains(free));
        message.files.push(Attachment {
            id: free.unwrap_or(most),
            ..file
        });
    }
}

/// The interaction that a message answers.
#[derive(Clone, Copy)]
pub struct AnsweredInteraction {
    pub id: u64,
    /// The one person who sees the message, where it is ephemeral.
    pub only_for: Option<u64>,
}

/// Posts a message of the bot's in a channel, perhaps in answer to an
/// interaction.
pub fn post_message(
    state: &mut State,
    channel: u64,
    body: &Value,
    answered: Option<AnsweredInteraction>,
) -> u64 {
    let interaction = answered.map(|it| it.id);
    let only_for = answered.and_then(|it| it.only_for);
    let id = state.snowflake();
    let mut message = Message {
        id,
        channel,
        content: body["content"].as_str().unwrap_or_default().to_owned(),
        components: body.get("components").cloned().unwrap_or(json!([])),
        only_for,
        interaction,
        allowed_mentions: body["allowed_mentions"].clone(),
        reference: body["message_reference"]["message_id"]
            .as_str()
            .and_then(|id| id.parse().ok()),
        ..Message::default()
    };
    keep_flag(&mut message, body);
    state.messages.push(message);
    limit_emojis(state, id);
    id
}

pub fn message_json(state: &State, id: u64) -> Value {
    let found = state.messages.iter().find(|message| message.id == id);
    found
        .map(|message| payload::message(state, message))
        .unwrap_or_default()
}

/// Refuses a message in which nothing stands.
pub fn check_filled(body: &Value, has_files: bool) -> Result<(), Box<Response>> {
    let has_words = body["content"]
        .as_str()
        .is_some_and(|words| !words.trim().is_empty());
    let has_any = |name: &str| body[name].as_array().is_some_and(|all| !all.is_empty());
    if has_words || has_files || has_any("components") || has_any("embeds") {
        return Ok(());
    }
    let words = "Cannot send an empty message";
    Err(Box::new(refuse(StatusCode::BAD_REQUEST, 50_006, words)))
}

/// Shows the emojis of other servers as text where the bot may not use them:
/// Discord does not refuse them.
fn without_foreign_emojis(text: &str) -> String {
    let mut pieces = text.split('<');
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let written = piece.split_once('>').and_then(|(emoji, after)| {
            let parts = emoji.strip_prefix("a:").or(emoji.strip_prefix(":"))?;
            let (name, id) = parts.split_once(':')?;
            id.parse::<u64>().ok().map(|_| (name, after))
        });
        match written {
            Some((name, after)) => shown.extend([":", name, ":", after]),
            None => shown.extend(["<", piece]),
        }
    }
    shown
}

/// Shows a message's text as the bot's permissions in its channel let it.
fn limit_emojis(state: &mut State, id: u64) {
    let Some(message) = state.message(id) else {
        return;
    };
    let channel = message.channel;
    let channel = state.channels.iter().find(|c| c.id == channel);
    let allowed = channel.map_or(u64::MAX, |c| permissions::of_bot(state, c));
    if allowed & permission::USE_EXTERNAL_EMOJIS == 0
        && let Some(message) = state.message(id)
    {
        message.content = without_foreign_emojis(&message.content);
    }
}

/// Refuses flags that the call may not set, and what are no flags.
pub fn check_flags(body: &Value, settable: u64) -> Result<(), Box<Response>> {
    let flags = &body["flags"];
    let is_set = flags.as_u64().is_some_and(|flags| flags & !settable == 0);
    if flags.is_null() || is_set {
        return Ok(());
    }
    let problem = "Invalid Form Body";
    Err(Box::new(refuse(StatusCode::BAD_REQUEST, 50_035, problem)))
}

/// Refuses a message that is longer than Discord takes.
pub fn check_length(body: &Value) -> Result<(), Box<Response>> {
    let units = body["content"]
        .as_str()
        .map_or(0, |content| content.encode_utf16().count());
    if units <= CONTENT_MAX {
        return Ok(());
    }
    Err(Box::new(refuse(
        StatusCode::BAD_REQUEST,
        50_035,
        "Invalid Form Body",
    )))
}
