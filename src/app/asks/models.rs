//! The models that the keys present here can use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{Caller, KeyId, Offer, ProviderId};
use crate::providers::Provider;

use crate::app::{App, Error};

/// How long a list is taken for true, in milliseconds.
const FRESH_MS: i64 = 60 * 60 * 1_000;
/// How many lists are kept.
const LISTS_MAX: usize = 500;

/// A model of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelChoice {
    pub provider: ProviderId,
    pub model: String,
}

/// What providers listed, by key.
#[derive(Default)]
pub struct Lists {
    known: Mutex<HashMap<(ProviderId, Option<KeyId>), List>>,
}

struct List {
    asked_at_ms: i64,
    /// None while the answer is awaited, or where there was none.
    models: Option<Arc<[String]>>,
}

impl Lists {
    /// What is known, and whether it should be asked for (again).
    fn get(&self, of: &Offer, now_ms: i64) -> (Option<Arc<[String]>>, bool) {
        let mut known = self.lock();
        let key = (of.provider.clone(), of.key);
        let old = known.get(&key);
        let models = old.and_then(|list| list.models.clone());
        let fresh = old.is_some_and(|list| now_ms - list.asked_at_ms < FRESH_MS);
        if !fresh {
            if known.len() >= LISTS_MAX {
                known.clear();
            }
            let models = models.clone();
            let asked_at_ms = now_ms;
            known.insert(
                key,
                List {
                    asked_at_ms,
                    models,
                },
            );
        }
        (models, !fresh)
    }

    /// The one provider of those known whose list has a model.
    fn lister_of(&self, model: &str) -> Option<ProviderId> {
        let known = self.lock();
        let has = |list: &List| {
            list.models
                .iter()
                .flat_map(|all| all.iter())
                .any(|it| it == model)
        };
        let mut found: Vec<&ProviderId> = known
            .iter()
            .filter(|(_, list)| has(list))
            .map(|((id, _), _)| id)
            .collect();
        found.sort_unstable();
        found.dedup();
        match found[..] {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    fn put(&self, of: &Offer, models: Vec<String>) {
        if let Some(list) = self.lock().get_mut(&(of.provider.clone(), of.key)) {
            list.models = Some(models.into());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(ProviderId, Option<KeyId>), List>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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
        let policy = self.caller_policy(caller.clone()).await?;
        let now_ms = self.clock.now_ms();
        let (mut defaults, mut others) = (Vec::new(), Vec::new());
        for id in self.chat_order() {
            let one = std::slice::from_ref(&id);
            let choice = self.choose(&policy, one, None);
            let Some(payer) = choice.payers.first() else {
                continue;
            };
            let (known, ask) = self.lists.get(payer, now_ms);
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
        let policy = self.caller_policy(caller.clone()).await?;
        let now_ms = self.clock.now_ms();
        let mut asking = Vec::new();
        for id in self.chat_order() {
            let choice = self.choose(&policy, std::slice::from_ref(&id), None);
            let Some(payer) = choice.payers.into_iter().next() else {
                continue;
            };
            if self.lists.get(&payer, now_ms).1 {
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
