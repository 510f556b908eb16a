//! Routes for operators and their machines: health, readiness and metrics.

pub mod metrics;
pub mod readiness;

use axum::body::Body;
use axum::response::Response;

use crate::gateway::calls::call::{Call, HandlerResult};

/// Responds that the process lives. What it needs for its work is not asked:
/// a restart would not mend that.
pub async fn check_health(_: Call) -> HandlerResult {
    Ok(Response::new(Body::from("ok\n")))
}
