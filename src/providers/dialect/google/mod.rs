//! Google's Gemini; `providers.md` §4.

pub mod translation;

use serde_json::{Value, json};

use crate::model::{Finish, Role, Turn, Usage};

use crate::providers::chat::{ChatRequest, base64};
use crate::providers::dialect::parsed_answer::{ParsedAnswer, count};

/// Where a model answers. The model is a path segment, so only characters
/// that can stand in one are let through.
pub fn path(model: &str, stream: bool) -> Option<String> {
    let model = model.strip_prefix("models/").unwrap_or(model);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if model.is_empty() || !model.chars().all(allowed) {
        return None;
    }
    let verb = if stream {
        "streamGenerateContent?alt=sse"
    } else {
        "generateContent"
    };
    Some(format!("/models/{model}:{verb}"))
}

/// The request's body. No temperature: some models refuse it.
pub fn body(request: &ChatRequest) -> Value {
    let mut body = json!({
        "contents": request.turns.iter().map(content).collect::<Vec<_>>(),
        "generationConfig": {"maxOutputTokens": request.max_output_tokens},
    });
    if !request.system.is_empty() {
        body["systemInstruction"] = json!({"parts": [{"text": request.system}]});
    }
    body
}

fn content(turn: &Turn) -> Value {
    let role = match turn.role {
        Role::Person => "user",
        Role::Model => "model",
    };
    let shown = turn.pictures.iter().map(|picture| {
        json!({"inlineData": {"mimeType": picture.kind.media_type(), "data": base64(picture)}})
    });
    let parts: Vec<Value> = shown.chain([json!({"text": turn.text.0})]).collect();
    json!({"role": role, "parts": parts})
}

/// Reads a chunk of a stream or a whole answer; both have one shape.
pub fn read(event: &Value, into: &mut ParsedAnswer) {
    if event.get("error").is_some() {
        into.failed = true;
        return;
    }
    into.name(event, "modelVersion");
    if event.pointer("/promptFeedback/blockReason").is_some() {
        into.finish = Some(Finish::Blocked);
    }
    let candidate = &event["candidates"][0];
    for part in candidate["content"]["parts"]
        .as_array()
        .into_iter()
        .flatten()
    {
        into.moved = true;
        if part["thought"] != true {
            into.say(part.get("text").and_then(Value::as_str));
        }
    }
    if let Some(reason) = candidate["finishReason"].as_str() {
        into.finish = Some(match reason {
            "MAX_TOKENS" => Finish::Length,
            "STOP" | "FINISH_REASON_UNSPECIFIED" | "OTHER" => Finish::Complete,
            _ => Finish::Blocked,
        });
    }
    into.usage = read_usage(&event["usageMetadata"]).or(into.usage);
}

/// Counts are cumulative; thoughts are billed as output but not counted in
/// the candidates.
fn read_usage(usage: &Value) -> Option<Usage> {
    let reasoning_tokens = count(usage, "/thoughtsTokenCount").unwrap_or(0);
    Some(Usage {
        input_tokens: count(usage, "/promptTokenCount")?,
        output_tokens: count(usage, "/candidatesTokenCount").unwrap_or(0) + reasoning_tokens,
        cached_tokens: count(usage, "/cachedContentTokenCount").unwrap_or(0),
        reasoning_tokens,
        cost: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_cannot_leave_its_place_in_the_path() {
        assert_eq!(
            path("models/gemini-x", false).as_deref(),
            Some("/models/gemini-x:generateContent")
        );
        for wrong in ["", "../x", "a/b", "a?key=1", "a:b", "a%2f"] {
            assert_eq!(path(wrong, true), None, "{wrong}");
        }
    }
}
