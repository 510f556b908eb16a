//! Models that only one's own key may be asked for: they search, run code or
//! ask other models at a price that nobody knows beforehand, or are billed
//! by something else than tokens of words and pictures.

use crate::providers::catalogue::glob;

/// Names at these providers, with `*` for anything. They are compared in lower
/// case.
struct RefusingModels {
    providers: &'static [&'static str],
    names: &'static [&'static str],
}

const REFUSED: &[RefusingModels] = &[
    RefusingModels {
        providers: &["openai"],
        names: &[
            "*-search-preview*",
            "*-search-api*",
            "*-deep-research*",
            "gpt-audio*",
            "gpt-4o*-audio*",
            "*-realtime*",
            "*-transcribe*",
            "*-tts*",
            "ft:*",
            "computer-use-*",
        ],
    },
    RefusingModels {
        providers: &["google"],
        names: &[
            "*-live*",
            "*-tts*",
            "*-native-audio*",
            "veo*",
            "lyria*",
            "*deep-research*",
            "tunedmodels/*",
        ],
    },
    RefusingModels {
        providers: &["groq"],
        names: &[
            "groq/compound*",
            "compound*",
            "whisper*",
            "*-tts*",
            "*orpheus*",
        ],
    },
    RefusingModels {
        providers: &["xai"],
        names: &["*-multi-agent*"],
    },
    RefusingModels {
        providers: &["mistral"],
        names: &["mistral-ocr*", "ag:*", "*-with-tools*", "ft:*", "voxtral*"],
    },
    RefusingModels {
        providers: &["openrouter"],
        names: &["~*", "*@*", "openrouter/*", "auto", "*-with-tools*"],
    },
    // Such models of others, where calls are passed on to their vendors.
    RefusingModels {
        providers: &["openrouter", "vercel", "huggingface"],
        names: &[
            "perplexity/*",
            "*/*-search-preview*",
            "*/*-search-api*",
            "*/*deep-research*",
            "*/*-multi-agent*",
            "*/compound*",
            "*/gpt-audio*",
            "*/gpt-4o*-audio*",
            "*/voxtral*",
        ],
    },
    RefusingModels {
        providers: &["vercel", "huggingface"],
        names: &["*/*-omni*"],
    },
    RefusingModels {
        providers: &["qwen"],
        names: &[
            "*deep-research*",
            "*-omni*",
            "*-realtime*",
            "*-asr*",
            "*-tts*",
            // They think without an end that a limit sets, and can't be kept
            // from it: <https://www.alibabacloud.com/help/en/model-studio/deep-thinking>,
            // <https://www.alibabacloud.com/help/en/model-studio/deepseek-api>.
            "qwq-*",
            "qvq-*",
            "*-thinking*",
            "*-r1*",
            "*minimax-m*",
        ],
    },
];

/// Models that answer with pictures, which are billed by more than the words
/// of an answer. Where pictures are asked for they have a bound of their own.
const MAKE_PICTURES: &[&str] = &[
    "*-image*",
    "*imagine*",
    "*imagen*",
    "*nano-banana*",
    "dall-e*",
    "*flux*",
    "*seedream*",
    "*riverflow*",
    "*recraft*",
];

/// What may stand behind the `:` of a model at `OpenRouter`: variants with a
/// price of their own in the list, and nothing that is sold apart.
const SUFFIXES_OF_OPENROUTER: &[&str] = &["free", "thinking", "extended"];

/// Why only one's own key may be asked for a model, if that is so.
pub fn refused(provider: &str, model: &str) -> bool {
    let name = model.strip_prefix("models/").unwrap_or(model);
    let name = name.to_ascii_lowercase();
    let mut at_provider = REFUSED
        .iter()
        .filter(|row| row.providers.contains(&provider));
    let is_listed = at_provider.any(|row| row.names.iter().any(|pattern| glob(pattern, &name)));
    let suffix = model.split_once(':').filter(|_| provider == "openrouter");
    let has_unknown_suffix =
        suffix.is_some_and(|(_, suffix)| !SUFFIXES_OF_OPENROUTER.contains(&suffix));
    is_listed || has_unknown_suffix
}

