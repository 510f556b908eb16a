//! Rules of Google's generateContent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::google_config::{broken_choice, broken_sampling, broken_thinking};
use super::google_fields::broken_field;
use crate::providers::chat::SIGNATURE;
use crate::providers::json_fields::{either_spelling as field, list, text};

/// The most texts that end an answer.
const STOPS_MAX: usize = 5;
/// The sounds that are read: D, "Audio understanding" (ai.google.dev) and the same of
/// Vertex AI, and `audio/mpeg` (C: simonw/llm-gemini, issue 35).
const SOUNDS: [&str; 10] = [
    "audio/wav",
    "audio/mp3",
    "audio/mpeg",
    "audio/aiff",
    "audio/aac",
    "audio/ogg",
    "audio/flac",
    "audio/m4a",
    "audio/mp4",
    "audio/webm",
];
/// The longest name of a function.
const NAME_CHARACTERS_MAX: usize = 128;

/// The rule that a body breaks first, in Google's words.
pub fn broken_rule(model: &str, body: &Value) -> Option<String> {
    if list(&body["contents"]).next().is_none() {
        return Some("* GenerateContentRequest.contents: contents is not specified\n".to_owned());
    }
    let contents: Vec<&Value> = list(&body["contents"]).collect();
    if let Some(broken) = broken_field(body) {
        return Some(broken);
    }
    let numbered = contents.iter().enumerate();
    numbered
        .clone()
        .find_map(|(at, content)| broken_content(at, content))
        .or_else(|| broken_instruction(model, body))
        .or_else(|| {
            let mut pairs = numbered.clone();
            pairs.find_map(|(at, content)| broken_calls(content, contents.get(at + 1).copied()))
        })
        .or_else(|| broken_turns(&contents))
        .or_else(|| contents.iter().find_map(|it| broken_result(it)))
        .or_else(|| foreign_signature(&contents))
        .or_else(|| broken_signature(model, &contents))
        .or_else(|| broken_declaration(body))
        .or_else(|| broken_choice(model, body))
        .or_else(|| broken_sampling(model, field(body, "generationConfig")))
        .or_else(|| broken_thinking(model, field(body, "generationConfig")))
        .or_else(|| broken_config(model, body))
}

fn broken_content(at: usize, content: &Value) -> Option<String> {
    let place = format!("* GenerateContentRequest.contents[{at}]");
    let role = content["role"].as_str();
    if !matches!(role, None | Some("user" | "model" | "function" | "")) {
        return Some("Please use a valid role: user, model.".to_owned());
    }
    if list(&content["parts"]).next().is_none() {
        return Some(format!(
            "{place}.parts: contents.parts must not be empty.\n"
        ));
    }
    let is_empty =
        |part: &Value| part["text"] == "" && part.as_object().is_some_and(|it| it.len() == 1);
    if let Some(refusal) = list(&content["parts"]).find_map(broken_sound) {
        return Some(refusal);
    }
    let at = list(&content["parts"]).position(is_empty)?;
    Some(format!(
        "{place}.parts[{at}].data: required oneof field 'data' must have one initialized field\n"
    ))
}

fn broken_sound(part: &Value) -> Option<String> {
    let data = field(part, "inlineData");
    let media_type = text(data, "mimeType");
    if !media_type.starts_with("audio/") {
        return None;
    }
    if !SOUNDS.contains(&media_type) {
        return Some(format!("Unsupported MIME type: {media_type}"));
    }
    let is_base64 = STANDARD.decode(text(data, "data")).is_ok();
    (!is_base64).then(|| "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed".to_owned())
}

fn broken_instruction(model: &str, body: &Value) -> Option<String> {
    let instruction = field(body, "systemInstruction");
    if model.contains("-transcribe") && !instruction.is_null() {
        return Some("Developer instruction is not enabled for this model".to_owned());
    }
    let has_empty = list(&instruction["parts"]).any(|part| part["text"] == "");
    has_empty.then(|| "* GenerateContentRequest.system_instruction.parts[0].data: required oneof field 'data' must have one initialized field\n".to_owned())
}

fn names<'a>(content: &'a Value, camel: &'static str) -> Vec<&'a str> {
    let parts = list(&content["parts"]).map(|part| field(part, camel));
    let mut names: Vec<&str> = parts
        .filter(|it| it.is_object())
        .map(|it| text(it, "name"))
        .collect();
    names.sort_unstable();
    names
}

/// Each call of a turn has its result in the next one.
fn broken_calls(content: &Value, next: Option<&Value>) -> Option<String> {
    let calls = names(content, "functionCall");
    if calls.is_empty() {
        return None;
    }
    let results = names(next.unwrap_or(&Value::Null), "functionResponse");
    (calls.len() != results.len()).then(|| "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.".to_owned())
}

