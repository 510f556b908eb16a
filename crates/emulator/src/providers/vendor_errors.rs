//! Errors that have nothing to do with a key, in each vendor's own form and
//! words: `docs/providers.md` §4.1 and §4.6.

use serde_json::{Value, json};

use super::keys::{Dialect, Emulated};

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
            json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_emulated"})
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
            json!({"error": {"code": status, "message": message, "status": word}})
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
            json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
        }
    }
}
