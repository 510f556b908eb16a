//! Ollama's native chat: one JSON value a line; `docs/providers.md` §11.
//!
//! Below `/v1` Ollama speaks OpenAI's dialect.

use reqwest::Method;
use serde_json::{Value, json};

use crate::model::{FinishReason, Role, Surface, Turn};

use super::bodies::raw_object::RawObject;
use super::chat_request::{ChatRequest, encode_picture};
use super::openai;
use super::parsed_answer::ParsedAnswer;
use super::reported_usage::{Field, FieldPath};
use super::request_fields::{NO_FIELDS, RequestFields};

pub const CHAT_PATH: &str = "/api/chat";
pub const MODELS_PATH: &str = "/api/tags";
/// Where Ollama speaks OpenAI's dialect.
pub const OPENAI_BASE: &str = "/v1";

pub const REQUEST_FIELDS: RequestFields = RequestFields {
    output_limits: &[&["options", "num_predict"]],
    ..NO_FIELDS
};

/// What a call asks for, by its address.
pub fn surface_of(method: &Method, path: &str) -> Surface {
    if let Some(path) = path.strip_prefix(OPENAI_BASE) {
        return openai::surface_of(method, path);
    }
    match (method, path) {
        (&Method::POST, CHAT_PATH) => Surface::Chat,
        (&Method::POST, "/api/embed") => Surface::Embeddings,
        (&Method::GET, MODELS_PATH | "/api/version") => Surface::Free,
        _ => Surface::Other,
    }
}

/// Writes the body of a chat request. Ollama streams unless told not to.
pub fn write_chat(request: &ChatRequest, stream: bool) -> Value {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    messages.extend(request.turns.iter().map(write_message));
    json!({
        "model": request.model,
        "messages": messages,
        "stream": stream,
        "options": {"num_predict": request.max_output_tokens},
    })
}

fn write_message(turn: &Turn) -> Value {
    let role = match turn.role {
        Role::Person => "user",
        Role::Model => "assistant",
    };
    let mut message = json!({"role": role, "content": turn.text.0});
    if !turn.pictures.is_empty() {
        let pictures: Vec<String> = turn.pictures.iter().map(encode_picture).collect();
        message["images"] = json!(pictures);
    }
    message
}

/// Lowers the limit on the output of a chat; whether anything was changed.
/// The native API and the one below `/v1` have different names for it, and
/// a request shows only by its fields which one it is for.
pub fn limit_output(request: &mut RawObject, tokens: u64) -> bool {
    if request.raw("options").is_none() && request.raw("max_tokens").is_some() {
        return request.set_at_most("max_tokens", tokens);
    }
    let mut options: Value = request.get("options").unwrap_or_else(|| json!({}));
    let asked = options["num_predict"].as_u64();
    if !options.is_object() || asked.is_some_and(|asked| asked <= tokens) {
        return false;
    }
    options["num_predict"] = json!(tokens);
    request.set("options", &options);
    request.set("max_tokens", &json!(tokens));
    true
}

/// Where usage stands in the last line.
const USAGE_PATHS: &[FieldPath] = &[
    (Field::Input, "/prompt_eval_count"),
    (Field::Output, "/eval_count"),
];

/// Reads a line of a stream or a whole answer; both have one shape.
pub fn read_event(event: &Value, answer: &mut ParsedAnswer) {
    if event.get("error").is_some() {
        answer.failed = true;
        return;
    }
    answer.set_model(event, "model");
    answer.add_text(event.pointer("/message/content").and_then(Value::as_str));
    answer.progressed |= event.pointer("/message/thinking").is_some();
    answer.hear_thought(&event["message"]["thinking"]);
    for call in event["message"]["tool_calls"]
        .as_array()
        .into_iter()
        .flatten()
    {
        answer.hear(&call["function"]["arguments"]);
    }
    if event["done"] == true {
        answer.finish = Some(match event["done_reason"].as_str() {
            Some("length") => FinishReason::Length,
            _ => FinishReason::Complete,
        });
        answer.reported.take_piece(event, USAGE_PATHS);
        // The prompt's count is left out when it was cached.
        let (reported, input) = (&answer.reported, answer.reported.count(Field::Input));
        let output = reported.get(Field::Output);
        answer.usage = output.map(|output| reported.usage(input, output));
    }
}
