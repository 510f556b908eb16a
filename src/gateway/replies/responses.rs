//! Responses that handlers give: JSON, and streams of server-sent events.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use crate::app::Payer;

use crate::gateway::replies::problem::{Problem, write_payer_headers};

/// A response in JSON, which nobody may cache.
pub fn json_response(status: StatusCode, body: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(body).map_err(anyhow::Error::from)?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A response in server-sent events, whose headers say who pays.
pub fn event_stream_response(events: Body, payer: Option<&Payer>) -> Response {
    let mut response = Response::new(events);
    let headers = response.headers_mut();
    if let Some(payer) = payer {
        write_payer_headers(headers, payer);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