/// A model calls functions behind what a person says, or what functions gave back.
fn broken_turns(contents: &[&Value]) -> Option<String> {
    let calls = |content: &Value| !names(content, "functionCall").is_empty();
    let numbered = contents.iter().enumerate();
    let mut calling = numbered.filter(|(_, content)| calls(content));
    // Turns of the model's in a row count as one (?): chats of Google's library for
    // Python send each piece of a streamed answer as a turn (S: `chats.py`).
    let is_first = |at: usize| contents.iter().take(at).all(|it| it["role"] == "model");
    calling
        .any(|(at, _)| is_first(at))
        .then(|| "Please ensure that function call turn comes immediately after a user turn or after a function response turn.".to_owned())
}

/// What a function gave back names no file but those beside it: C, a report with
/// the body at <https://github.com/googleapis/python-genai/issues/2792>.
fn broken_result(content: &Value) -> Option<String> {
    let parts = list(&content["parts"]).map(|part| field(part, "functionResponse"));
    parts.filter(|it| it.is_object()).find_map(|result| {
        let files = list(&result["parts"]).map(|part| field(part, "inlineData"));
        let names: Vec<&str> = files.map(|it| text(it, "displayName")).collect();
        let name = reference(&result["response"]).filter(|name| !names.contains(name))?;
        Some(format!(
            "The referenced name `{name}` in function_response.response does not match to a display_name in the function_response.parts."
        ))
    })
}

/// The first reference in a value.
fn reference(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().find_map(reference),
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str);
            own.or_else(|| fields.values().find_map(reference))
        }
        _ => None,
    }
}

/// From Gemini 3 on, the first call of each step since the person spoke last
/// is signed.
fn broken_signature(model: &str, contents: &[&Value]) -> Option<String> {
    let is_new = ["gemini-3", "gemini-4"]
        .iter()
        .any(|it| model.starts_with(it));
    if !is_new || model.contains("-image") {
        return None;
    }
    let speaks = |content: &&&Value| {
        content["role"] != "model" && names(content, "functionResponse").is_empty()
    };
    let spoke = contents
        .iter()
        .rposition(|content| speaks(&content))
        .unwrap_or(0);
    for content in contents.iter().skip(spoke) {
        let is_call = |part: &&Value| field(part, "functionCall").is_object();
        let Some(first) = list(&content["parts"]).find(is_call) else {
            continue;
        };
        if field(first, "thoughtSignature").is_null() {
            let name = text(field(first, "functionCall"), "name");
            return Some(format!(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:{name}` , position 1. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
            ));
        }
    }
    None
}

/// A signature is one that Google made, or the word for none.
fn foreign_signature(contents: &[&Value]) -> Option<String> {
    let parts = contents.iter().flat_map(|content| list(&content["parts"]));
    let mut seals = parts.map(|part| field(part, "thoughtSignature"));
    let is_known = |seal: &Value| {
        seal.is_null() || *seal == SIGNATURE || *seal == "skip_thought_signature_validator"
    };
    seals
        .any(|seal| !is_known(seal))
        .then(|| "Corrupted thought signature.".to_owned())
}

fn broken_declaration(body: &Value) -> Option<String> {
    let declared = list(&body["tools"]).flat_map(|tool| list(field(tool, "functionDeclarations")));
    for (at, function) in declared.enumerate() {
        let name = text(function, "name");
        let begins_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
        if !begins_well || !name.chars().all(is_plain) || name.len() > NAME_CHARACTERS_MAX {
            return Some(format!(
                "* GenerateContentRequest.tools[0].function_declarations[{at}].name: Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.\n"
            ));
        }
    }
    None
}

fn broken_config(model: &str, body: &Value) -> Option<String> {
    let config = field(body, "generationConfig");
    let stops = list(field(config, "stopSequences")).count();
    if stops > STOPS_MAX {
        return Some(
            "* GenerateContentRequest.generation_config.stop_sequences: at most 5\n".to_owned(),
        );
    }
    for name in ["presencePenalty", "frequencyPenalty"] {
        if !field(config, name).is_null() {
            return Some("Penalty is not enabled for this model".to_owned());
        }
    }
    let is_2_5 = model.starts_with("gemini-2.5");
    let wants_json = *field(config, "responseMimeType") == "application/json";
    let has_tools = list(&body["tools"]).next().is_some();
    if is_2_5 && wants_json && has_tools {
        return Some(
            "Function calling with a response mime type: 'application/json' is unsupported"
                .to_owned(),
        );
    }
    let many = field(config, "candidateCount").as_u64();
    let is_new = ["gemini-3.7", "gemini-3.8", "gemini-4"]
        .iter()
        .any(|it| model.starts_with(it));
    (is_new && many.unwrap_or(1) > 1)
        .then(|| "Multiple candidates is not enabled for this model".to_owned())
}
