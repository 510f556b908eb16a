//! Each kind of field, at each provider that it can concern.

mod chat;
mod native;
mod other;

use reqwest::Method;
use serde_json::{Value, json};

use super::{BoundedRequest, Refused, judge_request};
use crate::model::{CallDialect, Surface};
use crate::providers::Catalogue;
use crate::providers::catalogue::Provider;
use crate::providers::relay::{Body, ForwardedHeaders, RelayRequest};

/// Providers that take OpenAI's chat, or get it translated.
pub const CHATTING: &[(&str, &str)] = &[
    ("openai", "gpt-6-luna"),
    ("anthropic", "claude-haiku-5-5"),
    ("google", "gemini-3.1-flash-lite"),
    ("openrouter", "openai/gpt-6-luna"),
    ("mistral", "mistral-small-latest"),
    ("xai", "grok-4.3"),
    ("deepseek", "deepseek-flash"),
    ("groq", "openai/gpt-oss-20b"),
    ("cerebras", "gpt-oss-120b"),
    ("ollama", "llama3.2"),
];

/// A call in OpenAI's words.
pub fn in_openais(surface: Surface, body: &str) -> RelayRequest {
    RelayRequest {
        surface,
        dialect: CallDialect::OpenAi,
        method: Method::POST,
        path: String::new(),
        query: None,
        headers: ForwardedHeaders::default(),
        body: Body::object(body.to_owned().into()).unwrap(),
        stream: false,
        at_s: 0,
    }
}

/// A call to an address of the provider's own.
pub fn native(provider: &Provider, path: &str, body: &str) -> RelayRequest {
    RelayRequest {
        dialect: CallDialect::Native,
        path: path.to_owned(),
        ..in_openais(provider.dialect.surface_of(&Method::POST, path), body)
    }
}

pub fn judge_chat(id: &str, model: &str, body: &str) -> Result<BoundedRequest, Refused> {
    let catalogue = Catalogue::new(&[]).unwrap();
    let provider = catalogue.find(id).unwrap();
    judge_request(&in_openais(Surface::Chat, body), provider, model)
}

pub fn judge_native(id: &str, path: &str, body: &Value) -> Result<BoundedRequest, Refused> {
    let catalogue = Catalogue::new(&[]).unwrap();
    let provider = catalogue.find(id).unwrap();
    let model = body["model"].as_str().unwrap_or("gemini-3.1-flash-lite");
    judge_request(&native(provider, path, &body.to_string()), provider, model)
}

pub fn written(bounded: &BoundedRequest, tokens: u64) -> Value {
    let fields = bounded.fields_within(tokens).unwrap();
    serde_json::from_slice(&fields.write()).unwrap()
}

pub fn own_key_only(what: &str) -> Refused {
    Refused::OwnKeyOnly(what.to_owned())
}

pub fn with(more: &Value) -> String {
    let mut body = json!({"model": "x", "messages": [{"role": "user", "content": "hi"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.to_string()
}
