//! A whole answer as the events of a stream: for a caller who asked for a
//! stream where the provider answered in one piece. `docs/providers.md` §6.

use serde_json::{Map, Value, json};

use crate::providers::dialect::AnswerFormat;

/// The events that a stream would have had. `wants_usage`: whether the caller
/// of OpenAI's chat asked for usage at its end.
pub fn write_as_events(format: AnswerFormat, whole: &Value, wants_usage: bool) -> Vec<u8> {
    let mut events = EventList::default();
    match format {
        AnswerFormat::Anthropic => write_message(whole, &mut events),
        AnswerFormat::Responses => write_response(whole, &mut events),
        AnswerFormat::OpenAi => write_chat(whole, wants_usage, &mut events),
        _ => events.push_unnamed(whole),
    }
    events.0
}

#[derive(Default)]
struct EventList(Vec<u8>);

impl EventList {
    /// An event that is named by its type.
    fn push(&mut self, data: &Value) {
        let name = data["type"].as_str().unwrap_or("message");
        let event = format!("event: {name}\ndata: {data}\n\n");
        self.0.extend_from_slice(event.as_bytes());
    }

    fn push_unnamed(&mut self, data: &Value) {
        self.0
            .extend_from_slice(format!("data: {data}\n\n").as_bytes());
    }
}

/// OpenAI's chat: a chunk with each answer, one with its end, and the usage. A
/// text that was gone on with looks the same in a chunk.
fn write_chat(whole: &Value, wants_usage: bool, events: &mut EventList) {
    let completes = whole["object"] == "text_completion";
    let chunk = |choices: Value, usage: &Value| {
        let mut chunk = whole.clone();
        if !completes {
            chunk["object"] = json!("chat.completion.chunk");
        }
        chunk["choices"] = choices;
        match usage {
            Value::Null if !wants_usage => {
                if let Some(fields) = chunk.as_object_mut() {
                    fields.remove("usage");
                }
            }
            usage => chunk["usage"] = usage.clone(),
        }
        chunk
    };
    for choice in whole["choices"].as_array().into_iter().flatten() {
        if completes {
            events.push_unnamed(&chunk(json!([choice]), &Value::Null));
            continue;
        }
        let index = choice["index"].as_u64().unwrap_or(0);
        let mut delta = choice["message"].clone();
        let calls = delta.get_mut("tool_calls").and_then(Value::as_array_mut);
        for (place, call) in calls.into_iter().flatten().enumerate() {
            if call.get("index").is_none() {
                call["index"] = json!(place);
            }
        }
        let mut said = json!({"index": index, "delta": delta, "finish_reason": null});
        if let Some(logprobs) = choice.get("logprobs") {
            said["logprobs"] = logprobs.clone();
        }
        events.push_unnamed(&chunk(json!([said]), &Value::Null));
        let end = json!({"index": index, "delta": {}, "finish_reason": choice["finish_reason"]});
        events.push_unnamed(&chunk(json!([end]), &Value::Null));
    }
    if wants_usage && whole["usage"].is_object() {
        events.push_unnamed(&chunk(json!([]), &whole["usage"]));
    }
    events.0.extend_from_slice(b"data: [DONE]\n\n");
}

