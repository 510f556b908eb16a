//! The types and ranges of fields that `OpenAI`'s chat and its Responses have,
//! and what some of them need beside them.

use serde_json::{Value, json};

use super::BrokenRule;
use crate::providers::json_fields::list;

/// What a field holds.
#[derive(Clone, Copy)]
enum Kind {
    Flag,
    /// A whole number between these.
    Whole(i64, i64),
    /// Any number between these.
    Decimal(f64, f64),
    Text,
    List,
    Object,
    TextOrList,
    TextOrObject,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// By `docs/providers.md` §7.6; the kinds are those of [openai-spec], and
/// `src/tests/openai_document.rs` holds them against it.
const FIELDS: [(&str, Kind); 48] = [
    ("model", Kind::Text),
    ("messages", Kind::List),
    ("input", Kind::TextOrList),
    ("instructions", Kind::Text),
    ("tools", Kind::List),
    ("functions", Kind::List),
    ("tool_choice", Kind::TextOrObject),
    ("function_call", Kind::TextOrObject),
    ("response_format", Kind::Object),
    ("text", Kind::Object),
    ("reasoning", Kind::Object),
    ("include", Kind::List),
    ("modalities", Kind::List),
    ("audio", Kind::Object),
    ("prediction", Kind::Object),
    ("web_search_options", Kind::Object),
    ("moderation", Kind::Object),
    ("stop", Kind::TextOrList),
    ("logit_bias", Kind::Object),
    ("stream_options", Kind::Object),
    ("metadata", Kind::Object),
    ("user", Kind::Text),
    ("safety_identifier", Kind::Text),
    ("prompt_cache_key", Kind::Text),
    ("prompt_cache_options", Kind::Object),
    ("prompt_cache_retention", Kind::Word(&["in_memory", "24h"])),
    ("prompt", Kind::Object),
    ("conversation", Kind::TextOrObject),
    ("previous_response_id", Kind::Text),
    ("context_management", Kind::List),
    ("truncation", Kind::Word(&["auto", "disabled"])),
    ("verbosity", Kind::Word(&["low", "medium", "high"])),
    (
        "service_tier",
        Kind::Word(&[
            "auto",
            "default",
            "flex",
            "scale",
            "priority",
            "fast",
            "ultrafast",
        ]),
    ),
    ("background", Kind::Flag),
    ("temperature", Kind::Decimal(0.0, 2.0)),
    ("top_p", Kind::Decimal(0.0, 1.0)),
    ("presence_penalty", Kind::Decimal(-2.0, 2.0)),
    ("frequency_penalty", Kind::Decimal(-2.0, 2.0)),
    ("top_logprobs", Kind::Whole(0, 20)),
    ("max_tokens", Kind::Whole(1, i64::MAX)),
    ("max_completion_tokens", Kind::Whole(1, i64::MAX)),
    ("max_output_tokens", Kind::Whole(1, i64::MAX)),
    ("max_tool_calls", Kind::Whole(1, i64::MAX)),
    ("seed", Kind::Whole(i64::MIN, i64::MAX)),
    ("stream", Kind::Flag),
    ("logprobs", Kind::Flag),
    ("parallel_tool_calls", Kind::Flag),
    ("store", Kind::Flag),
];
/// The longest texts of some fields.
const TEXTS: [(&str, usize); 1] = [("safety_identifier", 64)];
/// The longest value in `metadata`.
const METADATA_CHARACTERS_MAX: usize = 512;

/// The field that is of another type, or out of its range.
pub fn broken_field(body: &Value) -> Option<BrokenRule> {
    let mut given = FIELDS.iter().filter(|(name, _)| !body[*name].is_null());
    given
        .find_map(|(name, kind)| kind.refuse(name, &body[*name]))
        .or_else(|| broken_text(body))
}

fn broken_text(body: &Value) -> Option<BrokenRule> {
    let fields = TEXTS.iter();
    let fields = fields.map(|(name, most)| ((*name).to_owned(), &body[*name], *most));
    let metadata = body["metadata"].as_object().into_iter().flatten();
    let metadata =
        metadata.map(|(name, value)| (format!("metadata.{name}"), value, METADATA_CHARACTERS_MAX));
    let long = |(_, value, most): &(String, &Value, usize)| {
        value.as_str().is_some_and(|text| text.len() > *most)
    };
    let (place, value, most) = fields.chain(metadata).find(long)?;
    let length = value.as_str().map_or(0, str::len);
    let words = format!(
        "Invalid '{place}': string too long. Expected a string with maximum length {most}, but got a string with length {length} instead."
    );
    Some((words, json!(place), json!("string_above_max_length")))
}

/// What a chat has without that which it needs beside it.
pub fn broken_need(body: &Value) -> Option<BrokenRule> {
    let has_tools = list(&body["tools"]).next().is_some();
    for name in ["tool_choice", "parallel_tool_calls"] {
        if !body[name].is_null() && !has_tools {
            let words = format!(
                "Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified."
            );
            return Some((words, json!(name), Value::Null));
        }
    }
    for (name, needed) in [("stream_options", "stream"), ("top_logprobs", "logprobs")] {
        if !body[name].is_null() && body[needed] != true {
            let words =
                format!("The '{name}' parameter is only allowed when '{needed}' is enabled.");
            return Some((words, json!(name), Value::Null));
        }
    }
    let format = &body["response_format"];
    if format["type"] == "json_schema" && format["json_schema"]["name"].is_null() {
        let place = "response_format.json_schema.name";
        let words = format!("Missing required parameter: '{place}'.");
        return Some((words, json!(place), json!("missing_required_parameter")));
    }
    None
}

impl Kind {
    fn refuse(self, name: &str, value: &Value) -> Option<BrokenRule> {
        let expected = match self {
            Self::Flag => "a boolean",
            Self::Whole(..) => "an integer",
            Self::Decimal(..) => "a decimal",
            Self::Text | Self::Word(_) => "a string",
            Self::List => "an array",
            Self::Object => "an object",
            Self::TextOrList => "one of a string or array",
            Self::TextOrObject => "one of a string or object",
        };
        let is_of_kind = match self {
            Self::Flag => value.is_boolean(),
            Self::Whole(..) => value.as_f64().is_some_and(|it| it.fract() == 0.0),
            Self::Decimal(..) => value.is_number(),
            Self::Text | Self::Word(_) => value.is_string(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
            Self::TextOrList => value.is_string() || value.is_array(),
            Self::TextOrObject => value.is_string() || value.is_object(),
        };
        if !is_of_kind {
            let got = kind_of(value);
            let words =
                format!("Invalid type for '{name}': expected {expected}, but got {got} instead.");
            return Some((words, json!(name), json!("invalid_type")));
        }
        let (noun, code, least, most) = match self {
            Self::Word(known) => return refuse_word(value, name, known),
            Self::Flag
            | Self::Text
            | Self::List
            | Self::Object
            | Self::TextOrList
            | Self::TextOrObject => return None,
            #[expect(clippy::cast_precision_loss, reason = "no limit has as many digits")]
            Self::Whole(least, most) => ("integer", "integer", least as f64, most as f64),
            Self::Decimal(least, most) => ("decimal", "decimal", least, most),
        };
        let number = value.as_f64()?;
        let (side, sign, bound, code) = if number < least {
            (
                "below minimum",
                ">=",
                least,
                format!("{code}_below_min_value"),
            )
        } else if number > most {
            (
                "above maximum",
                "<=",
                most,
                format!("{code}_above_max_value"),
            )
        } else {
            return None;
        };
        let words = format!(
            "Invalid '{name}': {noun} {side} value. Expected a value {sign} {bound}, but got {value} instead."
        );
        Some((words, json!(name), json!(code)))
    }
}

fn refuse_word(value: &Value, name: &str, known: &[&str]) -> Option<BrokenRule> {
    let word = value.as_str().filter(|word| !known.contains(word))?;
    let (last, others) = known.split_last()?;
    let others: Vec<String> = others.iter().map(|it| format!("'{it}'")).collect();
    let words = format!(
        "Invalid value: '{word}'. Supported values are: {}, and '{last}'.",
        others.join(", ")
    );
    Some((words, json!(name), json!("invalid_value")))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
