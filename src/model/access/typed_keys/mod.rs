//! Keys that somebody typed among words, where a model would be told them.

mod named;
mod sample;
mod scanned;

use std::sync::LazyLock;

use regex::Regex;

use super::redact::{KEYS, begins_word};
use super::token::TOKEN_PREFIX;
use named::named_keys;
use sample::{is_left_out, is_sample, is_short_of_chance};
use scanned::Scanned;

/// What stands where a key stood.
const MARK: &str = "[key removed]";
/// How secrets begin that open something else than a provider.
const OTHERS: &[&str] = &[
    "gh", "AKIA", "ASIA", "glpat-", "xox", "sk_live_", "rk_live_", "npm_", "r8_", "eyJ", "-----",
];
/// Words that say no more beside a key: commands that set it, and its scheme.
const SETTERS: &[&str] = &["export", "set", "bearer", "-h", "const", "let"];

/// Any shape of key.
static KEY: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = KEYS.iter().map(|shape| format!("(?:{shape})"));
    let any = shapes.collect::<Vec<_>>().join("|");
    Regex::new(&any).expect("every shape is a regex")
});

/// What kinds of keys were typed, by where they are made invalid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypedKinds {
    /// Keys of providers.
    pub keys: bool,
    /// Tokens with which programs speak to this bot.
    pub tokens: bool,
    /// Secrets of other services, and private keys.
    pub others: bool,
}

/// A text without the keys that stood in it.
#[derive(Debug, PartialEq, Eq)]
pub struct WithoutKeys {
    /// With a mark in the place of each.
    pub text: String,
    pub kinds: TypedKinds,
}

/// A key in a text, from its first byte to behind its last.
struct FoundKey {
    start: usize,
    end: usize,
    kinds: TypedKinds,
}

/// A text without its keys; none where there are none. What stands for a key in
/// an example is none.
pub fn without_keys(text: &str) -> Option<WithoutKeys> {
    let visible = Scanned::visible(text);
    let plain = visible.unformatted();
    let whole = plain.unwrapped();
    let mut found = Vec::new();
    for scanned in [&visible, &plain, &whole] {
        find_keys(scanned, &mut found);
    }
    if found.is_empty() {
        return None;
    }
    found.sort_by_key(|key| key.start);
    let mut kinds = TypedKinds::default();
    let mut rest = String::new();
    let mut kept = 0;
    for key in found {
        kinds = kinds.and(key.kinds);
        if key.start >= kept {
            rest.push_str(text.get(kept..key.start)?);
            rest.push_str(MARK);
        }
        kept = kept.max(key.end);
    }
    rest.push_str(text.get(kept..)?);
    Some(WithoutKeys { text: rest, kinds })
}

impl WithoutKeys {
    /// Whether nothing else is said: mentions and names of keys ask nothing.
    pub fn says_no_more(&self) -> bool {
        let rest = self.text.replace(MARK, " ");
        rest.split_whitespace().all(|word| {
            let is_mention = word.starts_with("<@") && word.ends_with('>');
            let bare = word.trim_end_matches(['"', '\'', '`', '(']);
            let is_name = bare.ends_with(['=', ':']);
            let sets = SETTERS.contains(&word.to_ascii_lowercase().as_str());
            is_mention || is_name || sets || !word.contains(char::is_alphanumeric)
        })
    }
}

impl TypedKinds {
    /// These and others.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self {
            keys: self.keys || others.keys,
            tokens: self.tokens || others.tokens,
            others: self.others || others.others,
        }
    }

    /// What a key is by its shape.
    fn of(key: &str) -> Self {
        let tokens = key.starts_with(TOKEN_PREFIX);
        // Only tokens of Discord have two dots.
        let is_discords = key.matches('.').count() == 2;
        let others = is_discords || OTHERS.iter().any(|prefix| key.starts_with(prefix));
        Self {
            keys: !tokens && !others,
            tokens,
            others,
        }
    }
}

fn find_keys(scanned: &Scanned, found: &mut Vec<FoundKey>) {
    let text = &scanned.text;
    for key in KEY.find_iter(text) {
        let kinds = TypedKinds::of(key.as_str());
        let is_weak = kinds.keys && is_short_of_chance(key.as_str());
        let is_inside = !begins_word(text, key.start());
        if is_inside || is_weak || is_sample(key.as_str()) || is_left_out(text, key.end()) {
            continue;
        }
        let (start, end) = scanned.span(key.start(), key.end());
        found.push(FoundKey { start, end, kinds });
    }
    for named in named_keys(text) {
        let behind = named.start + named.key.len();
        if is_sample(named.key) || is_left_out(text, behind) {
            continue;
        }
        let (start, end) = scanned.span(named.start, behind);
        let kinds = TypedKinds {
            keys: named.is_api_key,
            others: !named.is_api_key,
            ..TypedKinds::default()
        };
        let known = |it: &FoundKey| it.start < end && start < it.end;
        // Its shape tells more than its name.
        if !found.iter().any(known) {
            found.push(FoundKey { start, end, kinds });
        }
    }
}

#[cfg(test)]
mod tests;
