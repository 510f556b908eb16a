//! What somebody used, whoever paid, and what they may still use of what others
//! pay.

pub mod billing;
pub mod filters;
mod table;
pub mod view;

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::app::{
    Error, KeyNames, Period, QuotaStatus, Total, USAGE_HEAD, UsageReport, UsageScope, usage_json,
    usage_table,
};
use crate::console::Console;
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::stopped;
use crate::console::pages::usage::filters::{Filters, nearest_month};
use crate::console::pages::usage::view::NamedTotal;
use crate::console::parts::{icon, limits, payer};
use crate::console::reply::{File, Page, Reply};
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::model::{Caller, ServerId};

/// How many seconds pass between two looks at the figures.
pub const POLL_SECONDS: u32 = 10;

pub const ROWS: &[Row] = &[
    row!(GET "/usage" SignedIn show_usage).taking(filters::OF_A_PAGE),
    row!(GET "/usage.csv" SignedIn send_csv).taking(filters::OF_A_FILE),
    row!(GET "/usage.json" SignedIn send_json).taking(filters::OF_A_FILE),
    row!(GET "/usage/now" SignedIn show_now)
        .taking(filters::OF_A_FILE)
        .polled(),
];

/// What was used, as figures, bars and lists.
async fn show_usage(visit: Visit, person: SignedIn) -> HandlerResult {
    let filters = Filters::read(&visit)?;
    let caller = person.caller(&visit).await?;
    let quotas = &visit.app().quotas;
    let (zone, period) = (filters.period.zone.clone(), filters.period.clone());
    let (report, estimate, names, status, used) = tokio::try_join!(
        quotas.report_usage(&caller, UsageScope::User, period),
        quotas.estimate_month(&caller, UsageScope::User, zone),
        quotas.read_key_names(&caller, UsageScope::User),
        quotas.read_status(&caller),
        quotas.find_used_days(&caller, UsageScope::User, &filters.period.zone),
    )?;
    let query = filters.query();
    let providers = visit.app().providers();
    let now_ms = visit.app().now_ms();
    let servers = list_servers(&visit, &report).await;
    let stop = stopped::find(&visit, &caller).await?;
    let body = html! {
        div.head {
            div {
                h1 { "Usage" }
                p { "Everything that you asked, whoever paid. Of what was said, nothing is kept." }
            }
            div.acts {
                a.btn.s href={ "/billing/" (nearest_month(&used, filters.period.last)) } { "Billing report" }
                (show_exports("/usage", &query))
            }
        }
        (stopped::show(&visit, stop.as_ref()))
        (filters.show("/usage", &used))
        div data-poll={ "/usage/now?" (query) } data-every=(POLL_SECONDS) {
            (view::show_figures(&report, &estimate))
        }
        (view::show_chart(&report, filters.figure))
        div.columns.two {
            (view::show_list("models-h", "By model", &view::list_models(&report, providers)))
            (show_limits(&status, now_ms))
        }
        div.columns.two {
            (view::show_list("keys-h", "By key", &view::list_keys(&report, &names, providers)))
            (view::show_list("servers-h", "By place", &servers))
        }
        div.columns.two {
            (view::show_list("providers-h", "By provider", &view::list_providers(&report, providers)))
            (view::show_classes(&report.total))
        }
    };
    Ok(Page::new(Section::Usage, "Usage", body).into())
}

/// Where the same can be had as a file.
pub fn show_exports(address: &str, query: &str) -> Markup {
    html! {
        @for (ending, label) in [("csv", "CSV"), ("json", "JSON")] {
            a.btn.s href={ (address) "." (ending) "?" (query) } { (icon::small("down")) (label) }
        }
    }
}

/// The same as a table, by days.
async fn send_csv(visit: Visit, person: SignedIn) -> HandlerResult {
    let caller = person.caller(&visit).await?;
    export_csv(&visit, &caller, UsageScope::User).await
}

/// The same for programs, by days.
async fn send_json(visit: Visit, person: SignedIn) -> HandlerResult {
    let caller = person.caller(&visit).await?;
    export_json(&visit, &caller, UsageScope::User).await
}

/// A report as a table of comma-separated values, which is written while it is
/// read: day by day, however much that is.
pub async fn export_csv(visit: &Visit, caller: &Caller, scope: UsageScope) -> HandlerResult {
    let period = Filters::read(visit)?.period;
    let names = visit.app().quotas.read_key_names(caller, scope).await?;
    let days = period.each_day().collect::<VecDeque<_>>();
    let table = Arc::new(UsageTable {
        console: Arc::clone(&visit.console),
        caller: caller.clone(),
        scope,
        names,
    });
    let pieces = table::write_pieces(days, move |days| Arc::clone(&table).write_first(days));
    Ok(File {
        name: file_name(&period, "csv"),
        media_type: table::MEDIA_TYPE,
        body: table::begin(USAGE_HEAD, pieces).await?,
    }
    .into())
}

