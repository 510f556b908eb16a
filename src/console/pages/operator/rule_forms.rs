//! The forms with which the operator limits people and gives them tiers, and
//! which payers that binds.

use crate::console::markup::{Markup, html};
use crate::console::parts::form;
use crate::console::visit::Visit;
use crate::model::{Metric, Period, Source};

/// What the operator's limits are on, before one is set.
const OF_WHOM: &str = "It binds what the bot default pays, and nothing else: people’s own keys and \
                       servers’ keys are not bound by it. A key for a provider of your own that checks \
                       no keys counts as the bot default.";

/// The payers that the limits of tiers bind, by the settings.
pub fn describe_tiers_payers(visit: &Visit) -> String {
    let payers = visit.app().people.payers_of_tiers().iter();
    let named: Vec<&str> = payers
        .map(|payer| match payer {
            Source::Request => "keys that come with one question",
            Source::Personal => "people’s own keys",
            Source::Server => "servers’ keys",
            Source::BotDefault => "the bot default",
            Source::Demo => "the demo",
        })
        .collect();
    match &named[..] {
        [] => "nobody".to_owned(),
        [before @ .., last] if !before.is_empty() => {
            format!("{} and {last}", before.join(", "))
        }
        all => all.concat(),
    }
}

/// Kinds of those who can be limited or stopped.
const KINDS: [form::Choice<'static>; 3] = [
    form::Choice {
        value: "everyone",
        words: "Everybody together",
    },
    form::Choice {
        value: "user",
        words: "A person",
    },
    form::Choice {
        value: "server",
        words: "A server",
    },
];

/// The forms that set a limit and give a tier.
pub fn show_forms(visit: &Visit) -> Markup {
    let tiers: Vec<&str> = visit.app().people.tier_names().collect();
    html! {
        details.body {
            summary { "Set a limit" }
            form.stack method="post" action="/operator/limit" {
                (form::token(&visit.form_token))
                p.dim.small { (OF_WHOM) }
                div.fields {
                    div.field {
                        label for="limit-kind" { "For" }
                        select #limit-kind name="kind" {
                            @for kind in &KINDS { option value=(kind.value) { (kind.words) } }
                        }
                    }
                    div.field { label for="limit-id" { "Id, unless everybody" } input #limit-id name="id" inputmode="numeric" autocomplete="off"; }
                    div.field { label for="amount" { "Amount" } input #amount name="amount" inputmode="decimal" autocomplete="off" placeholder="1500, or dollars such as 4.50"; }
                    div.field {
                        label for="metric" { "Of" }
                        select #metric name="metric" {
                            @for metric in [Metric::Requests, Metric::OutputTokens, Metric::Images, Metric::Cost] {
                                option value=(metric.as_str()) {
                                    @if metric == Metric::Cost { "dollars" } @else { (metric.as_str().replace('_', " ")) }
                                }
                            }
                        }
                    }
                    div.field {
                        label for="period" { "Over a" }
                        select #period name="period" {
                            @for period in [Period::Minute, Period::Day, Period::Week, Period::Month] {
                                option value=(period.as_str()) selected[period == Period::Day] { (period.as_str()) }
                            }
                        }
                    }
                }
                button.btn { "Set the limit" }
            }
        }
        details.body {
            summary { "Give a tier" }
            form.stack method="post" action="/operator/tier" {
                (form::token(&visit.form_token))
                p.dim.small { "The limits of tiers bind " (describe_tiers_payers(visit)) "." }
                div.fields {
                    div.field { label for="tier-id" { "Id of the person" } input #tier-id name="id" inputmode="numeric" autocomplete="off"; }
                    div.field {
                        label for="tier" { "Tier" }
                        select #tier name="tier" { @for tier in tiers { option value=(tier) { (tier) } } }
                    }
                    div.field { label for="tier-during" { "For how long" } input #tier-during name="during" placeholder="30d, or empty for good" autocomplete="off"; }
                }
                button.btn { "Give the tier" }
            }
        }
    }
}
