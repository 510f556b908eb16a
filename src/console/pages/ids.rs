//! Ids of Discord's that people type: what cannot be one, and one of another kind
//! than was chosen, is refused, as far as Discord says what it is of.

use axum::http::StatusCode;

use crate::app::{IdFacts, IdKind};
use crate::console::trouble::Trouble;
use crate::console::visit::Visit;
use crate::model::{BlockTarget, Blocked, ServerId, snowflake};

/// Refuses an id that cannot be of what is `wanted`, with what was typed. Returns
/// what that is called, as far as Discord says it.
pub async fn require_kind(
    visit: &Visit,
    server: Option<ServerId>,
    wanted: Option<(IdKind, u64)>,
) -> Result<Option<String>, Trouble> {
    let Some((wanted, id)) = wanted else {
        return Ok(None);
    };
    if !snowflake::is_plausible(id, visit.app().now_ms()) {
        return Err(no_id(visit));
    }
    let (title, words) = match visit.app().people.describe_id(id, server).await {
        IdFacts::Known { kind, name } if kind == wanted => return Ok(name),
        IdFacts::Known { kind, name } => {
            let title = format!("That is the id of {}", describe(kind));
            let words = format!(
                "{id} is the id of {}, and one of {} was asked for.",
                describe(kind),
                describe(wanted)
            );
            (title, with_name(&words, name.as_deref()))
        }
        IdFacts::OtherChannel if wanted == IdKind::Channel => (
            "That channel is not in this server".to_owned(),
            format!(
                "{id} is the id of a channel elsewhere, and one of this server’s was asked for."
            ),
        ),
        IdFacts::OtherChannel => (
            "That is the id of a channel".to_owned(),
            format!(
                "{id} is the id of a channel, and one of {} was asked for.",
                describe(wanted)
            ),
        ),
        IdFacts::Nobodys if wanted == IdKind::Channel && server.is_some() => (
            "No channel with that id is seen in this server".to_owned(),
            format!(
                "The bot sees no channel of this server with the id {id}; a digit may be wrong. One \
                 that is hidden from the bot can be stopped in Discord, with /server block channel:."
            ),
        ),
        IdFacts::Nobodys if wanted == IdKind::Role && has_other_roles(visit, server).await => (
            "That role is not in this server".to_owned(),
            format!("No role of this server has the id {id}; a digit may be wrong."),
        ),
        IdFacts::Nobodys if wanted == IdKind::Person => (
            "Nobody has that id".to_owned(),
            format!("Discord knows no person with the id {id}; a digit may be wrong."),
        ),
        // What Discord does not show the bot may be right.
        IdFacts::Nobodys | IdFacts::Unsaid => return Ok(None),
    };
    let words = format!(
        "{words} In Discord, right-click {} and choose Copy ID, with developer mode on. Nothing \
         was changed.",
        the(wanted)
    );
    let trouble = Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, title, words);
    Err(trouble.typed(&visit.form))
}

/// Whether the roles of a server are known.
async fn has_other_roles(visit: &Visit, server: Option<ServerId>) -> bool {
    match server {
        Some(server) => !visit.app().people.list_roles(server).await.is_empty(),
        None => false,
    }
}

/// What is typed is no id of Discord's.
pub fn no_id(visit: &Visit) -> Trouble {
    Trouble::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "That is no id of Discord’s",
        "An id is a number of 17 to 20 digits. In Discord, switch developer mode on, then \
         right-click whom or what you mean and choose Copy ID. Nothing was changed.",
    )
    .typed(&visit.form)
}

/// Words about somebody, with what they are called.
pub fn with_name(words: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{words} That is {name}."),
        None => words.to_owned(),
    }
}

/// Whoever has an id: by name where that is known, with the id always.
pub fn named(id: &str, name: Option<&str>) -> String {
    name.map_or_else(|| id.to_owned(), |name| format!("{name} (id {id})"))
}

/// What somebody is called whom a block stops, as far as Discord says it.
pub async fn find_name(visit: &Visit, whom: Blocked) -> Option<String> {
    let (server, id) = of_blocked(whom);
    let (wanted, id) = id?;
    match visit.app().people.describe_id(id, server).await {
        IdFacts::Known { kind, name } if kind == wanted => name,
        _ => None,
    }
}

/// The id of somebody who is stopped in a server, and what it must be an id of.
pub fn of_target(target: BlockTarget) -> (IdKind, u64) {
    match target {
        BlockTarget::Person(person) => (IdKind::Person, person.0),
        BlockTarget::Role(role) => (IdKind::Role, role),
        BlockTarget::Channel(channel) => (IdKind::Channel, channel),
    }
}

/// The id of whoever is stopped, what it must be an id of, and in which server.
pub fn of_blocked(whom: Blocked) -> (Option<ServerId>, Option<(IdKind, u64)>) {
    match whom {
        Blocked::Everyone => (None, None),
        Blocked::Server(server) => (None, Some((IdKind::Server, server.0))),
        Blocked::Person(person) => (None, Some((IdKind::Person, person.0))),
        Blocked::Role(role) => (None, Some((IdKind::Role, role))),
        Blocked::Channel(channel) => (None, Some((IdKind::Channel, channel))),
        Blocked::InServer(server, target) => (Some(server), Some(of_target(target))),
    }
}

fn describe(kind: IdKind) -> &'static str {
    match kind {
        IdKind::Person => "a person",
        IdKind::Bot => "a bot",
        IdKind::Role => "a role",
        IdKind::Channel => "a channel",
        IdKind::Server => "a server",
    }
}

fn the(kind: IdKind) -> &'static str {
    match kind {
        IdKind::Person => "the person",
        IdKind::Bot => "the bot",
        IdKind::Role => "the role",
        IdKind::Channel => "the channel",
        IdKind::Server => "the server",
    }
}
