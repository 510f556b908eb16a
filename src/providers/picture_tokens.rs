//! What a picture costs at the most, in tokens: one that a model looks at,
//! and one that a model makes.

use std::ops::RangeInclusive;

use super::by_model::{ByModel, find, row};

/// What a picture costs whose model is unknown: the most of any model.
const LOOKED_AT_MAX: u64 = 48_169;
/// What a picture costs that an unknown model makes.
const MADE_MAX: u64 = 23_719;
/// What each unfinished picture costs that is shown on the way.
pub const TOKENS_OF_UNFINISHED: u64 = 100;

/// What a picture costs to look at.
const LOOKED_AT: &[ByModel<u64>] = &[
    row(
        "anthropic",
        &[
            "claude-3",
            "claude-opus-4-0",
            "claude-opus-4-1",
            "claude-opus-4-2",
            "claude-opus-4-5",
            "claude-opus-4-6",
            "claude-sonnet-4-0",
            "claude-sonnet-4-2",
            "claude-sonnet-4-5",
            "claude-sonnet-4-6",
            "claude-haiku-4-5",
        ],
        1_568,
    ),
    row("anthropic", &[""], 4_784),
    // What a picture is told that is to be changed, at the highest fidelity.
    row("openai", &["gpt-image", "chatgpt-image"], 8_192),
    row("openai", &["gpt-4o-mini"], LOOKED_AT_MAX),
    row(
        "openai",
        &["gpt-4.1-mini", "gpt-4.1-nano", "o4-mini"],
        3_779,
    ),
    row(
        "openai",
        &[
            "gpt-4o",
            "gpt-4.1",
            "gpt-4.5",
            "gpt-4-turbo",
            "chatgpt-4o",
            "o1",
            "o3",
        ],
        1_445,
    ),
    row("openai", &["gpt-5-mini", "gpt-5-nano"], 3_779),
    row("openai", &["gpt-5.4-mini", "gpt-5.4-nano"], 3_779),
    // At the detail `high`, which is what shared keys ask for: 2,500 patches.
    row("openai", &["gpt-5.7", "gpt-5.8", "gpt-5.9"], LOOKED_AT_MAX),
    row("openai", &["gpt-5", "gpt-6"], 3_000),
    row("google", &["gemini-1", "gemini-2", "gemma"], 4_000),
    row("google", &[""], 2_240),
    row("xai", &[""], 4_000),
    row("mistral", &[""], 4_096),
    row("deepseek", &[""], 4_000),
    row("groq", &[""], 8_192),
    row("cerebras", &[""], 8_192),
    row("ollama", &[""], 4_000),
];

/// The most tokens that a picture is for a model that looks at it.
pub fn tokens_of_shown_picture(provider: &str, model: &str) -> u64 {
    find(LOOKED_AT, provider, model).unwrap_or(LOOKED_AT_MAX)
}

/// What is asked of a picture that is to be made.
#[derive(Clone, Debug, Default)]
pub struct PictureSpec {
    pub quality: Option<String>,
    pub size: Option<String>,
    /// How many unfinished pictures are shown before it.
    pub partial_pictures: u64,
}

/// The most tokens that a picture is for a model that makes it. Nothing
/// where pictures are paid for one by one.
pub fn tokens_of_picture(provider: &str, model: &str, spec: &PictureSpec) -> u64 {
    let name = model.rsplit('/').next().unwrap_or(model);
    if provider == "xai" || name.starts_with("dall-e") {
        return 0;
    }
    let whole = if name.starts_with("gpt-image-2") {
        by_size(name, spec).unwrap_or(MADE_MAX)
    } else if name.starts_with("gpt-image-1") {
        6_240
    } else if name.starts_with("gemini-") {
        // 2,520 for the largest picture; the rest is for words and thinking,
        // which cost a tenth of what a picture does.
        if name.contains("lite-image") {
            4_096
        } else {
            8_192
        }
    } else {
        MADE_MAX
    };
    whole + TOKENS_OF_UNFINISHED * spec.partial_pictures
}

