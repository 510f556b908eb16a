//! How the answer of a call is read, by what the call asked for.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::model::FailureClass;

use super::bodies::json_size::parse_tree;
use super::bodies::raw_object::RawObject;
use super::parsed_answer::ParsedAnswer;
use super::{anthropic, any_answer, google, ollama, openai, responses, transcript};

/// The format of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFormat {
    OpenAi,
    Anthropic,
    Google,
    Ollama,
    Responses,
    Embeddings,
    Images,
    /// What was written down of a sound: JSON, events, or texts.
    Transcript,
    /// The same as events that are put into other words.
    TranscriptEvents,
    /// One of which the address says nothing: what it used is found by its
    /// fields, and it is passed on whatever it is.
    Any,
    /// An answer that is passed on unread.
    Unread,
}

impl AnswerFormat {
    /// Reads one event of a stream, or a whole answer.
    pub fn read_event(self, event: &Value, answer: &mut ParsedAnswer) {
        match self {
            Self::OpenAi => openai::read_event(event, answer),
            Self::Anthropic => anthropic::read_event(event, answer),
            Self::Google => google::read_event(event, answer),
            Self::Ollama => ollama::read_event(event, answer),
            Self::Responses => responses::read_event(event, answer),
            Self::Embeddings => openai::read_embeddings(event, answer),
            Self::Images => openai::read_images(event, answer),
            Self::Transcript | Self::TranscriptEvents => transcript::read_event(event, answer),
            Self::Any => any_answer::read_event(event, answer),
            Self::Unread => {}
        }
    }

    /// The error of an answer that tells of its failure itself: a caller of
    /// the same dialect is given that, and nobody else can read it.
    pub fn told_failure(self, event: &Value) -> Option<&Value> {
        match self {
            Self::Responses => responses::failed_response(event),
            _ => None,
        }
    }

    /// Parses as much of a whole answer as [`Self::read_event`] reads:
    /// vectors and pictures are large, and only counted. None where it is no
    /// JSON.
    pub fn parse_whole(self, body: &Bytes) -> Result<Option<Value>, FailureClass> {
        match self {
            Self::Embeddings | Self::Images => {
                let Ok(fields) = RawObject::parse(body) else {
                    return Ok(None);
                };
                let mut parsed = json!({});
                for name in [
                    "error",
                    "model",
                    "usage",
                    "meta",
                    "usageMetadata",
                    "prompt_eval_count",
                ] {
                    if let Some(value) = fields.get::<Value>(name) {
                        parsed[name] = value;
                    }
                }
                let made = fields.get::<Vec<serde::de::IgnoredAny>>("data");
                parsed["pictures"] = json!(made.map_or(0, |made| made.len()));
                Ok(Some(parsed))
            }
            _ => parse_tree(body),
        }
    }

    /// Reads a whole answer without its text, where that is enough; whether
    /// it was.
    pub fn skim_whole(self, body: &[u8], answer: &mut ParsedAnswer) -> bool {
        self == Self::OpenAi && openai::skim_answer(body, answer)
    }

    /// Whether an answer is passed on whatever it is.
    pub fn passes_anything(self) -> bool {
        matches!(self, Self::Transcript | Self::Any | Self::Unread)
    }

    /// Whether the words of a stream are counted as they pass.
    pub fn counts_words(self) -> bool {
        self.must_finish() || matches!(self, Self::Transcript | Self::TranscriptEvents)
    }

    /// Whether an answer must say how it ended.
    pub fn must_finish(self) -> bool {
        matches!(
            self,
            Self::OpenAi | Self::Anthropic | Self::Google | Self::Ollama | Self::Responses
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FinishReason;

    fn read(format: AnswerFormat, events: &[Value]) -> ParsedAnswer {
        let mut answer = ParsedAnswer::default();
        for event in events {
            format.read_event(event, &mut answer);
        }
        answer
    }

    #[test]
    fn a_response_is_read_whole_and_streamed() {
        let response = json!({"model": "gpt-6", "status": "completed", "usage": {"input_tokens": 5,
            "output_tokens": 7, "input_tokens_details": {"cached_tokens": 2},
            "output_tokens_details": {"reasoning_tokens": 3}}, "error": null});
        let whole = read(AnswerFormat::Responses, std::slice::from_ref(&response));
        let streamed = read(
            AnswerFormat::Responses,
            &[
                json!({"type": "response.created", "response": {"status": "in_progress"}}),
                json!({"type": "response.output_text.delta", "delta": "hi"}),
                json!({"type": "response.completed", "response": response}),
            ],
        );
        assert_eq!(streamed.text, "hi");
        for answer in [whole, streamed] {
            let usage = answer.usage.unwrap();
            assert_eq!((usage.input_tokens, usage.output_tokens), (5, 7));
            assert_eq!((usage.cached_tokens, usage.reasoning_tokens), (2, 3));
            assert_eq!(answer.finish, Some(FinishReason::Complete));
        }
        // One that failed passes as it is, and what it used is counted.
        let failed = json!({"object": "response", "status": "failed", "error": {"code": "server_error"},
            "usage": {"input_tokens": 50, "output_tokens": 7}});
        let event = json!({"type": "response.failed", "response": failed});
        for failed in [failed, event] {
            let answer = read(AnswerFormat::Responses, &[failed]);
            assert_eq!(
                (answer.failed, answer.finish),
                (false, Some(FinishReason::Blocked))
            );
            assert_eq!(answer.usage.unwrap().input_tokens, 50);
        }
        assert!(
            read(
                AnswerFormat::Responses,
                &[json!({"error": {"message": "no"}})]
            )
            .failed
        );
    }

    #[test]
    fn of_vectors_and_pictures_only_the_count_is_read() {
        let body = br#"{"data":[{"b64_json":"AAAA"},{"b64_json":"BBBB"}],"usage":{"input_tokens":3,"output_tokens":9}}"#;
        let parsed = AnswerFormat::Images
            .parse_whole(&Bytes::from_static(body))
            .unwrap()
            .unwrap();
        assert!(!parsed.to_string().contains("AAAA"));
        let answer = read(AnswerFormat::Images, &[parsed]);
        assert_eq!(
            (answer.pictures, answer.usage.unwrap().output_tokens),
            (2, 9)
        );
        let body = br#"{"data":[{"embedding":[0.1,0.2]}],"model":"e","usage":{"prompt_tokens":4,"total_tokens":4}}"#;
        let parsed = AnswerFormat::Embeddings
            .parse_whole(&Bytes::from_static(body))
            .unwrap()
            .unwrap();
        let answer = read(AnswerFormat::Embeddings, &[parsed]);
        assert_eq!(answer.usage.unwrap().input_tokens, 4);
    }
}
