//! Routes for what was used, and for what may still be used.

use std::fmt::Write;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{
    DAYS_MAX, KeyName, KeyNames, Period, PeriodChoice, Total, UsageReport, UsageScope, find_zone,
    quote_cell,
};
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::replies::problem::Problem;
use crate::model::{DAY_MS, LimitUse, Right};

use crate::gateway::calls::unique_fields::read_parameters;
use crate::gateway::openapi::docs::{ParameterDocs, RouteDocs};
use crate::gateway::replies::responses::json_response;
use crate::gateway::rest::attempts::{AttemptBody, AttemptList, list_attempts, show_attempt};
use crate::gateway::rest::format_time;
use crate::gateway::routing::requirement::Requirement;
use crate::gateway::routing::routes::{GET, Route, ok, person_and_server, route};

/// How many days a report covers if the query does not say.
const DAYS_DEFAULT: u16 = 30;

/// What a person used, and what a server's keys paid for.
pub static OF_USAGE: [[Route; 2]; 3] =
    [
        person_and_server!(
            GET,
            "/usage",
            Right::UsageRead,
            show_usage,
            RouteDocs::new(
                "usage",
                "usage",
                "Shows what was used in the last days: one's own, or what a server's key paid.",
            )
            .parameters(&[
                ParameterDocs::in_query::<u16>("days", "How many days, 30 if left out"),
                ParameterDocs::in_query::<String>("period", "In the place of `days`: `today`, `7d`, `this-month`, `last-month`, a month such as `2026-11`, or a year such as `2026`"),
                ParameterDocs::in_query::<String>("time_zone", "Where days begin, such as `Europe/Berlin`; the operator's if left out"),
                ParameterDocs::in_query::<String>("format", "`json` or `csv`"),
            ])
            .responses(&[ok!(UsageBody)])
        ),
        person_and_server!(
            GET,
            "/usage/attempts",
            Right::UsageRead,
            list_attempts,
            RouteDocs::new(
                "attempts",
                "usage",
                "Lists a month's attempts with their receipts, oldest first: one's own, or those that a server's keys paid for.",
            )
            .parameters(&[
                ParameterDocs::in_query::<String>("month", "A month such as `2026-11`; this one if left out"),
                ParameterDocs::in_query::<String>("time_zone", "Where days begin, such as `Europe/Berlin`; the operator's if left out"),
                ParameterDocs::in_query::<String>("after", "What `next` was in the part before"),
                ParameterDocs::in_query::<u16>("limit", "How many at the most, up to 500; 100 if left out"),
            ])
            .responses(&[ok!(AttemptList)])
        ),
        person_and_server!(
        GET,
        "/usage/attempts/{id}",
        Right::UsageRead,
        show_attempt,
        RouteDocs::new(
            "attempt",
            "usage",
            "Shows one attempt with its receipt: one's own, or one that a server's key paid for.",
        )
        .parameters(&[ParameterDocs::in_path("id", "As the header `x-latchkey-attempt` names it")])
        .responses(&[ok!(AttemptBody)])
    ),
    ];

