//! Keys that the emulated providers know. All are made up, and look it.

use axum::http::HeaderMap;

use super::ProviderState;

/// An emulated provider.
pub struct Emulated {
    pub id: &'static str,
    /// How its keys begin.
    pub prefix: &'static str,
    /// The header that carries its keys.
    pub header: &'static str,
    pub dialect: Dialect,
}

/// Which wire its chat speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAi,
    Anthropic,
    Google,
    Ollama,
    ImageHost,
}

/// How a key stands with its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    Bad,
    /// Real, but without credit.
    Empty,
    /// Real, but may not do everything.
    Restricted,
    /// Real, but too busy.
    Limited,
}

const fn emulated(id: &'static str, prefix: &'static str, dialect: Dialect) -> Emulated {
    Emulated {
        id,
        prefix,
        header: "authorization",
        dialect,
    }
}

/// All that are emulated.
pub const PROVIDERS: &[Emulated] = &[
    emulated("openai", "sk-", Dialect::OpenAi),
    Emulated {
        header: "x-api-key",
        ..emulated("anthropic", "sk-ant-", Dialect::Anthropic)
    },
    Emulated {
        header: "x-goog-api-key",
        ..emulated("google", "AQ.", Dialect::Google)
    },
    emulated("openrouter", "sk-or-v1-", Dialect::OpenAi),
    emulated("mistral", "", Dialect::OpenAi),
    emulated("xai", "xai-", Dialect::OpenAi),
    emulated("deepseek", "sk-", Dialect::OpenAi),
    emulated("groq", "gsk_", Dialect::OpenAi),
    emulated("cerebras", "csk-", Dialect::OpenAi),
    emulated("ollama", "", Dialect::Ollama),
    emulated("runcomfy", "", Dialect::ImageHost),
    emulated("runcomfy-serverless", "", Dialect::ImageHost),
    Emulated {
        header: "salad-api-key",
        ..emulated("saladcloud", "salad_cloud_", Dialect::ImageHost)
    },
    emulated("runpod", "rpa_", Dialect::ImageHost),
    emulated("comfyui", "", Dialect::ImageHost),
];

const WORDS: &[(&str, Standing)] = &[
    ("made-up-good", Standing::Good),
    ("made-up-bad", Standing::Bad),
    ("made-up-empty", Standing::Empty),
    ("made-up-restricted", Standing::Restricted),
    ("made-up-limited", Standing::Limited),
];

/// A key that stands so with a provider.
pub fn sample(id: &str, standing: Standing) -> String {
    let prefix = PROVIDERS
        .iter()
        .find(|p| p.id == id)
        .map_or("", |provider| provider.prefix);
    let word = WORDS
        .iter()
        .find(|(_, s)| *s == standing)
        .map_or("", |(word, _)| word);
    format!("{prefix}{word}-0123456789")
}

/// The key in a request's headers.
pub fn key_in(provider: &Emulated, headers: &HeaderMap) -> Option<String> {
    let value = headers.get(provider.header)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ").unwrap_or(value).to_owned())
}

/// How a key stands. Ollama on one's own machine asks for none.
pub fn standing(state: &ProviderState, provider: &Emulated, key: Option<&str>) -> Standing {
    let Some(key) = key else {
        return if provider.dialect == Dialect::Ollama || provider.id == "comfyui" {
            Standing::Good
        } else {
            Standing::Bad
        };
    };
    if let Some(standing) = state.standings.get(key) {
        return *standing;
    }
    let rest = key.strip_prefix(provider.prefix);
    let found = rest.and_then(|rest| WORDS.iter().find(|(word, _)| rest.starts_with(word)));
    found.map_or(Standing::Bad, |(_, standing)| *standing)
}
