//! How long answers of Groq's models may be; `docs/providers.md` §7.6.

use serde_json::{Value, json};

use crate::providers::json_fields::text;

/// The longest answers, in tokens (<https://console.groq.com/docs/models>).
const LONGEST: [(&str, u64); 2] = [
    ("llama-3.3-70b-versatile", 32_768),
    ("openai/gpt-oss-", 65_536),
];

/// The error for a limit above the model's: C, a report at
/// <https://github.com/RooCodeInc/Roo-Code/issues/5136>.
pub fn broken_limit(body: &Value) -> Option<Value> {
    let model = text(body, "model");
    let (_, most) = LONGEST.iter().find(|(name, _)| model.starts_with(name))?;
    let names = ["max_tokens", "max_completion_tokens"];
    let name = names
        .iter()
        .find(|name| body[**name].as_u64().is_some_and(|asked| asked > *most))?;
    let message = format!("`{name}` must be less than or equal to `{most}`");
    Some(json!({"error": {"message": message, "type": "invalid_request_error", "param": name}}))
}
