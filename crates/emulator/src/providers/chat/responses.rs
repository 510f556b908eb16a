//! Replies of `OpenAI`'s Responses, whole and as events; their order and
//! their fields stand in `docs/providers.md` §8.

use serde_json::{Value, json};

use super::ask::Ask;
use super::events::{StreamedReply, named_event};
use super::openai::CREATED;
use super::reply::{Reply, SIGNATURE, ToolCall};
use super::usage::Usage;

/// Fields of the request that stand in the response too, and what they are
/// where the request has none.
fn echoed(ask: &Ask<'_>) -> Value {
    let mut response = json!({"id": "resp_0", "object": "response", "created_at": CREATED, "model": ask.model,
        "error": null, "incomplete_details": null, "instructions": null, "max_output_tokens": null,
        "metadata": {}, "parallel_tool_calls": true, "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null}, "service_tier": "default", "store": true,
        "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [],
        "top_p": 1.0, "truncation": "disabled"});
    for name in [
        "instructions",
        "metadata",
        "parallel_tool_calls",
        "store",
        "text",
        "tool_choice",
        "tools",
    ] {
        if !ask.body[name].is_null() {
            response[name] = ask.body[name].clone();
        }
    }
    if let Some(tier) = &ask.tier {
        response["service_tier"] = json!(tier);
    }
    response
}

/// What comes at once of a response that is made in the background
/// (<https://platform.openai.com/docs/guides/background>).
pub fn queued(ask: &Ask<'_>) -> Value {
    let mut response = echoed(ask);
    response["status"] = json!("queued");
    response["background"] = json!(true);
    response["output"] = json!([]);
    response["usage"] = Value::Null;
    response
}

/// Writes the events of one reply, and numbers them.
struct EventWriter {
    next: u64,
}

impl EventWriter {
    fn write(&mut self, kind: &str, mut event: Value) -> String {
        event["type"] = json!(kind);
        event["sequence_number"] = json!(self.next);
        self.next += 1;
        named_event(&event)
    }
}

