//! What kind of thing an answer is: whole, or a stream. Its media type tells
//! as a rule, and where it does not, its beginning does:
//! `docs/providers.md` §6.4.

use crate::model::FailureClass;
use crate::providers::dialect::AnswerFormat;
use crate::providers::transport::http::IncomingAnswer;
use crate::providers::transport::sse::{Framing, begins_events};

use super::answer_change::AnswerChange;
use super::request::WireRequest;

/// What kind of thing an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerNature {
    Whole,
    Stream(Framing),
    /// It came whole, and its caller asked for a stream.
    WholeAsStream,
}

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";

impl AnswerNature {
    /// The media type of the answer that the caller gets: that of its
    /// translation, or the one that the provider names, unless that does not
    /// tell what the answer is.
    pub fn media_type<'a>(
        self,
        format: AnswerFormat,
        rewriting: &AnswerChange,
        named: &'a str,
    ) -> &'a str {
        if let AnswerChange::Speech(sound) = rewriting {
            return sound.media_type();
        }
        if let (AnswerChange::Heard(transcript), Self::Whole) = (rewriting, self) {
            return transcript.media_type();
        }
        if let AnswerChange::Translated(translator) = rewriting {
            return match self {
                Self::Whole => JSON,
                _ => translator.media_type().unwrap_or(EVENT_STREAM),
            };
        }
        let fitting = match self {
            Self::WholeAsStream => return EVENT_STREAM,
            Self::Stream(Framing::ServerSentEvents) => EVENT_STREAM,
            Self::Stream(Framing::JsonLines) => return named,
            Self::Whole if format.passes_anything() => return named,
            Self::Whole => JSON,
        };
        if named.starts_with(fitting) {
            named
        } else {
            fitting
        }
    }

    /// Finds it out, by the beginning of the answer where a stream was asked
    /// for and its media type names none.
    pub async fn find(
        request: &WireRequest,
        incoming: &mut IncomingAnswer,
    ) -> Result<Self, FailureClass> {
        let kind = incoming.content_type().to_ascii_lowercase();
        if kind.starts_with("application/x-ndjson") {
            return Ok(Self::Stream(Framing::JsonLines));
        }
        if kind.starts_with("text/event-stream") {
            let is_unasked = !request.stream
                && matches!(
                    request.format,
                    AnswerFormat::OpenAi | AnswerFormat::Anthropic | AnswerFormat::Responses
                );
            if is_unasked {
                return Err(FailureClass::Upstream);
            }
            return Ok(Self::Stream(Framing::ServerSentEvents));
        }
        if !request.stream || request.format.passes_anything() {
            return Ok(Self::Whole);
        }
        let begun = incoming.look_ahead(|begun| begins_events(begun).is_some());
        if begins_events(begun.await?) == Some(true) {
            return Ok(Self::Stream(Framing::ServerSentEvents));
        }
        let is_translated = matches!(request.rewriting, AnswerChange::Translated(_));
        // Google streams a list, where nobody asks it for events.
        let becomes_stream = is_translated
            || matches!(
                request.format,
                AnswerFormat::OpenAi | AnswerFormat::Anthropic | AnswerFormat::Responses
            );
        Ok(if becomes_stream {
            Self::WholeAsStream
        } else {
            Self::Whole
        })
    }
}
