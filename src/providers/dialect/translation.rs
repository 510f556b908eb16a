//! Puts OpenAI's chat into another dialect, and the answers back;
//! `docs/providers.md` §12.
//!
//! What the other dialect cannot express is refused by its name: nothing of a
//! request is dropped in silence, but for hints that change no answer.

use bytes::Bytes;
use serde_json::{Value, json};

/// A chat request in OpenAI's dialect that is to be translated.
pub struct OpenAiChat<'a> {
    pub body: &'a [u8],
    /// The provider's name for the model.
    pub model: &'a str,
    /// The limit that somebody else than the caller puts on the output.
    pub output_limit: Option<u64>,
    pub stream: bool,
    /// When the request came, in seconds since 1970, for its answer.
    pub at_s: i64,
}

/// A request in the provider's dialect.
pub struct Translation {
    pub path: String,
    pub body: Bytes,
    pub answers: Box<dyn AnswerTranslator>,
}

/// Writes the answers of a provider in OpenAI's dialect.
pub trait AnswerTranslator: Send + Sync {
    /// Writes what one event of a stream says.
    fn write_event(&mut self, event: &Value, out: &mut Vec<u8>);

    /// Writes the end of a stream.
    fn write_end(&mut self, out: &mut Vec<u8>);

    /// Translates a whole answer.
    fn translate_whole(&mut self, answer: &Value) -> Value;
}

/// Adds parts to the last message where it has this role, or else begins a
/// message: two messages of one role may not follow each other.
pub fn append_parts(messages: &mut Vec<Value>, role: &str, field: &str, parts: Vec<Value>) {
    match messages.last_mut() {
        Some(last) if last["role"] == role => {
            if let Some(all) = last[field].as_array_mut() {
                all.extend(parts);
            }
        }
        _ => messages.push(json!({"role": role, field: parts})),
    }
}

/// Makes the message of a whole answer in OpenAI's dialect. Its content is
/// null where the model only asks for tools.
pub fn whole_message(text: &str, calls: &[Value]) -> Value {
    let content = if text.is_empty() && !calls.is_empty() {
        Value::Null
    } else {
        json!(text)
    };
    let mut message = json!({"role": "assistant", "content": content, "refusal": null});
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    message
}
