//! Finds the one key in what was pasted: a line, a wrapped line, lines of
//! settings, JSON, a command.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::Wrapping;
use crate::providers::catalogue::Catalogue;

use super::peel::{name_of, names_a_key, peel, peel_fence};
use super::within::keys_within;

/// How deep a key may stand in JSON.
const DEPTH_MAX: usize = 8;
/// The shortest word beside a key that may be a part of it, in bytes.
const PART_BYTES_MIN: usize = 12;

/// What was found.
#[derive(Debug)]
pub enum FoundKeys<'a> {
    One(Cow<'a, str>),
    Several,
    None,
}

/// Finds the key in a text, where there is exactly one.
pub fn find_key<'a>(
    text: &'a str,
    catalogue: &Catalogue,
    removed: &mut BTreeSet<Wrapping>,
) -> FoundKeys<'a> {
    let text = text.trim();
    let text = match peel_fence(text) {
        Some(inner) => {
            removed.insert(Wrapping::Formatting);
            inner.trim()
        }
        None => text,
    };
    if let Some(found) = find_in_json(text, removed) {
        return found;
    }
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let lines: Vec<&str> = match lines[..] {
        [line] => vec![line],
        _ => lines
            .into_iter()
            .filter(|line| says_something(line))
            .collect(),
    };
    match lines[..] {
        [] => FoundKeys::One(Cow::Borrowed("")),
        [line] => {
            if line.len() < text.len() {
                removed.insert(Wrapping::Snippet);
            }
            find_in_line(line, catalogue, removed)
        }
        _ => find_in_lines(&lines, catalogue, removed),
    }
}

/// Whether a line is more than white space, a comment, a heading of settings
/// or a lone bracket.
fn says_something(line: &str) -> bool {
    let is_comment = line.starts_with('#') || line.starts_with("//") || line.starts_with("```");
    let is_heading = line.starts_with('[') && line.ends_with(']') && !line.contains('"')
        || line.ends_with(':') && !line.contains(' ')
        || matches!(line, "---" | "...");
    let is_bracket = line.chars().all(|c| "{}[](),;".contains(c));
    !(is_comment || is_heading || is_bracket)
}

fn find_in_line<'a>(
    line: &'a str,
    catalogue: &Catalogue,
    removed: &mut BTreeSet<Wrapping>,
) -> FoundKeys<'a> {
    let mut here = BTreeSet::new();
    let key = peel(line, &mut here);
    if !key.contains(char::is_whitespace) {
        removed.extend(here);
        return FoundKeys::One(Cow::Borrowed(key));
    }
    find_among_words(line, catalogue, removed)
}

/// Finds the key in a sentence or a command: the one word that begins as
/// keys do. Where another word may be a part of it, nothing is found.
fn find_among_words<'a>(
    line: &'a str,
    catalogue: &Catalogue,
    removed: &mut BTreeSet<Wrapping>,
) -> FoundKeys<'a> {
    let mut keys = BTreeSet::new();
    let mut may_be_part = false;
    for word in line.split_whitespace() {
        let bare = peel(word, &mut BTreeSet::new()).trim_end_matches(['.', '!', '?', ':']);
        let within = keys_within(catalogue, bare);
        if within.iter().any(|key| bare.starts_with(key)) {
            keys.insert(bare);
        } else if !within.is_empty() {
            keys.extend(within);
        } else {
            may_be_part |= looks_like_part(bare);
        }
    }
    match only_one(keys) {
        Ok(_) if may_be_part => FoundKeys::None,
        Ok(key) => {
            removed.insert(Wrapping::Words);
            FoundKeys::One(Cow::Borrowed(key))
        }
        Err(found) => found,
    }
}

/// Whether a word may be a part of a key: letters and digits mixed.
fn looks_like_part(word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    word.len() >= PART_BYTES_MIN
        && word.chars().all(is_part)
        && word.chars().any(|c| c.is_ascii_digit())
        && word.chars().any(|c| c.is_ascii_alphabetic())
}

