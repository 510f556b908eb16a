//! Answers of Anthropic's that pass as they are, but for the name of the model:
//! it is the one that the caller asked for.

use bytes::Bytes;
use serde_json::{Value, json};

use super::answer_change::AnswerChange;
use crate::providers::dialect::RawObject;

/// The event that a stream begins with, and the only one that names a model.
const BEGINNING: &str = "message_start";

impl AnswerChange {
    /// A whole answer under the caller's name for the model.
    pub(super) fn rename_whole(&self, body: Bytes) -> Bytes {
        let Self::Renamed(name) = self else {
            return body;
        };
        match RawObject::parse(&body) {
            Ok(mut answer) if answer.raw("model").is_some() => {
                answer.set("model", &json!(name));
                answer.write().into()
            }
            _ => body,
        }
    }

    /// The same, of one that becomes a stream.
    pub(super) fn rename_value(&self, mut answer: Value) -> Value {
        if let Self::Renamed(name) = self
            && answer["model"].is_string()
        {
            answer["model"] = json!(name);
        }
        answer
    }
}

/// Whether an event is the one that names the model.
pub fn begins_message(event: &Value) -> bool {
    event["type"] == BEGINNING && event["message"]["model"].is_string()
}

/// That event with another name, and all else as it came.
pub fn rename_beginning(data: &[u8], name: &str) -> Option<Vec<u8>> {
    let read = |json: &[u8]| RawObject::parse(&Bytes::copy_from_slice(json)).ok();
    let mut event = read(data)?;
    let mut message = read(event.raw("message")?.as_bytes())?;
    message.set("model", &json!(name));
    event.set_raw("message", message.write().into());
    let mut written = format!("event: {BEGINNING}\ndata: ").into_bytes();
    written.extend(event.write());
    written.extend_from_slice(b"\n\n");
    Some(written)
}
