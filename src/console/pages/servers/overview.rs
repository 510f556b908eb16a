//! A server at a glance: what its keys paid this month, their health, its
//! budget, its members, and who is stopped.

use crate::app::{PeriodChoice, UsageReport, UsageScope};
use crate::console::markup::{Markup, html};
use crate::console::pages::servers::keys::describe_key;
use crate::console::pages::servers::usage::show_members;
use crate::console::pages::servers::{Tab, budgets, rules, show_page};
use crate::console::pages::usage::view;
use crate::console::parts::key::{health, provider_name};
use crate::console::parts::{money, note};
use crate::console::routes::{Row, row};
use crate::console::visit::{HandlerResult, Managing, Visit};
use crate::model::{Key, KeyId, NanoDollars, Scope};

pub const ROWS: &[Row] = &[row!(GET "/servers/{server}" Managing show_overview)];

/// Everything in short, each with the way to its own page.
async fn show_overview(visit: Visit, managing: Managing) -> HandlerResult {
    let (app, caller) = (visit.app(), &managing.caller);
    let period = app.quotas.period(PeriodChoice::ThisMonth, None)?;
    let zone = period.zone.clone();
    let (report, estimate, budget, blocks) = tokio::try_join!(
        app.quotas.report_usage(caller, UsageScope::Guild, period),
        app.quotas.estimate_month(caller, UsageScope::Guild, zone),
        app.quotas.read_budget(caller),
        app.people.blocks_here(caller),
    )?;
    // Without a master key there are none.
    let keys = app
        .keys
        .list_owned(caller, Scope::Guild)
        .await
        .unwrap_or_default();
    let roles = rules::list_roles(&visit, &managing).await;
    let address = format!("/servers/{}", managing.server);
    let body = html! {
        dl.stats {
            div {
                dt { "Spent this month" }
                dd { (money::cost(view::cost(&report.total))) }
                dd.sub { (view::without_price(&report.total).unwrap_or_default()) }
            }
            div {
                dt { "Expected this month" }
                dd { (NanoDollars(estimate.total_nano())) }
            }
            div {
                dt { "Members who asked" }
                dd { (report.members.len()) }
                dd.sub { "with the server’s keys" }
            }
            div { dt { "Requests" } dd { (money::grouped(report.total.requests)) } }
        }
        div.columns.two {
            (show_keys(&visit, &address, &keys, &report))
            (budgets::show_limits(&budget, &roles, app.now_ms(), &html! {
                a.btn.s href={ (address) "/budgets" } { "Change" }
            }))
        }
        (show_members(&visit, &managing, &report.members).await)
        section.card aria-labelledby="blocked-h" {
            header { h2 #blocked-h { "Who may ask" } a.btn.s href={ (address) "/rules" } { "Change" } }
            div.body {
                p.dim {
                    @match blocks.len() {
                        0 => { "Everybody may ask." }
                        1 => { "One person, role or channel is stopped." }
                        many => { (many) " people, roles or channels are stopped." }
                    }
                }
            }
        }
    };
    show_page(&visit, &managing, Tab::Overview, body).await
}

fn show_keys(visit: &Visit, address: &str, keys: &[Key], report: &UsageReport) -> Markup {
    let providers = visit.app().providers();
    let sums = report.sums_by(|line| line.key);
    let paid = |key: KeyId| {
        let total = sums.get(&Some(key)).copied().unwrap_or_default();
        money::cost(view::cost(&total))
    };
    html! {
        section.card aria-labelledby="keys-h" {
            header { h2 #keys-h { "Keys" } a.btn.s href={ (address) "/keys" } { "Change" } }
            @if keys.is_empty() {
                div.body { (note::empty("key", "No key yet. Members pay themselves.", html! {})) }
            } @else {
                table.table.tight.folds {
                    caption.hidden { "The server’s keys" }
                    thead {
                        tr {
                            th scope="col" { "Key" }
                            th scope="col" { "Health" }
                            th.num scope="col" { "Cost" }
                        }
                    }
                    tbody {
                        @for key in keys {
                            tr {
                                th scope="row" { (provider_name(providers, &key.provider)) span.sub { (describe_key(key)) } }
                                td.two data-label="Health" { (health(key)) }
                                td.num data-label="Cost" { (paid(key.id)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
