//! What the name of a model tells: whether the model sees pictures, and what
//! replaces it where its provider retires it.
//!
//! No provider tells a key which models see pictures, so names decide: those
//! of the catalogue, and those that the operator adds (`providers.<id>.sees`).

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Deserialize;

use crate::model::ProviderId;

use super::provider::{ImageWire, Provider};

/// Names of models that are known to make no pictures, whoever offers them.
const WORDS_ALONE: &[&str] = &[
    "gpt-*",
    "chatgpt-*",
    "o1*",
    "o3*",
    "o4*",
    "codex*",
    "text-embedding-*",
    "omni-moderation-*",
    "whisper*",
    "tts-*",
    "sora*",
    "claude-*",
    "gemini-*",
    "gemma*",
    "veo-*",
    "grok-*",
    "mistral-*",
    "ministral-*",
    "magistral-*",
    "codestral-*",
    "pixtral-*",
    "deepseek-*",
    "llama-*",
    "command-*",
];
/// Names of models that make pictures and answer nothing in a chat, whoever
/// offers them, `docs/providers.md` §14.
const PICTURES_ALONE: &[&str] = &[
    "gpt-image-*",
    "chatgpt-image-*",
    "dall-e-*",
    "imagen-*",
    "grok-imagine-image*",
    "grok-2-image*",
    "flux*",
];
/// What stands in the names of models of these families that do make them.
const PAINTING: [&str; 2] = ["image", "imagine"];

/// Models that their providers retire.
const RETIRED_TABLE: &str = include_str!("../../../assets/retired.toml");

/// Whether a model can be shown pictures.
pub fn sees(provider: &Provider, model: &str) -> bool {
    let mut names = provider.sees.iter();
    names.any(|pattern| glob(pattern, model))
}

/// Whether a model is known by its name to make no pictures. Of any other its
/// provider says itself whether it does.
pub fn makes_no_pictures(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.to_ascii_lowercase();
    let paints = PAINTING.iter().any(|part| name.contains(part));
    !paints && WORDS_ALONE.iter().any(|pattern| glob(pattern, &name))
}

/// Whether a provider's model makes pictures and answers nothing in a chat.
/// Google's chats and `OpenRouter`'s give pictures out, so that there only the
/// former's Imagen is one of these.
pub fn makes_pictures_alone(provider: &Provider, model: &str) -> bool {
    let by_name = is_called_as_painter(model);
    match provider.images.wire {
        Some(ImageWire::OpenRouter) => false,
        Some(ImageWire::OpenAi | ImageWire::Xai) => {
            by_name || provider.images.model.as_deref() == Some(model)
        }
        _ => by_name,
    }
}

/// Whether a model, whoever offers it, is called as those that make pictures and
/// answer nothing.
pub fn is_called_as_painter(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.to_ascii_lowercase();
    PICTURES_ALONE.iter().any(|pattern| glob(pattern, &name))
}

/// Whether a text fits a pattern in which `*` stands for anything.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[derive(Deserialize)]
struct RetiredTable {
    retired: Vec<Retired>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retired {
    provider: String,
    model: String,
    replaced_by: String,
    /// The day on which it stops answering, where that is announced.
    on: Option<String>,
}

static RETIRED: LazyLock<Vec<Retired>> = LazyLock::new(|| {
    // A test reads the same text, so that it can be read here too.
    toml::from_str::<RetiredTable>(RETIRED_TABLE).map_or_else(|_| Vec::new(), |table| table.retired)
});

/// What replaces a model that its provider has retired or will.
pub fn replacement(provider: &ProviderId, model: &str) -> Option<&'static str> {
    find_retired(provider, model).map(|it| it.replaced_by.as_str())
}

/// The day on which a model stops answering, where its provider has announced it.
pub fn last_day(provider: &ProviderId, model: &str) -> Option<Date> {
    find_retired(provider, model)?.on.as_deref()?.parse().ok()
}

fn find_retired(provider: &ProviderId, model: &str) -> Option<&'static Retired> {
    let mut all = RETIRED.iter();
    all.find(|it| it.provider == provider.as_str() && glob(&it.model, model))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-4o*", "gpt-4o-mini", true),
            ("*", "", true),
            ("*vision*", "llama-vision-11b", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "ac", false),
            ("a*a", "a", false),
            ("*/gpt-*-mini", "openai/gpt-5-mini", true),
            ("", "x", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_name_tells_that_a_model_makes_pictures_alone() {
        let catalogue = crate::providers::Catalogue::new(&[]).unwrap();
        for (provider, model, makes_pictures) in [
            ("openai", "gpt-image-2", true),
            ("openai", "GPT-Image-1-mini", true),
            ("openai", "dall-e-3", true),
            ("openai", "gpt-6-luna", false),
            ("vercel", "openai/gpt-image-2", true),
            ("google", "models/imagen-4.0-generate-001", true),
            ("google", "gemini-3.1-flash-image", false),
            ("xai", "grok-imagine-image-pro", true),
            ("xai", "grok-4.3", false),
            ("openrouter", "openai/gpt-image-2", false),
            ("openrouter", "google/gemini-3.1-flash-image", false),
        ] {
            let provider = catalogue.find(provider).unwrap();
            let found = makes_pictures_alone(provider, model);
            assert_eq!(found, makes_pictures, "{} {model}", provider.id);
        }
    }

    #[test]
    fn a_name_tells_that_a_model_makes_no_pictures() {
        for (model, makes_none) in [
            ("gpt-6-luna", true),
            ("GPT-6-Luna", true),
            ("gpt-image-2", false),
            ("chatgpt-image-latest", false),
            ("dall-e-3", false),
            ("gemini-3.1-flash-lite", true),
            ("gemini-3.1-flash-lite-image", false),
            ("google/gemini-3-flash", true),
            ("google/gemini-3-pro-image", false),
            ("grok-4.7", true),
            ("grok-imagine-image", false),
            ("x-ai/grok-imagine-2", false),
            ("black-forest-labs/flux.2-pro", false),
            ("bytedance-seed/seedream-4.5", false),
            ("openai/gpt-5", true),
            ("unheard-of", false),
        ] {
            assert_eq!(makes_no_pictures(model), makes_none, "{model}");
        }
    }

    #[test]
    fn what_is_retired_is_replaced() {
        let openai = ProviderId::from("openai");
        assert_eq!(replacement(&openai, "gpt-5-mini"), Some("gpt-6-luna"));
        assert_eq!(replacement(&openai, "gpt-6-luna"), None);
        assert!(toml::from_str::<RetiredTable>(RETIRED_TABLE).is_ok());
        for it in RETIRED.iter() {
            let is_day = |on: &String| on.parse::<Date>().is_ok();
            assert!(it.on.as_ref().is_none_or(is_day), "{}", it.model);
        }
        let day = |model| last_day(&openai, model).map(|day| day.to_string());
        assert_eq!(day("gpt-5-mini").as_deref(), Some("2026-12-11"));
        assert_eq!(day("gpt-4o-mini-transcribe"), None);
        assert_eq!(day("gpt-6-luna"), None);
    }
}
