//! The emulated providers, and the keys that they know. The keys are made up,
//! and say so.

use std::sync::LazyLock;

use axum::http::HeaderMap;

use super::plain::{self, Plain};
use crate::world::{ProviderState, Standing};

/// An emulated provider.
#[derive(Clone, Copy)]
pub struct Emulated {
    pub id: &'static str,
    /// The text that its keys begin with.
    pub prefix: &'static str,
    /// The header that carries its keys.
    pub header: &'static str,
    pub dialect: Dialect,
    /// Its entry in `assets/providers.toml`, if it has one.
    pub plain: Option<&'static Plain>,
}

/// The API that a provider has for chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAi,
    Anthropic,
    Google,
    Ollama,
    ImageHost,
}

const fn emulated(id: &'static str, prefix: &'static str, dialect: Dialect) -> Emulated {
    Emulated {
        id,
        prefix,
        header: "authorization",
        dialect,
        plain: None,
    }
}

/// All emulated providers.
pub static PROVIDERS: LazyLock<Vec<Emulated>> = LazyLock::new(|| {
    let plain = plain::all().map(|plain| Emulated {
        plain: Some(plain),
        ..emulated(&plain.id, plain.prefix(), Dialect::OpenAi)
    });
    OTHERS.iter().copied().chain(plain).collect()
});

/// Those whose entries stand in the program.
const OTHERS: &[Emulated] = &[
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

impl Emulated {
    /// Whether people run it themselves, and it takes calls without a key.
    pub fn is_on_own_machine(&self) -> bool {
        matches!(self.id, "ollama" | "comfyui") || self.plain.is_some_and(|it| it.keyless)
    }
}

const WORDS: &[(&str, Standing)] = &[
    ("made-up-good", Standing::Good),
    ("made-up-bad", Standing::Bad),
    ("made-up-empty", Standing::Empty),
    ("made-up-restricted", Standing::Restricted),
    ("made-up-no-model", Standing::NoModel),
    ("made-up-no-address", Standing::NoAddress),
    ("made-up-no-permission", Standing::NoPermission),
    ("made-up-limited", Standing::Limited),
    ("made-up-unverified", Standing::Unverified),
    ("made-up-free-tier", Standing::FreeTier),
];

/// Returns a key that has this standing with a provider.
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

/// Returns the key in a request's headers.
pub fn key_in(provider: &Emulated, headers: &HeaderMap) -> Option<String> {
    let value = headers.get(provider.header)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ").unwrap_or(value).to_owned())
}

/// Returns the standing of a key. Ollama and ComfyUI need none.
pub fn standing_of(state: &ProviderState, provider: &Emulated, key: Option<&str>) -> Standing {
    let is_guarded = state.guarded.contains(provider.id);
    let Some(key) = key else {
        return if provider.is_on_own_machine() && !is_guarded {
            Standing::Good
        } else {
            Standing::Bad
        };
    };
    if let Some(standing) = state.standings.get(key) {
        return *standing;
    }
    let checks_no_keys = provider.id == "comfyui" || provider.plain.is_some_and(|it| it.keyless);
    if checks_no_keys && !is_guarded {
        return Standing::Good;
    }
    let rest = key.strip_prefix(provider.prefix);
    let found = rest.and_then(|rest| WORDS.iter().find(|(word, _)| rest.starts_with(word)));
    found.map_or(Standing::Bad, |(_, standing)| *standing)
}
