//! The word that somebody has to say before a vendor answers in JSON of any
//! kind; `docs/providers.md` §7.6 and §8.

use serde_json::Value;

use crate::providers::errors::vendor_errors::openai;
use crate::providers::json_fields::list;

/// Whether no message has the word, in letters of any case.
pub fn is_unsaid(messages: &Value) -> bool {
    let said = |content: &Value| content.to_string().to_lowercase().contains("json");
    match messages {
        Value::String(_) => !said(messages),
        _ => !list(messages).any(|message| said(&message["content"])),
    }
}

/// The error of `DeepSeek`'s.
pub fn broken_format(body: &Value) -> Option<Value> {
    let is_broken =
        body["response_format"]["type"] == "json_object" && is_unsaid(&body["messages"]);
    let words = "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.";
    is_broken.then(|| openai(words, Value::Null, "invalid_request_error"))
}
