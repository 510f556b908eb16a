//! One request to a model, from anywhere.

use std::fmt;

use super::record::Choices;
use super::turn::{LeftOut, Turn};
use crate::model::access::key::{Credential, Owner, Scope};
use crate::model::ids::{PersonId, ServerId};
use crate::model::refusal::AccessRefusal;

/// Words that a person or a model said. Its `Debug` never shows them, so
/// that they cannot slip into a log.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Words(pub String);

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes of words]", self.0.len())
    }
}

/// Where an ask comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A direct message, or no place in Discord at all.
    Direct,
    /// A server that installed the bot.
    Server(ServerId),
    /// A server that did not: only the person installed the app.
    VisitedServer(ServerId),
}

impl Place {
    /// The server, if this is one, whoever installed the bot.
    pub fn server(self) -> Option<ServerId> {
        match self {
            Self::Direct => None,
            Self::Server(server) | Self::VisitedServer(server) => Some(server),
        }
    }
}

/// Who is asking for something, as Discord vouches for them right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub person: PersonId,
    pub place: Place,
    /// The Discord channel that they are in.
    pub channel: Option<u64>,
    /// May manage the server that they are in.
    pub manages_server: bool,
    /// Their roles in the server that they are in.
    pub roles: Vec<u64>,
    /// Their roles in the operator's home server.
    pub home_roles: Vec<u64>,
    /// The Discord SKUs that they are entitled to.
    pub skus: Vec<u64>,
}

impl Caller {
    /// The owner whose keys a scope names, if the caller may act for that
    /// owner now. Every verb about stored keys asks this, at the command and
    /// again at the submit. Nobody acts for the operator by what Discord says
    /// of them.
    pub fn owner_for(&self, scope: Scope) -> Result<Owner, AccessRefusal> {
        match (scope, self.place) {
            (Scope::User, _) => Ok(Owner::Person(self.person)),
            (Scope::Guild, Place::Direct) => Err(AccessRefusal::NotInAServer),
            (Scope::Guild, Place::VisitedServer(_)) => Err(AccessRefusal::NotInstalledHere),
            (Scope::Guild, Place::Server(_)) if !self.manages_server => {
                Err(AccessRefusal::NotAManager)
            }
            (Scope::Guild, Place::Server(server)) => Ok(Owner::Server(server)),
            (Scope::System, _) => Err(AccessRefusal::NotAnOperator),
        }
    }
}

/// One request to a model: who, where, which provider and model, and what.
#[derive(Debug)]
pub struct Ask {
    pub caller: Caller,
    /// What the person chose; else what is set here decides.
    pub choices: Choices,
    /// The conversation; the last turn is what is asked.
    pub turns: Vec<Turn>,
    /// What was left out of it already.
    pub left_out: Vec<LeftOut>,
    /// The longest answer that is wanted, in tokens.
    pub max_output_tokens: Option<u32>,
    /// A key that came with the request. It is never stored, and no other
    /// key pays when it fails.
    pub request_key: Option<Credential>,
}

impl Ask {
    /// A question without a conversation before it.
    pub fn of(caller: Caller, question: &str, choices: Choices) -> Self {
        Self {
            caller,
            choices,
            turns: vec![Turn::person(question)],
            left_out: Vec::new(),
            max_output_tokens: None,
            request_key: None,
        }
    }
}
