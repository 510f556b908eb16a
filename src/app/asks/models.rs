//! The models that the keys present here can use.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::model::{Caller, KeyId, Offer, ProviderId, TtlCache, lock};
use crate::providers::Provider;

use crate::app::{App, Error};

/// How long a list is believed after it was asked for.
const FRESH: Duration = Duration::from_hours(1);
/// How many lists are kept.
const LISTS_MAX: usize = 500;

/// A model of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelChoice {
    pub provider: ProviderId,
    pub model: String,
}

/// The lists of models that providers gave for keys. A list is believed for
/// a while from when it was asked for. An entry has none while the first
/// answer is awaited, or where there was none.
pub struct ModelLists(Mutex<TtlCache<ListedFor, Option<Arc<[String]>>>>);

/// The provider that listed its models, and the key that it did so for.
type ListedFor = (ProviderId, Option<KeyId>);

impl Default for ModelLists {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(LISTS_MAX, FRESH)))
    }
}

impl ModelLists {
    /// The list for an offer's key, and whether the caller should ask for it
    /// (again). One caller is told so; the others use the old list meanwhile.
    fn get_or_claim(&self, offer: &Offer, now_ms: i64) -> (Option<Arc<[String]>>, bool) {
        let mut lists = lock(&self.0);
        let key = (offer.provider.clone(), offer.key);
        if let Some(models) = lists.get(&key, now_ms) {
            return (models.clone(), false);
        }
        let old = lists.get_even_stale(&key).cloned().flatten();
        lists.put(key, old.clone(), now_ms);
        (old, true)
    }

    /// The one provider whose lists have a model; none if there are more.
    fn lister_of(&self, model: &str) -> Option<ProviderId> {
        let lists = lock(&self.0);
        let mut found: Vec<&ProviderId> = lists
            .iter_even_stale()
            .filter(|(_, models)| {
                models
                    .iter()
                    .flat_map(|all| all.iter())
                    .any(|it| it == model)
            })
            .map(|((id, _), _)| id)
            .collect();
        found.sort_unstable();
        found.dedup();
        match found[..] {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    /// Keeps the list that was asked for. It is as old as the question.
    fn put(&self, offer: &Offer, models: Vec<String>) {
        let key = (offer.provider.clone(), offer.key);
        if let Some(list) = lock(&self.0).get_even_stale_mut(&key) {
            *list = Some(models.into());
        }
    }
}

impl ModelChoice {
    /// As it is typed: `provider/model`.
    pub fn full(&self) -> String {
        format!("{}/{}", self.provider, self.model)
    }
}

impl App {
    /// The models that somebody can use here, each provider's default first.
    /// Lists that are not known yet are asked for in the background.
    pub async fn models_for(self: &Arc<Self>, caller: &Caller) -> Result<Vec<ModelChoice>, Error> {
        let standing = self.standing(caller.clone()).await?;
        let now_ms = self.clock.now_ms();
        let (mut defaults, mut others) = (Vec::new(), Vec::new());
        for id in self.chat_order() {
            let one = std::slice::from_ref(&id);
            let choice = self.choose(&standing, one, None);
            let Some(payer) = choice.payers.first() else {
                continue;
            };
            let (known, ask) = self.lists.get_or_claim(payer, now_ms);
            if ask {
                self.list_in_background(payer.clone());
            }
            let provider = self.known(&id)?;
            let default = provider.default_model.iter();
            defaults.extend(default.map(|model| choice_of(&id, model)));
            let listed = known.iter().flat_map(|models| models.iter());
            others.extend(listed.map(|model| choice_of(&id, model)));
        }
        others.retain(|other| !defaults.contains(other));
        defaults.append(&mut others);
        defaults.retain(|it| self.may_use(&it.provider, &it.model));
        Ok(defaults)
    }

    /// The same, once every list that is not known yet was asked for: a
    /// program asks once, and does not look again.
    pub async fn models_now(self: &Arc<Self>, caller: &Caller) -> Result<Vec<ModelChoice>, Error> {
        let standing = self.standing(caller.clone()).await?;
        let now_ms = self.clock.now_ms();
        let mut asking = Vec::new();
        for id in self.chat_order() {
            let choice = self.choose(&standing, std::slice::from_ref(&id), None);
            let Some(payer) = choice.payers.into_iter().next() else {
                continue;
            };
            if self.lists.get_or_claim(&payer, now_ms).1 {
                asking.push(async move { self.list_once(&payer).await });
            }
        }
        futures_util::future::join_all(asking).await;
        self.models_for(caller).await
    }

    /// Whose a model is, where exactly one provider has listed it.
    pub(in crate::app) fn lister_of(&self, model: &str) -> Option<&Provider> {
        let id = self.lists.lister_of(model)?;
        self.catalogue().get(&id)
    }

    fn list_in_background(self: &Arc<Self>, payer: Offer) {
        let app = Arc::clone(self);
        self.spawn(async move { app.list_once(&payer).await });
    }

    async fn list_once(&self, payer: &Offer) {
        match self.list(payer).await {
            Ok(models) => self.lists.put(payer, models),
            Err(error) => tracing::debug!("could not list models: {error:#}"),
        }
    }

    async fn list(&self, payer: &Offer) -> anyhow::Result<Vec<String>> {
        let provider: &Provider = self.known(&payer.provider)?;
        let key = self.open_key(payer, None)?;
        let listed = self.providers.models(provider, key.credential()).await;
        listed.map_err(|failure| anyhow::anyhow!("{}: {:?}", payer.provider, failure.class))
    }
}

fn choice_of(provider: &ProviderId, model: &str) -> ModelChoice {
    ModelChoice {
        provider: provider.clone(),
        model: model.to_owned(),
    }
}
