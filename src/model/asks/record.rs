//! What is kept of an answer: no word of it, but where it stands, what was
//! chosen for it, and who could have paid.

use super::image::Size;
use crate::model::calls::attempt::AttemptId;
use crate::model::ids::{PersonId, ProviderId, ServerId};
use crate::model::payment::offer::Trace;

/// How long the buttons under an answer work, in days.
pub const ANSWERS_KEPT_DAYS: i64 = 30;

/// What a person chose for an ask, beside the question itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub provider: Option<ProviderId>,
    pub model: Option<String>,
    pub persona: Option<String>,
}

impl Choices {
    /// Whether a provider or a model is named.
    pub fn name_target(&self) -> bool {
        let model = self.model.as_deref().map(str::trim);
        self.provider.is_some() || model.is_some_and(|model| !model.is_empty())
    }
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

/// A picture's row: what makes it again, but for its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureJob {
    /// Its answer's id.
    pub id: String,
    pub person: PersonId,
    pub server: Option<ServerId>,
    /// None: a program waits for it.
    pub channel: Option<u64>,
    /// The message that it was promised with.
    pub message: Option<u64>,
    /// Who pays, for which provider and model.
    pub attempt: AttemptId,
    pub size: Option<Size>,
    pub count: u8,
    pub seed: u64,
    /// Whether it changes a picture.
    pub is_edit: bool,
    /// Whether nobody sees it before they press on it.
    pub is_spoiler: bool,
    /// By which it is found at its host, where its own name never came.
    pub mark: u32,
    /// What the host calls it, once it has taken it.
    pub host_job: Option<String>,
    pub began_at_ms: i64,
    /// None until it was delivered, or why not was said.
    pub ended_at_ms: Option<i64>,
}
