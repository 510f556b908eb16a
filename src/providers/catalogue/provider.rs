//! One provider: what it makes, where it is, and how a key is shown to it.

use std::collections::BTreeMap;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::model::{Credential, PictureKind, ProviderId, ProviderKind, Surface};

use crate::providers::dialect::{Dialect, OPENAI_IMAGES_PATH};

/// The extra that names a SaladCloud container's own domain.
pub const ACCESS_DOMAIN: &str = "access_domain";

/// Vendors that serve models of others by their bare names: Qwen's has DeepSeek's,
/// <https://www.alibabacloud.com/help/en/model-studio/deepseek-api>.
const SERVES_OTHERS: [&str; 1] = ["qwen"];

/// Where Cohere speaks OpenAI's dialect, and where its own paths begin.
const COHERES_COMPATIBLE: &str = "/compatibility/v1";
const COHERES_OWN: &str = "/v2/";

/// How a provider makes pictures, if it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    pub wire: Option<ImageWire>,
    /// The model that is used where none is named; none for hosts of
    /// workflows.
    pub model: Option<String>,
    /// Where it keeps pictures beside its own address; `*.` stands for any
    /// name below.
    pub hosts: Vec<String>,
}

/// Which wire format a provider's pictures speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageWire {
    OpenAi,
    Xai,
    OpenRouter,
    Google,
    RunComfyServerless,
    RunComfy,
    Salad,
    RunPod,
    ComfyUi,
}

impl Images {
    /// Whether a machine is started for a picture, and must be stopped.
    pub fn starts_machines(&self) -> bool {
        self.wire == Some(ImageWire::RunComfy)
    }

    /// Whether its workers may be set to keep pictures in a bucket of their
    /// owner's.
    pub fn may_keep_in_buckets(&self) -> bool {
        self.wire == Some(ImageWire::RunPod)
    }
}

impl ImageWire {
    /// Whether it runs workflows.
    pub fn runs_workflows(self) -> bool {
        !matches!(
            self,
            Self::OpenAi | Self::Xai | Self::OpenRouter | Self::Google
        )
    }

    /// Whether a model of its own can be given a picture to change.
    pub fn edits(self) -> bool {
        matches!(self, Self::OpenAi | Self::Google)
    }

    /// Whether a picture of this kind can be changed there, where any can.
    pub fn takes_kind(self, kind: PictureKind) -> bool {
        self.runs_workflows() || kind != PictureKind::Gif
    }

    /// Whether it takes what OpenAI takes beside words, a size and a number:
    /// quality, background and the like, and a mask.
    pub fn takes_wishes(self) -> bool {
        self == Self::OpenAi
    }

    /// Whether a picture can be made from several.
    pub fn takes_several(self) -> bool {
        self.edits()
    }

    /// Where it takes a request for pictures in OpenAI's dialect, if it does.
    pub fn openai_path(self) -> Option<&'static str> {
        match self {
            Self::OpenAi | Self::Xai => Some(OPENAI_IMAGES_PATH),
            Self::OpenRouter => Some("/images"),
            _ => None,
        }
    }
}

/// How a key is shown to its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    Bearer,
    Header(&'static str),
}

/// The request that tells whether a key works, free of charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckCall {
    /// Below the base URL; `{field}` is replaced by that extra.
    pub path: &'static str,
    /// Where it goes instead of the base URL, if it goes elsewhere.
    pub host: Option<&'static str>,
    /// Where its answer says how much the account has left, as a JSON pointer
    /// (RFC 6901).
    pub credit: Option<&'static str>,
}

impl CheckCall {
    /// A call below the base URL.
    pub const fn below_base(path: &'static str) -> Self {
        Self {
            path,
            host: None,
            credit: None,
        }
    }

    /// A call to an address: a path below the base URL, or a whole URL where
    /// the provider checks keys at another host.
    pub fn at(address: &'static str) -> Self {
        let slash = address.find("://").and_then(|scheme| {
            let host = scheme + "://".len();
            Some(host + address.get(host..)?.find('/')?)
        });
        let Some((host, path)) = slash.and_then(|at| address.split_at_checked(at)) else {
            return Self::below_base(address);
        };
        Self {
            host: Some(host),
            ..Self::below_base(path)
        }
    }
}

