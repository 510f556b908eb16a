//! Faults that replace a whole answer.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use super::refusals::json_response;
use super::vendor_errors::error_body;
use crate::providers::keys::Emulated;
use crate::world::ProviderFault;

/// The size of the body that [`ProviderFault::HugeBody`] sends.
const HUGE_BYTES: usize = 8 * 1024 * 1024;
/// How long a server that hangs keeps its connection open.
pub const HANG: Duration = Duration::from_mins(10);

/// Waits as a fault says, and returns the answer that it puts in the place of
/// the provider's own, if it puts one.
pub async fn replace_answer(
    provider: &Emulated,
    fault: Option<&ProviderFault>,
    key: Option<&str>,
) -> Option<Response> {
    match fault? {
        ProviderFault::SlowFirstByte(wait) => {
            tokio::time::sleep((*wait).min(HANG)).await;
            None
        }
        ProviderFault::HugeBody => Some("x".repeat(HUGE_BYTES).into_response()),
        ProviderFault::Html(status) => {
            let page = Html("<html><body><h1>An unexpected page</h1></body></html>");
            Some(
                (
                    StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY),
                    page,
                )
                    .into_response(),
            )
        }
        ProviderFault::Status(status) => {
            let body = error_body(provider, *status);
            Some(json_response(*status, body))
        }
        ProviderFault::Says(status, body) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let json = [("content-type", "application/json")];
            Some((status, json, body.clone()).into_response())
        }
        ProviderFault::Sends(headers, bytes) => {
            let mut response = Response::new(bytes.clone().into());
            for (name, value) in headers {
                if let Ok(value) = HeaderValue::from_str(value) {
                    response.headers_mut().insert(*name, value);
                }
            }
            Some(response)
        }
        ProviderFault::Busy(status, _) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let body =
                Json(json!({"error": {"message": "try again", "code": "rate_limit_exceeded"}}));
            Some((status, [("retry-after-ms", "10")], body).into_response())
        }
        ProviderFault::EchoKey => {
            let message = format!("Incorrect API key provided: {}", key.unwrap_or_default());
            let body = json!({"error": {"message": message, "code": "invalid_api_key"}});
            Some((StatusCode::UNAUTHORIZED, Json(body)).into_response())
        }
        ProviderFault::Redirect(to) => {
            Some((StatusCode::TEMPORARY_REDIRECT, [("location", to.clone())]).into_response())
        }
        _ => None,
    }
}
