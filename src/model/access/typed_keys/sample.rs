//! Tells what stands for a key in an example from a key.

/// The shortest key, in bytes.
const KEY_BYTES_MIN: usize = 20;
/// How many different characters a key has at least.
const DIFFERENT_MIN: usize = 8;
/// How many digits a key has at least; one that has only letters is longer.
const DIGITS_MIN: usize = 3;
const ONLY_LETTERS_MIN: usize = 32;
/// How often a character comes in a row in no key.
const SAME_MAX: usize = 4;
/// How a private key begins, and the shortest line of one, in bytes.
const PRIVATE_KEY: &str = "-----";
const PRIVATE_KEY_LINE_MIN: usize = 40;
/// What stands in the keys of documents and of examples.
const SAMPLES: &[&str] = &[
    "your",
    "example",
    "sample",
    "here",
    "placeholder",
    "dummy",
    "redacted",
    "insecure",
    "changeme",
    "xxxx",
    "12345",
    "abcdef",
    "*",
];
/// What the tokens of <https://jwt.io> and of RFC 7519, section 3.1 say, small.
const SAMPLE_CLAIMS: &[&str] = &["eyjzdwiioiixmjm0nty3odkwi", "eyjpc3mioijqb2uila0k"];

/// Whether dots stand for the rest of a key.
pub fn is_left_out(text: &str, end: usize) -> bool {
    let after = text.get(end..).unwrap_or_default();
    after.starts_with("..") || after.starts_with(['…', '*', '•'])
}

/// Whether a text of the shape of a key stands for one in an example.
pub fn is_sample(key: &str) -> bool {
    if key.starts_with(PRIVATE_KEY) {
        return !has_key_lines(key);
    }
    let lower = key.to_ascii_lowercase();
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    let mut samples = SAMPLES.iter().chain(SAMPLE_CLAIMS);
    key.len() < KEY_BYTES_MIN
        || different.len() < DIFFERENT_MIN
        || repeats(&lower)
        || samples.any(|sample| lower.contains(sample))
}

/// Whether what a shape of few letters introduces may be words.
pub fn is_short_of_chance(key: &str) -> bool {
    let digits = key.chars().filter(char::is_ascii_digit).count();
    let has_both = key.contains(|c: char| c.is_ascii_uppercase())
        && key.contains(|c: char| c.is_ascii_lowercase());
    digits < DIGITS_MIN && !(has_both && key.len() >= ONLY_LETTERS_MIN)
}

/// Whether a private key is there, and not only its frame.
fn has_key_lines(text: &str) -> bool {
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let mut lines = text.split(|c| !is_of_key(c));
    lines.any(|line| line.len() >= PRIVATE_KEY_LINE_MIN && !repeats(line))
}

/// Whether one character comes too often in a row.
fn repeats(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let mut windows = characters.windows(SAME_MAX + 1);
    windows.any(|all| all.iter().all(|it| Some(it) == all.first()))
}
