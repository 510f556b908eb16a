//! A server's budget: limits on its keys, and the roles that limits on members
//! do not bind.

use axum::http::StatusCode;

use crate::app::{Budget, IdKind, ServerRole, make_limit, read_amount};
use crate::console::markup::{Markup, html};
use crate::console::pages::ids;
use crate::console::pages::servers::{Tab, clearing, rules, show_page};
use crate::console::parts::form::{self, Choice};
use crate::console::parts::{limits, note};
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, Managing, Visit};
use crate::console::words::limits::describe_set;
use crate::model::{Bound, Metric, Period, Window};

pub const ROWS: &[Row] = &[
    row!(GET "/servers/{server}/budgets" Managing show_budgets),
    row!(POST "/servers/{server}/budgets" Managing set_budget),
    row!(POST "/servers/{server}/budgets/exempt" Managing exempt_role),
];

/// The limits, what is used of them, and the forms that change them.
async fn show_budgets(visit: Visit, managing: Managing) -> HandlerResult {
    let budget = visit.app().quotas.read_budget(&managing.caller).await?;
    let roles = rules::list_roles(&visit, &managing).await;
    let address = format!("/servers/{}/budgets", managing.server);
    let body = html! {
        (show_limits(&budget, &roles, visit.app().now_ms(), &html! {
            a.btn.s href="#set-h" { "Set a limit" }
        }))
        div.columns.two {
            (show_set_form(&visit, &address, &roles))
            (clearing::show_form(&address, &budget, &roles))
        }
        (show_exemptions(&visit, &address, &budget, &roles))
    };
    show_page(&visit, &managing, Tab::Budgets, body).await
}

