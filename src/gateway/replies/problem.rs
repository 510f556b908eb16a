//! Refusals and failures as responses.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, UPGRADE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use crate::app::Payer;
use crate::model::{LimitHit, ProviderError, Source};

use crate::gateway::replies::failure_kind::FailureKind;
use crate::gateway::replies::told_headers::write_told_headers;
pub use crate::gateway::routing::api_dialect::ApiDialect;

/// A refusal or a failure. `code` is stable; programs may rely on it.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub retry_after_s: Option<u64>,
    /// How long to wait, to the millisecond, where a provider told it.
    pub retry_after_ms: Option<u64>,
    /// What kind of a provider's failure it is, if it is one.
    pub kind: Option<FailureKind>,
    /// What the provider said, where the caller's own key paid.
    pub said: Option<Box<ProviderError>>,
    pub limit: Option<Box<LimitHit>>,
    /// Who was to pay, if the call came that far.
    pub payer: Option<Box<Payer>>,
    /// Whether the provider refuses the key that came with the call.
    pub refuses_request_key: bool,
}

/// Statuses of ours after which the same call ends the same way. Anthropic's
/// libraries send a call again after 401 unless they are told not to:
/// `docs/providers.md` §5.1.
const FINAL: [u16; 7] = [400, 401, 402, 403, 404, 405, 413];

/// The longest wait after which a provider's library may try again by
/// itself. When the wait is longer, a header tells it not to.
const RETRY_AFTER_MAX_S: u64 = 60;

const SOURCE: HeaderName = HeaderName::from_static("x-latchkey-source");
const KEY_ID: HeaderName = HeaderName::from_static("x-latchkey-key-id");
const PROVIDER: HeaderName = HeaderName::from_static("x-latchkey-provider");
const MODEL: HeaderName = HeaderName::from_static("x-latchkey-model");
/// The attempt that was made, by which its receipt is found.
const ATTEMPT: HeaderName = HeaderName::from_static("x-latchkey-attempt");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
/// The wait again, where OpenAI's and Anthropic's libraries look first.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
/// The stable code of a refusal or a failure, in whatever dialect it is told.
const CODE: HeaderName = HeaderName::from_static("x-latchkey-error");

impl Problem {
    /// A problem whose message says what happened and what to do.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            message: message.into(),
            retry_after_s: None,
            retry_after_ms: None,
            kind: None,
            said: None,
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

    /// How long to wait before the call is sent again, in milliseconds.
    pub fn wait_ms(&self) -> Option<u64> {
        let of_seconds = || {
            self.retry_after_s
                .map(|wait_s| wait_s.saturating_mul(1_000))
        };
        self.retry_after_ms.or_else(of_seconds)
    }

    /// The response to a call that ends in this problem.
    pub fn to_response(&self, dialect: ApiDialect, request_id: &HeaderValue) -> Response {
        let body = dialect.error_body(self, request_id).to_string();
        let mut response = Response::new(Body::from(body));
        let status = StatusCode::from_u16(dialect.status_of(self));
        *response.status_mut() = status.unwrap_or(self.status);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CODE, HeaderValue::from_static(self.code));
        if self.status == StatusCode::UPGRADE_REQUIRED {
            // As RFC 9110, section 15.5.22 wants it.
            headers.insert(UPGRADE, HeaderValue::from_static("HTTP/1.1"));
        }
        if self.is_final() {
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        if let Some(wait_s) = self.retry_after_s {
            headers.insert(RETRY_AFTER, wait_s.into());
        }
        if let Some(wait_ms) = self.wait_ms().filter(|_| dialect != ApiDialect::Latchkey) {
            headers.insert(RETRY_AFTER_MS, wait_ms.into());
        }
        if let Some(limit) = &self.limit {
            headers.insert(LIMIT, limit.limit.max.into());
            headers.insert(REMAINING, limit.remaining().into());
            if let Some(wait_s) = self.retry_after_s {
                headers.insert(RESET, wait_s.into());
            }
        }
        if let Some(said) = &self.said {
            write_told_headers(headers, dialect, &said.headers);
        }
        if let Some(payer) = &self.payer {
            write_payer_headers(headers, payer);
        }
        response
    }

    /// Whether the same call ends the same way if a client's library sends it
    /// again by itself: nothing about it passes, or not soon, or only with
    /// tomorrow's quota.
    fn is_final(&self) -> bool {
        let takes_long = self.retry_after_s.is_some_and(|it| it > RETRY_AFTER_MAX_S);
        let is_no = match self.kind {
            Some(kind) => !kind.may_pass(),
            None => FINAL.contains(&self.status.as_u16()),
        };
        let is_of_the_day = self.said.as_ref().is_some_and(|said| said.is_of_the_day());
        takes_long || is_no || is_of_the_day
    }
}

/// Writes into a response's headers who pays, and for which attempt.
pub fn write_payer_headers(headers: &mut HeaderMap, payer: &Payer) {
    headers.insert(SOURCE, HeaderValue::from_static(payer.source.as_str()));
    if let Ok(provider) = HeaderValue::from_str(payer.provider.as_str()) {
        headers.insert(PROVIDER, provider);
    }
    if let Ok(model) = HeaderValue::from_str(&payer.model) {
        headers.insert(MODEL, model);
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
