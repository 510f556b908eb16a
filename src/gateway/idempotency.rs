//! Calls that a program sends twice, under an idempotency key, and that are
//! made once.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

use crate::app::{CallClaim, ClaimOutcome};
use crate::model::AttemptId;

use crate::gateway::call::{Answer, Call};
use crate::gateway::problem::Problem;
use crate::gateway::rest::answer;

/// Says that a call was made before.
const REPEAT: HeaderName = HeaderName::from_static("x-latchkey-repeat");

/// Whether a call is to be made.
pub enum Repeat {
    /// It is; with what its key holds, if it has one.
    New(Option<CallClaim>),
    /// It was made, and this is to be answered.
    Before(Response),
}

/// Looks whether a call was made before.
pub async fn claim(call: &Call, body: &[u8]) -> Result<Repeat, Problem> {
    match (&call.idempotency_key, &call.session.token) {
        (Some(key), Some(token)) => {
            let (app, path) = (&call.gateway.app, call.parts.uri.path());
            // Apart, so that calls without a key stay small.
            match Box::pin(app.programs.claim_call(token.id, key, path, body)).await? {
                ClaimOutcome::New(claim) => Ok(Repeat::New(Some(claim))),
                ClaimOutcome::Before { status, attempt } => {
                    Ok(Repeat::Before(made_before(status, attempt)?))
                }
            }
        }
        _ => Ok(Repeat::New(None)),
    }
}

/// Notes that a call was made whose answer is on its way already.
pub async fn note_made(claim: Option<CallClaim>, attempt: Option<AttemptId>) {
    let Some(claim) = claim else { return };
    if let Err(error) = claim.end(200, attempt).await {
        tracing::warn!("could not note that a call was made: {error:#}");
    }
}

/// What was answered then is not kept.
fn made_before(status: u16, attempt: Option<AttemptId>) -> Answer {
    let attempt = attempt.map(|id| format!("{id:?}"));
    let body = json!({
        "object": "latchkey.repeat", "attempt": attempt,
        "message": "This call was made before under its Idempotency-Key, and was not made again. Its answer is not kept here.",
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = answer(status, &body)?;
    response
        .headers_mut()
        .insert(REPEAT, HeaderValue::from_static("true"));
    Ok(response)
}
