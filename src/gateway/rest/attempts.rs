//! Routes for attempts: what each used, and what it cost.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{OwnAttempt, PeriodChoice, ReceiptsAfter, find_zone};
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::calls::unique_fields::read_parameters;
use crate::gateway::replies::problem::Problem;
use crate::gateway::replies::receipt::{ReceiptBody, describe_receipt};
use crate::gateway::replies::responses::json_response;
use crate::gateway::rest::format_time;
use crate::model::AttemptId;

/// How many attempts a list has if the query does not say, and at the most.
const LISTED: usize = 100;
const LISTED_MAX: usize = 500;

/// A part of a month's attempts, oldest first.
#[derive(Serialize, ToSchema)]
pub struct AttemptList {
    /// Those that have ended and used something.
    attempts: Vec<AttemptBody>,
    /// What to ask for with `after` to have the next part; null where this is
    /// the last.
    next: Option<String>,
}

/// What a list of attempts is asked for with.
struct ListQuery {
    choice: PeriodChoice,
    /// The operator's, where the query names none.
    zone: Option<jiff::tz::TimeZone>,
    page: ReceiptsAfter,
}

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
    /// used, or `expired` where the process died, or where the provider works on in
    /// the background and has not told yet what it uses.
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

/// Lists a month's attempts: the caller's, or those that a server's keys paid
/// for.
pub async fn list_attempts(call: Call) -> HandlerResult {
    let session = &call.session;
    let scope = session.scope.into();
    let query = parse_query(call.parts.uri.query().unwrap_or_default())?;
    let quotas = &call.gateway.app.quotas;
    let period = quotas.period(query.choice, query.zone)?;
    let listed = quotas.list_receipts(&session.caller, scope, &period, query.page);
    let listed = listed.await?;
    let list = AttemptList {
        attempts: listed.receipts.iter().map(describe_attempt).collect(),
        next: listed.next.map(|id| id.to_string()),
    };
    json_response(StatusCode::OK, &list)
}

fn parse_query(query: &str) -> Result<ListQuery, Problem> {
    let malformed = |message: &str| Problem::new(400, "malformed_query", message);
    let mut parsed = ListQuery {
        choice: PeriodChoice::ThisMonth,
        zone: None,
        page: ReceiptsAfter {
            after: None,
            max: LISTED,
        },
    };
    for (name, value) in read_parameters(query)? {
        match &*name {
            "month" => {
                let month = PeriodChoice::parse(&value);
                let month = month.filter(|it| matches!(it, PeriodChoice::Month(..)));
                parsed.choice =
                    month.ok_or_else(|| malformed("`month` must be one such as `2026-11`."))?;
            }
            "time_zone" => {
                parsed.zone = Some(find_zone(&value).ok_or_else(|| {
                    malformed("`time_zone` must be a name of the IANA's, such as `UTC` or `Europe/Berlin`.")
                })?);
            }
            "after" => {
                parsed.page.after = Some(AttemptId::parse(&value).ok_or_else(|| {
                    malformed("`after` must be what `next` was in the part before.")
                })?);
            }
            "limit" => {
                let limit = value.parse().ok();
                let limit = limit.filter(|limit| (1..=LISTED_MAX).contains(limit));
                parsed.page.max =
                    limit.ok_or_else(|| malformed("`limit` must be a number from 1 to 500."))?;
            }
            _ => {
                return Err(malformed(
                    "The address may ask for `month=…`, `time_zone=…`, `after=…` and `limit=…`, and for nothing else.",
                ));
            }
        }
    }
    Ok(parsed)
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
