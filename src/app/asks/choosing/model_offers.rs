//! The models that the keys present here can use, with what lists say of them.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::ledger::ListPrice;
use crate::model::{AskRefusal, Caller, KeyRefusal, Refusal, Source};
use crate::providers::{Abilities, last_day, sees};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::keys::RequestKey;
use crate::app::models::{KnownProviders, ModelChoice};
use crate::app::payers::refused_by;
use crate::app::policy::CallerPolicy;

/// How many models a refusal of an unknown one names.
const OFFERED_MAX: usize = 2;

/// A model that a caller's keys can use, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelOffer {
    pub choice: ModelChoice,
    /// As it is typed: `provider/model`.
    pub full: String,
    pub makes_pictures: bool,
    pub sees_pictures: bool,
    /// What its family and its provider's list say of it.
    pub abilities: Abilities,
    pub prices: ListPrice,
}

impl ModelOffer {
    /// How much it can be told and say in all.
    pub fn context_tokens(&self) -> Option<u64> {
        let listed = self.abilities.context_tokens;
        listed.or(self.prices.context_tokens)
    }
}

impl Asks {
    /// The models that somebody can use here, with what is known of them.
    pub async fn fetch_model_offers(
        self: &Arc<Self>,
        caller: &Caller,
    ) -> Result<Vec<ModelOffer>, Error> {
        let choices = self.fetch_models(caller).await?;
        let listed = self.listed_abilities(caller).await?;
        let mut offers = Vec::with_capacity(choices.len());
        for choice in choices {
            let listed = listed.get(&choice).copied().unwrap_or_default();
            offers.push(self.offer_model(choice, listed).await?);
        }
        Ok(offers)
    }

    /// The models that a key which came with the call can use, as its provider
    /// lists them now. The list is kept nowhere, as the key is.
    pub async fn fetch_models_of_key(
        &self,
        caller: &Caller,
        key: RequestKey,
    ) -> Result<Vec<ModelOffer>, Error> {
        let policy = self.policies.read_policy(caller.clone()).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        let catalogue = self.models.catalogue();
        let owner = key.owner(catalogue).ok_or(KeyRefusal::OnceNeedsProvider)?;
        let provider = self.models.provider(&owner)?;
        let credential = key.into_credential(catalogue, provider, true)?;
        let listed = self.providers.models(provider, Some(&credential)).await;
        let listed = listed.map_err(|failure| refused_by(failure, Source::Request, ""))?;
        let mut offers = Vec::with_capacity(listed.len());
        for model in listed {
            if self.models.may_use(&owner, &model.name) {
                let (provider, name) = (owner.clone(), model.name);
                let choice = ModelChoice {
                    provider,
                    model: name,
                };
                offers.push(self.offer_model(choice, model.abilities).await?);
            }
        }
        Ok(offers)
    }

    /// Adds to the refusal of an unknown model some that its asker can use.
    pub(in crate::app::asks) fn offer_others(
        &self,
        policy: &CallerPolicy,
        refusal: Refusal,
    ) -> Refusal {
        let (model, like) = match refusal {
            Refusal::Ask(AskRefusal::UnknownModel { model, offered }) => (model, offered),
            refusal => return refusal,
        };
        if !like.is_empty() {
            let offered = like;
            return AskRefusal::UnknownModel { model, offered }.into();
        }
        let order = self.models.chat_order();
        let payers = self.payers.choose_for(policy, order, None).payers;
        let paid = order
            .iter()
            .filter(|id| payers.iter().any(|offer| offer.provider == **id));
        let defaults = paid.filter_map(|id| {
            let provider = self.models.provider(id).ok()?;
            let model = provider.default_model.as_deref()?;
            self.models
                .may_use(id, model)
                .then(|| provider.full_name(model))
        });
        let offered = defaults.take(OFFERED_MAX).collect();
        AskRefusal::UnknownModel { model, offered }.into()
    }

    /// A model with what its provider's list, its family and the lists of
    /// prices say of it.
    async fn offer_model(
        &self,
        choice: ModelChoice,
        listed: Abilities,
    ) -> Result<ModelOffer, Error> {
        let provider = self.models.provider(&choice.provider)?;
        let of_family = provider.dialect.abilities_of(&choice.model);
        let announced = announced_end(&choice);
        Ok(ModelOffer {
            makes_pictures: false,
            sees_pictures: listed.sees || sees(provider, &choice.model),
            abilities: listed.or(of_family).or(announced),
            prices: self.list_price_of(&choice).await?,
            full: provider.full_name(&choice.model),
            choice,
        })
    }

    /// The same of models that make pictures.
    pub async fn offer_picture_models(
        &self,
        choices: Vec<ModelChoice>,
    ) -> Result<Vec<ModelOffer>, Error> {
        let mut offers = Vec::with_capacity(choices.len());
        for choice in choices {
            offers.push(ModelOffer {
                makes_pictures: true,
                sees_pictures: false,
                abilities: announced_end(&choice),
                prices: self.list_price_of(&choice).await?,
                full: KnownProviders::new(self.models.catalogue()).full_name(&choice),
                choice,
            });
        }
        Ok(offers)
    }

    async fn list_price_of(&self, choice: &ModelChoice) -> Result<ListPrice, Error> {
        let prices = self.payers.list_price(&choice.provider, &choice.model);
        Ok(prices.await?)
    }

    /// What providers' lists say of the models that somebody can use here.
    pub(super) async fn listed_abilities(
        &self,
        caller: &Caller,
    ) -> Result<HashMap<ModelChoice, Abilities>, Error> {
        let policy = self.policies.read_policy(caller.clone()).await?;
        let mut known = HashMap::new();
        for id in self.models.chat_order() {
            let one = std::slice::from_ref(id);
            let choice = self.payers.choose_for(&policy, one, None);
            let first = choice.payers.first();
            let Some(listed) = first.and_then(|it| self.models.lists().look_up(it)) else {
                continue;
            };
            for (model, abilities) in listed.models.iter().zip(listed.abilities.iter()) {
                let (provider, model) = (id.clone(), model.clone());
                known.insert(ModelChoice { provider, model }, *abilities);
            }
        }
        Ok(known)
    }
}

/// The day on which a model ends, by what its provider has announced elsewhere than
/// in its list.
pub fn announced_end(choice: &ModelChoice) -> Abilities {
    Abilities {
        last_day: last_day(&choice.provider, &choice.model),
        ..Abilities::default()
    }
}
