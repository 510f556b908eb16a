//! Discord's objects, as it writes them.

use serde_json::{Value, json};

use crate::emulator::world::{Channel, Interaction, Kind, Message, Person, Server, State};

const MANAGE_GUILD: u64 = 1 << 5;
const JOINED_AT: &str = "2026-01-01T00:00:00.000000+00:00";
const EPHEMERAL: u64 = 1 << 6;
const LOADING: u64 = 1 << 7;

/// What everybody may do.
pub const MEMBER: u64 = 1 << 11 | 1 << 10 | 1 << 31;
/// What somebody may do who manages the server.
pub const MANAGER: u64 = MEMBER | MANAGE_GUILD;

/// The bot's user.
pub fn bot_user(state: &State) -> Value {
    json!({
        "id": state.application.to_string(), "username": "Latchkey", "discriminator": "0000",
        "global_name": null, "avatar": null, "bot": true, "public_flags": 0, "flags": 0,
        "mfa_enabled": false, "verified": true, "email": null, "locale": "en-US",
    })
}

/// The bot's application.
pub fn application(state: &State) -> Value {
    json!({
        "id": state.application.to_string(), "name": "Latchkey", "icon": null, "description": "",
        "bot_public": true, "bot_require_code_grant": false, "verify_key": "", "flags": 0,
    })
}

/// A person's user.
pub fn user(person: &Person) -> Value {
    json!({
        "id": person.id.to_string(), "username": person.name, "discriminator": "0",
        "global_name": person.name, "avatar": null, "bot": false, "public_flags": 0,
    })
}

/// A server as `GUILD_CREATE` shows it.
pub fn guild(state: &State, server: &Server) -> Value {
    let channels: Vec<Value> = state
        .channels
        .iter()
        .filter(|channel| channel.server == Some(server.id))
        .map(|channel| {
            json!({
                "id": channel.id.to_string(), "type": 0, "name": channel.name, "position": 0,
                "permission_overwrites": [], "nsfw": false, "guild_id": server.id.to_string(),
            })
        })
        .collect();
    let roles: Vec<Value> = server
        .roles
        .iter()
        .map(|role| {
            json!({
                "id": role.id.to_string(), "name": role.name, "color": 0, "hoist": false,
                "position": 0, "permissions": role.permissions.to_string(), "managed": false,
                "mentionable": false, "flags": 0,
            })
        })
        .collect();
    json!({
        "id": server.id.to_string(), "name": server.name, "icon": null, "splash": null,
        "discovery_splash": null, "owner_id": "1", "afk_channel_id": null, "afk_timeout": 300,
        "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0,
        "roles": roles, "emojis": [], "features": [], "mfa_level": 0, "application_id": null,
        "system_channel_id": null, "system_channel_flags": 0, "rules_channel_id": null,
        "vanity_url_code": null, "description": null, "banner": null, "premium_tier": 0,
        "preferred_locale": "en-US", "public_updates_channel_id": null, "nsfw_level": 0,
        "stickers": [], "premium_progress_bar_enabled": false, "joined_at": JOINED_AT,
        "large": false, "unavailable": false, "member_count": server.members.len() + 1,
        "voice_states": [], "members": [], "channels": channels, "threads": [], "presences": [],
        "stage_instances": [], "guild_scheduled_events": [],
    })
}

/// A message.
pub fn message(state: &State, message: &Message) -> Value {
    let author = match message
        .author
        .and_then(|id| state.people.iter().find(|p| p.id == id))
    {
        Some(person) => user(person),
        None => bot_user(state),
    };
    let mut flags = 0;
    if message.only_for.is_some() {
        flags |= EPHEMERAL;
    }
    if message.loading {
        flags |= LOADING;
    }
    json!({
        "id": message.id.to_string(), "channel_id": message.channel.to_string(), "author": author,
        "content": message.content, "timestamp": JOINED_AT, "edited_timestamp": null, "tts": false,
        "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [],
        "embeds": [], "pinned": false, "type": 0, "flags": flags, "components": message.components,
        "application_id": state.application.to_string(),
    })
}

/// An interaction as `INTERACTION_CREATE` shows it.
pub fn interaction(state: &State, of: &Interaction, data: &Value, message: Option<Value>) -> Value {
    let channel = state
        .channels
        .iter()
        .find(|channel| channel.id == of.channel);
    let person = state.people.iter().find(|person| person.id == of.person);
    let user = person.map(user).unwrap_or_default();
    let server = channel
        .and_then(|c| c.server)
        .and_then(|id| state.servers.iter().find(|s| s.id == id));
    let mut event = json!({
        "id": of.id.to_string(), "application_id": state.application.to_string(),
        "type": of.kind as u8, "token": of.token, "version": 1,
        "channel_id": of.channel.to_string(), "channel": channel.map(partial_channel),
        "locale": "en-US", "entitlements": [], "entitlement_sku_ids": [],
        "attachment_size_limit": 10_485_760, "app_permissions": MEMBER.to_string(), "data": data,
    });
    if let Some(message) = message {
        event["message"] = message;
    }
    if let Some(server) = server {
        let permissions = server.permissions_of(of.person);
        let own = server.members.get(&of.person).into_iter().flatten();
        let roles: Vec<String> = own
            .filter(|id| **id != server.id)
            .map(u64::to_string)
            .collect();
        event["guild_id"] = json!(server.id.to_string());
        event["guild"] = json!({"id": server.id.to_string(), "locale": "en-US", "features": []});
        event["guild_locale"] = json!("en-US");
        event["context"] = json!(0);
        event["member"] = json!({
            "user": user, "roles": roles, "joined_at": JOINED_AT, "deaf": false, "mute": false,
            "flags": 0, "pending": false, "permissions": permissions.to_string(),
        });
        event["authorizing_integration_owners"] = if server.installed {
            json!({"0": server.id.to_string()})
        } else {
            json!({"1": of.person.to_string()})
        };
    } else {
        event["context"] = json!(1);
        event["user"] = user;
        event["authorizing_integration_owners"] = json!({"0": "0", "1": of.person.to_string()});
    }
    event
}

fn partial_channel(channel: &Channel) -> Value {
    let kind = i32::from(channel.server.is_none());
    json!({"id": channel.id.to_string(), "type": kind, "name": channel.name, "permissions": MEMBER.to_string()})
}

/// Whether an interaction of this kind belongs to a message.
pub fn has_message(kind: Kind) -> bool {
    kind == Kind::Component
}