/// Writes a reply as events.
pub fn stream(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> StreamedReply {
    let mut writer = EventWriter { next: 0 };
    let mut begun = echoed(ask);
    begun["status"] = json!("in_progress");
    begun["output"] = json!([]);
    begun["usage"] = Value::Null;
    let mut head = Vec::new();
    let mut write = |kind: &str, response: &Value| {
        head.push(writer.write(kind, json!({"response": response})));
    };
    if ask.body["background"] == true {
        let queued = queued(ask);
        begun["background"] = json!(true);
        write("response.created", &queued);
        write("response.queued", &queued);
    } else {
        write("response.created", &begun);
    }
    write("response.in_progress", &begun);
    let head = head.concat();
    let mut pieces = Vec::new();
    let mut at = 0;
    if let Some(item) = thought_item(ask, reply) {
        write_thought(&mut writer, at, &item, &mut pieces);
        at += 1;
    }
    if reply.calls.is_empty() {
        write_text(&mut writer, at, reply, &mut pieces);
    }
    for call in &reply.calls {
        write_call(&mut writer, at, call, &mut pieces);
        at += 1;
    }
    let end = if reply.at_limit {
        "response.incomplete"
    } else {
        "response.completed"
    };
    let tail = writer.write(end, json!({"response": whole(ask, reply, usage)}));
    StreamedReply { head, pieces, tail }
}

fn write_thought(writer: &mut EventWriter, at: usize, item: &Value, out: &mut Vec<String>) {
    let thought = &item["summary"][0]["text"];
    let place = json!({"item_id": "rs_0", "output_index": at, "summary_index": 0});
    let mut say = |kind: &str, name: &str, value: Value| {
        let mut event = place.clone();
        event[name] = value;
        out.push(writer.write(&format!("response.{kind}"), event));
    };
    let opened = json!({"id": "rs_0", "type": "reasoning", "summary": []});
    say("output_item.added", "item", opened);
    say(
        "reasoning_summary_part.added",
        "part",
        json!({"type": "summary_text", "text": ""}),
    );
    say("reasoning_summary_text.delta", "delta", thought.clone());
    say("reasoning_summary_text.done", "text", thought.clone());
    say(
        "reasoning_summary_part.done",
        "part",
        json!({"type": "summary_text", "text": thought}),
    );
    say("output_item.done", "item", item.clone());
}

fn write_text(writer: &mut EventWriter, at: usize, reply: &Reply, out: &mut Vec<String>) {
    let place = json!({"item_id": "msg_0", "output_index": at, "content_index": 0});
    let mut say = |kind: &str, name: &str, value: Value| {
        let mut event = place.clone();
        event[name] = value;
        if kind.starts_with("output_text") {
            event["logprobs"] = json!([]);
        }
        out.push(writer.write(&format!("response.{kind}"), event));
    };
    let opened = json!({"id": "msg_0", "type": "message", "status": "in_progress", "role": "assistant", "content": []});
    say("output_item.added", "item", opened);
    say("content_part.added", "part", text_part(""));
    for piece in reply.pieces() {
        say("output_text.delta", "delta", json!(piece));
    }
    say("output_text.done", "text", json!(reply.text));
    say("content_part.done", "part", text_part(&reply.text));
    say("output_item.done", "item", text_item(reply));
}

fn write_call(writer: &mut EventWriter, at: usize, call: &ToolCall, out: &mut Vec<String>) {
    let whole = call_item(call);
    let (field, event_kind) = if call.input.is_string() {
        ("input", "custom_tool_call_input")
    } else {
        ("arguments", "function_call_arguments")
    };
    let mut opened = whole.clone();
    opened["status"] = json!("in_progress");
    opened[field] = json!("");
    let place = json!({"item_id": whole["id"], "output_index": at});
    let mut say = |kind: &str, name: &str, value: Value| {
        let mut event = place.clone();
        event[name] = value;
        out.push(writer.write(&format!("response.{kind}"), event));
    };
    say("output_item.added", "item", opened);
    for piece in call.input_pieces() {
        say(&format!("{event_kind}.delta"), "delta", json!(piece));
    }
    say(&format!("{event_kind}.done"), field, whole[field].clone());
    say("output_item.done", "item", whole);
}

/// What the model thought; sealed where that is asked for.
fn thought_item(ask: &Ask<'_>, reply: &Reply) -> Option<Value> {
    let summary = json!([{"type": "summary_text", "text": reply.thought.as_deref()?}]);
    let mut item = json!({"id": "rs_0", "type": "reasoning", "summary": summary});
    let asked = ask.body["include"].as_array();
    if asked.is_some_and(|it| it.contains(&json!("reasoning.encrypted_content"))) {
        item["encrypted_content"] = json!(SIGNATURE);
    }
    Some(item)
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

fn text_item(reply: &Reply) -> Value {
    let status = if reply.at_limit {
        "incomplete"
    } else {
        "completed"
    };
    json!({"id": "msg_0", "type": "message", "status": status, "role": "assistant",
        "content": [text_part(&reply.text)]})
}

fn call_item(call: &ToolCall) -> Value {
    let (kind, field, start) = if call.input.is_string() {
        ("custom_tool_call", "input", "ctc")
    } else {
        ("function_call", "arguments", "fc")
    };
    let mut item = json!({"id": format!("{start}_{}", call.number), "type": kind, "status": "completed",
        "call_id": format!("call_{}", call.number), "name": call.name, field: call.written_input()});
    if let Some(namespace) = &call.namespace {
        item["namespace"] = json!(namespace);
    }
    item
}

/// A response that failed: it has nothing but its error.
pub fn failed(ask: &Ask<'_>) -> Value {
    let mut response = echoed(ask);
    response["status"] = json!("failed");
    response["output"] = json!([]);
    response["error"] =
        json!({"code": "server_is_overloaded", "message": "The server is overloaded"});
    response
}

/// Writes a reply in one piece.
pub fn whole(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> Value {
    let mut output: Vec<Value> = Vec::new();
    output.extend(thought_item(ask, reply));
    if reply.calls.is_empty() {
        output.push(text_item(reply));
    }
    output.extend(reply.calls.iter().map(call_item));
    let mut response = echoed(ask);
    response["output"] = json!(output);
    response["usage"] = usage.in_responses();
    response["status"] = json!("completed");
    if reply.at_limit {
        response["status"] = json!("incomplete");
        response["incomplete_details"] = json!({"reason": "max_output_tokens"});
    }
    response
}
