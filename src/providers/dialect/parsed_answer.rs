//! What has been read of an answer so far, whatever its dialect.

use serde_json::Value;

use crate::model::{BYTES_IN_A_TOKEN, FailureClass, FinishReason, HeardBytes, Usage};

use super::reported_usage::{Field, ReportedUsage};

/// An answer that is being read.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is known of an answer whatever the others are"
)]
pub struct ParsedAnswer {
    /// Text that has arrived and was not taken yet.
    pub text: String,
    /// How much has come and was not taken yet, beside that text.
    pub heard: HeardBytes,
    /// The usage that was reported so far, where it is enough to be one.
    pub usage: Option<Usage>,
    /// The fields of the usage, from which each dialect makes it.
    pub reported: ReportedUsage,
    pub finish: Option<FinishReason>,
    /// The provider's name for the model that answers.
    pub model: Option<String>,
    /// What the events of OpenAI's Responses call the answer.
    pub response_id: Option<String>,
    /// The place of the message whose text came last, where an answer may have
    /// several.
    pub speaking: Option<u64>,
    /// An event that reports an error was read.
    pub failed: bool,
    /// That event says what was used, which is the provider's last word on it.
    pub failure_has_usage: bool,
    /// The model works, even if no text has come: reasoning counts.
    pub progressed: bool,
    /// Words of any kind have come: text, arguments, thoughts.
    pub has_words: bool,
    /// What its provider calls the job that goes on after it.
    pub job: Option<String>,
    /// How many answers to one question have come.
    pub choices: u64,
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
            self.has_words = true;
        }
    }

    /// Counts what the model has written that is no text of the answer: arguments
    /// of a tool, or one more answer.
    pub fn hear(&mut self, written: &Value) {
        let bytes = count_text(written);
        self.heard.written = self.heard.written.saturating_add(bytes);
        self.has_words |= bytes > 0;
    }

    /// Counts what the model lets see of its thinking.
    pub fn hear_thought(&mut self, thought: &Value) {
        let bytes = count_text(thought);
        self.heard.thought = self.heard.thought.saturating_add(bytes);
        self.progressed |= bytes > 0;
        self.has_words |= bytes > 0;
    }

    /// Takes how much has come since this was asked last; `text` is how
    /// many bytes of it were taken as text. Words that come by themselves are a
    /// token, however short.
    pub fn take_heard(&mut self, text: usize) -> HeardBytes {
        let mut heard = std::mem::take(&mut self.heard);
        heard.written = heard.written.saturating_add(text as u64);
        for bytes in [&mut heard.written, &mut heard.thought] {
            if *bytes > 0 {
                *bytes = (*bytes).max(BYTES_IN_A_TOKEN);
            }
        }
        heard
    }

    /// The usage as far as it was reported: 0 for what was left out. Of an answer
    /// that breaks off, the terms may be all that is known.
    pub fn known_usage(&self) -> Option<Usage> {
        let reported = &self.reported;
        let count = |field| reported.count(field);
        let known = || reported.usage(count(Field::Input), count(Field::Output));
        self.usage.or_else(|| reported.says_anything().then(known))
    }

    /// Whether the model has ended, and what it used was reported with that or
    /// after it; or with its error.
    pub fn is_counted(&self) -> bool {
        if self.failed && self.failure_has_usage {
            return self.known_usage().is_some_and(|it| it != Usage::default());
        }
        let has_output = |usage: Usage| usage.output_tokens > 0 || usage.details.audio_seconds > 0;
        self.finish.is_some() && self.usage.is_some_and(has_output)
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

/// The bytes of all texts in a value.
fn count_text(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(list) => list.iter().map(count_text).sum(),
        Value::Object(fields) => fields.values().map(count_text).sum(),
        Value::Null => 0,
        // Numbers in the arguments of a tool.
        Value::Bool(_) | Value::Number(_) => value.to_string().len() as u64,
    }
}
