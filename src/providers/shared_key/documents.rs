//! What a document costs to read at the most, in tokens;
//! `docs/providers.md` §15.4.
//!
//! Neither the bytes of a PDF nor what it says of its pages bound them: pages
//! share what is drawn on them, and the text is compressed. What bounds them
//! is the longest prompt that the model reads.

use crate::providers::by_model::{ByModel, find, row};

/// The longest prompt that any model reads.
pub const PROMPT_MAX: u64 = 2_097_152;

/// The longest prompt of models; none where the tokens that are billed may be
/// more than those that are read.
const LONGEST_PROMPTS: &[ByModel<Option<u64>>] = &[
    row(
        "anthropic",
        &[
            "claude-3",
            "claude-opus-4-0",
            "claude-opus-4-1",
            "claude-opus-4-2",
            "claude-opus-4-5",
            "claude-sonnet-4-0",
            "claude-sonnet-4-2",
            "claude-sonnet-4-5",
            "claude-haiku-4-5",
        ],
        Some(200_000),
    ),
    row("anthropic", &[""], Some(1_000_000)),
    row("google", &[""], Some(1_048_576)),
    row("openai", &["gpt-4o-mini"], None),
    row("openai", &["gpt-4o", "chatgpt-4o"], Some(128_000)),
    row("openai", &["o1", "o3", "o4"], Some(200_000)),
    row("openai", &["gpt-5.4-mini", "gpt-5.4-nano"], Some(400_000)),
    row(
        "openai",
        &["gpt-4.1", "gpt-5.4", "gpt-5.5", "gpt-5.6", "gpt-6"],
        Some(1_050_000),
    ),
    row(
        "openai",
        &["gpt-5.1", "gpt-5.2", "gpt-5.3", "gpt-5-"],
        Some(400_000),
    ),
    row("openai", &[""], Some(PROMPT_MAX)),
];

/// The most tokens that all documents of a call are together; none where
/// nobody can say.
pub fn read(provider: &str, model: &str) -> Option<u64> {
    find(LONGEST_PROMPTS, provider, model).flatten()
}

/// The base64 in a `data:` URL of a PDF; none if it is another URL.
pub fn base64_in(url: &str) -> Option<&str> {
    url.strip_prefix("data:application/pdf;base64,")
}

/// Whether a byte can stand in base64; in no address and in no id of a file.
pub fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_held_at_the_longest_prompt_of_its_model() {
        for (provider, model, tokens) in [
            ("anthropic", "claude-haiku-5-5", Some(1_000_000)),
            ("anthropic", "claude-sonnet-4-5-20250929", Some(200_000)),
            ("google", "gemini-3.1-flash-lite", Some(1_048_576)),
            ("openai", "gpt-6-luna", Some(1_050_000)),
            ("openai", "gpt-5-mini", Some(400_000)),
            ("openai", "gpt-5.4-mini", Some(400_000)),
            ("openai", "gpt-4o", Some(128_000)),
            ("openai", "gpt-4o-mini", None),
            ("openai", "unheard-of", Some(PROMPT_MAX)),
            ("openrouter", "openai/gpt-6-luna", None),
            ("mistral", "mistral-small-latest", None),
            ("acme-ai", "x", None),
        ] {
            assert_eq!(read(provider, model), tokens, "{provider} {model}");
        }
    }
}
