//! Templates of models that take one instruction, before all else;
//! `docs/providers.md` §12.

use serde_json::{Value, json};

use super::text;
use crate::providers::json_fields::list;

/// How Ollama answers a chat with another one.
pub fn refuse_late(body: &Value) -> Option<Value> {
    let mut later = list(&body["messages"]).skip(1);
    let is_refused = text(body, "model").starts_with("qwen3")
        && later.any(|message| matches!(text(message, "role"), "system" | "developer"));
    is_refused.then(|| {
        json!({"error": {"message": "system message must be at the beginning", "type": "api_error"}})
    })
}