/// Anthropic's Messages: each block begins empty, and is filled by one delta.
fn write_message(whole: &Value, events: &mut EventList) {
    let mut begun = whole.clone();
    begun["content"] = json!([]);
    begun["stop_reason"] = Value::Null;
    begun["stop_sequence"] = Value::Null;
    events.push(&json!({"type": "message_start", "message": begun}));
    let blocks = whole["content"].as_array();
    for (index, block) in blocks.into_iter().flatten().enumerate() {
        let mut empty = block.clone();
        let mut deltas = Vec::new();
        match block["type"].as_str() {
            Some("text") => {
                empty["text"] = json!("");
                deltas.push(json!({"type": "text_delta", "text": block["text"]}));
            }
            Some("thinking") => {
                empty["thinking"] = json!("");
                empty["signature"] = json!("");
                deltas.push(json!({"type": "thinking_delta", "thinking": block["thinking"]}));
                deltas.push(json!({"type": "signature_delta", "signature": block["signature"]}));
            }
            Some("tool_use" | "server_tool_use") => {
                empty["input"] = json!({});
                let input = block["input"].to_string();
                deltas.push(json!({"type": "input_json_delta", "partial_json": input}));
            }
            // Others come whole.
            _ => {}
        }
        events
            .push(&json!({"type": "content_block_start", "index": index, "content_block": empty}));
        for delta in deltas {
            events.push(&json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        events.push(&json!({"type": "content_block_stop", "index": index}));
    }
    let mut end = Map::new();
    for name in ["stop_reason", "stop_sequence", "stop_details", "container"] {
        if let Some(value) = whole.get(name) {
            end.insert(name.to_owned(), value.clone());
        }
    }
    events.push(&json!({"type": "message_delta", "delta": end, "usage": whole["usage"]}));
    events.push(&json!({"type": "message_stop"}));
}

/// OpenAI's Responses: each item is added and done, and the end has all.
fn write_response(whole: &Value, events: &mut EventList) {
    let mut number = 0;
    let mut push = |mut event: Value| {
        event["sequence_number"] = json!(number);
        number += 1;
        events.push(&event);
    };
    let mut begun = whole.clone();
    begun["status"] = json!("in_progress");
    begun["output"] = json!([]);
    begun["usage"] = Value::Null;
    push(json!({"type": "response.created", "response": begun}));
    push(json!({"type": "response.in_progress", "response": begun}));
    let items = whole["output"].as_array();
    for (place, item) in items.into_iter().flatten().enumerate() {
        let mut added = item.clone();
        if item["type"] == "message" {
            added["status"] = json!("in_progress");
            added["content"] = json!([]);
        }
        push(json!({"type": "response.output_item.added", "output_index": place, "item": added}));
        let parts = item["content"]
            .as_array()
            .filter(|_| item["type"] == "message");
        for (part_place, part) in parts.into_iter().flatten().enumerate() {
            let at = |kind: &str| json!({"type": kind, "item_id": item["id"], "output_index": place, "content_index": part_place});
            let mut event = at("response.content_part.added");
            event["part"] = json!({"type": part["type"], "text": "", "annotations": []});
            push(event);
            if let Some(text) = part["text"].as_str() {
                let mut event = at("response.output_text.delta");
                event["delta"] = json!(text);
                push(event);
                let mut event = at("response.output_text.done");
                event["text"] = json!(text);
                push(event);
            }
            let mut event = at("response.content_part.done");
            event["part"] = part.clone();
            push(event);
        }
        push(json!({"type": "response.output_item.done", "output_index": place, "item": item}));
    }
    let end = match whole["status"].as_str() {
        Some("failed") => "response.failed",
        Some("incomplete") => "response.incomplete",
        _ => "response.completed",
    };
    push(json!({"type": end, "response": whole}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FinishReason;
    use crate::providers::dialect::ParsedAnswer;
    use crate::providers::transport::sse::{Decoder, Framing};

    /// What our own reader reads of the events.
    fn read(format: AnswerFormat, whole: &Value, wants_usage: bool) -> ParsedAnswer {
        let events = write_as_events(format, whole, wants_usage);
        let mut decoder = Decoder::new(Framing::ServerSentEvents, 1_000_000);
        let events = decoder.push(&events).unwrap();
        let mut answer = ParsedAnswer::default();
        for event in events.iter() {
            if let Ok(value) = serde_json::from_slice(&event.data()) {
                format.read_event(&value, &mut answer);
            }
        }
        answer
    }

    #[test]
    fn a_whole_answer_reads_the_same_as_events() {
        let chat = json!({"id": "c", "object": "chat.completion", "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello",
                "tool_calls": [{"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}});
        let message = json!({"id": "m", "type": "message", "role": "assistant", "model": "c",
            "content": [{"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "hello"},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}],
            "stop_reason": "end_turn", "usage": {"input_tokens": 5, "output_tokens": 2}});
        let response = json!({"id": "r", "object": "response", "status": "completed", "model": "m",
            "output": [{"id": "msg", "type": "message", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "hello", "annotations": []}]}],
            "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}});
        for (format, whole) in [
            (AnswerFormat::OpenAi, chat.clone()),
            (AnswerFormat::Anthropic, message),
            (AnswerFormat::Responses, response),
        ] {
            let answer = read(format, &whole, true);
            assert_eq!(answer.text, "hello", "{format:?}");
            assert_eq!(answer.finish, Some(FinishReason::Complete), "{format:?}");
            let usage = answer.usage.unwrap();
            assert_eq!(
                (usage.input_tokens, usage.output_tokens),
                (5, 2),
                "{format:?}"
            );
        }
        assert!(read(AnswerFormat::OpenAi, &chat, false).usage.is_none());
        let text = write_as_events(AnswerFormat::OpenAi, &chat, false);
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.ends_with("data: [DONE]\n\n")
                && text.contains("\"index\":0,\"type\":\"function\""),
            "{text}"
        );
    }
}