/// What a table of usage is written from.
struct UsageTable {
    console: Arc<Console>,
    caller: Caller,
    scope: UsageScope,
    names: KeyNames,
}

impl UsageTable {
    /// Writes the first of the days that are left, with those after it.
    async fn write_first(
        self: Arc<Self>,
        mut days: VecDeque<Period>,
    ) -> Result<(String, Option<VecDeque<Period>>), Error> {
        let Some(day) = days.pop_front() else {
            return Ok((String::new(), None));
        };
        let quotas = &self.console.app.quotas;
        let lines = quotas.list_usage_of_day(&self.caller, self.scope, day);
        Ok((usage_table(&lines.await?, &self.names), Some(days)))
    }
}

/// A report as JSON.
pub async fn export_json(visit: &Visit, caller: &Caller, scope: UsageScope) -> HandlerResult {
    let (report, names) = read_export(visit, caller, scope).await?;
    Ok(File {
        name: file_name(&report.period, "json"),
        media_type: "application/json",
        body: Body::from(usage_json(&report, &names).to_string()),
    }
    .into())
}

async fn read_export(
    visit: &Visit,
    caller: &Caller,
    scope: UsageScope,
) -> Result<(UsageReport, KeyNames), Trouble> {
    let period = Filters::read(visit)?.period.by_days();
    let quotas = &visit.app().quotas;
    Ok(tokio::try_join!(
        quotas.report_usage(caller, scope, period),
        quotas.read_key_names(caller, scope),
    )?)
}

fn file_name(period: &Period, ending: &str) -> String {
    format!("usage-{}-to-{}.{ending}", period.first, period.last)
}

/// The figures as they are now.
async fn show_now(visit: Visit, person: SignedIn) -> HandlerResult {
    let caller = person.caller(&visit).await?;
    read_now(&visit, &caller, UsageScope::User).await
}

/// The figures of a report as they are now, for a page that is open.
pub async fn read_now(visit: &Visit, caller: &Caller, scope: UsageScope) -> HandlerResult {
    let period = Filters::read(visit)?.period;
    let report = visit
        .app()
        .quotas
        .report_usage(caller, scope, period)
        .await?;
    let figures = view::now(&report).into_iter();
    let now: serde_json::Map<String, Value> = figures
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .collect();
    Ok(Reply::Now(Value::Object(now)))
}

/// Each server where they asked, by its name, and all others in one line: those
/// of which the bot knows none, and those that used so little that Discord is
/// not asked.
async fn list_servers(visit: &Visit, report: &UsageReport) -> Vec<NamedTotal> {
    let servers = report.by_server().into_iter().enumerate();
    let found = servers.map(|(at, (server, total))| async move {
        let name = match server {
            0 => Some("Direct messages and programs".to_owned()),
            server if at < view::LISTED => {
                visit.app().people.find_server_name(ServerId(server)).await
            }
            _ => None,
        };
        (name, total)
    });
    let mut elsewhere = Total::default();
    let mut named = Vec::new();
    for (name, total) in join_all(found).await {
        match name {
            Some(name) => named.push((name, total)),
            None => elsewhere.add(&total),
        }
    }
    if elsewhere.requests > 0 {
        named.push(("Elsewhere".to_owned(), elsewhere));
    }
    named.sort_by_key(|(_, total)| Reverse(total.cost_nano));
    let named = named.into_iter().map(|(name, total)| NamedTotal {
        name: html! { (name) },
        class: "",
        total,
    });
    named.collect()
}

/// What may still be used of what others pay.
fn show_limits(status: &QuotaStatus, now_ms: i64) -> Markup {
    html! {
        section.card aria-labelledby="limits-h" {
            header { h2 #limits-h { "Limits" } p { "On what you ask outside of servers" } }
            div.body {
                ul.stack {
                    @for (source, uses) in &status.limits {
                        @let look = payer::look(*source);
                        li.budget {
                            span { (payer::badge(*source)) }
                            @if uses.is_empty() { span.right { "no limit" } }
                        }
                        @for used in uses { (limits::show(used, look.class, now_ms)) }
                    }
                    @if status.limits.is_empty() {
                        li.budget { b { "Nobody pays for you here" } span.right { "add a key" } }
                    }
                }
            }
            p.foot { "Tier “" (status.tier) "”" }
        }
    }
}