/// Something that a provider needs beside the key.
#[derive(Debug, PartialEq, Eq)]
pub struct Extra {
    pub field: &'static str,
    pub label: &'static str,
    pub placeholder: &'static str,
    pub required: bool,
    /// The environment variable for the bot default.
    pub env: &'static str,
}

/// One provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    pub id: ProviderId,
    pub name: String,
    pub kind: ProviderKind,
    pub dialect: Dialect,
    pub images: Images,
    pub auth: Auth,
    pub check: CheckCall,
    pub base_url: Url,
    /// The path of the provider's own base, which its libraries write
    /// whatever address they are given.
    pub api_path: String,
    /// Where calls with a key go instead, for a provider that has a local
    /// and a hosted form.
    pub keyed_url: Option<Url>,
    pub default_model: Option<String>,
    /// The environment variables of the bot default key, best first.
    pub env: Vec<String>,
    /// A variable that holds the base URL.
    pub url_env: Option<&'static str>,
    /// Where to get a key.
    pub key_page: String,
    /// Where to top up an account, if it is known.
    pub billing_page: Option<&'static str>,
    /// How this provider's keys begin, as far as is known.
    pub key_prefixes: Vec<&'static str>,
    /// How they begin as the operator says.
    pub declared_prefixes: Vec<String>,
    /// Whether it is no provider of the operator's own.
    pub is_built_in: bool,
    /// Whether the operator has put another address in the place of the
    /// vendor's: what is there may have models of anybody's.
    pub is_elsewhere: bool,
    /// How the names of its models begin.
    pub model_prefixes: Vec<&'static str>,
    /// What else people and programs call it.
    pub aliases: Vec<&'static str>,
    pub extras: &'static [Extra],
    /// Names of models that see pictures; `*` stands for anything.
    pub sees: Vec<String>,
    /// Works without a key, where the operator runs it.
    pub keyless: bool,
}

impl Provider {
    /// The base below which a path lies that is not below the usual one: Google
    /// takes files beside its API, and Cohere has its own API beside the one that
    /// speaks OpenAI's dialect.
    pub fn other_base(&self, base: &Url, path: &str) -> Option<Url> {
        if self.id.as_str() != "cohere" {
            return self.dialect.uploads_base(base, path);
        }
        path.starts_with(COHERES_OWN).then(|| {
            let mut own = base.clone();
            let whole = base.path().trim_end_matches('/');
            own.set_path(whole.strip_suffix(COHERES_COMPATIBLE).unwrap_or(whole));
            own
        })
    }

    /// Where a call goes.
    pub fn url_for(&self, credential: Option<&Credential>) -> &Url {
        credential
            .and(self.keyed_url.as_ref())
            .unwrap_or(&self.base_url)
    }

    /// Whether every call goes to a machine of the operator's, with a key or
    /// without.
    pub fn is_on_own_machine(&self) -> bool {
        self.keyless && self.keyed_url.is_none()
    }

    /// Whether its keys go to a server of the operator's own, which may check
    /// none; `docs/providers.md` §3.1.
    pub fn may_check_no_keys(&self) -> bool {
        !self.is_built_in || self.is_on_own_machine()
    }

    /// Whether the provider itself writes its name before that of a model of
    /// its own, as in `perplexity/sonar`, which names both.
    pub fn names_its_models(&self, model: &str) -> bool {
        let id = self.id.as_str();
        let begins_so = |prefix: &&str| prefix.strip_suffix('/') == Some(id);
        let is_plain = !model.is_empty() && !model.contains('/');
        is_plain && self.model_prefixes.iter().any(begins_so)
    }

