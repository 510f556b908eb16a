//! Clearing limits of a server's budget, after a page that says which go.

use crate::app::{Budget, ChosenLimits, ServerRole, write_limits};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::servers::budgets::{bound_name, read_bound, unknown_choice};
use crate::console::pages::servers::rules;
use crate::console::parts::{form, limits, note};
use crate::console::reply::Page;
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, Managing, Visit};
use crate::model::{Bound, Metric, SetLimit};

pub const ROWS: &[Row] = &[
    row!(GET "/servers/{server}/budgets/clear" Managing ask_first).taking(&["what", "who"]),
    row!(POST "/servers/{server}/budgets/clear" Managing clear),
];

/// What limits can be on, by the name of the metric.
const METRICS: [(&str, &str); 5] = [
    ("", "Anything"),
    ("dollars", "Dollars"),
    ("requests", "Requests"),
    ("output_tokens", "Tokens of answers"),
    ("images", "Pictures"),
];

/// The form on the page of budgets that leads to the question.
pub fn show_form(address: &str, budget: &Budget, roles: &[ServerRole]) -> Markup {
    let fixed = [
        ("", "Anybody"),
        ("together", "Everybody together"),
        ("member", "Each member"),
    ];
    let limited = budget.members.iter().filter_map(|(bound, _)| match bound {
        Bound::Role(role) => Some(*role),
        _ => None,
    });
    let mut limited: Vec<u64> = limited.collect();
    limited.sort_unstable();
    limited.dedup();
    html! {
        section.card aria-labelledby="clear-h" {
            header { h2 #clear-h { "Clear limits" } p { "You see which go before any does" } }
            form.body method="get" action={ (address) "/clear" } {
                div.fields {
                    div.field {
                        label for="clear-what" { "On what" }
                        select #clear-what name="what" {
                            @for (value, words) in METRICS { option value=(value) { (words) } }
                        }
                    }
                    div.field {
                        label for="clear-who" { "For whom" }
                        select #clear-who name="who" {
                            @for (value, words) in fixed { option value=(value) { (words) } }
                            @for role in limited {
                                option value=(role) { "Each with role " (rules::role_name(role, roles)) }
                            }
                        }
                    }
                }
                div.acts { button.btn.danger { "Clear …" } }
            }
        }
    }
}

/// Says which limits go, and asks.
async fn ask_first(visit: Visit, managing: Managing) -> HandlerResult {
    let (what, who) = (visit.query("what"), visit.query("who"));
    let (what, who) = (what.unwrap_or_default(), who.unwrap_or_default());
    let chosen = read_choice(&what, &who)?;
    ask(
        &visit,
        &managing,
        &Question {
            what,
            who,
            chosen,
            is_changed: false,
        },
    )
    .await
}

/// Which limits are asked about.
struct Question {
    what: String,
    who: String,
    chosen: ChosenLimits,
    /// They are others than those that somebody was asked about before.
    is_changed: bool,
}

async fn ask(visit: &Visit, managing: &Managing, question: &Question) -> HandlerResult {
    let quotas = &visit.app().quotas;
    let found = quotas.find_budget_limits(&managing.caller, question.chosen);
    let address = format!("/servers/{}/budgets", managing.server);
    let found = found
        .await
        .map_err(|error| Trouble::from(error).way(&address, "Back to the budgets"))?;
    let roles = rules::list_roles(visit, managing).await;
    let (title, then) = match found.len() {
        1 => (
            "Clear this limit?".to_owned(),
            "Every member may then use the server’s keys without it.",
        ),
        count => (
            format!("Clear these {count} limits?"),
            "Every member may then use the server’s keys without them.",
        ),
    };
    let body = html! {
        div.head { div { h1 { (title) } p { (then) } } }
        @if question.is_changed {
            (note::plain("The limits were changed since you were asked, so nothing was cleared.", html! {}))
        }
        section.card aria-labelledby="go-h" {
            header { h2 #go-h { "What goes" } }
            div.body { ul.stack { @for set in &found { (show_limit(set, &roles)) } } }
            form.foot.acts method="post" action={ (address) "/clear" } {
                (form::token(&visit.form_token))
                input type="hidden" name="what" value=(question.what);
                input type="hidden" name="who" value=(question.who);
                input type="hidden" name="shown" value=(write_limits(&found));
                a.btn href=(address) { @if found.len() == 1 { "Keep it" } @else { "Keep them" } }
                button.btn.danger { @if found.len() == 1 { "Clear it" } @else { "Clear them" } }
            }
        }
    };
    Ok(Page::new(Section::Server(managing.server), title, body).into())
}

fn show_limit(set: &SetLimit, roles: &[ServerRole]) -> Markup {
    limits::show_rule(&bound_name(set.bound, roles), set.limit, "server")
}

async fn clear(visit: Visit, managing: Managing) -> HandlerResult {
    let form = &visit.form;
    let (what, who) = (form.text("what").to_owned(), form.text("who").to_owned());
    let chosen = read_choice(&what, &who)?;
    let quotas = &visit.app().quotas;
    let clearing = quotas.clear_shown(&managing.caller, chosen, form.text("shown"));
    let Some(cleared) = clearing.await? else {
        let question = Question {
            what,
            who,
            chosen,
            is_changed: true,
        };
        return ask(&visit, &managing, &question).await;
    };
    let words = match cleared.len() {
        1 => "1 limit is cleared.".to_owned(),
        count => format!("{count} limits are cleared."),
    };
    let address = format!("/servers/{}/budgets", managing.server);
    managing.person.say_at(&visit, address, &words).await
}

fn read_choice(what: &str, who: &str) -> Result<ChosenLimits, Trouble> {
    let metric = match what {
        "" => None,
        name => Some(Metric::parse(name).ok_or_else(unknown_choice)?),
    };
    let bound = read_bound(who)?;
    Ok(ChosenLimits { bound, metric })
}
