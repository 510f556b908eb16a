//! Events about messages, which the gateway sends to the bot.

use serde_json::json;

use super::payload;
use crate::world::State;

/// The gateway intent with which a bot reads what people say to each other.
const MESSAGE_CONTENT: u64 = 1 << 15;

/// Whether a session of the bot has the intent to read what people say to
/// each other.
pub fn reads_content(state: &State) -> bool {
    let mut sessions = state.sessions.iter();
    sessions.any(|session| session.intents & MESSAGE_CONTENT != 0)
}

/// Whether a channel is in a server that has not added the bot. The gateway tells
/// a bot of messages in the servers that it is a member of, with `GUILD_MESSAGES`
/// `(1 << 9)`, and of direct messages:
/// <https://docs.discord.com/developers/events/gateway#gateway-intents>. Who brings
/// the app along makes it a member of nothing:
/// <https://docs.discord.com/developers/resources/application#installation-context>.
fn is_unheard(state: &State, server: Option<u64>) -> bool {
    let mut servers = state.servers.iter();
    servers.any(|it| Some(it.id) == server && !it.installed)
}

/// Sends an event about a message to the shard that serves its channel.
pub fn announce_message(state: &mut State, event: &str, id: u64) {
    let Some(message) = state.messages.iter().find(|m| m.id == id).cloned() else {
        return;
    };
    let channel = state.channels.iter().find(|c| c.id == message.channel);
    let server = channel.and_then(|c| c.server);
    if is_unheard(state, server) {
        return;
    }
    let shown = payload::message_event(state, &message, reads_content(state));
    state.emit(server, event, &shown);
}

/// Removes a message and tells the shard that serves its channel.
pub fn remove_message(state: &mut State, id: u64) {
    let Some(found) = state.messages.iter().find(|m| m.id == id).cloned() else {
        return;
    };
    state.messages.retain(|m| m.id != id);
    let channel = state.channels.iter().find(|c| c.id == found.channel);
    let server = channel.and_then(|c| c.server);
    if is_unheard(state, server) {
        return;
    }
    let gone = json!({"id": id.to_string(), "channel_id": found.channel.to_string(),
        "guild_id": server.map(|id| id.to_string())});
    state.emit(server, "MESSAGE_DELETE", &gone);
}

/// Sends an event about a channel or a thread to the shard that serves it.
pub fn announce_channel(state: &mut State, event: &str, id: u64) {
    let Some(channel) = state.channels.iter().find(|c| c.id == id) else {
        return;
    };
    let (server, shown) = (channel.server, payload::channel(channel));
    if is_unheard(state, server) {
        return;
    }
    state.emit(server, event, &shown);
}
