//! Providers and their models: which there are, which of them the operator
//! allows, and which of them a call names.

mod lists;
mod misnamed;
mod name;
mod provider_info;

use crate::model::{AskRefusal, ProviderId, ProviderKind, Refusal};
use crate::providers::{Catalogue, Provider, Workflows, glob};

pub use lists::ModelLists;
pub use name::{refuse_pictures_alone, runs_workflows};
pub use provider_info::{KnownProviders, ProviderInfo};

/// A model of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModelChoice {
    pub provider: ProviderId,
    pub model: String,
}

/// What the operator settled of models.
#[derive(Clone, Debug)]
pub struct ModelSettings {
    /// The operator's order of providers of language models.
    pub chat_order: Vec<ProviderId>,
    /// The operator's order of providers of pictures.
    pub picture_order: Vec<ProviderId>,
    pub workflows: Workflows,
    /// Patterns of `provider/model`; empty: every model.
    pub allowed: Vec<String>,
}

impl ModelSettings {
    /// Whose a model is that is named with another provider than its own, and its
    /// whole name.
    pub fn find_owner(&self, catalogue: &Catalogue, typed: &str) -> Option<(ProviderId, String)> {
        let found = Models::new(catalogue.clone(), self.clone()).find_chat_model(typed);
        match found {
            Err(Refusal::Ask(AskRefusal::ModelOfAnother { of, model, .. })) => Some((of, model)),
            _ => None,
        }
    }
}

/// Every provider, and what is known of its models.
pub struct Models {
    catalogue: Catalogue,
    chat_order: Vec<ProviderId>,
    picture_order: Vec<ProviderId>,
    workflows: Workflows,
    allowed: Vec<String>,
    lists: ModelLists,
}

impl Models {
    /// Puts the parts together.
    pub fn new(catalogue: Catalogue, settings: ModelSettings) -> Self {
        let ModelSettings {
            mut chat_order,
            picture_order,
            workflows,
            allowed,
        } = settings;
        let chats = |id: &ProviderId| {
            catalogue
                .get(id)
                .is_some_and(|it| it.kind == ProviderKind::Chat)
        };
        chat_order.retain(chats);
        Self {
            catalogue,
            chat_order,
            picture_order,
            workflows,
            allowed,
            lists: ModelLists::default(),
        }
    }

    /// All providers.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The providers of language models, in the operator's order.
    pub fn chat_order(&self) -> &[ProviderId] {
        &self.chat_order
    }

    /// The providers of pictures, in the operator's order.
    pub fn picture_order(&self) -> &[ProviderId] {
        &self.picture_order
    }

    /// The workflows that hosts run.
    pub fn workflows(&self) -> &Workflows {
        &self.workflows
    }

    /// What providers listed.
    pub fn lists(&self) -> &ModelLists {
        &self.lists
    }

    /// The provider that a person typed.
    pub fn find_provider(&self, typed: &str) -> Result<&Provider, Refusal> {
        self.catalogue
            .find(typed)
            .ok_or_else(|| self.unknown_provider(typed))
    }

    /// The provider of a row, which an operator may have taken out.
    pub fn provider(&self, id: &ProviderId) -> Result<&Provider, Refusal> {
        let found = self.catalogue.get(id);
        found.ok_or_else(|| self.unknown_provider(id.as_str()))
    }

    fn unknown_provider(&self, typed: &str) -> Refusal {
        Refusal::Key(KnownProviders::new(&self.catalogue).unknown(typed))
    }

    /// Whether the operator lets a model be used.
    pub fn may_use(&self, provider: &ProviderId, model: &str) -> bool {
        if self.allowed.is_empty() {
            return true;
        }
        let full = format!("{provider}/{model}");
        self.allowed.iter().any(|pattern| glob(pattern, &full))
    }

    /// A language model by what was typed; refused where it is not clear
    /// whose it is.
    pub fn find_chat_model(&self, typed: &str) -> Result<ModelChoice, Refusal> {
        let named = self.read_chat_model(None, Some(typed))?;
        match (named.only_provider(), named.model) {
            (Some(provider), Some(model)) => Ok(ModelChoice {
                provider: provider.id.clone(),
                model,
            }),
            _ => Err(misnamed::no_models_name(typed.trim())),
        }
    }

    /// Whose a model is, where exactly one provider has listed it.
    fn lister_of(&self, model: &str) -> Option<&Provider> {
        self.catalogue.get(&self.lists.lister_of(model)?)
    }

    fn all(&self, ids: &[ProviderId]) -> Vec<&Provider> {
        let known = ids.iter().filter_map(|id| self.catalogue.get(id));
        known.collect()
    }
}
