//! Clearing limits of a server's budget, after a page that says which go.

use crate::app::{Budget, ServerRole, write_limits};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::servers::budgets::{bound_name, read_bound, unknown_choice};
use crate::console::pages::servers::rules;
use crate::console::parts::{form, limits, note};
use crate::console::reply::Page;
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, Managing, Visit};
use crate::model::{Bound, ChosenLimits, Metric, Period, SetLimit, Window};

pub const ROWS: &[Row] = &[
    row!(GET "/servers/{server}/budgets/clear" Managing ask_first)
        .taking(&["what", "who", "per", "window"]),
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

/// Over how long limits can be, by the name of the period.
const PERIODS: [(&str, &str); 5] = [
    ("", "Any time"),
    ("month", "A month"),
    ("week", "A week"),
    ("day", "A day"),
    ("minute", "A minute"),
];

/// How limits can be counted, by the name of the window.
const WINDOWS: [(&str, &str); 3] = [
    ("", "Either way"),
    ("calendar", "By the calendar"),
    ("rolling", "Over the last one"),
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
                    (show_list("what", "On what", &METRICS))
                    div.field {
                        label for="clear-who" { "For whom" }
                        select #clear-who name="who" {
                            @for (value, words) in fixed { option value=(value) { (words) } }
                            @for role in limited {
                                option value=(role) { "Each with role " (rules::role_name(role, roles)) }
                            }
                        }
                    }
                    (show_list("per", "Over how long", &PERIODS))
                    (show_list("window", "Counted", &WINDOWS))
                }
                div.acts { button.btn.danger { "Clear …" } }
            }
        }
    }
}

fn show_list(name: &str, label: &str, choices: &[(&str, &str)]) -> Markup {
    let id = format!("clear-{name}");
    html! {
        div.field {
            label for=(id) { (label) }
            select id=(id) name=(name) {
                @for (value, words) in choices { option value=(value) { (words) } }
            }
        }
    }
}

/// Says which limits go, and asks.
async fn ask_first(visit: Visit, managing: Managing) -> HandlerResult {
    let typed = FIELDS.map(|field| visit.query(field).unwrap_or_default());
    let chosen = read_choice(&typed)?;
    let question = Question {
        typed,
        chosen,
        is_changed: false,
    };
    ask(&visit, &managing, &question).await
}

/// The fields in which limits are chosen.
const FIELDS: [&str; 4] = ["what", "who", "per", "window"];

/// Which limits are asked about.
struct Question {
    /// What was chosen, in the order of [`FIELDS`].
    typed: [String; 4],
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
                @for (name, value) in FIELDS.iter().zip(&question.typed) {
                    input type="hidden" name=(name) value=(value);
                }
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
    let typed = FIELDS.map(|field| form.text(field).to_owned());
    let chosen = read_choice(&typed)?;
    let quotas = &visit.app().quotas;
    let clearing = quotas.clear_shown(&managing.caller, chosen, form.text("shown"));
    let Some(cleared) = clearing.await? else {
        let question = Question {
            typed,
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

fn read_choice([what, who, per, window]: &[String; 4]) -> Result<ChosenLimits, Trouble> {
    Ok(ChosenLimits {
        bound: read_bound(who)?,
        metric: read_name(what, Metric::parse)?,
        period: read_name(per, Period::parse)?,
        window: read_name(window, Window::parse)?,
    })
}

/// What a name stands for; nothing stands for all.
pub fn read_name<T>(name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Trouble> {
    if name.is_empty() {
        return Ok(None);
    }
    parse(name).map(Some).ok_or_else(unknown_choice)
}
