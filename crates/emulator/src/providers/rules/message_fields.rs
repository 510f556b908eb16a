//! Fields of messages that strict vendors of `OpenAI`'s chat do not know;
//! `docs/providers.md` §7.7.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::text;
use crate::providers::json_fields::list;

/// What other vendors put into the messages of their answers.
const OF_OTHERS: [&str; 3] = ["reasoning_details", "extra_content", "reasoning_content"];
/// What Mistral does not know in an answer of `OpenAI`'s, even where it is null.
const UNKNOWN_TO_MISTRAL: [&str; 4] = ["refusal", "annotations", "audio", "function_call"];

/// How a vendor refuses a message with such a field.
pub fn refuse_unknown(provider: &str, body: &Value) -> Option<(StatusCode, Value)> {
    let messages = list(&body["messages"]).enumerate();
    let mut answers = messages.filter(|(_, message)| text(message, "role") == "assistant");
    let (at, name) = answers.find_map(|(at, message)| {
        let unknown = unknown_field(message);
        let names = UNKNOWN_TO_MISTRAL.into_iter();
        let mut of_mistral = names.filter(|name| message.get(*name).is_some());
        let unknown = unknown.or_else(|| of_mistral.next().filter(|_| provider == "mistral"));
        Some((at, unknown?))
    })?;
    let bad = StatusCode::BAD_REQUEST;
    Some(match provider {
        "groq" => {
            let message = format!(
                "'messages.{at}' : for 'role:assistant' the following must be satisfied[('messages.{at}' : property '{name}' is unsupported)]"
            );
            (
                bad,
                json!({"error": {"message": message, "type": "invalid_request_error"}}),
            )
        }
        "cerebras" => {
            let place = format!("messages.{at}.assistant.{name}");
            let message = format!("{place}: property '{place}' is unsupported");
            let error = json!({"message": message, "type": "invalid_request_error",
                "param": "validation_error", "code": "wrong_api_format"});
            (bad, error)
        }
        "mistral" => {
            let detail = json!([{"type": "extra_forbidden", "msg": "Extra inputs are not permitted",
                "loc": ["body", "messages", at, "assistant", name]}]);
            let error = json!({"object": "error", "message": {"detail": detail}});
            (StatusCode::UNPROCESSABLE_ENTITY, error)
        }
        _ => return None,
    })
}

fn unknown_field(message: &Value) -> Option<&'static str> {
    let has = |name: &&str| {
        let mut calls = list(&message["tool_calls"]);
        !message[*name].is_null() || calls.any(|call| !call[*name].is_null())
    };
    OF_OTHERS.into_iter().find(|name| has(name))
}
