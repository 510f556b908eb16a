//! Replies of Anthropic's Messages, whole and as events; their order and
//! their fields stand in `docs/providers.md` §9.2.

use serde_json::{Value, json};

use super::ask::Ask;
use super::events::{StreamedReply, named_event};
use super::reply::{Reply, SIGNATURE, ToolCall};
use super::usage::Usage;

fn message(ask: &Ask<'_>, content: &Value, reason: &Value, usage: &Value) -> Value {
    json!({"id": "msg_0", "type": "message", "role": "assistant", "model": ask.model, "content": content,
        "stop_reason": reason, "stop_sequence": null, "usage": usage})
}

fn reason(reply: &Reply) -> Value {
    json!(match reply {
        Reply { at_limit: true, .. } => "max_tokens",
        Reply { calls, .. } if !calls.is_empty() => "tool_use",
        _ => "end_turn",
    })
}

/// Writes a reply as events.
pub fn stream(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> StreamedReply {
    let begun = message(ask, &json!([]), &Value::Null, &usage.in_messages(&json!(1)));
    let mut head = named_event(&json!({"type": "message_start", "message": begun}));
    let mut pieces = Vec::new();
    let mut at = 0;
    if let Some(thought) = &reply.thought {
        let opened = json!({"type": "thinking", "thinking": "", "signature": ""});
        pieces.push(open(at, &opened));
        pieces.push(delta(
            at,
            &json!({"type": "thinking_delta", "thinking": thought}),
        ));
        pieces.push(delta(
            at,
            &json!({"type": "signature_delta", "signature": SIGNATURE}),
        ));
        pieces.push(close(at));
        at += 1;
    }
    for call in &reply.calls {
        write_call(at, call, &mut pieces);
        at += 1;
    }
    let mut tail = String::new();
    if reply.calls.is_empty() {
        let opened = open(at, &json!({"type": "text", "text": ""}));
        if pieces.is_empty() {
            head += &opened;
            head += &named_event(&json!({"type": "ping"}));
        } else {
            pieces.push(opened);
        }
        let words = reply.pieces();
        pieces.extend(words.map(|text| delta(at, &json!({"type": "text_delta", "text": text}))));
        tail += &close(at);
    }
    tail += &named_event(&json!({"type": "message_delta",
        "delta": {"stop_reason": reason(reply), "stop_sequence": null},
        "usage": {"output_tokens": usage.output}}));
    tail += &named_event(&json!({"type": "message_stop"}));
    StreamedReply { head, pieces, tail }
}

/// The first piece of a call's input is empty.
fn write_call(at: usize, call: &ToolCall, out: &mut Vec<String>) {
    let mut opened = call_block(call);
    opened["input"] = json!({});
    out.push(open(at, &opened));
    let first = std::iter::once(String::new());
    let pieces = first.chain(call.input_pieces());
    out.extend(pieces.map(|piece| {
        delta(
            at,
            &json!({"type": "input_json_delta", "partial_json": piece}),
        )
    }));
    out.push(close(at));
}

fn call_block(call: &ToolCall) -> Value {
    json!({"type": "tool_use", "id": format!("toolu_{}", call.number), "name": call.name, "input": call.input})
}

fn open(at: usize, block: &Value) -> String {
    named_event(&json!({"type": "content_block_start", "index": at, "content_block": block}))
}

fn delta(at: usize, delta: &Value) -> String {
    named_event(&json!({"type": "content_block_delta", "index": at, "delta": delta}))
}

fn close(at: usize) -> String {
    named_event(&json!({"type": "content_block_stop", "index": at}))
}

/// Writes a reply in one piece.
pub fn whole(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> Value {
    let mut content: Vec<Value> = Vec::new();
    content.extend(
        reply.thought.as_deref().map(
            |thought| json!({"type": "thinking", "thinking": thought, "signature": SIGNATURE}),
        ),
    );
    content.extend(reply.calls.iter().map(call_block));
    if reply.calls.is_empty() {
        content.push(json!({"type": "text", "text": reply.text}));
    }
    let usage = usage.in_messages(&usage.output);
    message(ask, &json!(content), &reason(reply), &usage)
}
