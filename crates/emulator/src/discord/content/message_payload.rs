//! Writes messages as Discord does, in events and in answers to calls.

use serde_json::{Value, json};

use super::attachments::{attachments, file_flags};
use crate::discord::payload::{JOINED_AT, bot_user, member, user};
use crate::world::{Message, State, Webhook};

const EPHEMERAL: u64 = 1 << 6;
const LOADING: u64 = 1 << 7;
const PLAIN: u8 = 0;
const REPLY: u8 = 19;
/// The types that are somebody's words: plain messages, replies, and answers
/// to commands. All others are notices.
/// <https://github.com/discord/discord-api-docs/blob/main/developers/resources/message.mdx>
const WORDS: [u8; 4] = [PLAIN, REPLY, 20, 23];

/// The type of a message, by Discord's numbers.
pub fn type_of(message: &Message) -> u8 {
    let plain = if message.reference.is_some() {
        REPLY
    } else {
        PLAIN
    };
    message.kind.unwrap_or(plain)
}

/// Whether a message is a notice: nobody's words. Nobody can reply to one.
pub fn is_notice(message: &Message) -> bool {
    !WORDS.contains(&type_of(message))
}

/// A message.
pub fn message(state: &State, message: &Message) -> Value {
    let mut shown = bare_message(state, message);
    let Some(reference) = message.reference else {
        return shown;
    };
    let referenced = state.messages.iter().find(|m| m.id == reference);
    // Discord names the message that the referenced one answers, but does
    // not include it.
    shown["referenced_message"] = referenced.map_or(Value::Null, |m| bare_message(state, m));
    shown
}

/// A message without the one that it answers.
fn bare_message(state: &State, message: &Message) -> Value {
    let mut flags = file_flags(message);
    if message.only_for.is_some() {
        flags |= EPHEMERAL;
    }
    if message.loading {
        flags |= LOADING;
    }
    let mut shown = json!({
        "id": message.id.to_string(), "channel_id": message.channel.to_string(),
        "author": author(state, message), "content": message.content, "timestamp": JOINED_AT,
        "edited_timestamp": edited_at(message), "tts": false, "mention_everyone": false,
        "mentions": mentions(state, message), "mention_roles": mention_roles(state, message),
        "attachments": attachments(state, message), "embeds": [], "pinned": false,
        "type": type_of(message), "flags": flags, "components": message.components,
    });
    if let Some(Webhook {
        id, application, ..
    }) = &message.webhook
    {
        shown["webhook_id"] = json!(id.to_string());
        if let Some(application) = application {
            shown["application_id"] = json!(application.to_string());
        }
    }
    if let Some(reference) = message.reference {
        let answered = state.messages.iter().find(|m| m.id == reference);
        let channel = answered.map_or(message.channel, |m| m.channel);
        shown["message_reference"] = json!({
            "type": 0, "message_id": reference.to_string(), "channel_id": channel.to_string(),
        });
    }
    if let Some(asker) = asker_of(state, message) {
        shown["application_id"] = json!(state.application.to_string());
        shown["interaction_metadata"] = json!({
            "id": message.interaction.map(|id| id.to_string()), "type": 2, "user": asker,
            "authorizing_integration_owners": {},
        });
        if let Some(original) = original_of(state, message) {
            shown["interaction_metadata"]["original_response_message_id"] = json!(original);
        }
    }
    for (name, value) in message.fields.as_object().into_iter().flatten() {
        shown[name.as_str()] = match name.as_str() {
            "flags" => json!(flags | value.as_u64().unwrap_or(0)),
            _ => value.clone(),
        };
    }
    shown
}

fn author(state: &State, message: &Message) -> Value {
    if let Some(webhook) = &message.webhook {
        return json!({
            "id": webhook.id.to_string(), "username": webhook.name, "discriminator": "0000",
            "global_name": null, "avatar": null, "bot": true, "public_flags": 0,
        });
    }
    let person = message
        .author
        .and_then(|id| state.people.iter().find(|p| p.id == id));
    person.map_or_else(|| bot_user(state), user)
}

