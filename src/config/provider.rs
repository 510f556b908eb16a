//! Settings of one provider.

use serde::Deserialize;

use crate::config::check_url;
use crate::config::errors::ConfigErrors;

/// A change to a provider, or a provider that the operator adds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provider {
    pub base_url: Option<String>,
    pub default_model: Option<String>,
    pub name: Option<String>,
    /// Models that can be shown pictures; `*` stands for anything.
    pub sees: Vec<String>,
    /// The model that makes pictures where none is named.
    pub image_model: Option<String>,
    /// Hosts that its pictures are fetched from, beside the built-in ones.
    pub image_hosts: Vec<String>,
    /// How its keys begin, beside what is known.
    pub key_prefixes: Vec<String>,
    /// Whether what is at `base_url` has the vendor's own models and no others.
    pub only_vendor_models: bool,
}

impl Provider {
    /// Checks what stands in the section of a provider of this id.
    pub fn check(&self, id: &str, errors: &mut ConfigErrors) {
        if let Some(url) = &self.base_url {
            errors.keep(check_url(&format!("providers.{id}.base_url"), url));
        }
    }
}