/// Finds the key in several lines: of settings, or of one key that was
/// wrapped.
fn find_in_lines<'a>(
    lines: &[&'a str],
    catalogue: &Catalogue,
    removed: &mut BTreeSet<Wrapping>,
) -> FoundKeys<'a> {
    if lines
        .iter()
        .any(|line| name_of(line).is_some_and(names_a_key))
    {
        return find_in_settings(lines, removed);
    }
    if let Some(key) = repeated_key(lines, catalogue) {
        removed.insert(Wrapping::Words);
        return FoundKeys::One(Cow::Borrowed(key));
    }
    let numbered = lines.iter().enumerate();
    let begins = numbered.filter(|(_, line)| !keys_within(catalogue, line).is_empty());
    let begin = match only_one(begins.map(|(at, _)| at)) {
        Ok(at) => at,
        Err(FoundKeys::None) => 0,
        Err(found) => return found,
    };
    if let Some(line) = lines.get(begin)
        && is_code(line)
    {
        return find_among_words(line, catalogue, removed);
    }
    let rest = lines.get(begin..).unwrap_or_default();
    let mut here = BTreeSet::from([Wrapping::LineBreaks]);
    let mut key = String::new();
    for line in rest {
        let part = peel(line, &mut here);
        if part.is_empty() || !part.chars().all(stands_in_part) {
            break;
        }
        key.push_str(part);
    }
    if key.is_empty() {
        return FoundKeys::None;
    }
    if begin > 0 {
        here.insert(Wrapping::Words);
    }
    removed.extend(here);
    FoundKeys::One(Cow::Owned(key))
}

/// The key that several lines hold, each the same and whole.
fn repeated_key<'a>(lines: &[&'a str], catalogue: &Catalogue) -> Option<&'a str> {
    let mut keys = BTreeSet::new();
    let mut times = 0;
    for line in lines {
        let within = keys_within(catalogue, line);
        times += usize::from(!within.is_empty());
        if within.is_empty() && looks_like_part(peel(line, &mut BTreeSet::new())) {
            return None;
        }
        keys.extend(within);
    }
    only_one(keys).ok().filter(|_| times > 1)
}

/// Whether a line holds more than a part of a key, such as a call or a link.
fn is_code(line: &str) -> bool {
    let bare = peel(line, &mut BTreeSet::new());
    !bare.is_empty() && !bare.chars().all(stands_in_part)
}

/// Whether a character can stand in a part of a key that was wrapped.
fn stands_in_part(c: char) -> bool {
    c.is_ascii_graphic() && !"!?,;:()<>".contains(c)
}

/// Finds the key in lines with names: the value whose name speaks of a key,
/// and the lines below it that go on with it.
fn find_in_settings<'a>(lines: &[&'a str], removed: &mut BTreeSet<Wrapping>) -> FoundKeys<'a> {
    let mut keys: BTreeSet<&'a str> = BTreeSet::new();
    let mut here = BTreeSet::from([Wrapping::Snippet]);
    for line in lines {
        let line = line.trim_start_matches("- ");
        if name_of(line).is_some_and(names_a_key) {
            let value = peel(line, &mut here);
            if !value.is_empty() && !value.contains(char::is_whitespace) {
                keys.insert(value);
            }
        }
    }
    match only_one(keys) {
        Ok(key) => {
            removed.extend(here);
            FoundKeys::One(Cow::Borrowed(key))
        }
        Err(found) => found,
    }
}

/// Finds the key in JSON; none where the text is no JSON object or list.
fn find_in_json<'a>(text: &str, removed: &mut BTreeSet<Wrapping>) -> Option<FoundKeys<'a>> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let json: Value = serde_json::from_str(text).ok()?;
    let (mut named, mut others) = (BTreeSet::new(), BTreeSet::new());
    collect_texts(&json, "", DEPTH_MAX, &mut |name, value| {
        let set = if names_a_key(name) {
            &mut named
        } else {
            &mut others
        };
        set.insert(value.to_owned());
    });
    let candidates = if named.is_empty() { others } else { named };
    removed.insert(Wrapping::Snippet);
    Some(match only_one(candidates) {
        Ok(one) => {
            let key = peel(&one, removed);
            FoundKeys::One(Cow::Owned(key.to_owned()))
        }
        Err(found) => found,
    })
}

/// The one candidate; what was found where there are none, or several.
pub fn only_one<T>(candidates: impl IntoIterator<Item = T>) -> Result<T, FoundKeys<'static>> {
    let mut candidates = candidates.into_iter();
    match (candidates.next(), candidates.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(FoundKeys::Several),
        (None, _) => Err(FoundKeys::None),
    }
}

/// Tells of every text in JSON, with the name of its field.
fn collect_texts(json: &Value, name: &str, depth: usize, tell: &mut dyn FnMut(&str, &str)) {
    match json {
        Value::String(text) => tell(name, text),
        Value::Array(all) if depth > 0 => {
            for one in all {
                collect_texts(one, name, depth - 1, tell);
            }
        }
        Value::Object(fields) if depth > 0 => {
            for (name, one) in fields {
                collect_texts(one, name, depth - 1, tell);
            }
        }
        _ => {}
    }
}
