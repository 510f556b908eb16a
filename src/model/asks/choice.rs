//! What is chosen beforehand: a model or a persona, for a person, a channel
//! or a server; and how answers look in a server.

use crate::model::ids::{PersonId, ServerId};

/// For whom something is chosen. The closest counts: a person's own choice
/// before the channel's, and that before the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChoiceScope {
    Person(PersonId),
    Channel(u64),
    Server(ServerId),
}

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceKind {
    Model,
    Persona,
    /// Whether links in answers show previews of their pages; they do where
    /// anything is chosen.
    Previews,
}

impl ChoiceKind {
    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Persona => "persona",
            Self::Previews => "previews",
        }
    }

    /// Reads the word that [`Self::as_str`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Model, Self::Persona, Self::Previews]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub scope: ChoiceScope,
    pub kind: ChoiceKind,
    /// `provider/model`, a persona's name, or `show`.
    pub value: String,
}
