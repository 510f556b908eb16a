//! Ollama's native chat: one JSON value a line; `providers.md` §5.

use serde_json::{Value, json};

use crate::model::{Finish, Usage};

use super::chat::ChatRequest;
use super::reading::{Reading, count};

pub const PATH: &str = "/api/chat";

/// The request's body. Ollama streams unless told not to.
pub fn body(request: &ChatRequest, stream: bool) -> Value {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    messages.push(json!({"role": "user", "content": request.prompt.0}));
    json!({
        "model": request.model,
        "messages": messages,
        "stream": stream,
        "options": {"num_predict": request.max_output_tokens},
    })
}

/// Reads a line of a stream or a whole answer; both have one shape.
pub fn read(event: &Value, into: &mut Reading) {
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
