//! Fields of messages that strict vendors of `OpenAI`'s chat do not know;
//! `docs/providers.md` §7.7.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::text;
use crate::providers::call::Call;
use crate::providers::errors::vendor_errors::openai;
use crate::providers::json_fields::list;

/// What other vendors put into the messages of their answers.
const OF_OTHERS: [&str; 3] = ["reasoning_details", "extra_content", THOUGHT];
const THOUGHT: &str = "reasoning_content";
/// What Mistral does not know in an answer of `OpenAI`'s, even where it is null.
const UNKNOWN_TO_MISTRAL: [&str; 4] = ["refusal", "annotations", "audio", "function_call"];
/// The mark up to which a prompt is cached, in the words of others.
const MARK: &str = "cache_control";

/// A field that a vendor does not know, in a message or, without a role, in a
/// tool.
struct UnknownField<'a> {
    at: usize,
    role: Option<&'a str>,
    name: &'static str,
}

/// How a vendor refuses a message, or a tool, with such a field.
pub fn refuse_unknown(call: &Call<'_>) -> Option<(StatusCode, Value)> {
    let provider = call.provider.id;
    let bad = StatusCode::BAD_REQUEST;
    let found = unknown_field(provider, call.body)?;
    let UnknownField { at, role, name } = found;
    let kind = role.map_or("tools", |_| "messages");
    Some(match provider {
        "groq" => {
            let of_role = role.map_or_else(String::new, |role| format!("for 'role:{role}' "));
            let message = format!(
                "'{kind}.{at}' : {of_role}the following must be satisfied[('{kind}.{at}' : property '{name}' is unsupported)]"
            );
            (
                bad,
                json!({"error": {"message": message, "type": "invalid_request_error"}}),
            )
        }
        "cerebras" => {
            let of_role = role.map_or_else(String::new, |role| format!("{role}."));
            let place = format!("{kind}.{at}.{of_role}{name}");
            let message = format!("{place}: property '{place}' is unsupported");
            let error = json!({"message": message, "type": "invalid_request_error",
                "param": "validation_error", "code": "wrong_api_format"});
            (bad, error)
        }
        "mistral" => {
            let mut place = vec![json!("body"), json!(kind), json!(at)];
            place.extend(role.map(Value::from));
            place.push(json!(name));
            let detail = json!([{"type": "extra_forbidden", "msg": "Extra inputs are not permitted",
                "loc": place}]);
            let error = json!({"object": "error", "message": {"detail": detail}});
            (StatusCode::UNPROCESSABLE_ENTITY, error)
        }
        _ => {
            let field = format!("{kind}[{at}].{name}");
            let words = call.provider.plain?.refuse_field(&field)?;
            (bad, openai(&words, Value::Null, Value::Null))
        }
    })
}

/// The first field that the vendor does not know.
fn unknown_field<'a>(provider: &str, body: &'a Value) -> Option<UnknownField<'a>> {
    let messages = list(&body["messages"]).enumerate();
    let mut in_messages = messages.filter_map(|(at, message)| {
        let role = Some(text(message, "role"));
        let name = mark_in(message, &message["content"]);
        let name = name.or_else(|| unknown_in_answer(provider, message))?;
        Some(UnknownField { at, role, name })
    });
    let tools = list(&body["tools"]).enumerate();
    let mut in_tools = tools.filter_map(|(at, tool)| {
        let name = mark_in(tool, &tool["function"])?;
        let role = None;
        Some(UnknownField { at, role, name })
    });
    in_messages.next().or_else(|| in_tools.next())
}

/// The mark on a message or tool, or on something inside it.
fn mark_in(whole: &Value, inside: &Value) -> Option<&'static str> {
    let mut places = [whole, inside].into_iter().chain(list(inside));
    places.any(|place| !place[MARK].is_null()).then_some(MARK)
}

fn unknown_in_answer(provider: &str, message: &Value) -> Option<&'static str> {
    if text(message, "role") != "assistant" {
        return None;
    }
    let has = |name: &&str| {
        let mut calls = list(&message["tool_calls"]);
        !message[*name].is_null() || calls.any(|call| !call[*name].is_null())
    };
    // Fireworks has thoughts of its own in that field.
    let knows_thoughts = !matches!(provider, "groq" | "cerebras" | "mistral");
    let mut names = OF_OTHERS.into_iter();
    let unknown = names.find(|name| has(name) && !(knows_thoughts && *name == THOUGHT));
    let mut of_mistral = UNKNOWN_TO_MISTRAL
        .into_iter()
        .filter(|name| provider == "mistral" && message.get(*name).is_some());
    unknown.or_else(|| of_mistral.next())
}
