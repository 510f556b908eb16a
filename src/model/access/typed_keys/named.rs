//! Keys without a shape of their own, which only their name gives away:
//! `MISTRAL_API_KEY=…`, `"apiKey": "…"`, `Authorization: Bearer …`.

use std::sync::LazyLock;

use regex::Regex;

/// How many digits such a key has at least, and how many letters.
const DIGITS_MIN: usize = 3;
const LETTERS_MIN: usize = 3;
/// The shortest part of one, between dashes, that has both, in bytes.
const MIXED_BYTES_MIN: usize = 8;
/// Words in names of what looks random and opens nothing.
const HARMLESS: &[&str] = &[
    "page_token",
    "pagetoken",
    "next_token",
    "nexttoken",
    "sync_token",
    "synctoken",
    "continuation",
    "csrf",
    "xsrf",
    "public",
];

/// A name, and the key behind it.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    let name = r"[A-Za-z0-9_.-]*(?:api[_ -]?key|access[_-]?key(?:[_-]?id)?|secret[_-]?key|private[_-]?key|token|secret|password|passwd)";
    let between = r#"["'`]?\s*(?:=>|:=|=|:|\bis\b)\s*["'`]?(?:bearer\s+)?"#;
    let value = r"[A-Za-z0-9_+/=-]{20,}(?:\.[A-Za-z0-9_+/=-]{6,})*";
    let option = r"--[a-z-]*(?:api-key|token|secret|password)\s+";
    let pattern = format!(r"(?i)(?:{option}|(?<name>{name}){between}|\bbearer\s+)(?<key>{value})");
    Regex::new(&pattern).expect("the pattern is a regex")
});

/// A key that is named.
pub struct NamedKey<'a> {
    pub key: &'a str,
    pub start: usize,
    /// Whether programs ask a service with it, as far as its name tells.
    pub is_api_key: bool,
}

/// The keys of a text that are named.
pub fn named_keys(text: &str) -> impl Iterator<Item = NamedKey<'_>> {
    NAMED.captures_iter(text).filter_map(|found| {
        let key = found.name("key")?;
        let name = found.name("name").map_or("", |name| name.as_str());
        let name = name.to_ascii_lowercase();
        let is_harmless = HARMLESS.iter().any(|word| name.contains(word));
        let goes_on = text.get(key.end()..).unwrap_or_default();
        // A call, a variable or a template is no key.
        let is_code = goes_on.starts_with(['(', '[', '{', '<', '$', '%']);
        (!is_harmless && !is_code && is_random(key.as_str())).then(|| NamedKey {
            key: key.as_str(),
            start: key.start(),
            is_api_key: name.contains("api") || name.is_empty(),
        })
    })
}

/// Whether a value was drawn by chance, and is not made of words and numbers.
fn is_random(value: &str) -> bool {
    let count = |part: &str, fits: fn(&char) -> bool| part.chars().filter(fits).count();
    let has_both = |part: &str| {
        count(part, char::is_ascii_digit) > 0 && count(part, char::is_ascii_alphabetic) > 0
    };
    let mut parts = value.split(['-', '_', '.']);
    count(value, char::is_ascii_digit) >= DIGITS_MIN
        && count(value, char::is_ascii_alphabetic) >= LETTERS_MIN
        && parts.any(|part| part.len() >= MIXED_BYTES_MIN && has_both(part))
}
