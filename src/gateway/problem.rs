//! What went wrong, in the shape of the dialect that was called.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::Payer;
use crate::model::LimitHit;

/// Whose words are spoken: that decides the shape of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    OpenAi,
    Anthropic,
    Google,
    /// Our own API.
    Ours,
}

/// A no, or a failure. `code` is stable; programs may rely on it.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub retry_after_s: Option<u64>,
    pub limit: Option<Box<LimitHit>>,
    /// Who would have paid, where it came so far.
    pub payer: Option<Box<Payer>>,
}

/// A wait that a program is left to take by itself; past it, its library is
/// told not to try again.
const RETRY_WITHIN_S: u64 = 60;

const SOURCE: HeaderName = HeaderName::from_static("x-latchkey-source");
const KEY_ID: HeaderName = HeaderName::from_static("x-latchkey-key-id");
const PROVIDER: HeaderName = HeaderName::from_static("x-latchkey-provider");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

impl Problem {
    /// A no, in words that say what to do.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            message: message.into(),
            retry_after_s: None,
            limit: None,
            payer: None,
        }
    }

    /// Nothing is at an address.
    pub fn nothing_at(path: &str) -> Self {
        let path: String = path.chars().take(100).collect();
        let message =
            format!("There is nothing at `{path}`. `GET /openapi.json` lists what there is.");
        Self::new(404, "not_found", message)
    }

    /// As an answer.
    pub fn answer(&self, speaks: Speaks, request_id: &HeaderValue) -> Response {
        let body = self.body(speaks, request_id).to_string();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait_s) = self.retry_after_s {
            headers.insert(RETRY_AFTER, wait_s.into());
            if wait_s > RETRY_WITHIN_S {
                headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
            }
        }
        if let Some(limit) = &self.limit {
            headers.insert(LIMIT, limit.limit.max.into());
            headers.insert(REMAINING, limit.remaining().into());
            if let Some(wait_s) = self.retry_after_s {
                headers.insert(RESET, wait_s.into());
            }
        }
        if let Some(payer) = &self.payer {
            say_who_paid(headers, payer);
        }
        response
    }

    /// As the end of a stream that had begun.
    pub fn event(&self, speaks: Speaks, request_id: &HeaderValue) -> String {
        let body = self.body(speaks, request_id);
        match speaks {
            Speaks::Anthropic => format!("event: error\ndata: {body}\n\n"),
            Speaks::OpenAi | Speaks::Google | Speaks::Ours => format!("data: {body}\n\n"),
        }
    }

    fn body(&self, speaks: Speaks, request_id: &HeaderValue) -> Value {
        let (message, status) = (&self.message, self.status.as_u16());
        match speaks {
            Speaks::OpenAi => json!({"error": {
                "message": message, "type": openai_type(status), "param": null, "code": self.code,
            }}),
            Speaks::Anthropic => json!({
                "type": "error", "error": {"type": anthropic_type(status), "message": message, "code": self.code},
                "request_id": request_id.to_str().unwrap_or_default(),
            }),
            Speaks::Google => json!({"error": {
                "code": status, "message": message, "status": google_status(status),
                "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": self.code, "domain": "latchkey"}],
            }}),
            Speaks::Ours => json!({"error": {"code": self.code, "message": message}}),
        }
    }
}

/// Writes down who pays.
pub fn say_who_paid(headers: &mut HeaderMap, payer: &Payer) {
    headers.insert(SOURCE, HeaderValue::from_static(payer.source.as_str()));
    if let Ok(provider) = HeaderValue::from_str(payer.provider.as_str()) {
        headers.insert(PROVIDER, provider);
    }
    if let Some(Ok(key)) = payer.key.map(|key| HeaderValue::try_from(key.to_string())) {
        headers.insert(KEY_ID, key);
    }
}

fn openai_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        402 => "insufficient_quota",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        503 | 529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

fn google_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        402 | 429 => "RESOURCE_EXHAUSTED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        400..=499 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}
