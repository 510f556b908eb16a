//! The route for one attempt: what it used, and what it cost.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::OwnAttempt;
use crate::gateway::call::{Call, HandlerResult};
use crate::gateway::problem::Problem;
use crate::gateway::receipt::{ReceiptBody, describe_receipt};
use crate::gateway::responses::json_response;
use crate::gateway::rest::format_time;
use crate::model::AttemptId;

/// One attempt to have a provider answer.
#[derive(Serialize, ToSchema)]
pub struct AttemptBody {
    id: String,
    at: String,
    /// Whose key paid.
    source: String,
    provider: String,
    model: String,
    /// `held` while it runs; then `settled`, `released` where nothing was
    /// used, or `expired` where the process died.
    state: String,
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    reasoning_tokens: u64,
    images: u64,
    /// The counts are ours, since the provider did not report them.
    estimated: bool,
    /// The cost is the provider's own word, and not the receipt's sum.
    cost_reported: bool,
    /// More was used than had been reserved.
    overshoot: bool,
    /// In US dollars times 10^9; null where nobody knows the price.
    cost_nano_dollars: Option<u64>,
    /// Null while it runs, and where nothing was used.
    receipt: Option<ReceiptBody>,
}

/// Shows an attempt of the caller's, or one that a server's key paid for.
pub async fn show_attempt(call: Call) -> HandlerResult {
    let session = &call.session;
    let id = AttemptId::parse(call.last_path_value());
    let quotas = &call.gateway.app.quotas;
    let found = match id {
        Some(id) => {
            quotas
                .find_attempt(&session.caller, session.scope, id)
                .await?
        }
        None => None,
    };
    let found = found.ok_or_else(|| {
        let message = "There is no attempt with that id that is yours. The header `x-latchkey-attempt` of an answer names its attempt; attempts are kept for as long as the operator says (`quota.keep_days`).";
        Problem::new(404, "no_such_attempt", message)
    })?;
    json_response(StatusCode::OK, &describe_attempt(&found))
}

fn describe_attempt(attempt: &OwnAttempt) -> AttemptBody {
    AttemptBody {
        id: attempt.id.to_string(),
        at: format_time(attempt.held_at_ms),
        source: attempt.source.clone(),
        provider: attempt.provider.clone(),
        model: attempt.model.clone(),
        state: attempt.state.clone(),
        input_tokens: attempt.input_tokens,
        output_tokens: attempt.output_tokens,
        cached_tokens: attempt.cached_tokens,
        reasoning_tokens: attempt.reasoning_tokens,
        images: attempt.images,
        estimated: attempt.estimated,
        cost_reported: attempt.cost_reported,
        overshoot: attempt.overshoot,
        cost_nano_dollars: attempt.cost_nano,
        receipt: attempt.receipt.as_ref().map(describe_receipt),
    }
}
