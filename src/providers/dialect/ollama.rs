//! Ollama's native chat: one JSON value a line; `providers.md` §5.

use serde_json::{Value, json};

use crate::model::{Finish, Role, Turn, Usage};

use crate::providers::chat::{ChatRequest, base64};
use crate::providers::dialect::parsed_answer::{ParsedAnswer, count};

pub const PATH: &str = "/api/chat";

/// The request's body. Ollama streams unless told not to.
pub fn body(request: &ChatRequest, stream: bool) -> Value {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    messages.extend(request.turns.iter().map(message));
    json!({
        "model": request.model,
        "messages": messages,
        "stream": stream,
        "options": {"num_predict": request.max_output_tokens},
    })
}

fn message(turn: &Turn) -> Value {
    let role = match turn.role {
        Role::Person => "user",
        Role::Model => "assistant",
    };
    let mut message = json!({"role": role, "content": turn.text.0});
    if !turn.pictures.is_empty() {
        let shown: Vec<String> = turn.pictures.iter().map(base64).collect();
        message["images"] = json!(shown);
    }
    message
}

/// Reads a line of a stream or a whole answer; both have one shape.
pub fn read(event: &Value, into: &mut ParsedAnswer) {
    if event.get("error").is_some() {
        into.failed = true;
        return;
    }
    into.name(event, "model");
    into.say(event.pointer("/message/content").and_then(Value::as_str));
    into.moved |= event.pointer("/message/thinking").is_some();
    if event["done"] == true {
        into.finish = Some(match event["done_reason"].as_str() {
            Some("length") => Finish::Length,
            _ => Finish::Complete,
        });
        // The prompt's count is left out when it was cached.
        into.usage = count(event, "/eval_count").map(|output_tokens| Usage {
            input_tokens: count(event, "/prompt_eval_count").unwrap_or(0),
            output_tokens,
            ..Usage::default()
        });
    }
}
