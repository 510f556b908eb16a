//! JSON that an answer of OpenAI's Responses says in one or more messages.

use crate::providers::dialect::bodies::json::Json;

/// JSON that an answer says in one or more messages.
#[derive(Default)]
pub struct JsonSoFar {
    said: String,
    is_whole: bool,
}

impl JsonSoFar {
    /// Whether a text comes behind the whole JSON, in a message of its own.
    /// Otherwise it belongs to it: a line break in the middle of a text would
    /// make it no JSON.
    pub fn is_behind(&mut self, text: &str, is_next_message: bool) -> bool {
        if is_next_message && !self.is_whole {
            let parsed = Json::parse(self.said.as_bytes());
            self.is_whole = parsed.is_some_and(|it| it.is_object());
        }
        if !self.is_whole {
            self.said.push_str(text);
        }
        self.is_whole
    }
}
