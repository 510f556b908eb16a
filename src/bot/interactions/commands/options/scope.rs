//! Whose key a command is about.

use crate::model::Scope;

/// Whose key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poise::ChoiceParameter)]
pub enum ScopeChoice {
    #[name = "user"]
    User,
    #[name = "guild"]
    Guild,
}

impl From<ScopeChoice> for Scope {
    fn from(choice: ScopeChoice) -> Self {
        match choice {
            ScopeChoice::User => Self::User,
            ScopeChoice::Guild => Self::Guild,
        }
    }
}
