//! Whom a command of the operator's is about.

use serenity::all::User;

use crate::app::LimitSubject;
use crate::model::{Blocked, Contradiction, PersonId, QuotaRefusal, Refusal, ServerId};

/// Whom two options mean: a person, a server by its id, or everybody.
pub fn parse_target(user: Option<&User>, server: Option<&str>) -> Result<LimitSubject, Refusal> {
    match (user, server.map(str::trim)) {
        (Some(_), Some(_)) => {
            Err(QuotaRefusal::Contradiction(Contradiction::PersonAndServer).into())
        }
        (Some(user), None) => Ok(LimitSubject::Person(PersonId(user.id.get()))),
        (None, Some(id)) => id
            .parse()
            .map(|id| LimitSubject::Server(ServerId(id)))
            .map_err(|_| QuotaRefusal::BadServer.into()),
        (None, None) => Ok(LimitSubject::Everyone),
    }
}

/// The server that the kill switch is for, or everybody.
pub fn parse_stopped(server: Option<&str>) -> Result<Blocked, Refusal> {
    Ok(match parse_target(None, server)? {
        LimitSubject::Everyone => Blocked::Everyone,
        LimitSubject::Server(server) => Blocked::Server(server),
        LimitSubject::Person(person) => Blocked::Person(person),
    })
}
