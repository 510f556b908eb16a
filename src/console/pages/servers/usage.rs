//! What a server's keys paid: by member, key and model.

use crate::app::{Total, UsageScope};
use crate::console::markup::{Markup, html};
use crate::console::pages::servers::{Tab, show_page};
use crate::console::pages::usage::filters::{self, Filters, nearest_month};
use crate::console::pages::usage::view;
use crate::console::pages::usage::{POLL_SECONDS, export_csv, export_json, read_now, show_exports};
use crate::console::parts::{form, money};
use crate::console::routes::{Row, row};
use crate::console::visit::{HandlerResult, Managing, Visit};
use crate::model::PersonId;

/// How many members are listed by name; the table to keep has all.
const MEMBERS_SHOWN: usize = 50;
/// Of how many Discord is asked for the name.
const NAMES_ASKED: usize = 12;

pub const ROWS: &[Row] = &[
    row!(GET "/servers/{server}/usage" Managing show_usage).taking(filters::OF_A_PAGE),
    row!(GET "/servers/{server}/usage.csv" Managing send_csv).taking(filters::OF_A_FILE),
    row!(GET "/servers/{server}/usage.json" Managing send_json).taking(filters::OF_A_FILE),
    row!(GET "/servers/{server}/usage/now" Managing show_now)
        .taking(filters::OF_A_FILE)
        .polled(),
];

/// What was used, as figures, bars and lists.
async fn show_usage(visit: Visit, managing: Managing) -> HandlerResult {
    let filters = Filters::read(&visit)?;
    let caller = &managing.caller;
    let quotas = &visit.app().quotas;
    let (zone, period) = (filters.period.zone.clone(), filters.period.clone());
    let (report, estimate, names, used) = tokio::try_join!(
        quotas.report_usage(caller, UsageScope::Guild, period),
        quotas.estimate_month(caller, UsageScope::Guild, zone),
        quotas.read_key_names(caller, UsageScope::Guild),
        quotas.find_used_days(caller, UsageScope::Guild, &filters.period.zone),
    )?;
    let address = format!("/servers/{}/usage", managing.server);
    let query = filters.query();
    let providers = visit.app().providers();
    let month = nearest_month(&used, filters.period.last);
    let members = show_members(&visit, &managing, &report.members).await;
    let body = html! {
        div.acts {
            a.btn.s href={ "/servers/" (managing.server) "/billing/" (month) } { "Billing report" }
            (show_exports(&address, &query))
        }
        (filters.show(&address, &used))
        div data-poll={ (address) "/now?" (query) } data-every=(POLL_SECONDS) {
            (view::show_figures(&report, &estimate))
        }
        (view::show_chart(&report, filters.figure))
        (members)
        div.columns.two {
            (view::show_list("models-h", "By model", &view::list_models(&report, providers)))
            (view::show_list("keys-h", "By key", &view::list_keys(&report, &names, providers)))
        }
        (view::show_classes(&report.total))
    };
    show_page(&visit, &managing, Tab::Usage, body).await
}

/// What the server's keys paid for each member.
pub async fn show_members(visit: &Visit, managing: &Managing, members: &[(u64, Total)]) -> Markup {
    let server = managing.server;
    let people = &visit.app().people;
    let shown = members.iter().take(MEMBERS_SHOWN).enumerate();
    let named = shown.map(|(at, (member, total))| async move {
        let name = match (member, at) {
            (0, _) => Some("Members who erased themselves".to_owned()),
            (member, 0..NAMES_ASKED) => people.find_member_name(server, PersonId(*member)).await,
            _ => None,
        };
        (*member, name, total)
    });
    let named = futures_util::future::join_all(named).await;
    html! {
        section.card aria-labelledby="members-h" {
            header { h2 #members-h { "By member" } p { "What the server’s keys paid for them" } }
            @if named.is_empty() { div.body { p.dim { "Nobody has used them in this time." } } }
            @else {
                table.table.folds {
                    caption.hidden { "Usage by member" }
                    thead {
                        tr {
                            th scope="col" { "Member" }
                            th.num scope="col" { "Requests" }
                            th.num scope="col" { "Tokens" }
                            th.num scope="col" { "Cost" }
                            th { span.hidden { "Actions" } }
                        }
                    }
                    tbody {
                        @for (member, name, total) in &named {
                            tr {
                                th scope="row" {
                                    @match name {
                                        Some(name) => { (name) @if *member != 0 { span.sub { code { (member) } } } }
                                        None => { code { (member) } }
                                    }
                                }
                                td.num data-label="Requests" { (money::grouped(total.requests)) }
                                td.num data-label="Tokens" { (money::grouped(total.input_tokens + total.output_tokens)) }
                                td.num data-label="Cost" {
                                    (money::cost(view::cost(total)))
                                    @if view::cost(total).is_some() {
                                        @if let Some(words) = view::without_price(total) { span.sub { (words) } }
                                    }
                                }
                                td {
                                    @if *member != 0 && *member != managing.person.id().0 { (show_block(visit, managing, *member, name.as_deref())) }
                                }
                            }
                        }
                    }
                }
                @if members.len() > MEMBERS_SHOWN {
                    p.foot { (members.len() - MEMBERS_SHOWN) " more stand in the JSON." }
                }
            }
        }
    }
}

/// The button that stops a member from asking.
fn show_block(visit: &Visit, managing: &Managing, member: u64, name: Option<&str>) -> Markup {
    let number = member.to_string();
    html! {
        form.acts method="post" action={ "/servers/" (managing.server) "/rules/block" } {
            (form::token(&visit.form_token))
            input type="hidden" name="kind" value="person";
            input type="hidden" name="id" value=(number);
            button.btn.plain.s { "Stop" span.hidden { " " (name.unwrap_or(&number)) } }
        }
    }
}

/// The same as a table, by days.
async fn send_csv(visit: Visit, managing: Managing) -> HandlerResult {
    export_csv(&visit, &managing.caller, UsageScope::Guild).await
}

/// The same for programs, by days.
async fn send_json(visit: Visit, managing: Managing) -> HandlerResult {
    export_json(&visit, &managing.caller, UsageScope::Guild).await
}

/// The figures as they are now.
async fn show_now(visit: Visit, managing: Managing) -> HandlerResult {
    read_now(&visit, &managing.caller, UsageScope::Guild).await
}
