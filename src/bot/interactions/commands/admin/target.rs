//! Whom a command of the operator's is about.

use serenity::all::User;

use crate::app::Whom;
use crate::model::{Blocked, PersonId, QuotaRefusal, Refusal, ServerId};

/// Whom two options mean: a person, a server by its id, or everybody.
pub fn parse_target(user: Option<&User>, server: Option<&str>) -> Result<Whom, Refusal> {
    match (user, server.map(str::trim)) {
        (Some(user), _) => Ok(Whom::Person(PersonId(user.id.get()))),
        (None, Some(id)) => id
            .parse()
            .map(|id| Whom::Server(ServerId(id)))
            .map_err(|_| QuotaRefusal::BadServer.into()),
        (None, None) => Ok(Whom::Everyone),
    }
}

/// The server that the kill switch is for, or everybody.
pub fn parse_stopped(server: Option<&str>) -> Result<Blocked, Refusal> {
    Ok(match parse_target(None, server)? {
        Whom::Everyone => Blocked::Everyone,
        Whom::Server(server) => Blocked::Server(server),
        Whom::Person(person) => Blocked::Person(person),
    })
}