/// How many pixels the pictures of `gpt-image-2` and later may have.
const PIXELS: RangeInclusive<u64> = 655_360..=8_294_400;

/// What a picture of a stated size costs with `gpt-image-2` and later, at its
/// best where the quality is left to the model; none where the size is.
fn by_size(name: &str, spec: &PictureSpec) -> Option<u64> {
    let is_later = name.starts_with("gpt-image-2.5");
    let patches: u64 = match (spec.quality.as_deref(), is_later) {
        (Some("low"), _) => 16,
        (Some("medium"), true) => 24,
        (Some("medium"), false) | (Some("high"), true) => 48,
        (Some("xhigh"), true) => 64,
        _ => 96,
    };
    let (width, height) = spec.size.as_deref()?.split_once('x')?;
    let side = |text: &str| {
        let side: u64 = text.parse().ok()?;
        (side.is_multiple_of(16) && (16..=3_840).contains(&side)).then_some(side)
    };
    let (width, height) = (side(width)?, side(height)?);
    let (short, long) = (width.min(height), width.max(height));
    // Whatever else is asked for is refused, or made as the model likes.
    if long > 3 * short || !PIXELS.contains(&(width * height)) {
        return None;
    }
    let across = (patches * short).div_ceil(long);
    Some((patches * across * (2_000_000 + width * height)).div_ceil(4_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_held_at_the_most_that_its_vendor_says() {
        for (provider, model, tokens) in [
            ("anthropic", "claude-opus-5-5", 4_784),
            ("anthropic", "claude-opus-4-7", 4_784),
            ("anthropic", "claude-sonnet-4-5", 1_568),
            ("anthropic", "claude-haiku-5-5", 4_784),
            ("openai", "gpt-6-luna", 3_000),
            ("openai", "gpt-5.6", 3_000),
            ("openai", "gpt-5", 3_000),
            ("openai", "gpt-4o-mini-2024", 48_169),
            ("openai", "gpt-4o", 1_445),
            ("openai", "unheard-of", 48_169),
            ("openrouter", "openai/gpt-4o", 48_169),
            ("acme-ai", "x", 48_169),
            ("google", "gemini-3.1-flash-lite", 2_240),
            ("google", "gemini-2.5-flash", 4_000),
            ("mistral", "pixtral-12b", 4_096),
        ] {
            assert_eq!(tokens_of_shown_picture(provider, model), tokens, "{model}");
        }
    }

    #[test]
    fn a_picture_that_is_made_costs_what_its_size_and_quality_say() {
        for (model, quality, size, partial_pictures, tokens) in [
            ("gpt-image-2", "high", "1024x1024", 0, 7_024),
            ("gpt-image-2", "high", "1536x1024", 0, 5_488),
            ("gpt-image-2", "high", "1792x1024", 0, 5_063),
            ("gpt-image-2", "high", "3584x2048", 0, 12_329),
            ("gpt-image-2", "high", "2880x2880", 0, 23_719),
            ("gpt-image-2", "high", "2304x3584", 0, 15_264),
            ("gpt-image-2.5", "max", "2880x2880", 0, 23_719),
            ("gpt-image-2", "auto", "1024x1024", 0, 7_024),
            ("gpt-image-2.5", "ultra", "1024x1024", 0, 7_024),
            ("gpt-image-2", "high", "auto", 3, 24_019),
            ("gpt-image-2", "high", "99999x1", 0, 23_719),
            ("gpt-image-2", "high", "1024x3024", 0, 4_037),
            ("gpt-image-2", "low", "512x512", 0, 23_719),
            ("gpt-image-2", "low", "1000x1000", 0, 23_719),
            ("gpt-image-2", "low", "768x3072", 0, 23_719),
            ("gpt-image-1.5", "low", "1024x1024", 0, 6_240),
            ("dall-e-3", "hd", "1024x1024", 0, 0),
        ] {
            let spec = PictureSpec {
                quality: Some(quality.to_owned()),
                size: Some(size.to_owned()),
                partial_pictures,
            };
            assert_eq!(
                tokens_of_picture("openai", model, &spec),
                tokens,
                "{model} {quality} {size}"
            );
        }
    }
}
