//! What has been read of an answer so far, whatever the dialect.

use serde_json::Value;

use crate::model::{FailureClass, Finish, Usage};

/// More tokens than any model handles: a count above it is nonsense.
pub const TOKENS_MAX: u64 = 100_000_000;

/// An answer in the making.
#[derive(Debug, Default)]
pub struct ParsedAnswer {
    /// Text that has arrived and was not taken yet.
    pub text: String,
    pub usage: Option<Usage>,
    pub finish: Option<Finish>,
    /// The model's own name for itself.
    pub model: Option<String>,
    /// An event that is an error was read.
    pub failed: bool,
    /// The model is at work, even if no text has come: reasoning counts.
    pub moved: bool,
    /// Pictures that were made.
    pub pictures: u64,
    /// How many events were read.
    pub events: usize,
}

impl ParsedAnswer {
    /// Adds text.
    pub fn say(&mut self, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text.push_str(text);
            self.moved = true;
        }
    }

    /// What an answer is that ended without saying why: a stream that was
    /// cut, even if it is silent about it, or no stream at all.
    pub fn unfinished(&self) -> FailureClass {
        if self.events == 0 {
            FailureClass::Upstream
        } else {
            FailureClass::CutOff
        }
    }

    /// Keeps the model's name.
    pub fn name(&mut self, event: &Value, field: &str) {
        if let Some(name) = event.get(field).and_then(Value::as_str) {
            self.model = Some(name.to_owned());
        }
    }
}

/// A count of tokens at a path, if there is a possible one.
pub fn count(value: &Value, path: &str) -> Option<u64> {
    value
        .pointer(path)?
        .as_u64()
        .filter(|tokens| *tokens <= TOKENS_MAX)
}
