//! The lists of models that providers gave, by key.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::model::{KeyId, Offer, ProviderId, TtlCache, lock};
use crate::providers::{Abilities, ListedModel};

/// How long a list is believed after it was asked for.
const FRESH: Duration = Duration::from_hours(1);
/// How many lists are kept.
const LISTS_MAX: usize = 500;

/// The lists of models that providers gave for keys. A list is believed for
/// a while from when it was asked for. An entry has none while the first
/// answer is awaited, or where there was none.
pub struct ModelLists(Mutex<TtlCache<ListedFor, Option<ListedModels>>>);

/// What a provider listed for a key, and when.
#[derive(Clone)]
pub struct ListedModels {
    pub models: Arc<[String]>,
    /// What the list says that its models can do, in the same order.
    pub abilities: Arc<[Abilities]>,
    pub at_ms: i64,
}

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
    pub fn get_or_claim(&self, offer: &Offer, now_ms: i64) -> (Option<Arc<[String]>>, bool) {
        let mut lists = lock(&self.0);
        let key = (offer.provider.clone(), offer.key);
        if let Some(models) = lists.get(&key, now_ms) {
            return (models.as_ref().map(|it| Arc::clone(&it.models)), false);
        }
        let old = lists.get_even_stale(&key).cloned().flatten();
        let models = old.as_ref().map(|it| Arc::clone(&it.models));
        lists.put(key, old, now_ms);
        (models, true)
    }

    /// The list for an offer's key, however old it is.
    pub fn look_up(&self, offer: &Offer) -> Option<ListedModels> {
        let key = (offer.provider.clone(), offer.key);
        lock(&self.0).get_even_stale(&key).cloned().flatten()
    }

    /// Whether a list of a provider's has a model.
    pub fn has(&self, provider: &ProviderId, model: &str) -> bool {
        let lists = lock(&self.0);
        lists.iter_even_stale().any(|((id, _), models)| {
            let mut all = models.iter().flat_map(|all| all.models.iter());
            id == provider && all.any(|it| it == model)
        })
    }

    /// How a provider's lists write a model, whatever letters it was written
    /// with; none where they have none of it, or several.
    pub fn spelling(&self, provider: &ProviderId, model: &str) -> Option<String> {
        let lists = lock(&self.0);
        let of_provider = lists
            .iter_even_stale()
            .filter(|((id, _), _)| id == provider);
        let listed = of_provider.flat_map(|(_, models)| models.iter());
        let mut found: Vec<&String> = listed
            .flat_map(|all| all.models.iter())
            .filter(|it| it.eq_ignore_ascii_case(model))
            .collect();
        found.sort_unstable();
        found.dedup();
        match found[..] {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    /// What a list of a provider's says of a model, whoever's key it was asked for
    /// with.
    pub fn abilities_of(&self, provider: &ProviderId, model: &str) -> Option<Abilities> {
        let lists = lock(&self.0);
        lists.iter_even_stale().find_map(|((id, _), listed)| {
            let listed = listed.as_ref().filter(|_| id == provider)?;
            // A list is in the order of its models' names.
            let at = listed.models.binary_search_by(|it| it.as_str().cmp(model));
            listed.abilities.get(at.ok()?).copied()
        })
    }

    /// The one provider whose lists have a model; none if there are more.
    pub fn lister_of(&self, model: &str) -> Option<ProviderId> {
        let lists = lock(&self.0);
        let mut found: Vec<&ProviderId> = lists
            .iter_even_stale()
            .filter(|(_, models)| {
                models
                    .iter()
                    .flat_map(|all| all.models.iter())
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

    /// Keeps the list that was asked for. It is believed for as long as if it
    /// were as old as the question.
    pub fn put(&self, offer: &Offer, listed: Vec<ListedModel>, at_ms: i64) {
        let key = (offer.provider.clone(), offer.key);
        if let Some(list) = lock(&self.0).get_even_stale_mut(&key) {
            let (models, abilities): (Vec<_>, Vec<_>) =
                listed.into_iter().map(|it| (it.name, it.abilities)).unzip();
            *list = Some(ListedModels {
                models: models.into(),
                abilities: abilities.into(),
                at_ms,
            });
        }
    }
}
