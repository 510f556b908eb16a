//! What the operator has set, row by row, with what takes it back.

use crate::console::markup::{Markup, html};
use crate::console::pages::operator::known_names::KnownNames;
use crate::console::parts::{form, when};
use crate::console::visit::Visit;
use crate::console::words::limits::{bare_amount, describe_limit};
use crate::model::{BlockTarget, Blocked, Bound, Limit, LimitUse, PersonId, ServerId, SetBlock};

/// A limit that is set, and what is used of it.
pub struct LimitRow<'a> {
    /// Whom it bounds, by the id; 0 for everybody.
    pub subject: u64,
    pub bound: Bound,
    pub used: &'a LimitUse,
}

/// What the operator limits, as a row.
pub fn show_limit(visit: &Visit, names: &KnownNames, row: &LimitRow<'_>) -> Markup {
    let LimitRow {
        subject,
        bound,
        used,
    } = *row;
    let (kind, of) = match bound {
        Bound::BotInServer => ("server", names.head(ServerId(subject))),
        Bound::BotForPerson => ("user", names.person(PersonId(subject))),
        _ => ("everyone", "Everybody together".to_owned()),
    };
    // Everybody has no id.
    let id = Some(subject).filter(|_| kind != "everyone");
    let id = id.map_or_else(String::new, |id| id.to_string());
    let Limit { metric, span, .. } = used.limit;
    let fields = [
        ("kind", kind),
        ("id", &id),
        ("metric", metric.as_str()),
        ("period", span.period.as_str()),
        ("window", span.window.as_str()),
    ];
    html! {
        tr {
            th scope="row" { (of) }
            td data-label="What" {
                (bare_amount(metric, used.used)) " of " (describe_limit(used.limit)) " on the bot default"
            }
            td { div.acts { (small_form(visit, "/operator/unlimit", "Clear", &fields)) } }
        }
    }
}

/// Whoever is stopped, as a row.
pub fn show_block(visit: &Visit, names: &KnownNames, block: &SetBlock) -> Markup {
    let whom = block.whom;
    let since = when::relative(block.since_ms, visit.app().now_ms());
    let (kind, id, words) = match whom {
        Blocked::Everyone => ("everyone", None, "Everybody".to_owned()),
        Blocked::Server(server) => ("server", Some(server.0), names.head(server)),
        Blocked::Person(person) => ("user", Some(person.0), names.person(person)),
        Blocked::Role(role) => ("role", Some(role), names.role(role)),
        Blocked::Channel(channel) => ("channel", Some(channel), names.channel(channel)),
        Blocked::InServer(server, target) => {
            let (kind, id, words) = match target {
                BlockTarget::Person(person) => ("user", person.0, names.person(person)),
                BlockTarget::Role(role) => ("role", role, names.role(role)),
                BlockTarget::Channel(channel) => ("channel", channel, names.channel(channel)),
            };
            (
                kind,
                Some(id),
                format!("{words} in {}", names.phrase(server)),
            )
        }
    };
    let id = id.map_or_else(String::new, |id| id.to_string());
    let inside = match whom {
        Blocked::InServer(server, _) => server.to_string(),
        _ => String::new(),
    };
    html! {
        tr {
            th scope="row" { (words) }
            td data-label="What" { "stopped " (since) (show_end(visit, block.until_ms)) }
            td { div.acts { (small_form(visit, "/operator/unblock", "Let go on", &[("kind", kind), ("id", &id), ("inside", &inside)])) } }
        }
    }
}

/// A tier that was given by hand.
pub struct TierRow<'a> {
    pub person: PersonId,
    pub tier: &'a str,
    pub until_ms: Option<i64>,
}

/// A tier that was given by hand, as a row.
pub fn show_tier(visit: &Visit, names: &KnownNames, row: &TierRow<'_>) -> Markup {
    let TierRow {
        person,
        tier,
        until_ms,
    } = *row;
    html! {
        tr {
            th scope="row" { (names.person(person)) }
            td data-label="What" { "tier “" (tier) "”" (show_end(visit, until_ms)) }
            td { div.acts { (small_form(visit, "/operator/tier", "Take back", &[("id", &person.to_string())])) } }
        }
    }
}

fn show_end(visit: &Visit, until_ms: Option<i64>) -> Markup {
    html! {
        @if let Some(until_ms) = until_ms { ", " (when::ending(until_ms, visit.app().now_ms())) }
    }
}

/// A button with fields that nobody sees.
pub fn small_form(visit: &Visit, action: &str, label: &str, fields: &[(&str, &str)]) -> Markup {
    html! {
        form method="post" action=(action) {
            (form::token(&visit.form_token))
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button.btn.plain.s { (label) }
        }
    }
}