/// Whether a model answers with pictures.
pub fn makes_pictures(model: &str) -> bool {
    let name = model.to_ascii_lowercase();
    MAKE_PICTURES.iter().any(|pattern| glob(pattern, &name))
}

/// Whether a name can be a model's: no blanks, no control characters.
pub fn is_name(model: &str) -> bool {
    !model.is_empty() && !model.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_that_search_or_run_things_are_for_ones_own_key() {
        for (provider, model, expected) in [
            ("vercel", "openai/gpt-4o-search-preview", true),
            ("vercel", "perplexity/sonar", true),
            ("vercel", "openai/gpt-6-luna", false),
            ("qwen", "qwq-plus", true),
            ("qwen", "qwen3.8-flash", false),
            ("qwen", "qwen3-235b-a22b-thinking-2507", true),
            ("qwen", "kimi-k2-thinking", true),
            ("qwen", "deepseek-r1-0528", true),
            ("qwen", "deepseek-v3.2", false),
            ("qwen", "MiniMax-M2.5", true),
            ("openrouter", "openai/gpt-5-nano:online", true),
            ("openrouter", "openai/gpt-5-nano:ONLINE", true),
            ("openrouter", "openai/gpt-5-nano:free:online", true),
            ("openrouter", "openai/gpt-5-nano:nitro", true),
            ("openrouter", "openai/gpt-5-nano@preset/x", true),
            ("openrouter", "@preset/x", true),
            ("openrouter", "openrouter/auto", true),
            ("openrouter", "auto", true),
            ("openrouter", "OpenRouter/Auto", true),
            ("openrouter", "~anthropic/claude-x-latest", true),
            ("openrouter", "perplexity/sonar", true),
            ("openrouter", "openai/gpt-4o-search-preview", true),
            ("openrouter", "openai/gpt-5-nano:free", false),
            ("openrouter", "openai/gpt-6-luna", false),
            ("groq", "groq/compound", true),
            ("groq", "Groq/Compound-Mini", true),
            ("groq", "compound-beta", true),
            ("groq", "openai/gpt-oss-20b", false),
            ("xai", "grok-4.20-multi-agent", true),
            ("xai", "grok-4.3", false),
            ("openai", "gpt-4o-search-preview-2025-03-11", true),
            ("openai", "o3-deep-research", true),
            ("openai", "gpt-4o-audio-preview", true),
            ("openai", "ft:gpt-4o:x::1", true),
            ("openai", "gpt-6-luna", false),
            ("openai", "gpt-5-pro", false),
            ("mistral", "ag:1:x", true),
            ("mistral", "mistral-small-latest", false),
            ("google", "gemini-2.5-flash-preview-tts", true),
            ("google", "models/gemini-live-2.5", true),
            ("google", "gemini-3.1-flash-lite", false),
            ("ollama", "llama3.2:3b", false),
        ] {
            assert_eq!(refused(provider, model), expected, "{provider} {model}");
        }
    }

    #[test]
    fn models_that_answer_with_pictures_are_known_by_their_names() {
        for (model, expected) in [
            ("gemini-3.1-flash-lite-image", true),
            ("models/gemini-2.5-flash-image-preview", true),
            ("gemini-nano-banana-2.1", true),
            ("google/gemini-3-pro-image", true),
            ("openai/gpt-5-image-mini", true),
            ("black-forest-labs/FLUX.2-pro", true),
            ("grok-imagine-image", true),
            ("gemini-3.1-flash-lite", false),
            ("openai/gpt-6-luna", false),
            ("grok-4.3", false),
        ] {
            assert_eq!(makes_pictures(model), expected, "{model}");
        }
    }
}
