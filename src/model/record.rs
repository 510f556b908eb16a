//! What is kept of an answer: no word of it, but where it stands, what was
//! chosen for it, and who could have paid.

use super::attempt::AttemptId;
use super::ids::{PersonId, ProviderId, ServerId};
use super::offer::Trace;

/// What a person chose for an ask, beside the question itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub provider: Option<ProviderId>,
    pub model: Option<String>,
    pub persona: Option<String>,
}

/// An answer's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRecord {
    /// 32 hex digits.
    pub id: String,
    pub person: PersonId,
    pub server: Option<ServerId>,
    pub channel: u64,
    /// The first and the last message that it fills.
    pub first: Option<u64>,
    pub last: Option<u64>,
    /// The message that it answers.
    pub reply_to: Option<u64>,
    pub choices: Choices,
    pub began_at_ms: i64,
    /// None while it grows.
    pub ended_at_ms: Option<i64>,
    pub attempt: Option<AttemptId>,
    pub trace: Trace,
}
