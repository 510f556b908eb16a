//! How each provider says no; the bodies are those of `providers.md` §1.3
//! and §2.3.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::keys::{Emulated, Standing};

/// The answer to a key that may not do this; none where it may.
pub fn refusal(provider: &Emulated, standing: Standing) -> Option<Response> {
    match standing {
        Standing::Good => None,
        Standing::Bad => Some(bad(provider)),
        Standing::Empty => Some(empty(provider)),
        Standing::Restricted => Some(restricted(provider)),
        Standing::Limited => Some(limited(provider)),
    }
}

fn answer(status: u16, body: Value) -> Response {
    (
        StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
        Json(body),
    )
        .into_response()
}

fn bad(provider: &Emulated) -> Response {
    match provider.id {
        // OpenAI shows short keys back in full.
        "openai" => answer(
            401,
            json!({"error": {
            "message": "Incorrect API key provided: sk-made-****6789. You can find your API key at …",
            "type": "invalid_request_error", "param": null, "code": "invalid_api_key"}}),
        ),
        "anthropic" => answer(
            401,
            json!({"type": "error",
            "error": {"type": "authentication_error", "message": "invalid x-api-key"}, "request_id": "req_0"}),
        ),
        "google" => answer(
            400,
            json!({"error": {"code": 400,
            "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT",
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}),
        ),
        "openrouter" => answer(
            401,
            json!({"error": {"message": "Missing Authentication header", "code": 401}}),
        ),
        "mistral" => answer(401, json!({"detail": "Invalid API Key"})),
        "xai" => answer(
            400,
            json!({"code": "invalid-argument",
            "error": "Incorrect API key provided. You can obtain an API key from https://console.x.ai."}),
        ),
        "deepseek" => answer(
            401,
            json!({"error": {
            "message": "Authentication Fails, Your api key: ****6789 is invalid",
            "type": "authentication_error", "param": null, "code": "invalid_request_error"}}),
        ),
        "cerebras" => answer(
            401,
            json!({"message": "Wrong API Key", "type": "invalid_request_error",
            "param": "api_key", "code": "wrong_api_key"}),
        ),
        "runcomfy-serverless" => answer(
            200,
            json!({"error_code": 401_001, "error_message": "unauthorized"}),
        ),
        "saladcloud" => (StatusCode::UNAUTHORIZED, Html("<html>401</html>")).into_response(),
        "runpod" => answer(
            401,
            json!({"title": "Unauthorized", "status": 401, "detail": "missing bearer token"}),
        ),
        _ => answer(
            401,
            json!({"error": {"message": "Unauthorized", "type": "api_error", "code": null}}),
        ),
    }
}

fn empty(provider: &Emulated) -> Response {
    match provider.id {
        "openai" => answer(
            429,
            json!({"error": {"message": "You exceeded your current quota",
            "type": "insufficient_quota", "code": "insufficient_quota"}}),
        ),
        "anthropic" => answer(
            402,
            json!({"type": "error",
            "error": {"type": "billing_error", "message": "no credit"}}),
        ),
        "google" => answer(
            402,
            json!({"error": {"code": 402, "status": "RESOURCE_EXHAUSTED",
            "message": "Your prepayment credits are depleted."}}),
        ),
        "openrouter" => answer(
            402,
            json!({"error": {"message": "Insufficient credits", "code": 402}}),
        ),
        "runcomfy-serverless" | "runcomfy" => answer(
            200,
            json!({"error_code": 10_001, "error_message": "InsufficientFunds"}),
        ),
        _ => answer(402, json!({"error": {"message": "Insufficient Balance"}})),
    }
}

fn restricted(provider: &Emulated) -> Response {
    match provider.id {
        "google" => answer(
            403,
            json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "denied"}}),
        ),
        "anthropic" => answer(
            403,
            json!({"type": "error", "error": {"type": "permission_error", "message": "no"}}),
        ),
        "runcomfy-serverless" => answer(
            403,
            json!({"error_code": 403_003, "error_message": "not the owner"}),
        ),
        "runpod" => answer(403, json!({"title": "Forbidden", "status": 403})),
        _ => answer(
            403,
            json!({"error": {"message": "You have insufficient permissions", "code": 403}}),
        ),
    }
}

fn limited(provider: &Emulated) -> Response {
    let body = match provider.id {
        "google" => json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED",
            "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "30s"}]}}),
        _ => {
            json!({"error": {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}})
        }
    };
    let retry_after = if provider.id == "google" {
        None
    } else {
        Some([("retry-after", "30")])
    };
    (
        StatusCode::TOO_MANY_REQUESTS,
        retry_after.map(axum::response::AppendHeaders),
        Json(body),
    )
        .into_response()
}
