//! What is chosen beforehand: a model or a persona, for a person, a channel
//! or a server.

use super::ids::{PersonId, ServerId};

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
}

impl ChoiceKind {
    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Persona => "persona",
        }
    }

    /// Reads the word that [`Self::as_str`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Model, Self::Persona]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub scope: ChoiceScope,
    pub kind: ChoiceKind,
    /// `provider/model`, or a persona's name.
    pub value: String,
}
