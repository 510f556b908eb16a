//! What people and programs may know of a provider: its names, what it
//! makes, what its keys need. How it is called is for `providers` to know.

use axum::http::Method;

use crate::app::models::ModelChoice;
use crate::model::{KeyRefusal, ProviderId, ProviderKind, Surface, has_secret, nearest_names};
use crate::providers::{Catalogue, MODERATION_MODEL, Provider, holds_secret, is_plain};

use super::name::split_model;

/// What addresses of OpenAI's dialect end in.
const VERSION: &str = "/v1";
/// How much of an unknown name is repeated.
const NAME_CHARACTERS_MAX: usize = 50;

/// All providers, in the order in which they are shown.
#[derive(Clone, Copy)]
pub struct KnownProviders<'a>(&'a Catalogue);

/// One provider.
#[derive(Clone, Copy)]
pub struct ProviderInfo<'a>(&'a Provider);

/// Something that a provider needs beside the key.
pub struct KeyExtra {
    pub field: &'static str,
    pub label: &'static str,
    pub placeholder: &'static str,
    pub required: bool,
}

impl<'a> KnownProviders<'a> {
    /// Shows what may be known of a catalogue.
    pub fn new(catalogue: &'a Catalogue) -> Self {
        Self(catalogue)
    }

    /// Every provider.
    pub fn iter(self) -> impl Iterator<Item = ProviderInfo<'a>> {
        self.0.iter().map(ProviderInfo)
    }

    /// A provider by its id.
    pub fn get(self, id: &ProviderId) -> Option<ProviderInfo<'a>> {
        self.0.get(id).map(ProviderInfo)
    }

    /// A provider by what a person typed: its id or its name.
    pub fn find(self, typed: &str) -> Option<ProviderInfo<'a>> {
        self.0.find(typed).map(ProviderInfo)
    }

    /// The refusal of what a person typed, which names no provider. A key is
    /// not repeated.
    pub fn unknown(self, typed: &str) -> KeyRefusal {
        if has_secret(typed) {
            return KeyRefusal::SecretAsModel;
        }
        KeyRefusal::UnknownProvider {
            name: typed.chars().take(NAME_CHARACTERS_MAX).collect(),
            meant: self.nearest(typed).map(|near| near.id().clone()),
        }
    }

    /// The provider whose name is nearest to what a person typed.
    pub fn nearest(self, typed: &str) -> Option<ProviderInfo<'a>> {
        let names = self.0.iter().flat_map(Catalogue::names_of);
        let name = nearest_names(typed.trim(), names, 1).pop()?;
        self.find(name)
    }

    /// A model as it is typed: `provider/model`.
    pub fn full_name(self, model: &ModelChoice) -> String {
        let known = self.get(&model.provider);
        known.map_or_else(
            || format!("{}/{}", model.provider, model.model),
            |provider| provider.full_name(&model.model),
        )
    }

    /// Splits `provider/model`. The model may be empty; none where nothing
    /// before the slash is a provider.
    pub fn split_model(self, typed: &str) -> Option<(ProviderInfo<'a>, &str)> {
        let (provider, model) = split_model(self.0, typed)?;
        Some((ProviderInfo(provider), model))
    }

    /// Whether a text may be a key of a provider's, or another secret.
    pub fn may_be_secret(self, text: &str) -> bool {
        holds_secret(self.0, text)
    }

    /// The provider whose models begin like this one, which names none.
    pub fn owner_of_model(self, model: &str) -> Option<ProviderInfo<'a>> {
        self.0.provider_of_model(model).map(ProviderInfo)
    }
}

impl<'a> ProviderInfo<'a> {
    /// Shows what may be known of a provider.
    pub fn new(provider: &'a Provider) -> Self {
        Self(provider)
    }

    /// By which settings, rows and commands name it.
    pub fn id(self) -> &'a ProviderId {
        &self.0.id
    }

    /// What people read.
    pub fn name(self) -> &'a str {
        &self.0.name
    }

    /// Whether it has language models, or makes pictures alone.
    pub fn kind(self) -> ProviderKind {
        self.0.kind
    }

    /// Whether it can be asked for pictures, with a key that may.
    pub fn makes_pictures(self) -> bool {
        self.0.images.wire.is_some()
    }

    /// A model of its, as it is typed: `provider/model`.
    pub fn full_name(self, model: &str) -> String {
        self.0.full_name(model)
    }

    /// The model that answers where nobody names one; none where one must be named.
    pub fn default_model(self) -> Option<&'a str> {
        self.0.default_model.as_deref()
    }

    /// The model that makes its pictures where none is named.
    pub fn default_picture_model(self) -> Option<&'a str> {
        self.0.images.model.as_deref()
    }

    /// The model that judges whether something is harmless where a call names
    /// none.
    pub fn default_moderation_model(self) -> Option<&'static str> {
        (self.0.id.as_str() == "openai").then_some(MODERATION_MODEL)
    }

    /// From where its pictures are taken, if its workers may be set to keep them
    /// elsewhere.
    pub fn picture_places(self) -> Option<&'a [String]> {
        let images = &self.0.images;
        images.may_keep_in_buckets().then_some(&images.hosts)
    }

    /// Where to get a key.
    pub fn key_page(self) -> &'a str {
        &self.0.key_page
    }

    /// Whether it is a vendor's that this program knows, and no server of the
    /// operator's alone.
    pub fn is_built_in(self) -> bool {
        self.0.is_built_in
    }

    /// Where to top up an account, as far as that is known.
    pub fn billing_page(self) -> Option<&'a str> {
        self.0.billing_page
    }

    /// How this provider's keys begin, as far as is known.
    pub fn key_prefixes(self) -> impl Iterator<Item = &'a str> {
        self.0.all_prefixes()
    }

    /// What is needed beside the key.
    pub fn extras(self) -> impl Iterator<Item = KeyExtra> {
        self.0.extras.iter().map(|extra| KeyExtra {
            field: extra.field,
            label: extra.label,
            placeholder: extra.placeholder,
            required: extra.required,
        })
    }

    /// A path below the provider's base, whichever way a library of the
    /// provider's own writes it: clients of OpenAI's dialect put `/v1` behind
    /// addresses that end in it. None where it has what no path of a provider's
    /// has.
    pub fn path_below_base(self, path: &str) -> Option<String> {
        if !is_plain(path) {
            return None;
        }
        let below = self.0.below_base(path);
        let is_in_base = self
            .0
            .base_url
            .path()
            .trim_end_matches('/')
            .ends_with(VERSION);
        let again = below.strip_prefix(VERSION);
        let again = again.filter(|rest| is_in_base && rest.starts_with('/'));
        Some(again.unwrap_or(below).to_owned())
    }

    /// What a call asks for, by its method and its path below the base.
    pub fn surface_of(self, method: &Method, path: &str) -> Surface {
        self.0.surface_of(method, path)
    }
}
