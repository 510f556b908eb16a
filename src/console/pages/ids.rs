//! Ids of Discord's that people type: one of another kind than was chosen is
//! refused by name, as far as Discord says what it is of.

use axum::http::StatusCode;

use crate::app::IdKind;
use crate::console::trouble::Trouble;
use crate::console::visit::Visit;
use crate::model::{BlockTarget, Blocked, ServerId};

/// Refuses an id that Discord says is of another kind than `wanted`, with what was
/// typed. What Discord does not know, or does not say, may be right.
pub async fn require_kind(
    visit: &Visit,
    server: Option<ServerId>,
    wanted: Option<(IdKind, u64)>,
) -> Result<(), Trouble> {
    let Some((wanted, id)) = wanted else {
        return Ok(());
    };
    let people = &visit.app().people;
    match people.find_kind_of_id(id, server).await {
        Some(kind) if kind != wanted => {
            let words = format!(
                "{id} is the id of {}, and one of {} was asked for. In Discord, right-click {} and \
                 choose Copy ID, with developer mode on. Nothing was changed.",
                describe(kind),
                describe(wanted),
                the(wanted)
            );
            let title = format!("That is the id of {}", describe(kind));
            let trouble = Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, title, words);
            Err(trouble.typed(&visit.form))
        }
        _ => Ok(()),
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
        IdKind::Role => "a role",
        IdKind::Channel => "a channel",
        IdKind::Server => "a server",
    }
}

fn the(kind: IdKind) -> &'static str {
    match kind {
        IdKind::Person => "the person",
        IdKind::Role => "the role",
        IdKind::Channel => "the channel",
        IdKind::Server => "the server",
    }
}
