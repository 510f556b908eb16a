//! Anthropic's Messages; `providers.md` §3.

pub mod translation;

use serde_json::{Value, json};

use crate::model::{Finish, Role, Turn, Usage};

use crate::providers::chat::{ChatRequest, base64};
use crate::providers::dialect::parsed_answer::{ParsedAnswer, count};

pub const PATH: &str = "/v1/messages";
/// Required on every request. The newer version refuses sampling
/// parameters, which we never send; the older one still works for all.
pub const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
/// Names the workspace, for a key that has access to several.
pub const WORKSPACE_HEADER: &str = "anthropic-workspace-id";
pub const WORKSPACE_EXTRA: &str = "workspace";

/// The request's body. No sampling parameters: new models refuse them.
pub fn body(request: &ChatRequest, stream: bool) -> Value {
    let mut body = json!({
        "model": request.model,
        "max_tokens": request.max_output_tokens,
        "messages": request.turns.iter().map(message).collect::<Vec<_>>(),
        "stream": stream,
    });
    if !request.system.is_empty() {
        body["system"] = json!(request.system);
    }
    body
}

/// Turns of one role may follow each other: Anthropic joins them.
fn message(turn: &Turn) -> Value {
    let role = match turn.role {
        Role::Person => "user",
        Role::Model => "assistant",
    };
    if turn.pictures.is_empty() {
        return json!({"role": role, "content": turn.text.0});
    }
    let shown = turn.pictures.iter().map(|picture| {
        json!({"type": "image", "source": {
            "type": "base64", "media_type": picture.kind.media_type(), "data": base64(picture),
        }})
    });
    let text = json!({"type": "text", "text": turn.text.0});
    let parts: Vec<Value> = shown.chain([text]).collect();
    json!({"role": role, "content": parts})
}

/// Reads an event of a stream, or a whole answer.
pub fn read(event: &Value, into: &mut ParsedAnswer) {
    match event["type"].as_str() {
        Some("message") => {
            for block in event["content"].as_array().into_iter().flatten() {
                into.say(block.get("text").and_then(Value::as_str));
            }
            into.name(event, "model");
            read_stop(&event["stop_reason"], into);
            into.usage = read_usage(&event["usage"], None);
        }
        Some("message_start") => {
            into.name(&event["message"], "model");
            into.usage = read_usage(&event["message"]["usage"], None);
        }
        Some("content_block_delta") => {
            into.moved = true;
            if event["delta"]["type"] == "text_delta" {
                into.say(event["delta"]["text"].as_str());
            }
        }
        Some("message_delta") => {
            read_stop(&event["delta"]["stop_reason"], into);
            into.usage = read_usage(&event["usage"], into.usage);
        }
        Some("error") => into.failed = true,
        _ => {}
    }
}

fn read_stop(reason: &Value, into: &mut ParsedAnswer) {
    into.finish = match reason.as_str() {
        None => into.finish,
        Some("max_tokens" | "model_context_window_exceeded") => Some(Finish::Length),
        Some("refusal") => Some(Finish::Blocked),
        Some(_) => Some(Finish::Complete),
    };
}

/// Input excludes what was read from or written to the cache, so that is
/// added. Counts in `message_delta` are cumulative and may lack the input.
fn read_usage(usage: &Value, before: Option<Usage>) -> Option<Usage> {
    let output_tokens = count(usage, "/output_tokens")?;
    let Some(fresh) = count(usage, "/input_tokens") else {
        return before.map(|before| Usage {
            output_tokens,
            ..before
        });
    };
    let cached_tokens = count(usage, "/cache_read_input_tokens").unwrap_or(0);
    let written = count(usage, "/cache_creation_input_tokens").unwrap_or(0);
    Some(Usage {
        input_tokens: fresh + cached_tokens + written,
        output_tokens,
        cached_tokens,
        reasoning_tokens: count(usage, "/output_tokens_details/thinking_tokens").unwrap_or(0),
        cost: None,
    })
}
