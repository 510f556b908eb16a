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
}

/// By `docs/providers.md` §7.6.
const FIELDS: [(&str, Kind); 13] = [
    ("temperature", Kind::Decimal(0.0, 2.0)),
    ("top_p", Kind::Decimal(0.0, 1.0)),
    ("presence_penalty", Kind::Decimal(-2.0, 2.0)),
    ("frequency_penalty", Kind::Decimal(-2.0, 2.0)),
    ("top_logprobs", Kind::Whole(0, 20)),
    ("max_tokens", Kind::Whole(1, i64::MAX)),
    ("max_completion_tokens", Kind::Whole(1, i64::MAX)),
    ("max_output_tokens", Kind::Whole(1, i64::MAX)),
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
        };
        let is_of_kind = match self {
            Self::Flag => value.is_boolean(),
            Self::Whole(..) => value.as_f64().is_some_and(|it| it.fract() == 0.0),
            Self::Decimal(..) => value.is_number(),
        };
        if !is_of_kind {
            let got = kind_of(value);
            let words =
                format!("Invalid type for '{name}': expected {expected}, but got {got} instead.");
            return Some((words, json!(name), json!("invalid_type")));
        }
        let (noun, code, least, most) = match self {
            Self::Flag => return None,
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
