//! The catalogue: every provider that can hold a key, with the operator's
//! changes.

mod entries;
mod image_hosts;
mod model_names;
mod plain;
mod provider;

use url::Url;

use crate::model::ProviderId;

pub use model_names::{
    glob, is_called_as_painter, last_day, makes_no_pictures, makes_pictures_alone, replacement,
    sees,
};
#[cfg(test)]
pub use plain::tests::refusals as plain_refusals;
pub use provider::{Auth, Extra, ImageWire, Provider, origin};

/// First segments of addresses that are not a provider's: the gateway's own
/// routes, and the console's pages. A provider of such a name could not be
/// called by its own path.
const RESERVED_IDS: &[&str] = &[
    "api",
    "assets",
    "billing",
    "chat",
    "keys",
    "language-models",
    "metrics",
    "models",
    "operator",
    "playground",
    "profile",
    "servers",
    "settings",
    "sign-in",
    "sign-out",
    "tokens",
    "usage",
    "v1",
    "v2",
];

/// An operator's change of a provider, or a provider of their own.
#[derive(Clone, Debug, Default)]
pub struct Override {
    pub id: String,
    pub name: Option<String>,
    pub base_url: Option<String>,
    pub default_model: Option<String>,
    pub image_model: Option<String>,
    pub image_hosts: Vec<String>,
    pub sees: Vec<String>,
    pub key_prefixes: Vec<String>,
    /// Whether what is at `base_url` has the vendor's own models and no others.
    pub only_vendor_models: bool,
}

/// Why the operator's providers make no catalogue.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`providers.{id}` {problem}")]
pub struct CatalogueError {
    pub id: String,
    pub problem: &'static str,
}

/// All providers, in the order in which they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    providers: Vec<Provider>,
}

impl Catalogue {
    /// The built-in providers with the operator's changes.
    pub fn new(overrides: &[Override]) -> Result<Self, CatalogueError> {
        let mut catalogue = Self {
            providers: entries::built_in(),
        };
        for change in overrides {
            catalogue.apply(change)?;
        }
        Ok(catalogue)
    }

    /// Keeps the providers for which `is_there` says so.
    pub fn retain(&mut self, is_there: impl Fn(&Provider) -> bool) {
        self.providers.retain(is_there);
    }

    /// All providers.
    pub fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.providers.iter()
    }

    /// A provider by its id.
    pub fn get(&self, id: &ProviderId) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == *id)
    }

    /// A provider by what a person typed: its id, its name, or what else it
    /// is called.
    pub fn find(&self, typed: &str) -> Option<&Provider> {
        let typed = typed.trim();
        let named = self.providers.iter().find(|provider| {
            provider.id.as_str().eq_ignore_ascii_case(typed)
                || provider.name.eq_ignore_ascii_case(typed)
        });
        // An operator's own provider of that name comes first.
        named.or_else(|| {
            let is_called = |alias: &&str| alias.eq_ignore_ascii_case(typed);
            let mut all = self.providers.iter();
            all.find(|provider| provider.aliases.iter().any(is_called))
        })
    }

    /// The id of a built-in image host, whether or not it is there.
    pub fn image_host(typed: &str) -> Option<ProviderId> {
        let typed = typed.trim();
        let is_called = |entry: &&entries::Entry| {
            entry.id.eq_ignore_ascii_case(typed) || entry.name.eq_ignore_ascii_case(typed)
        };
        let mut all = image_hosts::ALL.iter();
        all.find(is_called).map(|entry| ProviderId::from(entry.id))
    }

    /// What a provider is called: its id, and what else people say.
    pub fn names_of(provider: &Provider) -> impl Iterator<Item = &str> {
        std::iter::once(provider.id.as_str()).chain(provider.aliases.iter().copied())
    }

    /// The chat provider whose models begin like this one.
    pub fn provider_of_model(&self, model: &str) -> Option<&Provider> {
        let mut all = self.providers.iter();
        all.find(|provider| provider.claims_model(model))
    }

    /// The providers whose keys begin as this one does: those that know the
    /// longest part of it. Several share a short beginning.
    pub fn owners_of_shape(&self, key: &str) -> Vec<&Provider> {
        let matched = |provider: &Provider| provider.shape_matched(key);
        let Some(longest) = self.providers.iter().filter_map(matched).max() else {
            return Vec::new();
        };
        let mut owners: Vec<&Provider> = self.providers.iter().collect();
        owners.retain(|provider| matched(provider) == Some(longest));
        owners
    }

    fn apply(&mut self, change: &Override) -> Result<(), CatalogueError> {
        let wrong = |problem| CatalogueError {
            id: change.id.clone(),
            problem,
        };
        let base_url = change
            .base_url
            .as_deref()
            .map(parse_base)
            .transpose()
            .map_err(wrong)?;
        let known = self
            .providers
            .iter_mut()
            .find(|p| p.id.as_str() == change.id);
        if change.only_vendor_models && (known.is_none() || base_url.is_none()) {
            return Err(wrong(
                "has `only_vendor_models`, which is for another `base_url` of a built-in provider; leave it out",
            ));
        }
        let provider = match (known, base_url) {
            (Some(provider), None) => provider,
            (Some(provider), Some(url)) => {
                // Another address stands for both forms; the same one does not.
                if provider.base_url != url {
                    provider.base_url = url;
                    provider.keyed_url = None;
                    provider.check.host = None;
                    provider.is_elsewhere = !change.only_vendor_models;
                }
                provider
            }
            (None, Some(url)) => {
                check_id(&change.id).map_err(wrong)?;
                self.providers.push(entries::extra(&change.id, url));
                self.providers.last_mut().expect("one was just pushed")
            }
            (None, None) => {
                return Err(wrong(
                    "is no provider; give it a `base_url` to add one by this name",
                ));
            }
        };
        if let Some(name) = &change.name {
            provider.name.clone_from(name);
        }
        provider.sees.extend(change.sees.iter().cloned());
        let declared = change.key_prefixes.iter().cloned();
        let declared = declared.filter(|prefix| !prefix.is_empty());
        provider.declared_prefixes.extend(declared);
        provider
            .images
            .hosts
            .extend(change.image_hosts.iter().cloned());
        if change.image_model.is_some() {
            provider.images.model.clone_from(&change.image_model);
        }
        if change.default_model.is_some() {
            provider.default_model.clone_from(&change.default_model);
        }
        Ok(())
    }
}

