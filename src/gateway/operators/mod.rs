//! Routes for operators and their machines: health, readiness and metrics.

pub mod metrics;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;

use crate::gateway::call::{Call, HandlerResult};

/// Responds whether the process is well: whether its database answers.
pub async fn check_health(call: Call) -> HandlerResult {
    let (status, text) = match call.gateway.app.health().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::warn!("not well: {error:#}");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
        }
    };
    Ok(text_response(status, text))
}

/// Responds whether the process can do its work: whether its database
/// answers and it is connected to Discord.
pub async fn check_readiness(call: Call) -> HandlerResult {
    let app = &call.gateway.app;
    if call.gateway.is_stopping() {
        return Ok(text_response(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"));
    }
    if !app.people.knows_discord() {
        return Ok(text_response(
            StatusCode::SERVICE_UNAVAILABLE,
            "not connected to Discord yet\n",
        ));
    }
    check_health(call).await
}

fn text_response(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}
