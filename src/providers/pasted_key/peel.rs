//! Takes off what is pasted around a key: quotes, formatting, names, and the
//! word `Bearer`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::Wrapping;

/// How many layers are taken off at the most.
const LAYERS_MAX: usize = 20;
/// The shortest text that a name is taken off from, in bytes: what pads a
/// key of base 64 at its end must not be taken for the key.
const VALUE_BYTES_MIN: usize = 6;
/// Quotation marks, straight and typographic. Escaped ones bring their
/// backslash.
const QUOTES: &[char] = &[
    '"', '\'', '\\', '“', '”', '„', '‟', '‘', '’', '‚', '‛', '«', '»', '‹', '›', '「', '」', '『',
    '』', '＂', '＇', '´', '′', '″',
];
/// What Discord and Markdown write around code, emphasis and spoilers.
const FORMATTING: &[char] = &['`', '*', '|', '~'];
const BRACKETS: &[char] = &['<', '>', '(', ')', '[', ']', '{', '}'];
/// What ends a line of code, an entry of a list, or a sentence.
const ENDS: &[char] = &[',', ';', '!', '?'];
/// Words in names of keys.
const KEY_WORDS: &[&str] = &[
    "key", "token", "secret", "auth", "bearer", "password", "api",
];
/// What a line of a shell, of a Dockerfile or of a program begins with.
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:\$ )?(?:(?i:export|setx|set|env|const|let|var|declare -x)\s+|(?:-e|--env|-H|--header)(?:\s+|=))",
    )
});
/// A name with what separates it from its value.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^["'`“‘\\]*(?:\$env:|\$)?([A-Za-z_][A-Za-z0-9_. -]{0,63}?)["'`”’\\]*\s*(:=|=>|=|:)(\s*)"#,
    )
});
/// A variable and its value with nothing but space between.
static SPACED_NAME: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET)\s+"));
/// What an authorization begins with.
static SCHEME: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?i:bearer|token|api-?key)(?:\s+|\s*:\s*)"));
/// The marks around code that fills several lines.
static FENCE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?s)^`{3,}(?:[A-Za-z0-9+#-]*[ \t]*\n)?(.*?)\n?\s*`{3,}$"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("every pattern is a regex")
}

/// What is left of a text when every layer around it is taken off.
pub fn peel<'a>(text: &'a str, removed: &mut BTreeSet<Wrapping>) -> &'a str {
    let mut rest = text.trim();
    for _ in 0..LAYERS_MAX {
        let Some((inner, wrapping)) = peel_once(rest) else {
            break;
        };
        removed.insert(wrapping);
        rest = inner.trim();
    }
    rest
}

/// A text without white space, quotes and formatting around it.
pub fn unquote(text: &str) -> &str {
    let around = |c: char| c.is_whitespace() || QUOTES.contains(&c) || FORMATTING.contains(&c);
    text.trim_matches(around)
}

/// Takes one layer off; none where there is none.
fn peel_once(text: &str) -> Option<(&str, Wrapping)> {
    let mut peeled = [
        (peel_fence(text), Wrapping::Formatting),
        (peel_name(text), Wrapping::Name),
        (peel_scheme(text), Wrapping::Scheme),
        (Some(text.trim_matches(QUOTES)), Wrapping::Quotes),
        (Some(text.trim_matches(FORMATTING)), Wrapping::Formatting),
        (Some(text.trim_matches(BRACKETS)), Wrapping::Brackets),
        (Some(text.trim_end_matches(ENDS)), Wrapping::Punctuation),
        (peel_full_stop(text), Wrapping::Punctuation),
        (peel_escapes(text), Wrapping::LineBreaks),
    ]
    .into_iter();
    peeled.find_map(|(inner, wrapping)| {
        let inner = inner.filter(|inner| inner.len() < text.len())?;
        Some((inner, wrapping))
    })
}

/// Takes off the marks of a block of code, with the language after them.
pub fn peel_fence(text: &str) -> Option<&str> {
    let found = FENCE.captures(text)?;
    found.get(1).map(|inner| inner.as_str())
}

/// Takes off `NAME=`, `"name": `, `export` and the like.
pub fn peel_name(text: &str) -> Option<&str> {
    if let Some(lead) = LEAD.find(text) {
        let rest = text.get(lead.end()..)?;
        return peel_name(rest).or(Some(rest));
    }
    let named = NAME.captures(text).and_then(|found| {
        let (name, mark) = (found.get(1)?.as_str(), found.get(2)?.as_str());
        let is_spaced = found.get(3).is_some_and(|space| !space.is_empty());
        is_name(name, mark, is_spaced).then(|| found.get(0).map(|whole| whole.end()))?
    });
    let end = named.or_else(|| SPACED_NAME.find(text).map(|name| name.end()))?;
    long_enough(text.get(end..)?)
}

/// The name that a text begins with, if it does.
pub fn name_of(text: &str) -> Option<&str> {
    peel_name(text)?;
    let after = LEAD.find(text).and_then(|lead| text.get(lead.end()..));
    let text = after.unwrap_or(text);
    let found = NAME.captures(text)?;
    found.get(1).map(|name| name.as_str())
}

/// Whether a name speaks of a key.
pub fn names_a_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    KEY_WORDS.iter().any(|word| name.contains(word))
}

/// Whether what stands before a mark is a name, and not a part of a key.
fn is_name(name: &str, mark: &str, is_spaced: bool) -> bool {
    let is_variable = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_word = |c: char| c.is_ascii_alphabetic() || c == ' ';
    if name.contains(' ') {
        return mark == ":" && is_spaced && name.chars().all(is_word);
    }
    names_a_key(name)
        || (mark == "=" && name.chars().all(is_variable))
        || (mark == ":" && is_spaced && name.chars().all(|c| is_word(c) || c == '_'))
}

fn long_enough(value: &str) -> Option<&str> {
    Some(value).filter(|value| value.len() >= VALUE_BYTES_MIN)
}

/// Takes off the end of a sentence. Several dots stand for what is left out.
fn peel_full_stop(text: &str) -> Option<&str> {
    let inner = text.strip_suffix(['.', '。'])?;
    Some(inner).filter(|inner| !inner.ends_with('.'))
}

fn peel_scheme(text: &str) -> Option<&str> {
    let scheme = SCHEME.find(text)?;
    text.get(scheme.end()..)
}

/// Takes off line breaks that are written out.
fn peel_escapes(text: &str) -> Option<&str> {
    let ends = [r"\n", r"\r", r"\t"];
    ends.iter()
        .find_map(|end| text.strip_suffix(end).or_else(|| text.strip_prefix(end)))
}
