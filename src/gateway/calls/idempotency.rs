//! Calls that a program sends again under the same idempotency key. The
//! gateway makes such a call once.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

use crate::app::{CallClaim, ClaimOutcome};
use crate::model::AttemptId;

use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::replies::problem::Problem;
use crate::gateway::replies::responses::json_response;

/// Says that a call was made before and is not made again.
const REPEAT: HeaderName = HeaderName::from_static("x-latchkey-repeat");

/// Whether a call is to be made.
pub enum IdempotencyCheck {
    /// It is. A call with an idempotency key comes with the claim on that
    /// key, through which its outcome is recorded.
    New(Option<CallClaim>),
    /// It was made before; this is the response.
    Repeated(Response),
}

/// Looks up whether a call was made before under its idempotency key, and
/// claims the key otherwise.
pub async fn check_idempotency(call: &Call, body: &[u8]) -> Result<IdempotencyCheck, Problem> {
    let (Some(key), Some(token)) = (&call.idempotency_key, &call.session.token) else {
        return Ok(IdempotencyCheck::New(None));
    };
    let (app, path) = (&call.gateway.app, call.parts.uri.path());
    // Boxed, so that calls without a key stay small.
    match Box::pin(app.programs.claim_call(token.id, key, path, body)).await? {
        ClaimOutcome::New(claim) => Ok(IdempotencyCheck::New(Some(claim))),
        ClaimOutcome::Before { status, attempt } => {
            let response = respond_repeated(status, attempt)?;
            Ok(IdempotencyCheck::Repeated(response))
        }
    }
}

/// Records that a call succeeded. It was paid for, so that a failure to
/// record it does not keep its response from the client.
pub async fn record_success(claim: Option<CallClaim>, attempt: Option<AttemptId>) {
    let Some(claim) = claim else { return };
    if let Err(error) = claim.end(200, attempt).await {
        tracing::warn!("could not note that a call was made: {error:#}");
    }
}

/// The response to a call that was made before: the status of that time,
/// and a body that says so, since answers are not kept.
fn respond_repeated(status: u16, attempt: Option<AttemptId>) -> HandlerResult {
    let attempt = attempt.map(|id| format!("{id:?}"));
    let body = json!({
        "object": "latchkey.repeat", "attempt": attempt,
        "message": "This call was made before under its Idempotency-Key, and was not made again. Its answer is not kept here.",
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = json_response(status, &body)?;
    response
        .headers_mut()
        .insert(REPEAT, HeaderValue::from_static("true"));
    Ok(response)
}