/// When a message was changed last; a later change has a later time.
fn edited_at(message: &Message) -> Option<String> {
    let second = message.edits.min(59);
    (second > 0).then(|| format!("2026-01-01T00:01:{second:02}.000000+00:00"))
}

/// The user who ran the command that a message answers.
fn asker_of(state: &State, message: &Message) -> Option<Value> {
    let of = state
        .interactions
        .iter()
        .find(|i| Some(i.id) == message.interaction)?;
    state.people.iter().find(|p| p.id == of.person).map(user)
}

/// The first message that an interaction was answered with, for those that
/// follow it.
fn original_of(state: &State, message: &Message) -> Option<String> {
    let mut all = state.interactions.iter();
    let of = all.find(|i| Some(i.id) == message.interaction)?;
    let original = of.original.filter(|id| *id != message.id)?;
    Some(original.to_string())
}

/// The users that a message mentions, the bot among them.
fn mentions(state: &State, message: &Message) -> Vec<Value> {
    let named = |id: u64| {
        message.content.contains(&format!("<@{id}>"))
            || message.content.contains(&format!("<@!{id}>"))
    };
    let people = state.people.iter().filter(|p| named(p.id)).map(user);
    let answered = state
        .messages
        .iter()
        .find(|m| Some(m.id) == message.reference);
    let pinged = message.pings && answered.is_some_and(Message::is_bots);
    let bot = (pinged || named(state.application)).then(|| bot_user(state));
    people.chain(bot).collect()
}

/// The roles that a message mentions. The bot is not among `mentions` where
/// its own role is.
fn mention_roles(state: &State, message: &Message) -> Vec<String> {
    let roles = state.servers.iter().flat_map(|server| &server.roles);
    let named = roles.filter(|role| message.content.contains(&format!("<@&{}>", role.id)));
    named.map(|role| role.id.to_string()).collect()
}

/// A message as `MESSAGE_CREATE` and `MESSAGE_UPDATE` show it, with what only
/// events have: the server, and its author and whom it mentions as members.
/// The content is left out where the bot may not read it.
pub fn message_event(state: &State, message: &Message, may_read: bool) -> Value {
    let mut shown = self::message(state, message);
    let channel = state.channels.iter().find(|c| c.id == message.channel);
    if let Some(server) = channel.and_then(|c| c.server) {
        shown["guild_id"] = json!(server.to_string());
        if let Some(author) = message.author {
            shown["member"] = partial_member(state, server, author);
        }
        for mentioned in shown["mentions"].as_array_mut().into_iter().flatten() {
            let id = mentioned["id"].as_str().and_then(|id| id.parse().ok());
            let member = partial_member(state, server, id.unwrap_or(0));
            if !member.is_null() {
                mentioned["member"] = member;
            }
        }
    }
    if !may_read {
        hide_content(state, &mut shown);
    }
    shown
}

/// A member without the user who they are.
fn partial_member(state: &State, server: u64, person: u64) -> Value {
    let mut member = member(state, server, person).unwrap_or_default();
    if let Some(fields) = member.as_object_mut() {
        fields.remove("user");
    }
    member
}

/// Empties what a message says as Discord does for a bot without the message
/// content intent, unless the message is the bot's own, is a direct message,
/// or mentions the bot. Stickers, references and the type are not hidden.
pub fn hide_content(state: &State, shown: &mut Value) {
    let of = |value: &Value, id: u64| value["id"] == id.to_string().as_str();
    let bot = state.application;
    let direct = state
        .channels
        .iter()
        .any(|c| c.person.is_some() && shown["channel_id"] == c.id.to_string().as_str());
    let mentioned = shown["mentions"]
        .as_array()
        .is_some_and(|all| all.iter().any(|m| of(m, bot)));
    if !(direct || mentioned || of(&shown["author"], bot)) {
        shown["content"] = json!("");
        for list in ["attachments", "embeds", "components"] {
            shown[list] = json!([]);
        }
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("poll");
            fields.remove("message_snapshots");
        }
    }
    if shown["referenced_message"].is_object() {
        hide_content(state, &mut shown["referenced_message"]);
    }
}
