//! The forms in which vendors write errors, and the words of those that have
//! nothing to do with a key: `docs/providers.md` §4.1 and §4.6.

use serde_json::{Value, json};

use crate::providers::keys::{Dialect, Emulated};

/// An error of Anthropic's.
pub fn anthropic(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message},
        "request_id": "req_emulated"})
}

/// An error of Google's.
pub fn google(code: u16, status: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message, "status": status}})
}

/// An error of Google's with the reason that its details name.
pub fn google_with_reason(code: u16, status: &str, message: &str, reason: &str) -> Value {
    let mut body = google(code, status, message);
    body["error"]["details"] = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason, "domain": "googleapis.com"}]);
    body
}

/// An error of Google's that says how long to wait.
pub fn google_with_delay(status: &str, message: &str, delay: &str) -> Value {
    let mut body = google(429, status, message);
    body["error"]["details"] = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": delay}]);
    body
}

/// OpenAI's error for a call that is wrong.
pub fn openai(message: &str, param: impl Into<Value>, code: impl Into<Value>) -> Value {
    openai_of_kind("invalid_request_error", message, param, code)
}

/// An error of OpenAI's of any type.
pub fn openai_of_kind(
    kind: &str,
    message: &str,
    param: impl Into<Value>,
    code: impl Into<Value>,
) -> Value {
    json!({"error": {"message": message, "type": kind, "param": param.into(), "code": code.into()}})
}

/// OpenAI's error, and Groq's, for a model that the account does not have.
pub fn openai_unknown_model(model: &str) -> Value {
    let message = format!("The model `{model}` does not exist or you do not have access to it.");
    openai(&message, Value::Null, "model_not_found")
}

/// OpenAI's body for a model that does not chat, `docs/providers.md` §4.1.
pub fn openai_no_chat_model() -> Value {
    let message = "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?";
    openai(message, json!("model"), Value::Null)
}

/// The body of an error with this status.
pub fn error_body(provider: &Emulated, status: u16) -> Value {
    match provider.dialect {
        Dialect::Anthropic => {
            let (kind, message) = match status {
                429 => (
                    "rate_limit_error",
                    "This request would exceed your account's rate limit. Please try again later.",
                ),
                529 => ("overloaded_error", "Overloaded"),
                504 => ("timeout_error", "Request timed out"),
                413 => ("request_too_large", "Request exceeds the maximum size"),
                404 => ("not_found_error", "Not Found"),
                400..=499 => ("invalid_request_error", "emulated"),
                _ => ("api_error", "Internal server error"),
            };
            anthropic(kind, message)
        }
        Dialect::Google => {
            let (word, message) = match status {
                429 => (
                    "RESOURCE_EXHAUSTED",
                    "You exceeded your current quota, please check your plan and billing details.",
                ),
                503 => (
                    "UNAVAILABLE",
                    "The model is overloaded. Please try again later.",
                ),
                504 => (
                    "DEADLINE_EXCEEDED",
                    "The request timed out. Please try again.",
                ),
                404 => ("NOT_FOUND", "Requested entity was not found."),
                400..=499 => ("INVALID_ARGUMENT", "emulated"),
                _ => ("INTERNAL", "An internal error has occurred."),
            };
            google(status, word, message)
        }
        Dialect::OpenAi | Dialect::Ollama | Dialect::ImageHost => {
            let (kind, code, message) = match status {
                429 => ("tokens", json!("rate_limit_exceeded"), "Rate limit reached"),
                503 => (
                    "server_error",
                    Value::Null,
                    "The server is currently overloaded with other requests. Sorry about that!",
                ),
                400..=499 => ("invalid_request_error", Value::Null, "emulated"),
                _ => (
                    "server_error",
                    Value::Null,
                    "The server had an error while processing your request. Sorry about that!",
                ),
            };
            openai_of_kind(kind, message, Value::Null, code)
        }
    }
}
