//! Rules of Anthropic's tools: their schemas, their calls and their results.

use std::collections::HashSet;

use serde_json::Value;

use super::anthropic_schemas::is_invalid;
use crate::providers::json_fields::{list, text};

/// The longest name of a property.
const KEY_CHARACTERS_MAX: usize = 64;
/// How many tools may be strict: C, a report at
/// <https://github.com/datarobot-oss/datarobot-genai/pull/547>.
const STRICT_MAX: usize = 20;
/// The longest name of a tool.
const NAME_CHARACTERS_MAX: usize = 128;

fn is_plain(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !name.is_empty() && name.chars().all(is_plain)
}

/// The rule that a tool breaks; one of Anthropic's own has no schema.
pub fn broken_tool((at, tool): (usize, &Value)) -> Option<String> {
    if !matches!(tool["type"].as_str(), None | Some("custom")) {
        return None;
    }
    let name = text(tool, "name");
    if !is_plain(name) || name.len() > NAME_CHARACTERS_MAX {
        return Some(format!(
            "tools.{at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
        ));
    }
    let schema = &tool["input_schema"];
    match schema["type"].as_str() {
        None => {
            return Some(format!(
                "tools.{at}.custom.input_schema.type: Field required"
            ));
        }
        Some("object") => {}
        Some(_) => {
            return Some(format!(
                "tools.{at}.custom.input_schema.type: Input should be 'object'"
            ));
        }
    }
    let is_joined = ["oneOf", "allOf", "anyOf"]
        .iter()
        .any(|join| !schema[*join].is_null());
    if is_joined {
        return Some(format!(
            "tools.{at}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
        ));
    }
    if is_invalid(schema) {
        return Some(format!(
            "tools.{at}.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). Learn more about tool use at https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview."
        ));
    }
    let mut keys = schema["properties"].as_object().into_iter().flatten();
    keys.any(|(key, _)| !is_key(key)).then(|| {
        format!(
            "tools.{at}.custom.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{{1,64}}$'"
        )
    })
}

fn is_key(key: &str) -> bool {
    let plain = key.replace('.', "_");
    is_plain(&plain) && key.len() <= KEY_CHARACTERS_MAX
}

/// The rule that all tools of a body break together, or the choice among them.
pub fn broken_tools(body: &Value) -> Option<String> {
    let tools: Vec<&Value> = list(&body["tools"]).collect();
    let choice = text(&body["tool_choice"], "type");
    if tools.is_empty() {
        return (!matches!(choice, "" | "none"))
            .then(|| "tool_choice may only be specified while providing tools.".to_owned());
    }
    let mut names = HashSet::new();
    if !tools.iter().all(|tool| names.insert(text(tool, "name"))) {
        return Some("tools: Tool names must be unique.".to_owned());
    }
    if tools.iter().all(|tool| tool["defer_loading"] == true) {
        return Some(
            "At least one tool must have defer_loading=false. All tools cannot be deferred."
                .to_owned(),
        );
    }
    let strict = tools.iter().filter(|tool| tool["strict"] == true).count();
    (strict > STRICT_MAX).then(|| {
        format!(
            "Too many strict tools ({strict}). The maximum number of strict tools supported is {STRICT_MAX}."
        )
    })
}

fn of_type<'a>(message: &'a Value, kind: &'static str) -> impl Iterator<Item = &'a Value> {
    list(&message["content"]).filter(move |block| block["type"] == kind)
}

/// The rule that a call or a result breaks: each call has an id of its own,
/// and one result in the next message.
pub fn broken_pair(messages: &Value) -> Option<String> {
    let messages: Vec<&Value> = list(messages).collect();
    let mut taken = HashSet::new();
    for (at, message) in messages.iter().enumerate() {
        for (number, call) in list(&message["content"]).enumerate() {
            if call["type"] != "tool_use" {
                continue;
            }
            let place = format!("messages.{at}.content.{number}.tool_use");
            if !is_plain(text(call, "id")) {
                return Some(format!(
                    "{place}.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
                ));
            }
            if !call["input"].is_object() {
                return Some(format!("{place}.input: Input should be a valid dictionary"));
            }
            if !taken.insert(text(call, "id").to_owned()) {
                return Some("messages: `tool_use` ids must be unique".to_owned());
            }
        }
        let before = at.checked_sub(1).and_then(|before| messages.get(before));
        if let Some(broken) = broken_results(at, message, before.copied()) {
            return Some(broken);
        }
        let next = messages.get(at + 1).copied().unwrap_or(&Value::Null);
        // Results come first: what stands behind anything else is none.
        let answered: HashSet<&str> = list(&next["content"])
            .take_while(|block| block["type"] == "tool_result")
            .map(|result| text(result, "tool_use_id"))
            .collect();
        let mut calls = of_type(message, "tool_use").map(|call| text(call, "id"));
        if let Some(open) = calls.find(|id| !answered.contains(id)) {
            return Some(format!(
                "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {open}. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
            ));
        }
    }
    None
}

fn broken_results(at: usize, message: &Value, before: Option<&Value>) -> Option<String> {
    let calls: HashSet<&str> = before
        .into_iter()
        .flat_map(|before| of_type(before, "tool_use"))
        .map(|call| text(call, "id"))
        .collect();
    let mut answered = HashSet::new();
    for (number, block) in list(&message["content"]).enumerate() {
        if block["type"] != "tool_result" {
            continue;
        }
        let id = text(block, "tool_use_id");
        if !calls.contains(id) {
            return Some(format!(
                "messages.{at}.content.{number}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            ));
        }
        if !answered.insert(id) {
            return Some(format!(
                "messages.{at}.content.{number}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {id}"
            ));
        }
    }
    None
}
