//! Keys that stand somewhere in a text: in code, in a link, in a query, in
//! markup. Known by how they begin, whatever is around them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::providers::catalogue::Catalogue;

use super::{begins_as_key, other_secret};

/// How strongly another service's secret is known by its beginning, as if
/// so many bytes of it were known.
const OTHERS_STRENGTH: usize = 4;
/// The shortest beginning that is found in the middle of a word too, in
/// bytes. Shorter ones stand in words and in the rest of other keys.
const GLUED_BYTES_MIN: usize = 6;

/// A run of what keys of a known shape are made of, or a character that is
/// written out, which ends one: `%20`, `\n`, `\u0022`.
static RUN: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\\[nrt]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|[A-Za-z0-9_.-]";
    Regex::new(pattern).expect("every pattern is a regex")
});

/// Every key of a known shape in a text, each once.
pub fn keys_within<'a>(catalogue: &Catalogue, text: &'a str) -> BTreeSet<&'a str> {
    let found = runs_of(text);
    found
        .into_iter()
        .filter_map(|run| key_in_run(catalogue, run))
        .collect()
}

/// The runs of characters that stand in keys.
fn runs_of(text: &str) -> Vec<&str> {
    let mut runs = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for piece in RUN.find_iter(text) {
        let is_written_out = piece.len() > 1;
        if is_written_out || piece.start() != end {
            runs.extend(text.get(begin..end));
            begin = if is_written_out {
                piece.end()
            } else {
                piece.start()
            };
        }
        end = piece.end();
    }
    runs.extend(text.get(begin..end));
    runs
}

/// The key in a run: the first beginning of one, unless a later one is better
/// known, as in `sk-sk-ant-…`.
fn key_in_run<'a>(catalogue: &Catalogue, run: &'a str) -> Option<&'a str> {
    let mut best: Option<(usize, usize)> = None;
    for (at, _) in run.char_indices() {
        let Some(rest) = run.get(at..).map(|rest| rest.trim_end_matches('.')) else {
            continue;
        };
        if !begins_word(run, at) && known_bytes(catalogue, rest) < GLUED_BYTES_MIN {
            continue;
        }
        let strength = strength_of(catalogue, rest);
        if strength > best.map_or(0, |(_, known)| known) {
            best = Some((at, strength));
        }
    }
    let (at, _) = best?;
    let (before, key) = run.split_at_checked(at)?;
    let mut key = key.trim_end_matches('.');
    // As many underlines before a key as behind it are formatting.
    if before.bytes().all(|byte| byte == b'_') {
        key = key.strip_suffix(before).unwrap_or(key);
    }
    begins_as_key(catalogue, key).then_some(key)
}

/// Whether a word begins at a place in a run.
fn begins_word(run: &str, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| run.as_bytes().get(at));
    before.is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// How many bytes of a key's beginning are known; none of what is no key.
fn strength_of(catalogue: &Catalogue, text: &str) -> usize {
    if !begins_as_key(catalogue, text) {
        return 0;
    }
    let of_other = other_secret::in_token(text).filter(|other| other.is_secret());
    let of_other = of_other.map_or(0, |_| OTHERS_STRENGTH);
    known_bytes(catalogue, text).max(of_other)
}

/// How long the beginning is that some provider's keys have.
fn known_bytes(catalogue: &Catalogue, text: &str) -> usize {
    let matched = catalogue
        .iter()
        .filter_map(|provider| provider.shape_matched(text));
    matched.max().unwrap_or(0)
}
