//! Writes Discord's objects as JSON.

use serde_json::{Value, json};

use super::content::attachments::attachments;
pub use super::content::message_payload::{hide_content, message, message_event};
use super::permissions;
pub use crate::world::JOINED_AT;
use crate::world::{
    Channel, Interaction, InteractionKind, MEMBER, Person, Role, Server, State, USUAL_LOCALE,
};

/// Until when a member is timed out who is: later than any test.
const TIMED_OUT_UNTIL: &str = "2099-01-01T00:00:00.000000+00:00";
/// The flag of an application in few servers that was granted the message
/// content intent.
const MESSAGE_CONTENT_LIMITED: u64 = 1 << 19;

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
    let flags = if state.gateway.grants_message_content {
        MESSAGE_CONTENT_LIMITED
    } else {
        0
    };
    json!({
        "id": state.application.to_string(), "name": "Latchkey", "icon": null, "description": "",
        "bot_public": true, "bot_require_code_grant": false, "verify_key": "", "flags": flags,
    })
}

/// A person's user.
pub fn user(person: &Person) -> Value {
    json!({
        "id": person.id.to_string(), "username": person.name, "discriminator": "0",
        "global_name": person.name, "avatar": null, "bot": person.is_app, "public_flags": 0,
    })
}

/// The servers that the bot is in, in short.
pub fn servers_of_bot(state: &State) -> Value {
    let theirs = state.servers.iter().filter(|server| server.installed);
    let shown = theirs.map(|server| {
        json!({
            "id": server.id.to_string(), "name": server.name, "icon": null, "banner": null,
            "owner": false, "permissions": MEMBER.to_string(), "features": [],
        })
    });
    Value::Array(shown.collect())
}

/// A server as `GUILD_CREATE` shows it.
pub fn guild(state: &State, server: &Server) -> Value {
    let here = state.channels.iter();
    let here = here.filter(|channel| channel.server == Some(server.id));
    let (threads, channels): (Vec<_>, Vec<_>) = here.partition(|channel| channel.parent.is_some());
    let threads: Vec<Value> = threads.into_iter().map(channel).collect();
    let channels: Vec<Value> = channels.into_iter().map(channel).collect();
    let managed = |of: &Role| role(of, state.application);
    let roles: Vec<Value> = server.roles.iter().map(managed).collect();
    json!({
        "id": server.id.to_string(), "name": server.name, "icon": null, "splash": null,
        "discovery_splash": null, "owner_id": "1", "afk_channel_id": null, "afk_timeout": 300,
        "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0,
        "roles": roles, "emojis": [], "features": [], "mfa_level": 0, "application_id": null,
        "system_channel_id": server.system_channel.map(|id| id.to_string()), "system_channel_flags": 0, "rules_channel_id": null,
        "vanity_url_code": null, "description": null, "banner": null, "premium_tier": 0,
        "preferred_locale": server.locale, "public_updates_channel_id": null, "nsfw_level": 0,
        "stickers": [], "premium_progress_bar_enabled": false, "joined_at": server.joined_at,
        "large": false, "unavailable": false, "member_count": server.members.len() + 1,
        "voice_states": [], "members": [bot_member(state, server)], "channels": channels,
        "threads": threads, "presences": [],
        "stage_instances": [], "guild_scheduled_events": [],
    })
}

/// The bot as a member of a server.
pub fn bot_member(state: &State, server: &Server) -> Value {
    let timed_out = server.timed_out.contains(&state.application);
    json!({
        "user": bot_user(state), "roles": [], "joined_at": server.joined_at, "deaf": false, "mute": false,
        "flags": 0, "pending": false,
        "communication_disabled_until": timed_out.then_some(TIMED_OUT_UNTIL),
    })
}

/// A role. The one that Discord makes for the bot says whose it is.
fn role(role: &Role, bot: u64) -> Value {
    let mut shown = json!({
        "id": role.id.to_string(), "name": role.name, "color": 0, "hoist": false,
        "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
        "position": 0, "permissions": role.permissions.to_string(), "managed": role.is_bots,
        "mentionable": false, "flags": 0,
    });
    if role.is_bots {
        shown["tags"] = json!({"bot_id": bot.to_string()});
    }
    shown
}

/// Somebody as a member of a server; none if they are not.
pub fn member(state: &State, server: u64, person: u64) -> Option<Value> {
    let server = state.servers.iter().find(|s| s.id == server)?;
    let own = server.members.get(&person)?.iter();
    let roles: Vec<String> = own
        .filter(|id| **id != server.id)
        .map(u64::to_string)
        .collect();
    let person = state.people.iter().find(|p| p.id == person)?;
    Some(json!({
        "user": user(person), "roles": roles, "nick": server.nicks.get(&person.id),
        "joined_at": JOINED_AT, "deaf": false, "mute": false, "flags": 0, "pending": false,
    }))
}

