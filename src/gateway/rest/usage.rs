//! Routes for what was used, and for what may still be used.

use std::fmt::Write;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{Total, UsageReport, UsageScope};
use crate::gateway::call::{Call, HandlerResult};
use crate::gateway::problem::Problem;
use crate::model::{DAY_MS, LimitUse, Scope};

use crate::gateway::responses::json_response;
use crate::gateway::rest::format_time;

/// How many days a report covers if the query does not say.
const DAYS_DEFAULT: u16 = 30;
/// How many days a report covers at most.
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

/// Sums of what was used.
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

/// What was used on one day, of one model, at one payer's cost.
#[derive(Serialize, ToSchema)]
pub struct LineBody {
    day: String,
    source: String,
    provider: String,
    model: String,
    #[serde(flatten)]
    total: TotalBody,
}

/// Each limit that applies to the caller.
#[derive(Serialize, ToSchema)]
pub struct QuotaBody {
    tier: String,
    /// Whether the tier includes keys of one's own.
    own_keys: bool,
    /// Who would pay for an ask that names no provider now.
    pays: Option<PayerBody>,
    blocked: bool,
    payers: Vec<PayerLimits>,
}

/// The key that would pay.
#[derive(Serialize, ToSchema)]
pub struct PayerBody {
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

/// Reports what the caller used in the last days, or what a server's keys
/// paid for.
pub async fn show_usage(call: Call) -> HandlerResult {
    let session = &call.session;
    let scope = match session.scope {
        Scope::User => UsageScope::User,
        Scope::Guild => UsageScope::Guild,
        Scope::System => UsageScope::Bot,
    };
    let query = parse_query(call.parts.uri.query().unwrap_or_default())?;
    let app = &call.gateway.app;
    let report = app
        .quotas
        .report_usage(&session.caller, scope, query.days)
        .await?;
    if query.wants_csv {
        return Ok(csv_response(&report));
    }
    let lines = report.lines.iter().map(|line| LineBody {
        day: format_day(line.day),
        source: line.source.clone(),
        provider: line.provider.clone(),
        model: line.model.clone(),
        total: describe_total(&line.total),
    });
    let usage = UsageBody {
        from: format_day(report.days.0),
        to: format_day(report.days.1),
        total: describe_total(&report.total),
        lines: lines.collect(),
    };
    json_response(StatusCode::OK, &usage)
}

/// Shows each limit that applies to the caller, and what is left of it.
pub async fn show_quota(call: Call) -> HandlerResult {
    let status = call
        .gateway
        .app
        .quotas
        .read_status(&call.session.caller)
        .await?;
    let payers = status.limits.iter().map(|(source, limits)| PayerLimits {
        source: source.as_str(),
        limits: limits.iter().map(describe_limit).collect(),
    });
    let quota = QuotaBody {
        tier: status.tier.clone(),
        own_keys: status.byok,
        pays: status.payer.as_ref().map(|(provider, source)| PayerBody {
            provider: provider.to_string(),
            source: source.as_str(),
        }),
        blocked: status.blocked.is_some(),
        payers: payers.collect(),
    };
    json_response(StatusCode::OK, &quota)
}

/// The query of a usage report.
struct UsageQuery {
    days: u16,
    wants_csv: bool,
}

fn parse_query(query: &str) -> Result<UsageQuery, Problem> {
    let mut parsed = UsageQuery {
        days: DAYS_DEFAULT,
        wants_csv: false,
    };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("days", days) => {
                let days = days
                    .parse()
                    .ok()
                    .filter(|days| (1..=DAYS_MAX).contains(days));
                parsed.days = days.ok_or_else(|| {
                    Problem::new(
                        400,
                        "malformed_query",
                        format!("`days` must be a number from 1 to {DAYS_MAX}."),
                    )
                })?;
            }
            ("format", "json") => parsed.wants_csv = false,
            ("format", "csv") => parsed.wants_csv = true,
            _ => {
                let message = "The address may ask for `days=…` and `format=json` or `format=csv`, and for nothing else.";
                return Err(Problem::new(400, "malformed_query", message));
            }
        }
    }
    Ok(parsed)
}

fn describe_total(total: &Total) -> TotalBody {
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

fn describe_limit(used: &LimitUse) -> LimitBody {
    LimitBody {
        metric: used.limit.metric.as_str(),
        per: used.limit.span.period.as_str(),
        window: used.limit.span.window.as_str(),
        max: used.limit.max,
        used: used.used,
        left: used.left(),
        renews_at: used.renews_at_ms.map(format_time),
    }
}

fn csv_response(report: &UsageReport) -> Response {
    let mut table = String::from(
        "day,source,provider,model,requests,input_tokens,output_tokens,cached_tokens,images,cost_nano_dollars,requests_without_price\n",
    );
    for line in &report.lines {
        let it = &line.total;
        // Writing to a string does not fail.
        let _ = writeln!(
            table,
            "{},{},{},{},{},{},{},{},{},{},{}",
            format_day(line.day),
            line.source,
            quote_cell(&line.provider),
            quote_cell(&line.model),
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

/// Quotes a name that others chose, so that no spreadsheet takes it for a
/// formula.
fn quote_cell(text: &str) -> String {
    let text = text.replace('"', "\"\"");
    let formula = text.starts_with(['=', '+', '-', '@']);
    format!("\"{}{text}\"", if formula { "'" } else { "" })
}

fn format_day(day: i64) -> String {
    format_time(day * DAY_MS).chars().take(10).collect()
}