fn parse_base(text: &str) -> Result<Url, &'static str> {
    const PROBLEM: &str = "has a `base_url` that is not an http:// or https:// URL";
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| PROBLEM)?;
    if url.has_host() && matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err(PROBLEM)
    }
}

fn check_id(id: &str) -> Result<(), &'static str> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if RESERVED_IDS.contains(&id) {
        return Err(
            "has a name that the gateway and the console need for addresses of their own; give it another",
        );
    }
    if !id.is_empty() && id.len() <= 32 && id.chars().all(allowed) {
        return Ok(());
    }
    Err("must be named with up to 32 lower-case letters, digits and dashes")
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::model::redact;

    fn change(id: &str, base_url: Option<&str>) -> Override {
        Override {
            id: id.into(),
            base_url: base_url.map(Into::into),
            ..Override::default()
        }
    }

    #[test]
    fn the_built_in_providers_are_these() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let ids: Vec<_> = catalogue.iter().map(|p| p.id.as_str().to_owned()).collect();
        insta::assert_snapshot!(ids.join(" "), @"openai anthropic google openrouter mistral xai deepseek groq cerebras together fireworks perplexity cohere nvidia huggingface moonshot zai minimax qwen vercel ollama vllm llamacpp lmstudio runcomfy runcomfy-serverless saladcloud runpod comfyui");
        assert!(catalogue.iter().all(|p| p.key_page.starts_with("https://")));
        assert!(
            catalogue.iter().all(|p| p.extras.len() <= 4),
            "a form holds five fields"
        );
    }

    /// Whose billing page nobody has named, or who bill nobody, have none: the page
    /// of their keys says nothing of money.
    #[test]
    fn each_billing_page_is_one() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let pages = catalogue.iter().map(|provider| {
            let page = provider.billing_page.unwrap_or("none");
            assert_ne!(page, provider.key_page, "{}", provider.id);
            format!("{} {page}", provider.id)
        });
        insta::assert_snapshot!(pages.collect::<Vec<_>>().join("\n"), @"
        openai https://platform.openai.com/settings/organization/billing
        anthropic https://platform.claude.com/settings/billing
        google https://aistudio.google.com/billing
        openrouter https://openrouter.ai/settings/credits
        mistral https://admin.mistral.ai/organization/billing
        xai https://console.x.ai/team/default/billing
        deepseek https://platform.deepseek.com/top_up
        groq https://console.groq.com/settings/billing
        cerebras none
        together https://api.together.ai/settings/billing
        fireworks https://app.fireworks.ai/account/billing
        perplexity none
        cohere https://dashboard.cohere.com/billing
        nvidia none
        huggingface https://huggingface.co/settings/billing
        moonshot https://platform.kimi.ai/console/pay
        zai https://z.ai/manage-apikey/billing
        minimax https://platform.minimax.io/user-center/payment/balance
        qwen none
        vercel https://vercel.com/d?to=%2F%5Bteam%5D%2F%7E%2Fai%3Fmodal%3Dtop-up
        ollama none
        vllm none
        llamacpp none
        lmstudio none
        runcomfy none
        runcomfy-serverless none
        saladcloud none
        runpod https://console.runpod.io/user/billing
        comfyui none
        ");
    }

    #[test]
    fn a_provider_of_the_operators_own_is_added_by_its_address() {
        let catalogue =
            Catalogue::new(&[change("acme-ai", Some("https://llm.acme.example/v1"))]).unwrap();
        let acme = catalogue.find("acme-ai").unwrap();
        assert_eq!(acme.env, ["ACME_AI_API_KEY"]);
        assert_eq!(origin(&acme.base_url), "https://llm.acme.example");
    }

    #[test]
    fn no_provider_is_named_like_a_page_of_the_console() {
        let catalogue = Catalogue::new(&[]).unwrap();
        for id in RESERVED_IDS {
            assert_eq!(catalogue.get(&ProviderId::from(*id)), None, "{id}");
            let named = change(id, Some("https://x.example"));
            let error = Catalogue::new(&[named]).unwrap_err().to_string();
            assert_eq!(
                error,
                format!(
                    "`providers.{id}` has a name that the gateway and the console need for addresses of their own; give it another"
                )
            );
        }
    }

    #[test]
    fn a_provider_is_found_by_what_people_call_it() {
        let catalogue = Catalogue::new(&[]).unwrap();
        for (typed, id) in [
            ("claude", "anthropic"),
            ("Gemini", "google"),
            ("ChatGPT", "openai"),
            ("grok", "xai"),
        ] {
            assert_eq!(catalogue.find(typed).unwrap().id.as_str(), id);
        }
        let own = Catalogue::new(&[change("claude", Some("https://x.example"))]).unwrap();
        assert_eq!(own.find("claude").unwrap().id.as_str(), "claude");
    }

    #[test]
    fn a_misspelt_provider_is_not_taken_for_a_new_one() {
        let refused = [
            change("opnai", None),
            change("My AI", Some("https://x.example")),
        ]
        .map(|change| Catalogue::new(&[change]).unwrap_err().to_string());
        insta::assert_snapshot!(refused.join("\n"), @"
        `providers.opnai` is no provider; give it a `base_url` to add one by this name
        `providers.My AI` must be named with up to 32 lower-case letters, digits and dashes
        ");
    }

    #[test]
    fn a_librarys_path_is_read_with_and_without_its_base() {
        let catalogue = Catalogue::new(&[]).unwrap();
        for (provider, path, below) in [
            ("openai", "/v1/models", "/models"),
            ("openai", "/models", "/models"),
            ("openai", "/v1beta/models", "/v1beta/models"),
            ("groq", "/openai/v1/models", "/models"),
            ("anthropic", "/v1/messages", "/v1/messages"),
            ("google", "/v1beta/models", "/models"),
            ("google", "/v1/models", "/models"),
            ("deepseek", "/chat/completions", "/chat/completions"),
        ] {
            assert_eq!(catalogue.find(provider).unwrap().below_base(path), below);
        }
    }

    #[test]
    fn a_models_name_tells_its_provider() {
        let catalogue = Catalogue::new(&[]).unwrap();
        for (model, id) in [
            ("gpt-6-luna", "openai"),
            ("claude-haiku-5-5", "anthropic"),
            ("gemini-flash-latest", "google"),
            ("grok-4.7", "xai"),
            ("mistral-large-latest", "mistral"),
            ("deepseek-v4-pro", "deepseek"),
        ] {
            assert_eq!(
                catalogue.provider_of_model(model).map(|p| p.id.as_str()),
                Some(id)
            );
        }
        assert_eq!(catalogue.provider_of_model("unheard-of"), None);
    }

    #[test]
    fn a_provider_may_write_its_name_before_its_own_models() {
        let catalogue = Catalogue::new(&[]).unwrap();
        for (id, model, is_so) in [
            ("perplexity", "sonar", true),
            ("nvidia", "nemotron-3-nano-30b-a3b", true),
            ("nvidia", "openai/gpt-oss-120b", false),
            ("openai", "gpt-6-luna", false),
        ] {
            let provider = catalogue.find(id).unwrap();
            assert_eq!(provider.names_its_models(model), is_so, "{id}/{model}");
        }
    }

    #[test]
    fn every_known_beginning_of_a_key_is_redacted() {
        for provider in Catalogue::new(&[]).unwrap().iter() {
            for prefix in provider.all_prefixes() {
                let line = format!("said {prefix}MadeUp0123456789MadeUp0123456789");
                assert_eq!(redact(&line), "said [redacted]", "{}", provider.id);
            }
        }
    }

    #[test]
    fn both_of_googles_key_shapes_look_right() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let google = catalogue.find("Google").unwrap();
        for (key, right) in [
            ("AIza-made-up", true),
            ("AQ.made-up", true),
            ("sk-made-up", false),
        ] {
            assert_eq!(google.looks_right(&SecretString::from(key)), right);
        }
    }
}