/// The users, roles, channels and files that the options of a command name.
pub fn resolved(state: &State, options: &Value) -> Value {
    let (mut users, mut roles, mut channels) = (json!({}), json!({}), json!({}));
    let mut files = json!({});
    for option in options.as_array().into_iter().flatten() {
        let id = option["value"].as_str().unwrap_or_default();
        let of = |other: u64| other.to_string() == id;
        match option["type"].as_u64() {
            Some(6) => {
                if let Some(person) = state.people.iter().find(|p| of(p.id)) {
                    users[id] = user(person);
                }
            }
            Some(7) => {
                if let Some(channel) = state.channels.iter().find(|c| of(c.id)) {
                    channels[id] = partial_channel(channel);
                }
            }
            Some(8) => {
                let mut all = state.servers.iter().flat_map(|server| &server.roles);
                if let Some(found) = all.find(|r| of(r.id)) {
                    roles[id] = role(found, state.application);
                }
            }
            Some(11) => {
                let message = state.messages.iter().find(|m| of(m.id));
                let files_of = message.map(|message| attachments(state, message));
                if let Some(file) = files_of.into_iter().flatten().next() {
                    files[id] = file;
                    files[id]["id"] = json!(id);
                    files[id]["ephemeral"] = json!(true);
                }
            }
            _ => {}
        }
    }
    json!({"users": users, "roles": roles, "channels": channels, "attachments": files})
}

/// The entitlements of a person, one for each SKU that they have bought.
pub fn entitlements(state: &State, person: u64) -> Vec<Value> {
    let skus = state
        .people
        .iter()
        .filter(|p| p.id == person)
        .flat_map(|p| &p.skus);
    skus.map(|sku| {
        json!({
            "id": (sku + 1).to_string(), "sku_id": sku.to_string(), "type": 8, "deleted": false,
            "application_id": state.application.to_string(), "user_id": person.to_string(),
            "consumed": false,
        })
    })
    .collect()
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
        "locale": person.map_or(USUAL_LOCALE, |person| &person.locale),
        "entitlements": entitlements(state, of.person), "entitlement_sku_ids": [],
        "attachment_size_limit": 10_485_760, "data": data,
        "app_permissions": channel.map_or(0, |c| permissions::of_app(state, c, of.person)).to_string(),
    });
    if let Some(message) = message {
        event["message"] = message;
    }
    if let Some(server) = server {
        let permissions = channel.map_or(0, |c| permissions::of_person(state, c, of.person));
        let own = server.members.get(&of.person).into_iter().flatten();
        let roles: Vec<String> = own
            .filter(|id| **id != server.id)
            .map(u64::to_string)
            .collect();
        event["guild_id"] = json!(server.id.to_string());
        event["guild"] =
            json!({"id": server.id.to_string(), "locale": server.locale, "features": []});
        event["guild_locale"] = json!(server.locale);
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
    json!({"id": channel.id.to_string(), "type": channel_type(channel), "name": channel.name, "permissions": MEMBER.to_string()})
}

/// A channel or a thread as REST and events show it.
pub fn channel(channel: &Channel) -> Value {
    let rules = &channel.rules;
    let overwrites = rules.overwrites.iter().map(|it| {
        json!({"id": it.whose.to_string(), "type": u8::from(!it.is_role),
            "allow": it.allowed.to_string(), "deny": it.denied.to_string()})
    });
    let mut shown = json!({
        "id": channel.id.to_string(), "type": channel_type(channel), "name": channel.name,
        "guild_id": channel.server.map(|id| id.to_string()), "position": 0,
        "parent_id": channel.parent.map(|id| id.to_string()),
        "permission_overwrites": overwrites.collect::<Vec<_>>(),
    });
    if channel.parent.is_none() {
        shown["nsfw"] = json!(is_age_restricted(channel));
    } else {
        // A thread's own object does not say for whom it is: it is as its
        // channel is (<https://github.com/discord/discord-api-docs/issues/7043>).
        shown["thread_metadata"] = json!({
            "archived": rules.archived, "locked": rules.locked, "auto_archive_duration": 1440,
            "archive_timestamp": JOINED_AT, "invitable": true,
        });
    }
    shown
}

/// Whether a channel is for adults.
pub fn is_age_restricted(channel: &Channel) -> bool {
    channel.rules.age_restricted || channel.name == AGE_RESTRICTED
}

/// A channel of this name is age-restricted.
pub const AGE_RESTRICTED: &str = "after-dark";

/// Discord's number for a text channel, a direct message, or a public thread.
fn channel_type(channel: &Channel) -> u8 {
    match (channel.parent, channel.person) {
        (Some(_), _) if channel.rules.private.is_some() => 12,
        (Some(_), _) => 11,
        (_, Some(_)) => 1,
        _ => 0,
    }
}

/// Whether interactions of this kind may come from a message.
pub fn has_message(kind: InteractionKind) -> bool {
    matches!(
        kind,
        InteractionKind::Component | InteractionKind::ModalSubmit
    )
}
