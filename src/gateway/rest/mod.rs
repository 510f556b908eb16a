//! Our own API: keys, usage and limits, as JSON.

pub mod keys;
pub mod providers;
pub mod unified;
pub mod usage;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::Payer;

use crate::gateway::call::Call;
use crate::gateway::problem::{Problem, write_payer_headers};

/// The largest body that is read: none of ours is longer.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Reads a body of ours. A field that it does not know is refused, so that
/// a mistyped one does not pass for one that was left out.
pub async fn read<T: DeserializeOwned>(call: &mut Call) -> Result<T, Problem> {
    parse(&bytes(call).await?)
}

/// Reads a body of ours as it came.
pub async fn bytes(call: &mut Call) -> Result<Bytes, Problem> {
    call.read_body(BODY_BYTES_MAX).await
}

/// Understands it.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => describe(&error),
            _ => "it is no JSON".to_owned(),
        };
        Problem::new(
            400,
            "malformed_body",
            format!("The body can't be read: {what}. `GET /openapi.json` shows what it should be."),
        )
    })
}

/// What is wrong with a body, without a value of it.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let known = ["unknown field", "missing field", "duplicate field"];
    if known.iter().any(|start| text.starts_with(start)) {
        let end = text.find(" at line").unwrap_or(text.len());
        return text
            .get(..end)
            .unwrap_or_default()
            .chars()
            .take(200)
            .collect();
    }
    "a field has the wrong type".to_owned()
}

/// Answers in JSON.
pub fn answer(status: StatusCode, body: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(body).map_err(anyhow::Error::from)?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Answers in server-sent events, once it is known who pays.
pub fn answer_in_events(events: Body, payer: Option<&Payer>) -> Response {
    let mut response = Response::new(events);
    let headers = response.headers_mut();
    if let Some(payer) = payer {
        write_payer_headers(headers, payer);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A moment, in RFC 3339.
pub fn moment(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms);
    at.map_or_else(|_| String::new(), |at| at.to_string())
}
