//! Rules of OpenAI's chat: calls and their results, names, lists, strict
//! schemas.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::BrokenRule;
use super::json_word::is_unsaid;
use super::openai_fields::{broken_field, broken_need};
use super::openai_messages::broken_message;
use super::openai_models::{broken_chat, longest_answer};
use super::strict_schemas::broken_schema;
use crate::providers::json_fields::{list, text};

/// The longest id of a call.
const ID_CHARACTERS_MAX: usize = 40;
/// The longest name of a function.
const NAME_CHARACTERS_MAX: usize = 64;
/// The most texts that end an answer.
const STOPS_MAX: usize = 4;
/// The most functions.
const TOOLS_MAX: usize = 128;

/// The rule that a body breaks first.
pub fn broken_rule(body: &Value) -> Option<BrokenRule> {
    broken_list(body)
        .or_else(|| broken_field(body))
        .or_else(|| broken_need(body))
        .or_else(|| broken_limit(body))
        .or_else(|| list(&body["messages"]).enumerate().find_map(broken_message))
        .or_else(|| list(&body["tools"]).enumerate().find_map(broken_tool))
        .or_else(|| broken_chat(body))
        .or_else(|| broken_format(&body["response_format"]["json_schema"]))
        .or_else(|| broken_word(body))
        .or_else(|| broken_pair(&body["messages"]))
}

fn broken(words: String, place: impl Into<Value>, code: Option<&'static str>) -> BrokenRule {
    (words, place.into(), json!(code))
}

/// More tokens than the model writes: C, a report with the body at
/// <https://github.com/opencode-ai/opencode/issues/140>.
fn broken_limit(body: &Value) -> Option<BrokenRule> {
    let most = longest_answer(text(body, "model"))?;
    let names = ["max_tokens", "max_completion_tokens"];
    let mut given = names
        .iter()
        .filter_map(|name| Some((*name, body[*name].as_u64()?)));
    let (name, asked) = given.find(|(_, asked)| *asked > most)?;
    let words = format!(
        "max_tokens is too large: {asked}. This model supports at most {most} completion tokens, whereas you provided {asked}."
    );
    Some(broken(words, name, Some("invalid_value")))
}

fn broken_format(described: &Value) -> Option<BrokenRule> {
    let kind = &described["schema"]["type"];
    if described["schema"].is_object() && kind != "object" {
        let name = text(described, "name");
        let kind = kind.as_str().unwrap_or("None");
        let words = format!(
            "Invalid schema for response_format '{name}': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
        );
        return Some(broken(words, "response_format", None));
    }
    let is_strict = described["strict"] == true;
    let wrong = is_strict
        .then(|| broken_schema(&described["schema"]))
        .flatten()?;
    let name = text(described, "name");
    let words = format!("Invalid schema for response_format '{name}': {wrong}");
    Some(broken(words, "response_format", None))
}

fn broken_word(body: &Value) -> Option<BrokenRule> {
    let words = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
    let is_broken =
        body["response_format"]["type"] == "json_object" && is_unsaid(&body["messages"]);
    is_broken.then(|| broken(words.to_owned(), "messages", None))
}

fn broken_list(body: &Value) -> Option<BrokenRule> {
    if body["messages"].as_array().is_some_and(Vec::is_empty) {
        let words = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
        return Some(broken(words.to_owned(), "messages", Some("empty_array")));
    }
    for (name, most) in [("stop", STOPS_MAX), ("tools", TOOLS_MAX)] {
        let length = list(&body[name]).count();
        if length > most {
            let words = format!(
                "Invalid '{name}': array too long. Expected an array with maximum length {most}, but got an array with length {length} instead."
            );
            return Some(broken(words, name, Some("array_above_max_length")));
        }
    }
    None
}

fn broken_tool((at, tool): (usize, &Value)) -> Option<BrokenRule> {
    if tool["type"] != "function" {
        return None;
    }
    let name = text(&tool["function"], "name");
    let place = format!("tools[{at}].function.name");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || !name.chars().all(is_plain) {
        let words = format!(
            "Invalid '{place}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
        );
        return Some(broken(words, place, Some("invalid_value")));
    }
    let length = name.len();
    if length > NAME_CHARACTERS_MAX {
        let words = format!(
            "Invalid '{place}': string too long. Expected a string with maximum length {NAME_CHARACTERS_MAX}, but got a string with length {length} instead."
        );
        return Some(broken(words, place, Some("string_above_max_length")));
    }
    let is_strict = tool["function"]["strict"] == true;
    let parameters = &tool["function"]["parameters"];
    let wrong = is_strict.then(|| broken_schema(parameters)).flatten()?;
    let words = format!("Invalid schema for function '{name}': {wrong}");
    let place = format!("tools[{at}].function.parameters");
    Some(broken(words, place, Some("invalid_function_parameters")))
}

/// Each call is answered by the messages behind it, and each result answers
/// one.
fn broken_pair(messages: &Value) -> Option<BrokenRule> {
    let mut open: HashSet<&str> = HashSet::new();
    for (at, message) in list(messages).enumerate() {
        if message["role"] == "tool" {
            if !open.remove(text(message, "tool_call_id")) {
                let words = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
                let place = format!("messages.[{at}].role");
                return Some(broken(words.to_owned(), place, None));
            }
            continue;
        }
        if let Some(broken) = unanswered(at, &open) {
            return Some(broken);
        }
        for (number, call) in list(&message["tool_calls"]).enumerate() {
            let id = text(call, "id");
            if id.len() > ID_CHARACTERS_MAX {
                let place = format!("messages[{at}].tool_calls[{number}].id");
                let length = id.len();
                let words = format!(
                    "Invalid '{place}': string too long. Expected a string with maximum length {ID_CHARACTERS_MAX}, but got a string with length {length} instead."
                );
                return Some(broken(words, place, Some("string_above_max_length")));
            }
            open.insert(id);
        }
    }
    unanswered(list(messages).count(), &open)
}

fn unanswered(at: usize, open: &HashSet<&str>) -> Option<BrokenRule> {
    let id = open.iter().min()?;
    let words = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {id}"
    );
    Some(broken(words, format!("messages.[{at}].role"), None))
}
