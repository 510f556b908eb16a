//! What a prompt comes to before anybody has counted it: what it is held at,
//! and what a call is charged whose provider never says. It is decided here
//! for asks and for calls of programs alike.

use crate::model::{BYTES_IN_A_TOKEN, PromptTokens};

use super::picture_tokens::tokens_of_shown_picture;

/// How many tokens a picture has that nobody counted: about what vendors count
/// for one of a megapixel.
const USUAL_PICTURE_TOKENS: u64 = 1_000;

/// What a model is told, as far as it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PromptSize {
    /// Bytes of words, and of all else that is written as words.
    pub bytes: u64,
    /// Pictures, each of which is looked at in the detail that has a bound.
    pub pictures: u64,
    /// The most that all documents are together, in tokens.
    pub document_tokens: u64,
    /// Tokens that a provider adds on its own.
    pub added_tokens: u64,
    /// What is written into a cache is kept for an hour, which costs more.
    pub is_cached_for_an_hour: bool,
}

impl PromptSize {
    /// How many tokens a model counts for it. The most are counted at the
    /// price of reading: what costs more to write into a cache counts as more
    /// tokens.
    pub fn tokens(&self, provider: &str, model: &str) -> PromptTokens {
        let model = model.strip_prefix("models/").unwrap_or(model);
        let each = tokens_of_shown_picture(provider, model);
        let usual = each.min(USUAL_PICTURE_TOKENS);
        let with_pictures = |words: u64, each| {
            words
                .saturating_add(self.pictures.saturating_mul(each))
                .saturating_add(self.document_tokens)
                .saturating_add(self.added_tokens)
        };
        PromptTokens {
            likely: with_pictures(self.bytes.div_ceil(BYTES_IN_A_TOKEN), usual),
            // A token has at least one byte.
            most: self.dearest(with_pictures(self.bytes, each), provider),
        }
    }

    /// So many tokens where they are dearest. What is written into a
    /// provider's cache costs a quarter more than what is read, or twice as
    /// much where it is kept for an hour.
    fn dearest(&self, tokens: u64, provider: &str) -> u64 {
        if self.is_cached_for_an_hour {
            return tokens.saturating_mul(2);
        }
        match provider {
            // These write what they are told into the cache unasked, or pass it on
            // to who does.
            "openai" | "openrouter" | "anthropic" | "vercel" | "perplexity" => {
                tokens.saturating_add(tokens.div_ceil(4))
            }
            _ => tokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_held_at_its_dearest_and_charged_at_what_is_likely() {
        let shown = PromptSize {
            bytes: 400,
            pictures: 1,
            ..PromptSize::default()
        };
        for (provider, model, likely, most) in [
            ("groq", "openai/gpt-oss-20b", 1_100, 8_592),
            ("google", "gemini-3.1-flash-lite", 1_100, 2_640),
            ("google", "models/gemini-2.5-flash", 1_100, 4_400),
            ("openai", "gpt-6-luna", 1_100, 4_250),
            ("openai", "gpt-4o-mini", 1_100, 60_712),
            ("openrouter", "openai/gpt-4o", 1_100, 60_712),
            ("anthropic", "claude-haiku-5-5", 1_100, 6_480),
        ] {
            let tokens = shown.tokens(provider, model);
            assert_eq!((tokens.likely, tokens.most), (likely, most), "{model}");
        }
        let kept = PromptSize {
            is_cached_for_an_hour: true,
            ..shown
        };
        assert_eq!(kept.tokens("anthropic", "claude-haiku-5-5").most, 10_368);
    }
}
