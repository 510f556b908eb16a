//! Refusals and failures as responses, and everything else that depends on
//! the API dialect of a call.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::Payer;
use crate::model::{LimitHit, Source};

/// The API whose rules a call follows. It decides the shape of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiDialect {
    OpenAi,
    Anthropic,
    Google,
    /// Latchkey's own API.
    Latchkey,
}

/// A refusal or a failure. `code` is stable; programs may rely on it.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub retry_after_s: Option<u64>,
    pub limit: Option<Box<LimitHit>>,
    /// Who was to pay, if the call came that far.
    pub payer: Option<Box<Payer>>,
    /// Whether the provider refuses the key that came with the call.
    pub refuses_request_key: bool,
}

/// The longest wait after which a provider's library may try again by
/// itself. When the wait is longer, a header tells it not to.
const RETRY_AFTER_MAX_S: u64 = 60;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The request's id again, where Anthropic's libraries look for it.
const ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

const SOURCE: HeaderName = HeaderName::from_static("x-latchkey-source");
const KEY_ID: HeaderName = HeaderName::from_static("x-latchkey-key-id");
const PROVIDER: HeaderName = HeaderName::from_static("x-latchkey-provider");
/// The attempt that was made, by which its receipt is found.
const ATTEMPT: HeaderName = HeaderName::from_static("x-latchkey-attempt");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

impl ApiDialect {
    /// The dialect of an address.
    pub fn of_path(path: &str) -> Self {
        if path.starts_with("/api/")
            || path.starts_with("/v2/")
            || !path.get(1..).unwrap_or_default().contains('/')
        {
            Self::Latchkey
        } else if path.starts_with("/anthropic/") || path.starts_with("/v1/messages") {
            Self::Anthropic
        } else if path.starts_with("/google/") || path.starts_with("/v1beta/") {
            Self::Google
        } else {
            Self::OpenAi
        }
    }

    /// Writes the request's id into a response's headers.
    pub fn write_request_id(self, headers: &mut HeaderMap, id: HeaderValue) {
        if self == Self::Anthropic {
            headers.insert(ANTHROPIC_REQUEST_ID, id.clone());
        }
        headers.insert(REQUEST_ID, id);
    }

    /// The media type of every stream in this dialect, whatever the provider
    /// calls its own; none where the provider's is kept.
    pub fn stream_media_type(self) -> Option<&'static str> {
        (self == Self::OpenAi).then_some("text/event-stream")
    }

    /// Whether clients of this dialect skip comments between events. Google's
    /// own libraries take every line for JSON: `docs/providers.md` §6.
    pub fn takes_comments(self) -> bool {
        self != Self::Google
    }

    /// The body of an error.
    fn error_body(self, problem: &Problem, request_id: &HeaderValue) -> Value {
        let (code, message) = (problem.code, &problem.message);
        let status = problem.status.as_u16();
        match self {
            Self::OpenAi => json!({"error": {
                "message": message, "type": openai_type(status), "param": null, "code": code,
            }}),
            Self::Anthropic => json!({
                "type": "error", "error": {"type": anthropic_type(status), "message": message, "code": code},
                "request_id": request_id.to_str().unwrap_or_default(),
            }),
            Self::Google => json!({"error": {
                "code": status, "message": message, "status": google_status(status),
                "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code, "domain": "latchkey"}],
            }}),
            Self::Latchkey => json!({"error": {"code": code, "message": message}}),
        }
    }

    /// An error as a server-sent event.
    fn error_event(self, body: &Value) -> String {
        match self {
            Self::Anthropic => format!("event: error\ndata: {body}\n\n"),
            Self::OpenAi | Self::Google | Self::Latchkey => format!("data: {body}\n\n"),
        }
    }
}

impl Problem {
    /// A problem whose message says what happened and what to do.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            message: message.into(),
            retry_after_s: None,
            limit: None,
            payer: None,
            refuses_request_key: false,
        }
    }

    /// The problem that an address does not exist.
    pub fn nothing_at(path: &str) -> Self {
        let path: String = path.chars().take(100).collect();
        let message =
            format!("There is nothing at `{path}`. `GET /openapi.json` lists what there is.");
        Self::new(404, "not_found", message)
    }

    /// The response to a call that ends in this problem.
    pub fn to_response(&self, dialect: ApiDialect, request_id: &HeaderValue) -> Response {
        let body = dialect.error_body(self, request_id).to_string();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait_s) = self.retry_after_s {
            headers.insert(RETRY_AFTER, wait_s.into());
            if wait_s > RETRY_AFTER_MAX_S {
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
            write_payer_headers(headers, payer);
        }
        response
    }

    /// The last event of a stream that breaks off with this problem.
    pub fn to_event(&self, dialect: ApiDialect, request_id: &HeaderValue) -> String {
        dialect.error_event(&dialect.error_body(self, request_id))
    }
}

/// Writes into a response's headers who pays, and for which attempt.
pub fn write_payer_headers(headers: &mut HeaderMap, payer: &Payer) {
    headers.insert(SOURCE, HeaderValue::from_static(payer.source.as_str()));
    if let Ok(provider) = HeaderValue::from_str(payer.provider.as_str()) {
        headers.insert(PROVIDER, provider);
    }
    if let Ok(attempt) = HeaderValue::try_from(payer.attempt.to_string()) {
        headers.insert(ATTEMPT, attempt);
    }
    if let Some(Ok(key)) = payer.key.map(|key| HeaderValue::try_from(key.to_string())) {
        headers.insert(KEY_ID, key);
    }
}

/// Whether a response's headers say that the key which came with the call
/// paid.
pub fn paid_with_request_key(headers: &HeaderMap) -> bool {
    let source = headers.get(SOURCE);
    source.is_some_and(|source| source == Source::Request.as_str())
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
