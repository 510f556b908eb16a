//! Which permissions the bot and people have in a channel, and what Discord
//! refuses without them: `docs/discord.md` §7.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::errors::refuse;
use crate::world::{Channel, MEMBER, Server, State, permission as may};

/// The permissions that a manager can take from the bot in one channel, by
/// the names that Discord's settings show.
pub const ASKABLE: [(&str, u64); 7] = [
    ("View Channel", may::VIEW_CHANNEL),
    ("Send Messages", may::SEND_MESSAGES),
    ("Send Messages in Threads", may::SEND_IN_THREADS),
    ("Read Message History", may::READ_MESSAGE_HISTORY),
    ("Embed Links", may::EMBED_LINKS),
    ("Attach Files", may::ATTACH_FILES),
    ("Use External Emoji", may::USE_EXTERNAL_EMOJIS),
];
/// What an app has in direct messages and where only a person brought it.
const OF_VISITORS: u64 = may::ATTACH_FILES | may::EMBED_LINKS | may::MENTION_EVERYONE;

/// Whose permissions are computed.
struct Holder<'a> {
    id: u64,
    roles: &'a [u64],
}

/// Returns what the bot may do in a channel with its own token.
pub fn of_bot(state: &State, channel: &Channel) -> u64 {
    let holder = Holder {
        id: state.application,
        roles: &[],
    };
    match server_of(state, channel) {
        Some(server) if server.installed => compute(state, server, channel, &holder),
        Some(_) => 0,
        None => MEMBER,
    }
}

/// Returns what a person may do in a channel of a server; none for who is no
/// member.
pub fn of_person(state: &State, channel: &Channel, person: u64) -> u64 {
    let Some(server) = server_of(state, channel) else {
        return MEMBER;
    };
    let Some(roles) = server.members.get(&person) else {
        return 0;
    };
    compute(state, server, channel, &Holder { id: person, roles })
}

/// Returns what an interaction says that the app may do where it was begun.
pub fn of_app(state: &State, channel: &Channel, person: u64) -> u64 {
    match server_of(state, channel) {
        Some(server) if server.installed => of_bot(state, channel),
        // Discord adds what the caller has, wrongly.
        Some(_) => of_person(state, channel, person) | OF_VISITORS,
        None => OF_VISITORS | may::USE_EXTERNAL_EMOJIS,
    }
}

/// Computes permissions in Discord's order: the server's roles, then the
/// channel's overwrites for everyone, for roles, and for the member.
fn compute(state: &State, server: &Server, channel: &Channel, holder: &Holder<'_>) -> u64 {
    let everyone = server.roles.first().map_or(0, |role| role.permissions);
    let own = server.roles.iter();
    let own = own.filter(|role| holder.roles.contains(&role.id));
    let base = own.fold(everyone, |sum, role| sum | role.permissions);
    if base & may::ADMINISTRATOR != 0 {
        return u64::MAX;
    }
    // Threads take the overwrites of their parent.
    let ruling = channel.parent.unwrap_or(channel.id);
    let ruling = state.channels.iter().find(|c| c.id == ruling);
    let overwrites = ruling.map_or(&[][..], |c| &c.rules.overwrites);
    let mut all = base;
    let mut apply = |belongs: &dyn Fn(u64) -> bool| {
        let these = overwrites.iter().filter(|it| belongs(it.whose));
        let (denied, allowed) = these.fold((0, 0), |(denied, allowed), it| {
            (denied | it.denied, allowed | it.allowed)
        });
        all = (all & !denied) | allowed;
    };
    apply(&|whose| whose == server.id);
    apply(&|whose| holder.roles.contains(&whose));
    apply(&|whose| whose == holder.id);
    if server.timed_out.contains(&holder.id) {
        all &= may::VIEW_CHANNEL | may::READ_MESSAGE_HISTORY;
    }
    if all & may::VIEW_CHANNEL == 0 {
        return 0;
    }
    let speaks = if channel.parent.is_some() {
        may::SEND_IN_THREADS
    } else {
        may::SEND_MESSAGES
    };
    if all & speaks == 0 {
        all &= !(may::ATTACH_FILES | may::EMBED_LINKS | may::MENTION_EVERYONE);
    }
    all
}

fn server_of<'a>(state: &'a State, channel: &Channel) -> Option<&'a Server> {
    let id = channel.server?;
    state.servers.iter().find(|server| server.id == id)
}