/// Each limit, those on all members together with a bar.
pub fn show_limits(budget: &Budget, roles: &[ServerRole], now_ms: i64, change: &Markup) -> Markup {
    html! {
        section.card aria-labelledby="limits-h" {
            header { h2 #limits-h { "Budgets" } (change) }
            div.body {
                @if budget.whole.is_empty() && budget.members.is_empty() {
                    (note::empty("gauge", "No limit yet. Members may use the keys as much as their provider lets them.", html! {}))
                }
                ul.stack {
                    @for used in &budget.whole { (limits::show(used, "server", now_ms)) }
                    @for (bound, limit) in &budget.members {
                        (limits::show_rule(&bound_name(*bound, roles), *limit, "server"))
                    }
                }
            }
            @if !budget.exempt_roles.is_empty() {
                p.foot {
                    "Limits on members do not bind "
                    @for (at, role) in budget.exempt_roles.iter().enumerate() {
                        @if at > 0 { ", " }
                        (rules::role_name(*role, roles))
                    }
                    "."
                }
            }
        }
    }
}

/// Whose use a limit of a server's bounds, with roles by their names.
pub fn bound_name(bound: Bound, roles: &[ServerRole]) -> String {
    match bound {
        Bound::Role(role) => format!("Each member with role {}", rules::role_name(role, roles)),
        other => limits::bound_words(other),
    }
}

fn show_set_form(visit: &Visit, address: &str, roles: &[ServerRole]) -> Markup {
    let choice = |value, words| Choice { value, words };
    let who = whom_choices(roles);
    let who: Vec<Choice<'_>> = who
        .iter()
        .map(|(value, words)| choice(value, words))
        .collect();
    html! {
        section.card aria-labelledby="set-h" {
            header { h2 #set-h { "Set a limit" } p { "In place of the one for the same time" } }
            form.body method="post" action=(address) {
                (form::token(&visit.form_token))
                div.fields {
                    (form::select("what", "What", &[
                        choice("dollars", "Dollars"), choice("requests", "Requests"),
                        choice("output_tokens", "Tokens of answers"), choice("images", "Pictures"),
                    ], "dollars"))
                    (form::text("amount", "How much", "", "A whole number such as 1500, or dollars such as 4.50"))
                    (form::select("per", "Over how long", &[
                        choice("month", "A month"), choice("week", "A week"),
                        choice("day", "A day"), choice("minute", "A minute"),
                    ], "month"))
                    (form::select("window", "Counted", &[
                        choice("calendar", "By the calendar"),
                        choice("rolling", "Over the last one"),
                    ], "calendar"))
                    (form::select("who", "Whom", &who, "together"))
                }
                div.acts { button.btn.strong { "Set the limit" } }
            }
        }
    }
}

fn whom_choices(roles: &[ServerRole]) -> Vec<(String, String)> {
    let fixed = [
        ("together", "Everybody together"),
        ("member", "Each member"),
    ];
    let fixed = fixed.map(|(value, words)| (value.to_owned(), words.to_owned()));
    let roles = roles.iter().filter(|role| role.is_of_people);
    let roles = roles.map(|role| (role.id.to_string(), format!("Each with role {}", role.name)));
    fixed.into_iter().chain(roles).collect()
}

fn show_exemptions(visit: &Visit, address: &str, budget: &Budget, roles: &[ServerRole]) -> Markup {
    let is_bound =
        |role: &&ServerRole| role.is_of_people && !budget.exempt_roles.contains(&role.id);
    let bound = roles.iter().filter(is_bound);
    let bound: Vec<(String, &str)> = bound
        .map(|role| (role.id.to_string(), role.name.as_str()))
        .collect();
    let choices: Vec<Choice<'_>> = bound
        .iter()
        .map(|(value, words)| Choice { value, words })
        .collect();
    html! {
        section.card aria-labelledby="exempt-h" {
            header { h2 #exempt-h { "Exempt roles" } p { "Limits on members do not bind them; those on everybody together do" } }
            div.body {
                ul.stack {
                    @for role in &budget.exempt_roles {
                        li {
                            form.acts method="post" action={ (address) "/exempt" } {
                                (form::token(&visit.form_token))
                                b { (rules::role_name(*role, roles)) }
                                input type="hidden" name="role" value=(role);
                                input type="hidden" name="exempt" value="no";
                                button.btn.plain.s { "Bind again" span.hidden { " " (rules::role_name(*role, roles)) } }
                            }
                        }
                    }
                }
                @if !choices.is_empty() {
                    form.acts method="post" action={ (address) "/exempt" } {
                        (form::token(&visit.form_token))
                        (form::select("role", "Role", &choices, ""))
                        input type="hidden" name="exempt" value="yes";
                        button.btn.s { "Exempt it" }
                    }
                }
            }
        }
    }
}

async fn set_budget(visit: Visit, managing: Managing) -> HandlerResult {
    let form = &visit.form;
    let metric = Metric::parse(form.text("what")).ok_or_else(unknown_choice)?;
    let period = Period::parse(form.text("per")).ok_or_else(unknown_choice)?;
    let window = clearing::read_name(form.text("window"), Window::parse)?;
    // A minute has no calendar.
    let window = window.filter(|_| period != Period::Minute);
    let bound = read_bound(form.text("who"))?.unwrap_or(Bound::ServerKey);
    let amount = read_amount(metric, form.text("amount"));
    let limit = amount.and_then(|amount| make_limit(metric, amount, period, window));
    let limit = limit.map_err(|refusal| Trouble::from(refusal).typed(form))?;
    if let Bound::Role(role) = bound {
        require_role(&visit, &managing, role).await?;
    }
    let (quotas, caller) = (&visit.app().quotas, &managing.caller);
    let setting = quotas.set_budget(caller, bound, limit);
    setting
        .await
        .map_err(|error| Trouble::from(error).typed(form))?;
    let budget = quotas.read_budget(caller).await?;
    let mut on_all = budget.whole.iter();
    let used = on_all.find(|used| used.bound == bound && used.limit == limit);
    let whose = match bound {
        Bound::Role(role) => {
            let roles = rules::list_roles(&visit, &managing).await;
            format!("each member with role {}", rules::role_name(role, &roles))
        }
        Bound::Member => "each member".to_owned(),
        _ => "everybody together".to_owned(),
    };
    let words = describe_set(limit, &whose, used.map(|used| used.used));
    say(&visit, &managing, &words).await
}

/// Refuses an id that is no role's, as far as Discord says it.
async fn require_role(visit: &Visit, managing: &Managing, role: u64) -> Result<(), Trouble> {
    let wanted = Some((IdKind::Role, role));
    ids::require_kind(visit, Some(managing.server), wanted).await?;
    Ok(())
}

async fn exempt_role(visit: Visit, managing: Managing) -> HandlerResult {
    let role = visit
        .form
        .text("role")
        .parse()
        .map_err(|_| unknown_choice())?;
    let exempt = match visit.form.text("exempt") {
        "yes" => true,
        "no" => false,
        _ => return Err(unknown_choice()),
    };
    if exempt {
        require_role(&visit, &managing, role).await?;
    }
    let quotas = &visit.app().quotas;
    quotas.exempt_role(&managing.caller, role, exempt).await?;
    let words = if exempt {
        "Limits on members no longer bind that role."
    } else {
        "Limits on members bind that role again."
    };
    say(&visit, &managing, words).await
}

async fn say(visit: &Visit, managing: &Managing, words: &str) -> HandlerResult {
    let address = format!("/servers/{}/budgets", managing.server);
    managing.person.say_at(visit, address, words).await
}

/// Whose use a limit bounds, as the form says it: a role by its id.
pub fn read_bound(typed: &str) -> Result<Option<Bound>, Trouble> {
    Ok(Some(match typed {
        "" => return Ok(None),
        "together" => Bound::ServerKey,
        "member" => Bound::Member,
        role => Bound::Role(role.parse().map_err(|_| unknown_choice())?),
    }))
}

/// The form sent what it does not offer.
pub fn unknown_choice() -> Trouble {
    Trouble::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "That cannot be chosen",
        "The form sent something that it does not offer, so nothing was changed. Open the page again.",
    )
}
