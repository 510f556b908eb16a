//! What operators and their machines look at.

pub mod metrics;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;

use crate::gateway::call::{Call, HandlerResult};

/// Whether the process is well.
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
    Ok(plain(status, text))
}

/// Whether the process can do its work: the database answers, and Discord
/// is there.
pub async fn check_readiness(call: Call) -> HandlerResult {
    let app = &call.gateway.app;
    if call.gateway.is_stopping() {
        return Ok(plain(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"));
    }
    if !app.knows_discord() {
        return Ok(plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "not connected to Discord yet\n",
        ));
    }
    check_health(call).await
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}
