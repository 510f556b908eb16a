//! Replies of `OpenAI`'s chat, whole and in chunks; the order of the chunks
//! and their fields stand in `docs/providers.md` §7.2.

use serde_json::{Value, json};

use super::ask::Ask;
use super::events::{StreamedReply, unnamed_event};
use super::reply::{Reply, SIGNATURE, ToolCall};
use super::usage::Usage;

/// When every emulated reply was made, in seconds since 1970.
pub const CREATED: u64 = 1_795_219_200;

fn head(ask: &Ask<'_>, object: &str) -> Value {
    let mut head =
        json!({"id": "chatcmpl-0", "object": object, "created": CREATED, "model": ask.model});
    if let Some(tier) = &ask.tier {
        head["service_tier"] = json!(tier);
    }
    head
}

fn chunk(ask: &Ask<'_>, choices: &Value) -> Value {
    let mut chunk = head(ask, "chat.completion.chunk");
    chunk["choices"] = choices.clone();
    if ask.usage_wanted {
        chunk["usage"] = Value::Null;
    }
    chunk
}

fn delta(ask: &Ask<'_>, delta: &Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": null});
    unnamed_event(&chunk(ask, &json!([choice])))
}

fn reason(reply: &Reply) -> &'static str {
    match reply {
        Reply { at_limit: true, .. } => "length",
        Reply { calls, .. } if !calls.is_empty() => "tool_calls",
        _ => "stop",
    }
}

fn call(ask: &Ask<'_>, at: usize, call: &ToolCall, arguments: &str) -> Value {
    let id = if ask.vendor == "mistral" {
        format!("call{:05}", call.number)
    } else {
        format!("call_{}", call.number)
    };
    json!({"index": at, "id": id, "type": "function",
        "function": {"name": call.name, "arguments": arguments}})
}

/// What the model thought, in its vendor's fields: `docs/providers.md` §7.7.
/// What `OpenRouter` passes on is what the vendor behind it wants back.
fn thought(ask: &Ask<'_>, reply: &Reply) -> Option<Value> {
    let text = reply.thought.as_deref();
    let maker = ask.model.split('/').next().unwrap_or_default();
    let first = reply.calls.first();
    let detail = match (ask.vendor, maker) {
        ("deepseek" | "moonshot", _) => return text.map(|text| json!({"reasoning_content": text})),
        ("openrouter", "google") => first.map(|it| {
            json!({"type": "reasoning.encrypted", "data": SIGNATURE, "id": format!("call_{}", it.number),
                "format": "google-gemini-v1", "index": 0})
        })?,
        ("openrouter", "anthropic") => {
            json!({"type": "reasoning.text", "text": text?, "signature": SIGNATURE,
                "format": "anthropic-claude-v1", "index": 0})
        }
        _ => return None,
    };
    Some(json!({"reasoning": text, "reasoning_details": [detail]}))
}

/// Writes a reply in chunks. One call alone opens in the first of them.
pub fn stream(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> StreamedReply {
    let alone = reply.calls.len() == 1;
    let mut first = json!({"role": "assistant", "content": "", "refusal": null});
    if let Some(only) = reply.calls.first().filter(|_| alone) {
        first["content"] = Value::Null;
        first["tool_calls"] = json!([call(ask, 0, only, "")]);
    }
    // A thought comes before the calls, and signs them.
    let thought = thought(ask, reply);
    let opens_call = alone && thought.is_none();
    if thought.is_some() {
        first["content"] = json!("");
        first.as_object_mut().map(|it| it.remove("tool_calls"));
    }
    let mut pieces: Vec<String> = thought.iter().map(|it| delta(ask, it)).collect();
    let words = reply.pieces();
    pieces.extend(words.map(|text| delta(ask, &json!({"content": text}))));
    for (at, called) in reply.calls.iter().enumerate() {
        if !opens_call {
            pieces.push(delta(
                ask,
                &json!({"tool_calls": [call(ask, at, called, "")]}),
            ));
        }
        pieces.extend(called.input_pieces().iter().map(|piece| {
            let part = json!({"index": at, "function": {"arguments": piece}});
            delta(ask, &json!({"tool_calls": [part]}))
        }));
    }
    let mut end =
        json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": reason(reply)}]);
    let is_in_choice = ask.vendor == "moonshot";
    if is_in_choice && usage.is_told() {
        end[0]["usage"] = usage.in_chat();
    }
    let mut tail = unnamed_event(&chunk(ask, &end));
    if ask.usage_wanted && usage.is_told() && !is_in_choice {
        let mut last = chunk(ask, &json!([]));
        last["usage"] = usage.in_chat();
        tail += &unnamed_event(&last);
    }
    StreamedReply {
        head: format!(": keep-alive\n\n{}", delta(ask, &first)),
        pieces,
        tail: tail + "data: [DONE]\n\n",
    }
}

/// Writes a reply in one piece.
pub fn whole(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> Value {
    let mut message =
        json!({"role": "assistant", "content": reply.text, "refusal": null, "annotations": []});
    if !reply.calls.is_empty() {
        message["content"] = Value::Null;
        let calls = reply.calls.iter().map(|it| {
            let mut written = call(ask, 0, it, &it.input.to_string());
            // Only chunks have one.
            written.as_object_mut().map(|fields| fields.remove("index"));
            written
        });
        message["tool_calls"] = calls.collect();
    }
    for (name, value) in thought(ask, reply)
        .iter()
        .filter_map(Value::as_object)
        .flatten()
    {
        message[name] = value.clone();
    }
    let mut answer = head(ask, "chat.completion");
    answer["choices"] =
        json!([{"index": 0, "message": message, "logprobs": null, "finish_reason": reason(reply)}]);
    answer["usage"] = usage.in_chat();
    answer
}