/// Returns a channel that the bot can see, and refuses any other.
pub fn visible(state: &State, id: u64) -> Result<&Channel, Box<Response>> {
    let unknown = || refused(StatusCode::NOT_FOUND, 10_003, "Unknown Channel");
    let channel = state.channels.iter().find(|c| c.id == id);
    let channel = channel.ok_or_else(unknown)?;
    let all = of_bot(state, channel);
    let is_outside = channel.rules.private.is_some_and(|thread| !thread.has_bot);
    if all & may::VIEW_CHANNEL == 0 || (is_outside && all & may::MANAGE_THREADS == 0) {
        return Err(refused(StatusCode::FORBIDDEN, 50_001, "Missing Access"));
    }
    Ok(channel)
}

/// Refuses a channel in which the bot may not speak.
pub fn check_speech(state: &State, id: u64) -> Result<&Channel, Box<Response>> {
    let channel = visible(state, id)?;
    let all = of_bot(state, channel);
    let needed = match channel.parent {
        Some(_) => may::SEND_IN_THREADS,
        None => may::SEND_MESSAGES,
    };
    if all & needed == 0 {
        return Err(missing());
    }
    if channel.rules.locked && all & may::MANAGE_THREADS == 0 {
        return Err(refused(StatusCode::FORBIDDEN, 160_005, "Thread is locked"));
    }
    Ok(channel)
}

/// Refuses a message that the bot may not post in a channel.
pub fn check_post(
    state: &State,
    id: u64,
    body: &Value,
    has_files: bool,
) -> Result<(), Box<Response>> {
    let channel = check_speech(state, id)?;
    let all = of_bot(state, channel);
    let closed = channel
        .person
        .is_some_and(|person| state.closed_to_bot.contains(&person));
    if closed {
        let words = "Cannot send messages to this user";
        return Err(refused(StatusCode::FORBIDDEN, 50_007, words));
    }
    let has_embeds = body["embeds"].as_array().is_some_and(|all| !all.is_empty());
    let no_files = all & may::ATTACH_FILES == 0;
    let no_embeds = all & may::EMBED_LINKS == 0;
    if (has_files && no_files) || (has_embeds && no_embeds) {
        return Err(missing());
    }
    if body["message_reference"].is_object() && all & may::READ_MESSAGE_HISTORY == 0 {
        let words = "Cannot reply without permission to read message history";
        return Err(refused(StatusCode::FORBIDDEN, 160_002, words));
    }
    Ok(())
}

/// Refuses to change a message in a channel.
pub fn check_edit(state: &State, id: u64, has_files: bool) -> Result<(), Box<Response>> {
    let channel = visible(state, id)?;
    let all = of_bot(state, channel);
    if channel.rules.archived {
        return Err(archived());
    }
    if channel.rules.locked && all & may::MANAGE_THREADS == 0 {
        return Err(refused(StatusCode::FORBIDDEN, 160_005, "Thread is locked"));
    }
    if has_files && all & may::ATTACH_FILES == 0 {
        return Err(missing());
    }
    Ok(())
}

/// Refuses an answer to an interaction: nothing of the bot's is needed, but
/// the thread must take messages.
pub fn check_answer(state: &State, id: u64) -> Result<(), Box<Response>> {
    let channel = state.channels.iter().find(|c| c.id == id);
    if channel.is_some_and(|c| c.rules.archived && c.rules.locked) {
        return Err(archived());
    }
    Ok(())
}

/// Whether the bot may read what was said in a channel before.
pub fn reads_history(state: &State, channel: &Channel) -> bool {
    of_bot(state, channel) & may::READ_MESSAGE_HISTORY != 0
}

/// Whether whatever the app answers there is shown to the person alone: the
/// server did not install it, and does not let them use such apps aloud.
pub fn hides_visitors(state: &State, channel: u64, person: u64) -> bool {
    let Some(channel) = state.channels.iter().find(|c| c.id == channel) else {
        return false;
    };
    let aloud = may::SEND_MESSAGES | may::USE_EXTERNAL_APPS;
    let is_visitor = server_of(state, channel).is_some_and(|server| !server.installed);
    is_visitor && of_person(state, channel, person) & aloud != aloud
}

/// What Discord says to whoever sees a channel and may not do it there.
#[expect(
    clippy::unnecessary_box_returns,
    reason = "refusals travel boxed, being large"
)]
pub fn missing() -> Box<Response> {
    refused(StatusCode::FORBIDDEN, 50_013, "Missing Permissions")
}

#[expect(
    clippy::unnecessary_box_returns,
    reason = "refusals travel boxed, being large"
)]
fn archived() -> Box<Response> {
    refused(StatusCode::BAD_REQUEST, 50_083, "Thread is archived")
}

#[expect(
    clippy::unnecessary_box_returns,
    reason = "refusals travel boxed, being large"
)]
fn refused(status: StatusCode, code: u64, words: &str) -> Box<Response> {
    Box::new(refuse(status, code, words))
}
