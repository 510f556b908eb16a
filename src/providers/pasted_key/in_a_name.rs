//! Tells whether a secret stands where a name should, at whatever place in
//! it. A name is kept and shown as it is.

use std::collections::BTreeSet;

use crate::providers::catalogue::Catalogue;

use super::{begins_as_key, normalize};

/// The shortest run of letters and digits that is taken for a secret, in
/// characters: keys of some providers have no known beginning.
const RUN_MIN: usize = 20;
/// How often letters and digits take turns in one at the least. Words with a
/// number after them do so once.
const TURNS_MIN: usize = 3;
/// How many hex digits make a secret, also with dashes between them.
const HEX_DIGITS_MIN: usize = 32;

/// Whether a text holds what looks like a secret.
pub fn holds_secret(catalogue: &Catalogue, text: &str) -> bool {
    let plain = normalize(text, &mut BTreeSet::new());
    let mut words = plain.split(|c: char| !c.is_ascii_graphic());
    has_key_shape(catalogue, text) || words.any(is_random)
}

/// Whether a text holds what begins as a key does.
pub fn has_key_shape(catalogue: &Catalogue, text: &str) -> bool {
    let plain = normalize(text, &mut BTreeSet::new());
    let mut words = plain.split(|c: char| !c.is_ascii_graphic());
    words.any(|word| parts_of(word).any(|end| begins_as_key(catalogue, end)))
}

/// The ends of a word that begin where a key could: at its head, and after
/// every sign.
fn parts_of(word: &str) -> impl Iterator<Item = &str> {
    let bytes = word.as_bytes();
    let begins = |at: &usize| {
        bytes[*at].is_ascii_alphanumeric() && (*at == 0 || !bytes[*at - 1].is_ascii_alphanumeric())
    };
    let begins: Vec<usize> = (0..bytes.len()).filter(begins).collect();
    let unquoted = move |at: usize| {
        word.get(at..)
            .unwrap_or_default()
            .trim_end_matches(['"', '\'', '`', ')', ']', '}', '>'])
    };
    begins.into_iter().map(unquoted)
}

/// Whether a word has what nobody gives as a name: many hex digits, or a long
/// run in which letters and digits take turns.
fn is_random(word: &str) -> bool {
    let mut spans = word.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    let is_hex = |span: &str| {
        let digits = span.chars().filter(|c| *c != '-').count();
        digits >= HEX_DIGITS_MIN && span.contains(|c: char| c.is_ascii_digit())
    };
    let mut runs = word.split(|c: char| !c.is_ascii_alphanumeric());
    spans.any(is_hex) || runs.any(|run| run.len() >= RUN_MIN && turns_in(run) >= TURNS_MIN)
}

/// How often a letter follows a digit, or a digit a letter.
fn turns_in(run: &str) -> usize {
    let pairs = run.as_bytes().windows(2);
    let turns = pairs.filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
    turns.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The made-up rest of a key.
    const REST: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn every_providers_keys_are_no_names() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let prefixes = catalogue.iter().flat_map(|provider| &provider.key_prefixes);
        let mut keys: Vec<String> = prefixes.map(|prefix| format!("{prefix}{REST}")).collect();
        assert!(keys.len() > 10);
        keys.extend(
            [
                // Without a known beginning, as Mistral's, Ollama's and RunComfy's.
                "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY",
                REST,
                "0123456789abcdef0123456789abcdef.aB3dE5fG7hJ9kL1mN3pQ",
                "01234567-89ab-cdef-0123-456789abcdef",
                // Other secrets.
                "latchkey_a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8",
                "ghp_aB3dE5fG7hJ9kL1mN3pQ",
                "hf_madeupmadeupmadeup",
                "MTAwMDAwMDAwMDAwMDAwMDAw.GmadeU.madeupmadeupmadeupmadeupmadeup",
                // A name cut off after its fortieth character.
                "sk-proj-madeupmadeup",
            ]
            .map(str::to_owned),
        );
        for key in &keys {
            for typed in [
                key.clone(),
                format!("my key {key}"),
                format!("OPENAI_API_KEY={key}"),
                format!("\u{200b}\"{key}\" "),
                key.replace('-', "\u{2011}"),
                format!("work-{key}"),
                format!("`{key}`"),
            ] {
                assert!(holds_secret(&catalogue, &typed), "{typed}");
            }
        }
    }

    #[test]
    fn names_are_names() {
        let catalogue = Catalogue::new(&[]).unwrap();
        for name in [
            "",
            "laptop",
            "my bot production",
            "task-scheduler",
            "desk-computer-in-the-kitchen",
            "risk-analysis-2026",
            "work (until 2026-12-31)",
            "productionserver2026",
            "the-key-of-the-whole-company-number-12",
            "gpt-6-luna",
            "sk-work",
            "sk-…cdef",
            "クロードの鍵",
            "dead-beef-cafe",
        ] {
            assert!(!holds_secret(&catalogue, name), "{name}");
        }
    }
}
