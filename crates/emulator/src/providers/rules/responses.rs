//! Rules of `OpenAI`'s Responses: items, calls and their results, names,
//! strict schemas.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::BrokenRule;
use super::json_word::is_unsaid;
use super::openai_fields::broken_field;
use super::openai_models::broken_response;
use super::strict_schemas::broken_schema;
use crate::providers::chat::SIGNATURE;
use crate::providers::json_fields::{list, text};

/// The longest name of a function.
const NAME_CHARACTERS_MAX: usize = 128;
/// The longest id of a call.
const ID_CHARACTERS_MAX: usize = 64;
/// How the ids of items begin, by their kinds.
const ID_STARTS: [(&str, &str); 4] = [
    ("message", "msg"),
    ("function_call", "fc"),
    ("custom_tool_call", "ctc"),
    ("reasoning", "rs"),
];

/// The rule that a body breaks first.
pub fn broken_rule(body: &Value) -> Option<BrokenRule> {
    broken_field(body)
        .or_else(|| broken_response(body))
        .or_else(|| list(&body["tools"]).enumerate().find_map(broken_tool))
        .or_else(|| broken_choice(body))
        .or_else(|| broken_format(body))
        .or_else(|| list(&body["input"]).enumerate().find_map(broken_item))
        .or_else(|| broken_order(&body["input"]))
        .or_else(|| broken_pair(body))
}

fn invalid(place: &str, words: &str) -> BrokenRule {
    (
        format!("Invalid '{place}': {words}"),
        json!(place),
        json!("invalid_value"),
    )
}

fn broken_tool((at, tool): (usize, &Value)) -> Option<BrokenRule> {
    if tool["type"] != "function" {
        return None;
    }
    let name = text(tool, "name");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > NAME_CHARACTERS_MAX || !name.chars().all(is_plain) {
        let words = "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.";
        return Some(invalid(&format!("tools[{at}].name"), words));
    }
    // Without a word a function is made strict where it can be.
    let is_strict = tool["strict"] == true;
    let broken = is_strict
        .then(|| broken_schema(&tool["parameters"]))
        .flatten()?;
    Some((
        format!("Invalid schema for function '{name}': {broken}"),
        json!(format!("tools[{at}].parameters")),
        json!("invalid_function_parameters"),
    ))
}

fn broken_choice(body: &Value) -> Option<BrokenRule> {
    // Codex has its tools among the items.
    let mut items = list(&body["input"]);
    let has_tools =
        list(&body["tools"]).next().is_some() || items.any(|it| it["type"] == "additional_tools");
    let is_free = matches!(body["tool_choice"].as_str(), None | Some("auto" | "none"));
    if has_tools || (is_free && !body["tool_choice"].is_object()) {
        return None;
    }
    let words = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.";
    Some((words.to_owned(), json!("tool_choice"), Value::Null))
}

fn broken_format(body: &Value) -> Option<BrokenRule> {
    let format = &body["text"]["format"];
    if format["type"] == "json_object" {
        let words = "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.";
        return is_unsaid(&body["input"])
            .then(|| (words.to_owned(), json!("text.format"), Value::Null));
    }
    let is_strict = format["type"] == "json_schema" && format["strict"] == true;
    let broken = is_strict
        .then(|| broken_schema(&format["schema"]))
        .flatten()?;
    let name = text(format, "name");
    Some((
        format!("Invalid schema for response_format '{name}': {broken}"),
        json!("text.format.schema"),
        Value::Null,
    ))
}

fn broken_item((at, item): (usize, &Value)) -> Option<BrokenRule> {
    let kind = item["type"].as_str().unwrap_or("message");
    let start = ID_STARTS.iter().find(|(known, _)| *known == kind);
    if let (Some((_, start)), Some(id)) = (start, item["id"].as_str())
        && !id.starts_with(start)
    {
        let place = format!("input[{at}].id");
        let words =
            format!("Invalid '{place}': '{id}'. Expected an ID that begins with '{start}'.");
        return Some((words, json!(place), json!("invalid_value")));
    }
    let id = text(item, "call_id");
    if id.len() > ID_CHARACTERS_MAX {
        let length = id.len();
        let words = format!(
            "string too long. Expected a string with maximum length {ID_CHARACTERS_MAX}, but got a string with length {length} instead."
        );
        let (words, place, _) = invalid(&format!("input[{at}].call_id"), &words);
        return Some((words, place, json!("string_above_max_length")));
    }
    if let Some(sealed) = item["encrypted_content"].as_str()
        && sealed != SIGNATURE
    {
        let begin: String = sealed.chars().take(4).collect();
        let words = format!(
            "The encrypted content {begin}… could not be verified. Reason: Encrypted content could not be decrypted or parsed."
        );
        return Some((words, Value::Null, json!("invalid_encrypted_content")));
    }
    (kind == "message").then(|| broken_part(at, item)).flatten()
}

/// What a model said is output, and what others say is input.
fn broken_part(at: usize, item: &Value) -> Option<BrokenRule> {
    let (known, told): (&[&str], &str) = if item["role"] == "assistant" {
        (&["output_text", "refusal"], "'output_text' and 'refusal'")
    } else {
        (
            &["input_text", "input_image", "input_file"],
            "'input_text', 'input_image', and 'input_file'",
        )
    };
    let marked = list(&item["content"]).position(|part| !part["cache_control"].is_null());
    if let Some(number) = marked {
        let place = format!("input[{at}].content[{number}].cache_control");
        let words = format!("Unknown parameter: '{place}'.");
        return Some((words, json!(place), json!("unknown_parameter")));
    }
    let mut parts = list(&item["content"]).enumerate();
    let (number, part) = parts.find(|(_, part)| !known.contains(&text(part, "type")))?;
    let kind = text(part, "type");
    let words = format!("Invalid value: '{kind}'. Supported values are: {told}.");
    let place = format!("input[{at}].content[{number}]");
    Some((words, json!(place), json!("invalid_value")))
}

/// What a model thought stands before what it then said or did.
fn broken_order(input: &Value) -> Option<BrokenRule> {
    let items: Vec<&Value> = list(input).collect();
    let is_models = |item: &Value| {
        item["role"] == "assistant"
            || matches!(
                text(item, "type"),
                "reasoning" | "function_call" | "custom_tool_call"
            )
    };
    let alone = items.iter().enumerate().find(|(at, item)| {
        item["type"] == "reasoning" && !items.get(at + 1).is_some_and(|next| is_models(next))
    });
    let (_, item) = alone?;
    let id = item["id"].as_str().unwrap_or("rs_0");
    let words = format!(
        "Item '{id}' of type 'reasoning' was provided without its required following item."
    );
    Some((words, json!("input"), Value::Null))
}

/// Each call has its output behind it, and each output its call before it.
fn broken_pair(body: &Value) -> Option<BrokenRule> {
    // What is kept at the provider may hold the other half.
    if !body["previous_response_id"].is_null() || !body["conversation"].is_null() {
        return None;
    }
    let mut open: HashSet<&str> = HashSet::new();
    for item in list(&body["input"]) {
        let id = text(item, "call_id");
        match text(item, "type") {
            "function_call" | "custom_tool_call" => {
                open.insert(id);
            }
            "function_call_output" | "custom_tool_call_output" if !open.remove(id) => {
                let words =
                    format!("No tool call found for function call output with call_id {id}.");
                return Some((words, json!("input"), Value::Null));
            }
            _ => {}
        }
    }
    let id = open.iter().min()?;
    let words = format!("No tool output found for function call {id}.");
    Some((words, json!("input"), Value::Null))
}
