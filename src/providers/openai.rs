//! OpenAI's chat dialect, as eight vendors speak it; `providers.md` §2.

use serde_json::{Value, json};

use crate::model::{Finish, NanoDollars, Role, Turn, Usage};

use super::catalogue::OpenAiQuirks;
use super::chat::{ChatRequest, base64};
use super::reading::{Reading, count};

pub const PATH: &str = "/chat/completions";

/// The request's body.
pub fn body(request: &ChatRequest, quirks: OpenAiQuirks, stream: bool) -> Value {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    messages.extend(request.turns.iter().map(message));
    let mut body = json!({"model": request.model, "messages": messages, "stream": stream});
    body[quirks.output_limit] = json!(request.max_output_tokens);
    if stream && quirks.asks_for_usage {
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

fn message(turn: &Turn) -> Value {
    let role = match turn.role {
        Role::Person => "user",
        Role::Model => "assistant",
    };
    if turn.pictures.is_empty() {
        return json!({"role": role, "content": turn.text.0});
    }
    let text = json!({"type": "text", "text": turn.text.0});
    let shown = turn.pictures.iter().map(|picture| {
        let url = format!(
            "data:{};base64,{}",
            picture.kind.media_type(),
            base64(picture)
        );
        json!({"type": "image_url", "image_url": {"url": url}})
    });
    let parts: Vec<Value> = shown.chain([text]).collect();
    json!({"role": role, "content": parts})
}

/// Reads a chunk of a stream, or a whole answer.
pub fn read(event: &Value, into: &mut Reading) {
    if event.get("error").is_some_and(|error| !error.is_null()) {
        into.failed = true;
        return;
    }
    into.name(event, "model");
    if let Some(choice) = event.pointer("/choices/0") {
        let said = choice
            .get("delta")
            .or_else(|| choice.get("message"))
            .unwrap_or(&Value::Null);
        read_content(&said["content"], into);
        let thinks = |field: &str| said.get(field).is_some_and(|text| !text.is_null());
        into.moved |= thinks("reasoning_content") || thinks("reasoning");
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            into.failed |= reason == "error";
            into.finish = Some(match reason {
                "length" => Finish::Length,
                "content_filter" => Finish::Blocked,
                _ => Finish::Complete,
            });
        }
    }
    for usage in [event.get("usage"), event.pointer("/x_groq/usage")]
        .into_iter()
        .flatten()
    {
        into.usage = read_usage(usage).or(into.usage);
    }
}

/// Text, or Mistral's list of parts.
fn read_content(content: &Value, into: &mut Reading) {
    into.say(content.as_str());
    for part in content.as_array().into_iter().flatten() {
        into.say(part.get("text").and_then(Value::as_str));
    }
}

fn read_usage(usage: &Value) -> Option<Usage> {
    let input_tokens = count(usage, "/prompt_tokens")?;
    let output_tokens = count(usage, "/completion_tokens")?;
    // Some vendors leave reasoning out of the completion but not of the total.
    let by_total = count(usage, "/total_tokens")
        .unwrap_or(0)
        .saturating_sub(input_tokens);
    Some(Usage {
        input_tokens,
        output_tokens: output_tokens.max(by_total),
        cached_tokens: count(usage, "/prompt_tokens_details/cached_tokens")
            .or_else(|| count(usage, "/prompt_cache_hit_tokens"))
            .unwrap_or(0),
        reasoning_tokens: count(usage, "/completion_tokens_details/reasoning_tokens").unwrap_or(0),
        // OpenRouter says it, in dollars.
        cost: usage
            .get("cost")
            .and_then(Value::as_f64)
            .and_then(NanoDollars::from_dollars),
    })
}
