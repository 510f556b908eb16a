//! Events about messages, which the gateway sends to the bot.

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

/// Sends an event about a message to the shard that serves its channel.
pub fn announce_message(state: &mut State, event: &str, id: u64) {
    let Some(message) = state.messages.iter().find(|m| m.id == id).cloned() else {
        return;
    };
    let channel = state.channels.iter().find(|c| c.id == message.channel);
    let server = channel.and_then(|c| c.server);
    let shown = payload::message_event(state, &message, reads_content(state));
    state.emit(server, event, &shown);
}

/// Sends an event about a channel or a thread to the shard that serves it.
pub fn announce_channel(state: &mut State, event: &str, id: u64) {
    let Some(channel) = state.channels.iter().find(|c| c.id == id) else {
        return;
    };
    let (server, shown) = (channel.server, payload::channel(channel));
    state.emit(server, event, &shown);
}
