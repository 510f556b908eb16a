//! Whose a key is by the names around it: of variables, settings, headers and
//! addresses. Pure.

use crate::model::OtherSecret;
use crate::providers::catalogue::{Catalogue, Provider};

use super::other_variables::named_service;
use super::peel::names_a_key;

/// What may stand beside a provider's name in the name of a variable for its
/// key. Any other word says that it is for something else: Azure's, say.
const WORDS_BESIDE: &[&str] = &[
    "ai",
    "api",
    "app",
    "auth",
    "default",
    "dev",
    "expo",
    "generative",
    "key",
    "keys",
    "local",
    "main",
    "my",
    "new",
    "next",
    "old",
    "personal",
    "private",
    "prod",
    "production",
    "public",
    "react",
    "secret",
    "server",
    "staging",
    "studio",
    "test",
    "token",
    "user",
    "vite",
    "work",
];

/// The provider whose clients are pointed at every vendor of its dialect:
/// whoever sets `OPENAI_API_KEY` may mean any of them.
const CLIENT_OF_MANY: &str = "openai";
/// The provider whose clients some vendors name in their documents.
const CLIENT_OF_SOME: &str = "anthropic";
/// Those vendors: they have people put their keys into `ANTHROPIC_API_KEY` or
/// `ANTHROPIC_AUTH_TOKEN`. `docs/providers.md` §2.3.
const ITS_VENDORS: &[&str] = &[
    "deepseek",
    "lmstudio",
    "minimax",
    "moonshot",
    "ollama",
    "openrouter",
    "qwen",
    "vercel",
    "vllm",
    "zai",
];

/// What stands before a key and behind it.
pub struct TextAround<'a> {
    pub before: &'a str,
    pub behind: &'a str,
}

/// Whose a key is by the text around it, where that is plainly somebody else
/// than who is wanted.
pub enum NamedAs<'a> {
    /// It is for one of these providers.
    Others(Vec<&'a Provider>),
    /// It is a secret of a service that is no provider here.
    Service(OtherSecret),
}

/// Whom the text around a key tells of, where the key is plainly meant for
/// them and not for `wanted`. `owners` are those whose keys begin as it does;
/// what stands nearest before it decides, then what stands behind it.
pub fn named_as<'a>(
    catalogue: &'a Catalogue,
    wanted: &Provider,
    owners: &[&Provider],
    around: &TextAround<'_>,
) -> Option<NamedAs<'a>> {
    // An operator's own provider may take the keys of any other.
    if !wanted.is_built_in || matches!(owners, [owner] if owner.id == wanted.id) {
        return None;
    }
    let words = words_of(around.before).rev().chain(words_of(around.behind));
    for word in words {
        let named = named_providers(catalogue, word);
        if named.iter().any(|named| take_same_keys(named, wanted)) {
            return None;
        }
        let is_meant = |named: &&Provider| may_be_meant(named, wanted, owners, names_a_key(word));
        let meant: Vec<&Provider> = named.into_iter().filter(is_meant).collect();
        if !meant.is_empty() {
            return Some(NamedAs::Others(meant));
        }
        // A beginning that is known tells more than any name.
        if owners.is_empty()
            && let Some(secret) = named_service(catalogue, word)
        {
            return Some(NamedAs::Service(secret));
        }
    }
    None
}

/// Whether a key can be for the provider that is named beside it, in the name
/// of a variable or in other words, and not for the one that is wanted.
fn may_be_meant(
    named: &Provider,
    wanted: &Provider,
    owners: &[&Provider],
    is_variable: bool,
) -> bool {
    let is_for_others = match named.id.as_str() {
        CLIENT_OF_MANY => true,
        CLIENT_OF_SOME => !is_variable || ITS_VENDORS.contains(&wanted.id.as_str()),
        _ => false,
    };
    // A beginning that is known tells more than any name, and the name of a
    // variable more than a word.
    let is_possible = if owners.is_empty() {
        is_variable || named.key_prefixes.is_empty() || !wanted.key_prefixes.is_empty()
    } else {
        owners.iter().any(|owner| owner.id == named.id)
    };
    is_possible && !is_for_others
}

