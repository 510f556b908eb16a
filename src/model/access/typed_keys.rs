//! Keys that somebody typed among words, where a model would be told them.

use std::sync::LazyLock;

use regex::Regex;

use super::redact::{KEYS, begins_word};

/// What stands where a key stood.
const MARK: &str = "[key removed]";
/// The shortest key, in bytes.
const KEY_BYTES_MIN: usize = 20;
/// How many different characters a key has at least.
const DIFFERENT_MIN: usize = 8;
/// How many digits a key has at least; one that has only letters is longer.
const DIGITS_MIN: usize = 3;
const ONLY_LETTERS_MIN: usize = 32;
/// How often a character comes in a row in no key.
const SAME_MAX: usize = 4;
/// What stands in the keys of documents and of examples.
const SAMPLES: &[&str] = &[
    "your",
    "example",
    "sample",
    "here",
    "placeholder",
    "dummy",
    "redacted",
    "xxxx",
    "12345",
    "abcdef",
    "*",
];

/// Any shape of key.
static KEY: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = KEYS.iter().map(|shape| format!("(?:{shape})"));
    let any = shapes.collect::<Vec<_>>().join("|");
    Regex::new(&any).expect("every shape is a regex")
});

/// A text with a mark in the place of each key; none where there are none.
/// What stands for a key in an example is none.
pub fn without_keys(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut kept = 0;
    for found in KEY.find_iter(text) {
        let is_inside = !begins_word(text, found.start());
        if is_inside || is_sample(found.as_str()) || is_left_out(text, found.end()) {
            continue;
        }
        plain.push_str(text.get(kept..found.start())?);
        plain.push_str(MARK);
        kept = found.end();
    }
    if kept == 0 {
        return None;
    }
    plain.push_str(text.get(kept..)?);
    Some(plain)
}

/// Whether a text from which keys were taken says nothing else: mentions and
/// names of keys ask nothing.
pub fn says_no_more(plain: &str) -> bool {
    let rest = plain.replace(MARK, " ");
    rest.split_whitespace().all(|word| {
        let is_mention = word.starts_with("<@") && word.ends_with('>');
        let is_name = word.ends_with(['=', ':']);
        is_mention || is_name || !word.contains(char::is_alphanumeric)
    })
}

/// Whether dots stand for the rest of a key.
fn is_left_out(text: &str, end: usize) -> bool {
    let after = text.get(end..).unwrap_or_default();
    after.starts_with("..") || after.starts_with(['…', '*', '•'])
}

/// Whether a text of the shape of a key stands for one in an example.
fn is_sample(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    let digits = key.chars().filter(char::is_ascii_digit).count();
    let has_both = key.contains(|c: char| c.is_ascii_uppercase())
        && key.contains(|c: char| c.is_ascii_lowercase());
    let is_random = digits >= DIGITS_MIN || has_both && key.len() >= ONLY_LETTERS_MIN;
    key.len() < KEY_BYTES_MIN
        || different.len() < DIFFERENT_MIN
        || !is_random
        || repeats(&lower)
        || SAMPLES.iter().any(|sample| lower.contains(sample))
}

/// Whether one character comes too often in a row.
fn repeats(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let mut windows = characters.windows(SAME_MAX + 1);
    windows.any(|all| all.iter().all(|it| Some(it) == all.first()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_out_of_words() {
        for key in [
            "sk-proj-Made0Up1Made0Up1Made0Up1_made-up",
            "sk-ant-api03-Made0Up1-made_up0made0up1AA",
            "sk-or-v1-made0up1made0up1made0up1",
            "csk-made0up1made0up1made0up1",
            "AIzaMadeUp0192837465madeup",
            "AQ.MadeUp0192837465madeup-x",
            "gsk_Made0Up1Made0Up1Made0Up1",
            "xai-Made0Up1Made0Up1Made0Up1",
            "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",
            "nvapi-Made0Up1Made0Up1Made0Up1",
            "MTAwMDAwMTAwMDAyMDAwMDAw.GmadeU.madeupMadeup7madeup8madeupqw",
        ] {
            for (text, plain) in [
                ("% what is wrong?", "[key removed] what is wrong?"),
                ("my key is %.", "my key is [key removed]."),
                ("my key is %. Why?", "my key is [key removed]. Why?"),
                ("api_key=\"%\"", "api_key=\"[key removed]\""),
                ("`%`\nand %", "`[key removed]`\nand [key removed]"),
                ("||%||", "||[key removed]||"),
            ] {
                let text = text.replace('%', key);
                assert_eq!(without_keys(&text).as_deref(), Some(plain), "{text}");
            }
        }
    }

    #[test]
    fn what_stands_for_a_key_passes() {
        for text in [
            "client = OpenAI(api_key=\"sk-...\")",
            "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "sk-proj-XXXXXXXXXXXXXXXXXXXXXXXX",
            "sk-ant-api03-your-key-goes-here-1234",
            "sk-1234567890abcdef1234567890abcdef",
            "export GROQ_API_KEY=gsk_yourkeyhere0000000000",
            "sk-proj-Made0Up1Made0Up1…",
            "sk-proj-Made0Up1Made0Up1...",
            "sk-proj-Made0Up1****up01",
            "pip install sk-learn-intelex-extension",
            "a task-management-system-for-2027-and-2028",
            "hf_transfer_is_a_library_for_downloads",
            "gpt-6-luna and claude-haiku-5-5",
            "no key at all",
            "",
        ] {
            assert_eq!(without_keys(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_with_its_name_asks_nothing() {
        for text in [
            "[key removed]",
            "<@12> [key removed]",
            "OPENAI_API_KEY=[key removed]",
            "key: `[key removed]`, \"[key removed]\"",
        ] {
            assert!(says_no_more(text), "{text}");
        }
        for text in [
            "[key removed] is wrong",
            "why? [key removed]",
            "日本 [key removed]",
        ] {
            assert!(!says_no_more(text), "{text}");
        }
    }
}
