//! A stored key as pages show it: what it is called, how it is, where it
//! pays, and what it was used for.

use crate::app::{KnownProviders, Total};
use crate::console::markup::{Markup, html};
use crate::model::{Health, Key, NanoDollars, ProviderId, ProviderKind};

use super::{icon, money, when};

/// A provider's name as people write it.
pub fn provider_name(providers: KnownProviders<'_>, id: &ProviderId) -> String {
    let known = providers.get(id);
    known.map_or_else(|| id.to_string(), |known| known.name().to_owned())
}

/// The name of a provider that a report has the id of.
pub fn provider_of(providers: KnownProviders<'_>, id: &str) -> String {
    provider_name(providers, &id.into())
}

/// What tells a key from others: its name, and its last characters.
pub fn label(key: &Key) -> Markup {
    html! {
        @if let Some(name) = &key.name { (name) }
        @if key.name.is_some() && key.hint.is_some() { " · " }
        @if let Some(hint) = &key.hint { code.nowrap { "…" (hint) } }
    }
}

/// When a key ends or ended, below its name.
pub fn ending(key: &Key, now_ms: i64) -> Markup {
    html! {
        @if let Some(at_ms) = key.expires_at_ms { span.sub { (when::ending(at_ms, now_ms)) } }
    }
}

/// How a key is, in words with a mark; red where its owner must act.
pub fn health(key: &Key) -> Markup {
    let (image, words) = if key.paused {
        ("pause", "Paused")
    } else {
        describe_health(key.health)
    };
    html! {
        span.health.bad[key.needs_its_owner()] { (icon::small(image)) (words) }
    }
}

/// What is known of a key that its provider accepts and limits: not which
/// questions, but what decides it.
pub const RESTRICTED: &str = "Works as far as its rights, plan and region go";

/// The mark and the words of a health.
pub fn describe_health(health: Health) -> (&'static str, &'static str) {
    match health {
        Health::Unverified => ("minus", "Not checked yet"),
        Health::Valid => ("check", "Works"),
        Health::Unguarded => ("check", "Reachable; it checks no keys"),
        Health::Refused => ("alert", "Key is invalid"),
        Health::OutOfCredit => ("alert", "Out of credit"),
        Health::Restricted => ("check", RESTRICTED),
        Health::Damaged => ("alert", "Damaged"),
    }
}

/// Whether somebody's own keys pay for them at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnKeys {
    Pay,
    /// Their tier does not include any.
    NotInTier,
    /// The operator stopped them, or everybody.
    OwnerStopped,
}

/// Where a person's own key pays.
pub fn describe_place(
    key: &Key,
    kind: Option<ProviderKind>,
    own: OwnKeys,
    now_ms: i64,
) -> &'static str {
    match kind {
        _ if own == OwnKeys::OwnerStopped => "Nowhere while you are stopped",
        _ if key.paused || key.has_ended(now_ms) => "Nowhere",
        _ if key.needs_its_owner() => "Set aside",
        _ if own == OwnKeys::NotInTier => "Not used in your tier",
        Some(ProviderKind::Image) => "Pictures only",
        Some(ProviderKind::Chat) => "Everywhere",
        None => "Nowhere: its provider is not offered here",
    }
}

/// What something cost in all; nothing hides what has no price.
pub fn total_cost(total: &Total) -> String {
    let (cost, more) = parts_of_cost(total);
    more.map_or_else(|| cost.clone(), |more| format!("{cost} {more}"))
}

/// The same for a column that has little room.
pub fn show_cost(total: &Total) -> Markup {
    let (cost, more) = parts_of_cost(total);
    html! { (cost) @if let Some(more) = more { span.sub { (more) } } }
}

fn parts_of_cost(total: &Total) -> (String, Option<String>) {
    let cost = NanoDollars(total.cost_nano).to_string();
    match total.unpriced {
        0 => (cost, None),
        unpriced if unpriced == total.requests => ("unknown".to_owned(), None),
        unpriced => {
            let more = format!("and {} without a price", money::grouped(unpriced));
            (cost, Some(more))
        }
    }
}

/// Tokens in and out, together.
pub fn total_tokens(total: &Total) -> String {
    money::short(total.input_tokens + total.output_tokens)
}

/// How many tokens went in and out, in words.
pub fn count_tokens(total: &Total) -> String {
    match total.input_tokens.saturating_add(total.output_tokens) {
        1 => "1 token".to_owned(),
        count => format!("{} tokens", money::short(count)),
    }
}
