//! The words of pages for refusals and trouble: what happened, what to do,
//! and where to go.

mod access;
mod ask;
mod conversation;
mod files;
mod key;
pub mod limits;
pub mod pasted;
mod picture;
mod provider_failure;
mod quota;
mod skips;
mod standing;
#[cfg(test)]
mod tests;
mod tokens;

use crate::app::{DatabaseTrouble, KnownProviders};
use crate::model::{ProviderId, Refusal};

use super::trouble::Trouble;

pub use files::{describe_left_out, describe_unread};
pub use key::{causes, describe_kept_because, describe_lifetimes};
pub use quota::AMOUNTS;
pub use skips::{describe_passed_over, describe_source, name_payer, skip_clause};
pub use standing::warn_of_standing;

/// Names of which one is meant: "A, B or C".
pub fn either(names: &[String]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => names.join(""),
    }
}

/// What providers are called, and where they hand out keys.
#[derive(Clone, Copy)]
pub struct Names<'a>(Option<KnownProviders<'a>>);

impl<'a> Names<'a> {
    /// The names of the providers that there are.
    pub fn of(providers: KnownProviders<'a>) -> Self {
        Self(Some(providers))
    }

    /// No names: providers are called by their ids.
    pub const fn unknown() -> Self {
        Self(None)
    }

    /// A provider's name as people write it.
    pub fn name(self, id: &ProviderId) -> String {
        let known = self.0.and_then(|providers| providers.get(id));
        known.map_or_else(|| id.to_string(), |provider| provider.name().to_owned())
    }

    /// A model as it is typed: the default of the provider that is named, or of
    /// the first that has one. Empty where no provider is known.
    pub fn example(self, named: &str) -> String {
        let Some(providers) = self.0 else {
            return String::new();
        };
        let with_default = providers
            .iter()
            .filter_map(|it| Some((it, it.default_model()?)));
        let mut with_default: Vec<_> = with_default.collect();
        with_default.sort_by_key(|(provider, _)| provider.id().as_str() != named);
        let first = with_default.first();
        first.map_or_else(String::new, |(provider, model)| provider.full_name(model))
    }

    /// Where a provider hands out keys.
    pub fn key_page(self, id: &ProviderId) -> Option<&'a str> {
        let known = self.0.and_then(|providers| providers.get(id))?;
        Some(known.key_page()).filter(|page| page.starts_with("https://"))
    }

    /// Where an account of a provider is topped up.
    pub fn billing_page(self, id: &ProviderId) -> Option<&'a str> {
        let known = self.0.and_then(|providers| providers.get(id))?;
        known.billing_page()
    }
}

/// The trouble that a refusal is.
pub fn describe_refusal(names: Names<'_>, refusal: &Refusal) -> Trouble {
    match refusal {
        Refusal::Access(refusal) => access::describe_access(refusal),
        Refusal::Key(refusal) => key::describe_key(names, refusal),
        Refusal::Ask(refusal) => ask::describe_ask(names, refusal),
        Refusal::Conversation(refusal) => conversation::describe_conversation(refusal),
        Refusal::Picture(refusal) => picture::describe_picture(names, refusal),
        Refusal::Token(refusal) => tokens::describe_token(refusal),
        Refusal::Quota(refusal) => quota::describe_quota(names, refusal),
    }
}

/// Where a key for a provider is added.
pub fn add_address(provider: &ProviderId) -> String {
    format!("/keys/new?provider={provider}")
}

/// How long to wait, in the unit that reads best, and in the next smaller one: a
/// day and a quarter of an hour are not 25 hours.
pub fn describe_wait(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    let hours = seconds.div_ceil(3_600);
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=119 => format!("{seconds} seconds"),
        120..=7_199 => format!("{minutes} minutes"),
        7_200..=172_799 => in_two_units((minutes / 60, "hour"), (minutes % 60, "minute")),
        _ => in_two_units((hours / 24, "day"), (hours % 24, "hour")),
    }
}

/// "24 hours and 1 minute"; the second is left out where it is none.
fn in_two_units(large: (u64, &str), small: (u64, &str)) -> String {
    let units = [large, small].into_iter().filter(|(count, _)| *count > 0);
    let units = units.map(|(count, unit)| match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    });
    units.collect::<Vec<_>>().join(" and ")
}

/// What keeps the database from answering.
pub fn describe_trouble(trouble: DatabaseTrouble) -> &'static str {
    match trouble {
        DatabaseTrouble::Away => "the console cannot reach its database",
        DatabaseTrouble::Locked => "the database is locked by others",
        DatabaseTrouble::TooSlow => "the database takes too long to answer",
        DatabaseTrouble::Full => "the disk of the database is full",
        DatabaseTrouble::ReadOnly => "the database can only be read",
        DatabaseTrouble::Damaged => "the database or its disk is damaged",
    }
}

/// With a capital at its beginning.
pub fn capitalized(words: &str) -> String {
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
