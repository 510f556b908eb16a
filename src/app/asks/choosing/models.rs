//! The models that the keys present here can use.

use std::sync::Arc;

use crate::model::{Caller, ChoiceScope, Offer, Place, ProviderId, Source};
use crate::providers::{ListedModel, Provider};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::asks::choosing::choices::{ModelStanding, ModelUsers};
use crate::app::models::ModelChoice;

/// What came of asking for lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ListingOutcome {
    /// Everybody who may be asked was asked.
    All,
    /// A key did not open, so that somebody else may be asked.
    BesidesDamagedKeys,
}

impl Asks {
    /// The models that somebody can use here, each provider's default first.
    /// Lists that are not known yet are asked for in the background.
    pub async fn list_models(self: &Arc<Self>, caller: &Caller) -> Result<Vec<ModelChoice>, Error> {
        let policy = self.policies.read_policy(caller.clone()).await?;
        let now_ms = self.clock.now_ms();
        let (mut defaults, mut others) = (Vec::new(), Vec::new());
        for id in self.models.chat_order() {
            let one = std::slice::from_ref(id);
            let choice = self.payers.choose_for(&policy, one, None);
            let Some(payer) = choice.payers.first() else {
                continue;
            };
            let (known, ask) = self.models.lists().get_or_claim(payer, now_ms);
            if ask {
                self.list_in_background(payer.clone());
            }
            let provider = self.models.provider(id)?;
            let default = provider.default_model.iter();
            defaults.extend(default.map(|model| choice_of(id, model)));
            let listed = known.iter().flat_map(|models| models.iter());
            others.extend(listed.map(|model| choice_of(id, model)));
        }
        others.retain(|other| !defaults.contains(other));
        defaults.append(&mut others);
        defaults.retain(|it| self.models.may_use(&it.provider, &it.model));
        Ok(defaults)
    }

    /// Lists the caller's models, once every list that is not known yet was asked
    /// for: a program asks once, and does not look again.
    pub async fn fetch_models(
        self: &Arc<Self>,
        caller: &Caller,
    ) -> Result<Vec<ModelChoice>, Error> {
        while self.fetch_unknown_lists(caller).await? == ListingOutcome::BesidesDamagedKeys {}
        self.list_models(caller).await
    }

    /// Asks each provider's first payer for the list, if it is not known.
    async fn fetch_unknown_lists(&self, caller: &Caller) -> Result<ListingOutcome, Error> {
        let policy = self.policies.read_policy(caller.clone()).await?;
        let now_ms = self.clock.now_ms();
        let mut asking = Vec::new();
        for id in self.models.chat_order() {
            let choice = self
                .payers
                .choose_for(&policy, std::slice::from_ref(id), None);
            let Some(payer) = choice.payers.into_iter().next() else {
                continue;
            };
            if self.models.lists().get_or_claim(&payer, now_ms).1 {
                asking.push(async move { self.list_once(&payer).await });
            }
        }
        let listed = futures_util::future::join_all(asking).await;
        let has_damaged_key = listed.contains(&ListingOutcome::BesidesDamagedKeys);
        Ok(if has_damaged_key {
            ListingOutcome::BesidesDamagedKeys
        } else {
            ListingOutcome::All
        })
    }

    /// Asks a model's provider whether it has the model, with the key of
    /// whoever would pay here.
    pub(in crate::app::asks) async fn look_up_model(
        &self,
        caller: &Caller,
        chosen: &ModelChoice,
    ) -> Result<ModelStanding, Error> {
        let provider = self.models.provider(&chosen.provider)?;
        let policy = self.policies.read_policy(caller.clone()).await?;
        let one = std::slice::from_ref(&provider.id);
        let choice = self.payers.choose_for(&policy, one, None);
        let Some(payer) = choice.payers.first() else {
            return Ok(ModelStanding::NobodyPays);
        };
        if provider.default_model.as_deref() == Some(chosen.model.as_str()) {
            return Ok(ModelStanding::Listed);
        }
        self.list_if_due(payer).await;
        let now_ms = self.clock.now_ms();
        let known = self.models.lists().get_or_claim(payer, now_ms).0;
        let is_it = |listed: &String| is_same_model(listed, &chosen.model);
        Ok(match known.as_deref() {
            None => ModelStanding::Unsaid,
            Some(all) if all.iter().any(is_it) => ModelStanding::Listed,
            Some(_) => ModelStanding::Unlisted,
        })
    }

