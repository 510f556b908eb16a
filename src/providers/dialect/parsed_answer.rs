//! What has been read of an answer so far, whatever its dialect.

use serde_json::Value;

use crate::model::{FailureClass, FinishReason, Usage};

use super::reported_usage::ReportedUsage;

/// An answer that is being read.
#[derive(Debug, Default)]
pub struct ParsedAnswer {
    /// Text that has arrived and was not taken yet.
    pub text: String,
    /// The usage that was reported so far, where it is enough to be one.
    pub usage: Option<Usage>,
    /// The fields of the usage, from which each dialect makes it.
    pub reported: ReportedUsage,
    pub finish: Option<FinishReason>,
    /// The provider's name for the model that answers.
    pub model: Option<String>,
    /// An event that reports an error was read.
    pub failed: bool,
    /// The model works, even if no text has come: reasoning counts.
    pub progressed: bool,
    /// How many pictures were made.
    pub pictures: u64,
    /// How many events were read.
    pub events: usize,
}

impl ParsedAnswer {
    /// Adds text of the model's.
    pub fn add_text(&mut self, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text.push_str(text);
            self.progressed = true;
        }
    }

    /// Takes the model's name from a field of an event.
    pub fn set_model(&mut self, event: &Value, field: &str) {
        if let Some(name) = event.get(field).and_then(Value::as_str) {
            self.model = Some(name.to_owned());
        }
    }

    /// The failure of a stream that ended without a reason to finish: it was
    /// cut, or it held no event at all.
    pub fn unfinished_class(&self) -> FailureClass {
        if self.events == 0 {
            FailureClass::Upstream
        } else {
            FailureClass::CutOff
        }
    }
}
