//! What operators and their machines look at.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;

use crate::gateway::call::{Answer, Call};

/// Whether the process is well.
#[utoipa::path(get, path = "/healthz", tag = "operators", responses((status = 200, description = "It is"), (status = 503, description = "It is not")))]
pub async fn health(call: Call) -> Answer {
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
#[utoipa::path(get, path = "/readyz", tag = "operators", responses((status = 200, description = "It can"), (status = 503, description = "It can't")))]
pub async fn ready(call: Call) -> Answer {
    let app = &call.gateway.app;
    if call.gateway.is_stopping() {
        return Ok(plain(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"));
    }
    if !app.people.knows_discord() {
        return Ok(plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "not connected to Discord yet\n",
        ));
    }
    health(call).await
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}