    /// A model with the provider's name before it, as both are typed.
    pub fn full_name(&self, model: &str) -> String {
        let of_itself = model
            .strip_prefix(self.id.as_str())
            .and_then(|rest| rest.strip_prefix('/'));
        if of_itself.is_some_and(|rest| self.names_its_models(rest)) {
            return model.to_owned();
        }
        format!("{}/{model}", self.id)
    }

    /// Whether its vendor is asked: no server of the operator's own, and no
    /// proxy of theirs.
    pub fn is_its_vendors(&self) -> bool {
        self.is_built_in && !self.keyless && !self.is_elsewhere
    }

    /// Whether no name of a model of its vendor's has a slash. Whoever serves
    /// models of others writes their vendors' names before them.
    pub fn has_plain_names(&self) -> bool {
        let default = self.default_model.as_deref();
        self.is_built_in && !self.keyless && default.is_some_and(|model| !model.contains('/'))
    }

    /// Whether it has its own models alone, so that no name of one has a slash.
    /// What a server of the operator's has is not known.
    pub fn has_own_models_alone(&self) -> bool {
        self.is_its_vendors() && self.has_plain_names()
    }

    /// Whether a model is one of its own by its name.
    pub fn claims_model(&self, model: &str) -> bool {
        let mut prefixes = self.model_prefixes.iter();
        self.default_model.as_deref() == Some(model)
            || prefixes.any(|prefix| model.starts_with(prefix))
    }

    /// Whether it has its own models alone, and their names tell that they are
    /// its.
    pub fn has_own_models_by_name(&self) -> bool {
        let serves_others = SERVES_OTHERS.contains(&self.id.as_str());
        self.has_own_models_alone() && !self.model_prefixes.is_empty() && !serves_others
    }

    /// A path below the base, whichever way a library of the provider's own
    /// writes it: with the base's path before it, or without.
    pub fn below_base<'a>(&self, path: &'a str) -> &'a str {
        let others = self.dialect.other_bases();
        let base = Some(self.api_path.trim_end_matches('/')).filter(|base| !base.is_empty());
        let mut bases = base.into_iter().chain(others.iter().copied());
        let below =
            bases.find_map(|base| path.strip_prefix(base).filter(|rest| rest.starts_with('/')));
        below.unwrap_or(path)
    }

    /// What a call asks for, by its method and its path below the base.
    pub fn surface_of(&self, method: &Method, path: &str) -> Surface {
        self.dialect.surface_of(method, path)
    }

    /// Every origin that a key of this provider may be sent to.
    pub fn origins(&self, extras: &BTreeMap<String, SecretString>) -> Vec<String> {
        let mut origins = vec![origin(self.keyed_url.as_ref().unwrap_or(&self.base_url))];
        origins.extend(self.check.host.map(Into::into));
        if let Some(domain) = extras.get(ACCESS_DOMAIN) {
            origins.push(format!("https://{}.salad.cloud", domain.expose_secret()));
        }
        origins
    }

    /// Whether a key looks like this provider's. A hint, never a refusal.
    pub fn looks_right(&self, secret: &SecretString) -> bool {
        let (mut known, key) = (self.all_prefixes().peekable(), secret.expose_secret());
        known.peek().is_none() || known.any(|prefix| key.starts_with(prefix))
    }

    /// How many bytes of a key are the beginning of this provider's keys;
    /// none where it begins otherwise.
    pub fn shape_matched(&self, key: &str) -> Option<usize> {
        let matching = self
            .all_prefixes()
            .filter(|prefix| key.starts_with(*prefix));
        matching.map(str::len).max()
    }

    /// How its keys begin, as we and as the operator know.
    pub fn all_prefixes(&self) -> impl Iterator<Item = &str> {
        let declared = self.declared_prefixes.iter().map(String::as_str);
        self.key_prefixes.iter().copied().chain(declared)
    }

    /// Whether what was typed for an extra can be one.
    pub fn accepts_extra(typed: &SecretString) -> bool {
        let typed = typed.expose_secret();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !typed.is_empty() && typed.len() <= 100 && typed.chars().all(allowed)
    }
}

/// Scheme, host and port, as they are sealed with a key.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
