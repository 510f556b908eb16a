//! What `OpenAI` refuses of a message in a chat: contents that are missing, and
//! parts of other kinds.

use serde_json::{Value, json};

use super::BrokenRule;
use crate::providers::json_fields::{list, text};

/// The kinds of parts.
const PARTS: [&str; 6] = [
    "text",
    "image_url",
    "input_audio",
    "refusal",
    "audio",
    "file",
];
/// What an answer of the model's may have in the place of a content.
const INSTEAD: [&str; 4] = ["tool_calls", "function_call", "refusal", "audio"];

/// The rule that a message breaks; `docs/providers.md` §7.6.
pub fn broken_message((at, message): (usize, &Value)) -> Option<BrokenRule> {
    let says_something = INSTEAD.iter().any(|name| !message[*name].is_null());
    if message["content"].is_null() && !says_something {
        let words = "Invalid value for 'content': expected a string, got null.";
        let place = json!(format!("messages.[{at}].content"));
        return Some((words.to_owned(), place, Value::Null));
    }
    let role = text(message, "role");
    let mut parts = list(&message["content"]).enumerate();
    parts.find_map(|(number, part)| broken_part(&format!("messages[{at}]"), role, (number, part)))
}

fn broken_part(place: &str, role: &str, (number, part): (usize, &Value)) -> Option<BrokenRule> {
    let kind = text(part, "type");
    let invalid =
        |words: String, place: String| Some((words, json!(place), json!("invalid_value")));
    if !PARTS.contains(&kind) {
        let known = PARTS.map(|it| format!("'{it}'")).join(", ");
        return invalid(
            format!("Invalid value: '{kind}'. Supported values are: {known}."),
            format!("{place}.content[{number}].type"),
        );
    }
    if kind == "image_url" && role != "user" {
        return invalid(
            format!(
                "Invalid '{place}'. Image URLs are only allowed for messages with role 'user', but this message with role '{role}' contains an image URL."
            ),
            place.to_owned(),
        );
    }
    if !part["cache_control"].is_null() {
        let place = format!("{place}.content[{number}].cache_control");
        let words = format!("Unknown parameter: '{place}'.");
        return Some((words, json!(place), json!("unknown_parameter")));
    }
    let url = text(&part["image_url"], "url");
    let is_shown = ["http://", "https://", "data:"]
        .iter()
        .any(|it| url.starts_with(it));
    if kind == "image_url" && !is_shown {
        let words = format!(
            "Invalid image URL: '{place}.content[{number}].image_url.url'. Expected a base64-encoded data URL with an image MIME type, or an HTTP or HTTPS URL."
        );
        return Some((words, json!(place), json!("invalid_image_url")));
    }
    None
}
