//! Replies of Google's generateContent, whole and in chunks; their fields
//! stand in `docs/providers.md` §10.2.

use serde_json::{Value, json};

use super::ask::Ask;
use super::events::{StreamedReply, unnamed_event};
use super::reply::{Reply, SIGNATURE};
use super::usage::Usage;

fn answer(ask: &Ask<'_>, candidate: &Value, usage: &Value) -> Value {
    json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": ask.model, "responseId": "made-up"})
}

fn candidate(parts: &[Value]) -> Value {
    json!({"content": {"parts": parts, "role": "model"}, "index": 0})
}

/// A part with words. A model that only writes sound down tells each turn of
/// somebody's without blanks around it (S: `Transcription` of `google-genai` for
/// Python).
fn said(ask: &Ask<'_>, text: &str) -> Value {
    if ask.writes_down() {
        return json!({"audioTranscription": {"text": text.trim()}});
    }
    json!({"text": text})
}

fn reason(reply: &Reply) -> &'static str {
    if reply.at_limit { "MAX_TOKENS" } else { "STOP" }
}

/// Thoughts and calls come whole. Of several calls the first is marked.
fn whole_parts(ask: &Ask<'_>, reply: &Reply) -> Vec<Value> {
    // Newer models name their calls.
    let has_ids = ask.model.starts_with("gemini-3.8");
    let thought = reply.thought.as_deref();
    let thought = thought.map(|thought| json!({"text": thought, "thought": true}));
    let calls = reply.calls.iter().enumerate().map(|(at, call)| {
        let mut part = json!({"functionCall": {"name": call.name, "args": call.input}});
        if has_ids {
            part["functionCall"]["id"] = json!(format!("call_{}", call.number));
        }
        if at == 0 {
            part["thoughtSignature"] = json!(SIGNATURE);
        }
        part
    });
    thought.into_iter().chain(calls).collect()
}

/// Writes a reply in chunks. Each tells what was used so far.
pub fn stream(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> StreamedReply {
    // Each chunk tells what the prompt is made of (R: [ruby_llm]).
    let so_far = usage.of_prompt();
    let chunk = |part: Value| unnamed_event(&answer(ask, &candidate(&[part]), &so_far));
    let words = reply.pieces().map(|text| said(ask, text));
    let parts = whole_parts(ask, reply);
    let mut last = candidate(&[json!({"text": ""})]);
    last["finishReason"] = json!(reason(reply));
    StreamedReply {
        head: String::new(),
        pieces: parts.into_iter().chain(words).map(chunk).collect(),
        tail: unnamed_event(&answer(ask, &last, &usage.in_generate())),
    }
}

/// Writes a reply in one piece.
pub fn whole(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> Value {
    let mut parts = whole_parts(ask, reply);
    if reply.calls.is_empty() {
        parts.push(said(ask, &reply.text));
    }
    let mut candidate = candidate(&parts);
    candidate["finishReason"] = json!(reason(reply));
    answer(ask, &candidate, &usage.in_generate())
}
