//! Answers that are passed on before they were read: large ones, and those of which
//! nobody knows what they are.

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use crate::model::{FailureClass, ProviderFailure, Usage};
use crate::providers::dialect::{AnswerFormat, ParsedAnswer, read_batch};
use crate::providers::relay::request::WireRequest;
use crate::providers::relay::skimmer::Skimmer;
use crate::providers::transport::sse::{Events, without_mark};

use super::batch_results::BatchResults;
use super::{PASSED_BYTES_MAX, Relayed};

/// A job whose end an answer tells.
pub struct EndedJob {
    /// What its provider calls it.
    pub id: String,
    /// What it used; none where its provider does not say.
    pub usage: Option<Usage>,
    /// The model that it was made with, where the call that began it named none.
    pub model: Option<String>,
}

/// Whether a job came to an end of which no usage is told (S: openai-spec,
/// `Response.status` and `VideoStatus`; Google's `Interaction.status`).
fn came_to_nothing(job: &Value) -> bool {
    let status = job["status"].as_str();
    matches!(
        status,
        Some("failed" | "cancelled" | "incomplete" | "budget_exceeded")
    )
}

/// What was asked where nobody knows what the answer is.
#[derive(Default)]
pub struct OpenQuestion {
    path: String,
    /// Whether something is looked up, which was counted when it was made.
    is_look: bool,
}

impl OpenQuestion {
    /// What is read of the results of a batch, if those are asked for.
    pub fn results(&self) -> Option<BatchResults> {
        BatchResults::at(&self.path).filter(|_| self.is_look)
    }

    /// Keeps what is needed of a call, if its answer has to be understood by its
    /// fields.
    pub fn of(request: &WireRequest) -> Self {
        match (request.format, &request.to) {
            (AnswerFormat::Any, Some(to)) => Self {
                path: to.path().to_owned(),
                is_look: request.method != Method::POST,
            },
            _ => Self::default(),
        }
    }
}

impl Relayed {
    /// Begins to pass on an answer as it comes, after what was read of it. A
    /// page, say, is no answer.
    pub(super) fn begin_passing(&mut self, begun: &Bytes) -> Result<Bytes, ProviderFailure> {
        let begun = begun.slice_ref(without_mark(begun));
        self.read_results(Some(&begun));
        let mut skimmer = Skimmer::for_words(self.format.must_finish());
        skimmer.push(&begun);
        if !skimmer.may_be_json() {
            if !self.format.passes_anything() {
                return Err(self.failed(FailureClass::Upstream));
            }
            self.format = AnswerFormat::Unread;
        }
        self.heard.written += skimmer.newly_heard();
        self.skimmer = Some(skimmer);
        self.incoming.allow_bytes(PASSED_BYTES_MAX);
        Ok(begun)
    }

    /// The next piece of an answer that is passed on as it comes.
    pub(super) async fn next_passed(&mut self) -> Result<Option<Bytes>, ProviderFailure> {
        let piece = self.next_piece().await?;
        self.read_results(piece.as_deref());
        match (&piece, &mut self.skimmer) {
            (Some(piece), Some(skimmer)) => {
                skimmer.push(piece);
                self.heard.written += skimmer.newly_heard();
            }
            _ => self.end_passed()?,
        }
        Ok(piece)
    }

    /// Reads a piece of a batch's results, if the answer is that; none at its end.
    pub(super) fn read_results(&mut self, piece: Option<&[u8]>) {
        match (piece, &mut self.results) {
            (Some(piece), Some(results)) => results.push(piece),
            (None, results) => {
                let ended = results.take().map(BatchResults::end);
                self.ended_job = ended.or(self.ended_job.take());
            }
            (Some(_), None) => {}
        }
    }

    /// Reads what was used from what was kept of an answer that has passed.
    fn end_passed(&mut self) -> Result<(), ProviderFailure> {
        self.ended = true;
        let skimmer = self.skimmer.take().unwrap_or_default();
        if self.format == AnswerFormat::Unread {
            return Ok(());
        }
        let kept = skimmer.finish();
        if kept.is_none() && self.format.passes_anything() {
            return Ok(());
        }
        let kept = kept.ok_or_else(|| self.failed(FailureClass::Upstream))?;
        // Its text was counted while it passed.
        let heard = self.heard;
        self.read_value(&kept)?;
        self.heard = heard;
        Ok(())
    }

    /// Reads a piece of a stream that is passed on whatever it is.
    pub(super) async fn read_aside(&mut self, piece: &Bytes) -> Result<(), ProviderFailure> {
        if self.format == AnswerFormat::Unread {
            return Ok(());
        }
        match self.decoder.push(piece) {
            Ok(events) => self.read_events(&events),
            Err(_) => self.format = AnswerFormat::Unread,
        }
        self.cover_event().await
    }

    /// Reads events of such a stream, as far as they can be read.
    pub(super) fn read_events(&mut self, events: &Events) {
        for event in events.iter() {
            // The caller gets it all the same.
            let _ = self.read_event(event);
        }
    }

    /// Whether an answer is about something that was made before, and whose usage
    /// was counted then: it was looked up, or the call names it. Notes what a job
    /// used whose end it tells.
    pub(super) fn tells_of_older(&mut self, value: &Value) -> bool {
        if let Some(batch) = read_batch(value) {
            let is_named = self.question.path.split('/').any(|part| part == batch.id);
            if let Some(end) = batch.end.filter(|_| is_named) {
                self.ended_job = Some(EndedJob {
                    id: batch.id,
                    usage: Some(end.usage),
                    model: end.model,
                });
            }
            return is_named || self.question.is_look;
        }
        let told = ["response", "interaction"];
        let told = told.iter().find_map(|name| value.get(name));
        let told = told.unwrap_or(value);
        let id = told["id"].as_str();
        let Some(id) = id.filter(|id| self.question.path.split('/').any(|part| part == *id)) else {
            return self.question.is_look;
        };
        let mut answer = ParsedAnswer::default();
        self.format.read_event(value, &mut answer);
        let usage = answer.usage.filter(|_| answer.job.is_none());
        if usage.is_some() || came_to_nothing(told) {
            let id = id.to_owned();
            self.ended_job = Some(EndedJob {
                id,
                usage,
                model: None,
            });
        }
        true
    }
}
