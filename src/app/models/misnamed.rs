//! What stands in the place of a language model and is none: a provider, a
//! maker of pictures, an address; and which model may be meant by a part of
//! its name.

use crate::model::{AskRefusal, ProviderKind, Refusal};
use crate::providers::{Catalogue, Provider, is_called_as_painter};

use super::Models;
use super::name::{shown, split_model};

/// How many models a refusal of a part of a name offers.
const OFFERED_MAX: usize = 2;

impl Models {
    /// Refuses what is known to be no language model.
    pub(super) fn refuse_misnamed(&self, typed: &str) -> Result<(), Refusal> {
        if is_address(typed) {
            return Err(no_models_name(typed));
        }
        let split = split_model(&self.catalogue, typed);
        let named = split.map(|(provider, _)| provider);
        if let Some(provider) = named.or_else(|| self.catalogue.find(typed)) {
            if provider.kind != ProviderKind::Chat {
                let provider = provider.id.clone();
                return Err(AskRefusal::NotAChatProvider { provider }.into());
            }
            if named.is_none() && self.lists.lister_of(typed).is_none() {
                return Err(self.provider_as_model(provider));
            }
        }
        let host = typed.split('/').next().and_then(Catalogue::image_host);
        if let Some(provider) = host.filter(|_| named.is_none()) {
            return Err(AskRefusal::NotAChatProvider { provider }.into());
        }
        Ok(())
    }

    /// The refusal of a model of which nobody knows whose it is, with those of
    /// which it may be a part; or as one that makes pictures.
    pub(super) fn unknown_chat_model(&self, typed: &str) -> Refusal {
        let model = shown(typed);
        if is_called_as_painter(typed) {
            return AskRefusal::PicturesAlone { model }.into();
        }
        let offered = self.named_like(typed);
        AskRefusal::UnknownModel { model, offered }.into()
    }

    /// The usual models in whose names every word of a text stands.
    pub(super) fn named_like(&self, typed: &str) -> Vec<String> {
        let typed = typed.to_lowercase();
        let wanted: Vec<&str> = words_of(&typed).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let usual = self.catalogue.iter().filter_map(|it| self.usual_model(it));
        let fits = |full: &String| {
            let full = full.to_lowercase();
            let has = |wanted: &&str| words_of(&full).any(|word| word == *wanted);
            wanted.iter().all(has)
        };
        usual.filter(fits).take(OFFERED_MAX).collect()
    }

    fn provider_as_model(&self, provider: &Provider) -> Refusal {
        AskRefusal::ProviderAsModel {
            provider: provider.id.clone(),
            usual: self.usual_model(provider),
        }
        .into()
    }

    /// A provider's default model as it is typed, where it may be used.
    fn usual_model(&self, provider: &Provider) -> Option<String> {
        let model = provider.default_model.as_deref()?;
        let is_chat = provider.kind == ProviderKind::Chat;
        (is_chat && self.may_use(&provider.id, model)).then(|| provider.full_name(model))
    }
}

/// The refusal of what can be no model's name.
pub(super) fn no_models_name(typed: &str) -> Refusal {
    let typed = shown(typed);
    AskRefusal::NoModelsName { typed }.into()
}

fn is_address(typed: &str) -> bool {
    let small = typed.to_ascii_lowercase();
    // Slashes that nothing stands between are one by now.
    small.contains(":/") || small.starts_with("www.")
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty())
}
