//! What was used, and what may still be.

use std::fmt::Write;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{Total, UsageReport, UsageScope};
use crate::gateway::call::{Answer, Call};
use crate::gateway::problem::Problem;
use crate::model::{DAY_MS, LimitUse, Scope};

use crate::gateway::rest::{answer, moment};

/// How many days are shown where nothing else is said, and at the most.
const DAYS: u16 = 30;
const DAYS_MAX: u16 = 366;

/// What was used in the last days.
#[derive(Serialize, ToSchema)]
pub struct UsageBody {
    /// The first and the last day, in UTC.
    from: String,
    to: String,
    total: TotalBody,
    /// By day, payer, provider and model.
    lines: Vec<LineBody>,
}

/// Sums.
#[derive(Serialize, ToSchema)]
pub struct TotalBody {
    requests: u64,
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    reasoning_tokens: u64,
    images: u64,
    /// In US dollars times 10^9, of the requests whose price is known.
    cost_nano_dollars: u64,
    requests_without_price: u64,
    requests_with_estimated_usage: u64,
}

/// One line.
#[derive(Serialize, ToSchema)]
pub struct LineBody {
    day: String,
    source: String,
    provider: String,
    model: String,
    #[serde(flatten)]
    total: TotalBody,
}

/// Each limit that applies.
#[derive(Serialize, ToSchema)]
pub struct QuotaBody {
    tier: String,
    /// Whether the tier includes keys of one's own.
    own_keys: bool,
    /// Who would pay for an ask that names no provider now.
    pays: Option<PaysBody>,
    blocked: bool,
    payers: Vec<PayerLimits>,
}

/// Who would pay.
#[derive(Serialize, ToSchema)]
pub struct PaysBody {
    provider: String,
    source: &'static str,
}

/// One payer's limits; none where nothing limits it.
#[derive(Serialize, ToSchema)]
pub struct PayerLimits {
    source: &'static str,
    limits: Vec<LimitBody>,
}

/// One limit. Dollars are counted in billionths.
#[derive(Serialize, ToSchema)]
pub struct LimitBody {
    /// `requests`, `output_tokens`, `images` or `dollars`.
    metric: &'static str,
    /// `minute`, `day`, `week` or `month`.
    per: &'static str,
    /// `rolling` or `calendar`.
    window: &'static str,
    max: u64,
    used: u64,
    left: u64,
    renews_at: Option<String>,
}

/// What was used in the last days: one's own, or what a server's key paid.
#[utoipa::path(get, path = "/api/v1/usage", tag = "usage",
    params(("days" = Option<u16>, Query, description = "How many days, 30 if left out"),
        ("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, body = UsageBody)))]
pub async fn usage(call: Call) -> Answer {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let scope = match scope {
        Scope::User => UsageScope::User,
        Scope::Guild => UsageScope::Guild,
    };
    let wanted = wanted(call.parts.uri.query().unwrap_or_default())?;
    let report = call
        .gateway
        .app
        .quotas
        .usage(&caller, scope, wanted.days)
        .await?;
    if wanted.csv {
        return Ok(csv(&report));
    }
    let lines = report.lines.iter().map(|line| LineBody {
        day: day(line.day),
        source: line.source.clone(),
        provider: line.provider.clone(),
        model: line.model.clone(),
        total: total(&line.total),
    });
    let usage = UsageBody {
        from: day(report.days.0),
        to: day(report.days.1),
        total: total(&report.total),
        lines: lines.collect(),
    };
    answer(StatusCode::OK, &usage)
}

/// Each limit that applies, and what is left of it.
#[utoipa::path(get, path = "/api/v1/quota", tag = "usage", responses((status = 200, body = QuotaBody)))]
pub async fn quota(call: Call) -> Answer {
    let status = call.gateway.app.quotas.status(&call.session.caller).await?;
    let payers = status.limits.iter().map(|(source, limits)| PayerLimits {
        source: source.as_str(),
        limits: limits.iter().map(limit).collect(),
    });
    let quota = QuotaBody {
        tier: status.tier.clone(),
        own_keys: status.byok,
        pays: status.payer.as_ref().map(|(provider, source)| PaysBody {
            provider: provider.to_string(),
            source: source.as_str(),
        }),
        blocked: status.blocked.is_some(),
        payers: payers.collect(),
    };
    answer(StatusCode::OK, &quota)
}

/// What the address asks for.
struct Wanted {
    days: u16,
    csv: bool,
}

fn wanted(query: &str) -> Result<Wanted, Problem> {
    let mut wanted = Wanted {
        days: DAYS,
        csv: false,
    };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("days", days) => {
                let days = days
                    .parse()
                    .ok()
                    .filter(|days| (1..=DAYS_MAX).contains(days));
                wanted.days = days.ok_or_else(|| {
                    Problem::new(
                        400,
                        "malformed_query",
                        format!("`days` must be a number from 1 to {DAYS_MAX}."),
                    )
                })?;
            }
            ("format", "json") => wanted.csv = false,
            ("format", "csv") => wanted.csv = true,
            _ => {
                let message = "The address may ask for `days=…` and `format=json` or `format=csv`, and for nothing else.";
                return Err(Problem::new(400, "malformed_query", message));
            }
        }
    }
    Ok(wanted)
}

fn total(total: &Total) -> TotalBody {
    TotalBody {
        requests: total.requests,
        input_tokens: total.input_tokens,
        output_tokens: total.output_tokens,
        cached_tokens: total.cached_tokens,
        reasoning_tokens: total.reasoning_tokens,
        images: total.images,
        cost_nano_dollars: total.cost_nano,
        requests_without_price: total.unpriced,
        requests_with_estimated_usage: total.estimated,
    }
}

fn limit(used: &LimitUse) -> LimitBody {
    LimitBody {
        metric: used.limit.metric.as_str(),
        per: used.limit.span.period.as_str(),
        window: used.limit.span.window.as_str(),
        max: used.limit.max,
        used: used.used,
        left: used.left(),
        renews_at: used.renews_at_ms.map(moment),
    }
}

fn csv(report: &UsageReport) -> Response {
    let mut table = String::from(
        "day,source,provider,model,requests,input_tokens,output_tokens,cached_tokens,images,cost_nano_dollars,requests_without_price\n",
    );
    for line in &report.lines {
        let it = &line.total;
        // A text always takes more.
        let _ = writeln!(
            table,
            "{},{},{},{},{},{},{},{},{},{},{}",
            day(line.day),
            line.source,
            cell(&line.provider),
            cell(&line.model),
            it.requests,
            it.input_tokens,
            it.output_tokens,
            it.cached_tokens,
            it.images,
            it.cost_nano,
            it.unpriced,
        );
    }
    let mut response = Response::new(Body::from(table));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A name that others chose: quoted, and no formula to a spreadsheet.
fn cell(text: &str) -> String {
    let text = text.replace('"', "\"\"");
    let formula = text.starts_with(['=', '+', '-', '@']);
    format!("\"{}{text}\"", if formula { "'" } else { "" })
}

fn day(day: i64) -> String {
    moment(day * DAY_MS).chars().take(10).collect()
}
