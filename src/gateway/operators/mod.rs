//! Routes for operators and their machines: health, readiness and metrics.

pub mod metrics;
pub mod readiness;

use axum::body::Body;
use axum::response::Response;

use crate::gateway::call::{Call, HandlerResult};

/// Responds that the process lives. What it needs for its work is not asked:
/// a restart would not mend that.
#[expect(clippy::unused_async, reason = "handlers are")]
pub async fn check_health(_: Call) -> HandlerResult {
    Ok(Response::new(Body::from("ok\n")))
}
