//! What a call must bring to be let in: each row of the table of routes says
//! it, and sessions are opened by it.

use crate::model::Right;

/// What a call must bring to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    Nothing,
    /// A token with this right. Where the operator allows it, a call to a
    /// model may bring a provider key in place of the token.
    Token(Right),
    /// A token with this right, of somebody who manages the server that the
    /// address names.
    Manager(Right),
    /// A token with this right, of one of the operator's people.
    Operator(Right),
    /// A token that may read usage, of one of the operator's people; nothing
    /// where the operator opens the metrics to everybody.
    Metrics,
}

impl Requirement {
    /// The right that the token must have; none where no token is needed.
    pub fn right(self) -> Option<Right> {
        match self {
            Self::Nothing => None,
            Self::Token(right) | Self::Manager(right) | Self::Operator(right) => Some(right),
            Self::Metrics => Some(Right::UsageRead),
        }
    }
}