/// What was used in the last days.
#[derive(Serialize, ToSchema)]
pub struct UsageBody {
    /// The first and the last day.
    from: String,
    to: String,
    /// Where the days begin.
    time_zone: String,
    total: TotalBody,
    /// By day, payer, provider and model.
    lines: Vec<LineBody>,
    /// The same by key.
    keys: Vec<KeyUsageBody>,
    /// The same by server; not in a report of a server's keys.
    servers: Vec<ServerUsageBody>,
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

/// What one key paid.
#[derive(Serialize, ToSchema)]
pub struct KeyUsageBody {
    source: String,
    provider: String,
    /// Null where the key is not stored.
    key: Option<String>,
    /// Null for keys without one, and for those of others.
    name: Option<String>,
    hint: Option<String>,
    #[serde(flatten)]
    total: TotalBody,
}

/// What was used in one server.
#[derive(Serialize, ToSchema)]
pub struct ServerUsageBody {
    /// Null for direct messages and programs.
    server: Option<String>,
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
    let scope = session.scope.into();
    let query = parse_query(call.parts.uri.query().unwrap_or_default())?;
    let app = &call.gateway.app;
    let period = app.quotas.period(query.choice, query.zone)?.by_days();
    let report = app.quotas.report_usage(&session.caller, scope, period);
    let report = report.await?;
    if query.wants_csv {
        return Ok(csv_response(&report));
    }
    let names = app.quotas.read_key_names(&session.caller, scope).await?;
    json_response(StatusCode::OK, &describe_report(&report, &names))
}

fn describe_report(report: &UsageReport, names: &KeyNames) -> UsageBody {
    let Period { first, last, .. } = &report.period;
    let lines = report.by_day_and_model().into_iter().map(|line| LineBody {
        day: format_day(line.day),
        source: line.source,
        provider: line.provider,
        model: line.model,
        total: describe_total(&line.total),
    });
    let keys = report.by_key().into_iter().map(|(paying, total)| {
        let (name, hint) = match names.name(&paying) {
            KeyName::Stored { name, hint } => (name, hint),
            KeyName::Removed | KeyName::Unstored(_) => (None, None),
        };
        KeyUsageBody {
            name: name.map(str::to_owned),
            hint: hint.map(str::to_owned),
            source: paying.source,
            provider: paying.provider,
            key: paying.key.map(|key| key.to_string()),
            total: describe_total(&total),
        }
    });
    let by_server = match report.scope {
        UsageScope::User => report.by_server(),
        UsageScope::Guild | UsageScope::Bot => Vec::new(),
    };
    let servers = by_server.iter().map(|(server, total)| ServerUsageBody {
        server: (*server != 0).then(|| server.to_string()),
        total: describe_total(total),
    });
    UsageBody {
        from: first.to_string(),
        to: last.to_string(),
        time_zone: report.period.zone_name().to_owned(),
        total: describe_total(&report.total),
        lines: lines.collect(),
        keys: keys.collect(),
        servers: servers.collect(),
    }
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
    choice: PeriodChoice,
    /// The operator's, where the query names none.
    zone: Option<jiff::tz::TimeZone>,
    wants_csv: bool,
}

fn parse_query(query: &str) -> Result<UsageQuery, Problem> {
    let mut parsed = UsageQuery {
        choice: PeriodChoice::LastDays(DAYS_DEFAULT),
        zone: None,
        wants_csv: false,
    };
    let parameters = read_parameters(query)?;
    let names = |wanted: &str| parameters.iter().any(|(name, _)| name == wanted);
    if names("days") && names("period") {
        let message =
            "`days` and `period` both say which days the report covers. Send one of them.";
        return Err(malformed(message.to_owned()));
    }
    for (name, value) in &parameters {
        match (&**name, &**value) {
            ("days", days) => {
                let days = days
                    .parse()
                    .ok()
                    .filter(|days| (1..=DAYS_MAX).contains(days));
                let days = days.ok_or_else(|| {
                    malformed(format!("`days` must be a number from 1 to {DAYS_MAX}."))
                })?;
                parsed.choice = PeriodChoice::LastDays(days);
            }
            ("period", period) => {
                parsed.choice = PeriodChoice::parse(period).ok_or_else(|| {
                    malformed("`period` must be `today`, a number of days such as `30d`, `this-month`, `last-month`, a month such as `2026-11`, or a year such as `2026`.".to_owned())
                })?;
            }
            ("time_zone", zone) => {
                let found = find_zone(zone);
                let found = found.ok_or_else(|| {
                    malformed("`time_zone` must be a name of the IANA's, such as `UTC` or `Europe/Berlin`.".to_owned())
                })?;
                parsed.zone = Some(found);
            }
            ("format", "json") => parsed.wants_csv = false,
            ("format", "csv") => parsed.wants_csv = true,
            _ => {
                let message = "The address may ask for `days=…` or `period=…`, `time_zone=…`, and `format=json` or `format=csv`, and for nothing else.";
                return Err(malformed(message.to_owned()));
            }
        }
    }
    Ok(parsed)
}

fn malformed(message: String) -> Problem {
    Problem::new(400, "malformed_query", message)
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
    for line in &report.by_day_and_model() {
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

fn format_day(day: i64) -> String {
    format_time(day * DAY_MS).chars().take(10).collect()
}