/// Whether two providers take the same keys: their variables are the same.
fn take_same_keys(one: &Provider, other: &Provider) -> bool {
    one.id == other.id || one.env.iter().any(|variable| other.env.contains(variable))
}

/// What could be a name: runs of letters, digits, dashes and underscores.
fn words_of(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    let parts = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-';
    text.split(parts).filter(|word| !word.is_empty())
}

/// The providers that the name of a variable tells of, best first.
pub fn named_providers<'a>(catalogue: &'a Catalogue, name: &str) -> Vec<&'a Provider> {
    let has_variable = |provider: &&Provider| {
        provider
            .env
            .iter()
            .any(|env| env.eq_ignore_ascii_case(name))
    };
    let exact: Vec<&Provider> = catalogue.iter().filter(has_variable).collect();
    if !exact.is_empty() {
        return exact;
    }
    catalogue.find(name).map_or_else(
        || catalogue.iter().filter(|it| tells_of(it, name)).collect(),
        |provider| vec![provider],
    )
}

/// Whether a name is a provider's name with words of a key beside it.
fn tells_of(provider: &Provider, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let is_beside =
        |word: &&str| word.chars().all(|c| c.is_ascii_digit()) || WORDS_BESIDE.contains(word);
    names_a_key(name)
        && Catalogue::names_of(provider).any(|called| {
            let called: Vec<&str> = called.split('-').collect();
            let mut places = words.windows(called.len()).enumerate();
            places.any(|(at, here)| {
                let before = words.get(..at).unwrap_or_default();
                let after = words.get(at + called.len()..).unwrap_or_default();
                here == called && before.iter().chain(after).all(is_beside)
            })
        })
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use super::*;
    use crate::model::ProviderId;
    use crate::providers::Override;
    use crate::providers::pasted_key::{PasteProblem, read_pasted_key};

    fn read(provider: &str, typed: &str) -> Result<String, PasteProblem> {
        let own = Override {
            id: "acme".into(),
            base_url: Some("https://llm.acme.example/v1".into()),
            ..Override::default()
        };
        let catalogue = Catalogue::new(&[own]).unwrap();
        let provider = catalogue.find(provider).unwrap();
        let pasted = read_pasted_key(&catalogue, provider, &SecretString::from(typed))?;
        Ok(pasted.secret.expose_secret().to_owned())
    }

    /// A key that begins as no provider's, and one that begins as two vendors'.
    const SHAPELESS: &str = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY";
    const SHARED_SHAPE: &str = "sk-made0up1made0up1made0up1";

    #[test]
    fn a_key_that_is_named_as_anothers_is_sent_to_nobody() {
        for (wanted, typed, meant) in [
            ("openai", "MISTRAL_API_KEY=%", "mistral"),
            ("openai", "export MISTRAL_API_KEY=\"%\"", "mistral"),
            ("openai", "XAI_API_KEY=%", "xai"),
            ("groq", "my-ollama-key: %", "ollama"),
            ("openai", "{\"mistral\": {\"apiKey\": \"%\"}}", "mistral"),
            ("openai", "mistral:\n  api_key: %\n", "mistral"),
            ("runcomfy", "MISTRAL_API_KEY=%", "mistral"),
            ("mistral", "RUNCOMFY_API_TOKEN=%", "runcomfy"),
            ("openai", "DEEPSEEK_API_KEY=$", "deepseek"),
            ("xai", "gemini_key = %", "google"),
            // The names of variables are their provider's alone.
            ("mistral", "GROQ_API_KEY=%", "groq"),
            ("mistral", "xai_api_key: %", "xai"),
            (
                "ollama",
                "{\"env\": {\"OPENROUTER_API_KEY\": \"%\"}}",
                "openrouter",
            ),
            // No document of theirs names Anthropic's variables.
            ("mistral", "ANTHROPIC_API_KEY=%", "anthropic"),
            ("groq", "export ANTHROPIC_AUTH_TOKEN=%", "anthropic"),
            ("openai", "ANTHROPIC_API_KEY=%", "anthropic"),
        ] {
            let typed = typed.replace('%', SHAPELESS).replace('$', SHARED_SHAPE);
            let Err(PasteProblem::KeyOf(of)) = read(wanted, &typed) else {
                panic!("{wanted}: {typed}");
            };
            let of: Vec<&str> = of.iter().map(ProviderId::as_str).collect();
            assert_eq!(of.join(" "), meant, "{typed}");
        }
    }

    #[test]
    fn a_secret_that_is_named_as_a_services_is_sent_to_nobody() {
        for (wanted, typed, secret) in [
            ("mistral", "DISCORD_TOKEN=%", OtherSecret::DiscordToken),
            (
                "openai",
                "export DISCORD_BOT_TOKEN='%'",
                OtherSecret::DiscordToken,
            ),
            ("groq", "discordToken: %", OtherSecret::DiscordToken),
            ("mistral", "{\"GITHUB_TOKEN\": \"%\"}", OtherSecret::GitHub),
            (
                "mistral",
                "TELEGRAM_BOT_TOKEN=%",
                OtherSecret::Service("Telegram"),
            ),
            (
                "openai",
                "AZURE_OPENAI_API_KEY=%",
                OtherSecret::Service("Azure"),
            ),
        ] {
            let typed = typed.replace('%', SHAPELESS);
            let read = read(wanted, &typed);
            assert_eq!(read, Err(PasteProblem::Other(secret)), "{wanted}: {typed}");
        }
    }

    #[test]
    fn an_address_tells_whose_a_key_is() {
        for typed in [
            "curl https://api.mistral.ai/v1/models -H \"Authorization: Bearer %\"",
            "curl -H \"Authorization: Bearer %\" https://api.mistral.ai/v1/models",
            "base_url = https://api.mistral.ai/v1\napi_key = %",
        ] {
            assert!(
                read("openai", &typed.replace('%', SHAPELESS)).is_err(),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_name_that_many_use_or_that_fits_is_no_reason_to_refuse() {
        for (wanted, name, key) in [
            ("mistral", "MISTRAL_API_KEY=", SHAPELESS),
            ("mistral", "OPENAI_API_KEY=", SHAPELESS),
            ("deepseek", "OPENAI_API_KEY=", SHARED_SHAPE),
            ("deepseek", "ANTHROPIC_AUTH_TOKEN=", SHARED_SHAPE),
            ("minimax", "ANTHROPIC_API_KEY=", SHAPELESS),
            ("zai", "ANTHROPIC_AUTH_TOKEN=", SHAPELESS),
            ("ollama", "ANTHROPIC_AUTH_TOKEN=", SHAPELESS),
            ("mistral", "a key for Claude Code: ", SHAPELESS),
            // What it is for, and not whose it is.
            ("mistral", "the key of my Discord bot: ", SHAPELESS),
            ("mistral", "DISCORD_BOT_MISTRAL_KEY=", SHAPELESS),
            ("acme", "DISCORD_TOKEN=", SHAPELESS),
            // It begins as OpenAI's and DeepSeek's do.
            ("openai", "DISCORD_TOKEN=", SHARED_SHAPE),
            // It begins as OpenAI's do, and as nobody else's.
            (
                "openai",
                "MISTRAL_API_KEY=",
                "sk-proj-Made0Up1Made0Up1Made0Up1_made-up",
            ),
            // It begins as OpenAI's and DeepSeek's do, and as none of Mistral's.
            ("openai", "MISTRAL_API_KEY=", SHARED_SHAPE),
            ("openai", "my key for openai, not mistral: ", SHARED_SHAPE),
            // It begins as none of Google's do.
            ("mistral", "copied from Google docs: ", SHAPELESS),
            // An operator's own provider may answer for any other.
            ("acme", "MISTRAL_API_KEY=", SHAPELESS),
            ("runcomfy-serverless", "RUNCOMFY_API_TOKEN=", SHAPELESS),
            ("openai", "gpt_key=", SHAPELESS),
        ] {
            let found = read(wanted, &format!("{name}{key}"));
            assert_eq!(found.as_deref(), Ok(key), "{wanted}: {name}");
        }
    }
}
