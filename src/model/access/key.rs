//! A stored key as everything but the vault sees it: without its secret.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::model::ids::{KeyId, PersonId, ProviderId, ServerId};

/// Where a key applies, in Discord users' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    User,
    Guild,
    /// The operator's people's: their keys are bot defaults.
    System,
}

impl Scope {
    /// The word used in commands and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Guild => "guild",
            Self::System => "system",
        }
    }

    /// Reads the word that [`Self::as_str`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::User, Self::Guild, Self::System]
            .into_iter()
            .find(|scope| scope.as_str() == word)
    }
}

/// What a typed key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyGoal {
    /// It is stored for this scope.
    Stored(Scope),
    /// It pays for one call.
    Once,
}

/// Whose a stored key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    Person(PersonId),
    Server(ServerId),
    /// The operator: a system key, added by one of the operator's people.
    Operator,
}

impl Owner {
    /// The scope that this owner's keys have.
    pub fn scope(self) -> Scope {
        match self {
            Self::Person(_) => Scope::User,
            Self::Server(_) => Scope::Guild,
            Self::Operator => Scope::System,
        }
    }

    /// The owner's snowflake; 0 for the operator, who is none of Discord's.
    pub fn id(self) -> u64 {
        match self {
            Self::Person(PersonId(id)) | Self::Server(ServerId(id)) => id,
            Self::Operator => 0,
        }
    }

    /// Joins a scope and a snowflake as they stand in a row.
    pub fn from_parts(scope: Scope, id: u64) -> Self {
        match scope {
            Scope::User => Self::Person(PersonId(id)),
            Scope::Guild => Self::Server(ServerId(id)),
            Scope::System => Self::Operator,
        }
    }
}

/// What is known of whether a provider accepts a key. Only the provider's
/// own word makes a key [`Health::Refused`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Health {
    /// Nothing is known: the provider could not be asked.
    Unverified,
    /// The provider accepted it.
    Valid,
    /// The server that it is for answers without a key too, so that nothing
    /// tells whether it is the right one.
    Unguarded,
    /// The provider says it is not a key of theirs.
    Refused,
    /// The key is real, its account has no credit.
    OutOfCredit,
    /// The key is real, but may not do everything.
    Restricted,
    /// What is stored of it does not open: it was changed, or moved from
    /// another row.
    Damaged,
}

impl Health {
    const ALL: [Self; 7] = [
        Self::Unverified,
        Self::Valid,
        Self::Unguarded,
        Self::Refused,
        Self::OutOfCredit,
        Self::Restricted,
        Self::Damaged,
    ];

    /// The word used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Valid => "valid",
            Self::Unguarded => "unguarded",
            Self::Refused => "refused",
            Self::OutOfCredit => "out_of_credit",
            Self::Restricted => "restricted",
            Self::Damaged => "damaged",
        }
    }

    /// Reads the word that [`Self::as_str`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|health| health.as_str() == word)
    }
}

/// A stored key, without its secret. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub owner: Owner,
    pub provider: ProviderId,
    /// What its owner calls it.
    pub name: Option<String>,
    /// The last four characters, for keys long enough to spare them.
    pub hint: Option<String>,
    pub health: Health,
    pub paused: bool,
    pub expires_at_ms: Option<i64>,
    pub added_by: PersonId,
    pub added_at_ms: i64,
    pub checked_at_ms: Option<i64>,
    pub last_used_at_ms: Option<i64>,
    /// Which master key sealed it.
    pub master_kid: String,
}

impl Key {
    /// Whether its owner wanted it used no longer than this.
    pub fn has_ended(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|at_ms| at_ms <= now_ms)
    }

    /// When it ends, if that is still to come.
    pub fn end_to_come_ms(&self, now_ms: i64) -> Option<i64> {
        self.expires_at_ms.filter(|_| !self.has_ended(now_ms))
    }

    /// Whether nothing is known that keeps its provider from accepting it.
    pub fn seems_to_work(&self) -> bool {
        !matches!(
            self.health,
            Health::Refused | Health::OutOfCredit | Health::Damaged
        )
    }

    /// Whether it pays for nothing until its owner does something about it.
    pub fn needs_its_owner(&self) -> bool {
        !self.seems_to_work() && !self.paused
    }
}

/// A provider credential in the clear: lives between `vault` or the edge
/// that received it, and `providers::outbound`.
#[derive(Debug)]
pub struct Credential {
    pub secret: SecretString,
    /// Scheme, host and port of every place that this key may be sent to.
    pub origins: Vec<String>,
    /// What the provider needs beside the key, such as an organisation.
    pub extras: BTreeMap<String, SecretString>,
}
