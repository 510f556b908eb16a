//! Thoughts that vendors of `OpenAI`'s chat want back; `docs/providers.md` §7.7.

use serde_json::{Value, json};

use crate::providers::chat::SIGNATURE;
use crate::providers::errors::vendor_errors::openai;
use crate::providers::json_fields::{list, text};

/// The error of `DeepSeek`'s for an answer of the model's without what it thought,
/// in a chat with tools.
pub fn broken_content(body: &Value) -> Option<Value> {
    let has_calls = list(&body["messages"]).any(|it| !it["tool_calls"].is_null());
    let is_checked = has_calls || list(&body["tools"]).next().is_some();
    let is_missing = |it: &Value| it["role"] == "assistant" && !it["reasoning_content"].is_string();
    let is_broken = is_checked && thinks(body) && list(&body["messages"]).any(is_missing);
    let words = "The `reasoning_content` in the thinking mode must be passed back to the API.";
    is_broken.then(|| openai(words, Value::Null, "invalid_request_error"))
}

/// The error of Moonshot's for a call of the model's without what it thought,
/// and for two words on how hard it is to think.
pub fn broken_kimi(body: &Value) -> Option<Value> {
    let says_both = !body["thinking"].is_null() && !body["reasoning_effort"].is_null();
    let told = if says_both {
        "cannot specify both 'thinking' and 'reasoning_effort'".to_owned()
    } else {
        let is_missing =
            |it: &Value| !it["tool_calls"].is_null() && text(it, "reasoning_content").is_empty();
        let at = list(&body["messages"]).position(is_missing);
        let at = at.filter(|_| thinks(body))?;
        format!(
            "thinking is enabled but reasoning_content is missing in assistant tool call message at index {at}"
        )
    };
    Some(json!({"error": {"message": told, "type": "invalid_request_error"}}))
}

fn thinks(body: &Value) -> bool {
    body["thinking"]["type"] != "disabled"
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