    /// Finds out who can use a model, of those for whom it is being chosen.
    pub(in crate::app::asks) async fn find_model_users(
        &self,
        caller: &Caller,
        scope: ChoiceScope,
        chosen: &ModelChoice,
    ) -> Result<ModelUsers, Error> {
        let policy = self.policies.read_policy(caller.clone()).await?;
        let one = std::slice::from_ref(&chosen.provider);
        let payers = self.payers.choose_for(&policy, one, None).payers;
        let is_for_several =
            !matches!(scope, ChoiceScope::Person(_)) && caller.place != Place::Direct;
        let pays = |offer: &Offer| !is_for_several || offer.source != Source::Personal;
        Ok(if payers.iter().any(pays) {
            ModelUsers::Everybody
        } else if is_for_several && self.keys.byok_enabled() {
            ModelUsers::KeyOwners
        } else {
            ModelUsers::Nobody
        })
    }

    fn list_in_background(self: &Arc<Self>, payer: Offer) {
        let asks = Arc::clone(self);
        self.tasks.spawn(async move {
            asks.list_once(&payer).await;
        });
    }

    /// Asks a payer's provider for its list, unless that is known or asked for.
    pub(in crate::app::asks) async fn list_if_due(&self, payer: &Offer) {
        let now_ms = self.clock.now_ms();
        if self.models.lists().get_or_claim(payer, now_ms).1 {
            self.list_once(payer).await;
        }
    }

    async fn list_once(&self, payer: &Offer) -> ListingOutcome {
        match self.list(payer).await {
            Ok(Some(models)) => {
                let now_ms = self.clock.now_ms();
                self.models.lists().put(payer, models, now_ms);
            }
            Ok(None) => return ListingOutcome::BesidesDamagedKeys,
            Err(error) => tracing::debug!("could not list models: {error:#}"),
        }
        ListingOutcome::All
    }

    /// The models that a payer's provider lists; none where the payer's key
    /// does not open, so that the next payer may be asked.
    async fn list(&self, payer: &Offer) -> anyhow::Result<Option<Vec<ListedModel>>> {
        let provider: &Provider = self.models.provider(&payer.provider)?;
        let key = match self.payers.open_key(payer, None) {
            Ok(key) => key,
            Err(failure) => {
                let Some(demotion) = self.payers.demote(payer, &failure).await? else {
                    return Err(failure.into());
                };
                self.people.tell_owners(vec![demotion], Vec::new());
                return Ok(None);
            }
        };
        let listed = self.providers.models(provider, key.credential()).await;
        Ok(Some(listed?))
    }
}

/// Whether a listed model is the one that is named: providers list models
/// with a date or a tag, and take them without; or without a variant, and
/// take them with it.
fn is_same_model(listed: &str, named: &str) -> bool {
    let is_longer = |long: &str, short: &str| {
        let rest = long.strip_prefix(short);
        let is_dated = |rest: &str| {
            let digits = rest.trim_start_matches(['-', '@']);
            digits.len() < rest.len() && digits.starts_with("20")
        };
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':') || is_dated(rest))
    };
    is_longer(listed, named) || is_longer(named, listed)
}

fn choice_of(provider: &ProviderId, model: &str) -> ModelChoice {
    ModelChoice {
        provider: provider.clone(),
        model: model.to_owned(),
    }
}
