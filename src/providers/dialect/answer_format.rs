//! What is read of an answer as it passes: how it ends, and what it used.

use bytes::Bytes;
use serde_json::{Value, json};

use super::parsed_answer::{ParsedAnswer, count};
use super::{anthropic, google, ollama, openai};
use crate::model::{Finish, Usage};
use crate::providers::catalogue::{Dialect, Provider};

use super::raw_object::RawObject;
use super::surface::Surface;

/// How an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFormat {
    OpenAi,
    Anthropic,
    Google,
    Ollama,
    Responses,
    Embeddings,
    Images,
    /// It is passed on unread.
    Nothing,
}

impl AnswerFormat {
    /// How a provider's answer is read.
    pub fn of(provider: &Provider, surface: Surface, path: &str) -> Self {
        match surface {
            Surface::Chat => match provider.dialect {
                Dialect::OpenAi(_) => Self::OpenAi,
                Dialect::Anthropic => Self::Anthropic,
                Dialect::Google => Self::Google,
                Dialect::Ollama if path.starts_with("/v1/") => Self::OpenAi,
                Dialect::Ollama => Self::Ollama,
                Dialect::None => Self::Nothing,
            },
            Surface::Responses => Self::Responses,
            Surface::Embeddings => Self::Embeddings,
            Surface::Images => Self::Images,
            Surface::Free | Surface::Other => Self::Nothing,
        }
    }

    /// Reads one event of a stream, or a whole answer.
    pub fn read(self, event: &Value, into: &mut ParsedAnswer) {
        match self {
            Self::OpenAi => openai::read(event, into),
            Self::Anthropic => anthropic::read(event, into),
            Self::Google => google::read(event, into),
            Self::Ollama => ollama::read(event, into),
            Self::Responses => read_responses(event, into),
            Self::Embeddings => read_embeddings(event, into),
            Self::Images => read_images(event, into),
            Self::Nothing => {}
        }
    }

    /// The part of a whole answer that is read: vectors and pictures are
    /// large, and nothing of them is looked at.
    pub fn slim(self, body: &Bytes) -> Option<Value> {
        match self {
            Self::Embeddings | Self::Images => {
                let fields = RawObject::read(body).ok()?;
                let mut slim = json!({});
                for name in ["error", "model", "usage", "prompt_eval_count"] {
                    if let Some(value) = fields.get::<Value>(name) {
                        slim[name] = value;
                    }
                }
                let made = fields.get::<Vec<serde::de::IgnoredAny>>("data");
                slim["pictures"] = json!(made.map_or(0, |made| made.len()));
                Some(slim)
            }
            _ => serde_json::from_slice(body).ok(),
        }
    }

    /// Reads a whole answer without its words, where that is enough;
    /// whether it was.
    pub fn skim(self, body: &[u8], into: &mut ParsedAnswer) -> bool {
        self == Self::OpenAi && openai::skim(body, into)
    }

    /// Whether an answer must say how it ended.
    pub fn must_finish(self) -> bool {
        matches!(
            self,
            Self::OpenAi | Self::Anthropic | Self::Google | Self::Ollama | Self::Responses
        )
    }
}

/// OpenAI's Responses: a whole one, or the events of a stream, of which the
/// last holds the whole.
fn read_responses(event: &Value, into: &mut ParsedAnswer) {
    if event.get("error").is_some_and(|error| !error.is_null()) {
        into.failed = true;
        return;
    }
    match event["type"].as_str() {
        Some("response.output_text.delta" | "response.function_call_arguments.delta") => {
            into.say(event["delta"].as_str());
        }
        Some("error") => into.failed = true,
        Some(kind) if kind.starts_with("response.") => {
            into.moved = true;
            if matches!(
                kind,
                "response.completed" | "response.incomplete" | "response.failed"
            ) {
                read_response(&event["response"], into);
            }
        }
        _ => read_response(event, into),
    }
}

fn read_response(response: &Value, into: &mut ParsedAnswer) {
    into.name(response, "model");
    into.failed |= response["status"] == "failed";
    into.finish = match response["status"].as_str() {
        Some("incomplete") => Some(Finish::Length),
        Some("completed") => Some(Finish::Complete),
        _ => into.finish,
    };
    into.usage = in_and_out(&response["usage"]).or(into.usage);
}

fn read_embeddings(answer: &Value, into: &mut ParsedAnswer) {
    into.failed |= answer.get("error").is_some_and(|error| !error.is_null());
    into.name(answer, "model");
    let tokens =
        count(answer, "/usage/prompt_tokens").or_else(|| count(answer, "/prompt_eval_count"));
    into.usage = tokens.map(|input_tokens| Usage {
        input_tokens,
        ..Usage::default()
    });
}

fn read_images(answer: &Value, into: &mut ParsedAnswer) {
    into.failed |= answer.get("error").is_some_and(|error| !error.is_null());
    let done = answer["type"] == "image_generation.completed";
    into.pictures += answer["pictures"].as_u64().unwrap_or(u64::from(done));
    into.moved = true;
    into.usage = in_and_out(&answer["usage"]).or(into.usage);
}

fn in_and_out(usage: &Value) -> Option<Usage> {
    Some(Usage {
        input_tokens: count(usage, "/input_tokens")?,
        output_tokens: count(usage, "/output_tokens")?,
        cached_tokens: count(usage, "/input_tokens_details/cached_tokens").unwrap_or(0),
        reasoning_tokens: count(usage, "/output_tokens_details/reasoning_tokens").unwrap_or(0),
        cost: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reads: AnswerFormat, events: &[Value]) -> ParsedAnswer {
        let mut reading = ParsedAnswer::default();
        for event in events {
            reads.read(event, &mut reading);
        }
        reading
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
        for reading in [whole, streamed] {
            let usage = reading.usage.unwrap();
            assert_eq!((usage.input_tokens, usage.output_tokens), (5, 7));
            assert_eq!((usage.cached_tokens, usage.reasoning_tokens), (2, 3));
            assert_eq!(reading.finish, Some(Finish::Complete));
        }
        assert!(
            read(
                AnswerFormat::Responses,
                &[json!({"type": "response.failed", "response": {"status": "failed"}})]
            )
            .failed
        );
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
        let slim = AnswerFormat::Images
            .slim(&Bytes::from_static(body))
            .unwrap();
        assert!(!slim.to_string().contains("AAAA"));
        let reading = read(AnswerFormat::Images, &[slim]);
        assert_eq!(
            (reading.pictures, reading.usage.unwrap().output_tokens),
            (2, 9)
        );
        let body = br#"{"data":[{"embedding":[0.1,0.2]}],"model":"e","usage":{"prompt_tokens":4,"total_tokens":4}}"#;
        let slim = AnswerFormat::Embeddings
            .slim(&Bytes::from_static(body))
            .unwrap();
        let reading = read(AnswerFormat::Embeddings, &[slim]);
        assert_eq!(reading.usage.unwrap().input_tokens, 4);
    }
}
