//! Thoughts that vendors of `OpenAI`'s chat want back; `docs/providers.md` §7.7.

use serde_json::{Value, json};

use crate::providers::chat::SIGNATURE;
use crate::providers::errors::vendor_errors::openai;
use crate::providers::json_fields::{list, text};

/// The error of `DeepSeek`'s for a call of the model's without what it thought.
pub fn broken_content(body: &Value) -> Option<Value> {
    let is_off = body["thinking"]["type"] == "disabled";
    let mut calls = list(&body["messages"]).filter(|it| !it["tool_calls"].is_null());
    let is_broken = !is_off && calls.any(|message| !message["reasoning_content"].is_string());
    let words = "The `reasoning_content` in the thinking mode must be passed back to the API.";
    is_broken.then(|| openai(words, Value::Null, "invalid_request_error"))
}

/// The error of `OpenRouter`'s for details that the vendor behind it misses, in
/// what the model said since the person spoke last.
pub fn broken_details(body: &Value) -> Option<Value> {
    let messages: Vec<&Value> = list(&body["messages"]).collect();
    let is_gemini = text(body, "model").starts_with("google/gemini-3");
    let last = messages.iter().rposition(|it| it["role"] == "user");
    let current = messages.get(last.unwrap_or(0)..).unwrap_or_default();
    let is_signed =
        |message: &&&Value| list(&message["reasoning_details"]).any(|it| it["data"] == SIGNATURE);
    let mut calls = current.iter().filter(|it| !it["tool_calls"].is_null());
    if is_gemini && calls.any(|message| !is_signed(&message)) {
        return Some(
            json!({"error": {"code": 400, "message": "Gemini models require OpenRouter reasoning details to be preserved in each request. Please refer to our docs: https://openrouter.ai/docs/guides/best-practices/reasoning-tokens#preserving-reasoning-blocks. Upstream error: Function call is missing a thought_signature in functionCall parts."}}),
        );
    }
    let details = messages
        .iter()
        .flat_map(|it| list(&it["reasoning_details"]));
    let mut signatures = details
        .map(|it| &it["signature"])
        .filter(|it| !it.is_null());
    let is_foreign = signatures.any(|it| *it != SIGNATURE);
    is_foreign.then(
        || json!({"error": {"code": 400, "message": "Invalid `signature` in `thinking` block"}}),
    )
}
