//! Discord's errors, and answers that may be one.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error as Discord writes it, with its code and words.
pub fn refuse(status: StatusCode, code: u64, message: &str) -> Response {
    (status, Json(json!({"code": code, "message": message}))).into_response()
}

/// Turns an answer or a refusal into the response that is sent.
pub fn respond(result: Result<Response, Box<Response>>) -> Response {
    result.unwrap_or_else(|refusal| *refusal)
}
