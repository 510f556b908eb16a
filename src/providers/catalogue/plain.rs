//! Providers that speak OpenAI's dialect and need no code of their own:
//! `assets/providers.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::{ProviderId, ProviderKind};
use crate::providers::dialect::{Dialect, OpenAiQuirks, ResponsesUse, ThinkingWords};

use super::entries::url;
use super::provider::{Auth, CheckCall, Images, Provider};

const TABLE: &str = include_str!("../../../assets/providers.toml");

#[derive(Deserialize)]
struct Table {
    provider: Vec<Plain>,
}

/// What the program reads of an entry; the head of the file says what each
/// field means.
#[derive(Deserialize)]
struct Plain {
    id: String,
    name: String,
    base_url: String,
    #[serde(default = "models_path")]
    check: String,
    #[serde(default)]
    credit: Option<String>,
    #[serde(default)]
    default_model: Option<String>,
    env: Vec<String>,
    #[serde(default)]
    url_env: Option<String>,
    #[serde(default)]
    keyless: bool,
    key_page: String,
    #[serde(default)]
    billing_page: Option<String>,
    #[serde(default)]
    key_prefixes: Vec<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    model_prefixes: Vec<String>,
    #[serde(default)]
    sees: Vec<String>,
    #[serde(default)]
    output_limit: OutputLimit,
    #[serde(default = "yes")]
    asks_for_usage: bool,
    #[serde(default)]
    thinking: Thinking,
    #[serde(default)]
    responses: Responses,
    #[serde(default)]
    unknown_field: Option<String>,
}

fn models_path() -> String {
    "/models".to_owned()
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutputLimit {
    #[default]
    MaxTokens,
    MaxCompletionTokens,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Thinking {
    #[default]
    Unknown,
    Effort,
    Deepseek,
    Kimi,
    Openrouter,
    Qwen,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Responses {
    #[default]
    None,
    Beside,
    Only,
}

static PLAIN: LazyLock<Vec<Plain>> = LazyLock::new(|| {
    // A test reads the same text, so that it can be read here too.
    toml::from_str::<Table>(TABLE).map_or_else(|_| Vec::new(), |table| table.provider)
});

/// The providers, in the order in which they are shown.
pub fn providers() -> impl Iterator<Item = Provider> {
    PLAIN.iter().map(provider)
}

fn provider(plain: &'static Plain) -> Provider {
    Provider {
        id: ProviderId::from(plain.id.as_str()),
        name: plain.name.clone(),
        kind: ProviderKind::Chat,
        dialect: Dialect::OpenAi(quirks(plain)),
        images: Images::default(),
        auth: Auth::Bearer,
        check: CheckCall {
            credit: plain.credit.as_deref(),
            ..CheckCall::at(&plain.check)
        },
        base_url: url(&plain.base_url),
        api_path: url(&plain.base_url).path().to_owned(),
        keyed_url: None,
        default_model: plain.default_model.clone(),
        env: plain.env.clone(),
        url_env: plain.url_env.as_deref(),
        key_page: plain.key_page.clone(),
        billing_page: plain.billing_page.as_deref(),
        key_prefixes: texts(&plain.key_prefixes),
        declared_prefixes: Vec::new(),
        is_built_in: true,
        is_elsewhere: false,
        model_prefixes: texts(&plain.model_prefixes),
        aliases: texts(&plain.aliases),
        extras: &[],
        sees: plain.sees.clone(),
        keyless: plain.keyless,
    }
}

fn quirks(plain: &Plain) -> OpenAiQuirks {
    OpenAiQuirks {
        thinking: match plain.thinking {
            Thinking::Unknown => ThinkingWords::Unknown,
            Thinking::Effort => ThinkingWords::Effort,
            Thinking::Deepseek => ThinkingWords::DeepSeek,
            Thinking::Kimi => ThinkingWords::Kimi,
            Thinking::Openrouter => ThinkingWords::OpenRouter,
            Thinking::Qwen => ThinkingWords::Qwen,
        },
        output_limit: match plain.output_limit {
            OutputLimit::MaxTokens => "max_tokens",
            OutputLimit::MaxCompletionTokens => "max_completion_tokens",
        },
        asks_for_usage: plain.asks_for_usage,
        responses: match plain.responses {
            Responses::None => ResponsesUse::None,
            Responses::Beside => ResponsesUse::Beside,
            Responses::Only => ResponsesUse::Only,
        },
        refuses_unknown: plain.unknown_field.is_some(),
        ..OpenAiQuirks::COMMON
    }
}

fn texts(all: &'static [String]) -> Vec<&'static str> {
    all.iter().map(String::as_str).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    const FIELDS: &[&str] = &[
        "id",
        "name",
        "base_url",
        "check",
        "credit",
        "default_model",
        "env",
        "url_env",
        "keyless",
        "key_page",
        "billing_page",
        "key_prefixes",
        "aliases",
        "model_prefixes",
        "sees",
        "output_limit",
        "asks_for_usage",
        "thinking",
        "responses",
        "lists_bare",
        "unknown_field",
        "refusal",
    ];

    /// A refusal as a provider documents it, or as it was recorded.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct Refusal {
        /// Read by the emulator.
        #[serde(rename = "standing")]
        _standing: Option<String>,
        pub status: u16,
        pub class: String,
        pub body: String,
    }

    fn table() -> toml::Table {
        TABLE.parse().unwrap()
    }

    fn entries() -> Vec<toml::Table> {
        table()["provider"].clone().try_into().unwrap()
    }

    /// What each provider refuses.
    pub fn refusals() -> impl Iterator<Item = (String, Refusal)> {
        entries().into_iter().flat_map(|entry| {
            let id = entry["id"].as_str().unwrap().to_owned();
            let all = entry.get("refusal").cloned();
            let all: Vec<Refusal> = all.map_or_else(Vec::new, |it| it.try_into().unwrap());
            all.into_iter().map(move |refusal| (id.clone(), refusal))
        })
    }

    #[test]
    fn the_table_is_read_and_has_no_field_that_nobody_reads() {
        assert_eq!(PLAIN.len(), entries().len());
        for entry in entries() {
            let mut names = entry.keys();
            let unknown = names.find(|name| !FIELDS.contains(&name.as_str()));
            assert_eq!(unknown, None, "{:?}", entry["id"]);
        }
    }
}
