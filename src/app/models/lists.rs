//! The lists of models that providers gave, by key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{KeyId, Offer, ProviderId};

/// How long a list is taken for true, in milliseconds.
const FRESH_MS: i64 = 60 * 60 * 1_000;
/// How many lists are kept.
const LISTS_MAX: usize = 500;

/// What providers listed, by key.
#[derive(Default)]
pub struct ModelLists {
    known: Mutex<HashMap<(ProviderId, Option<KeyId>), List>>,
}

struct List {
    asked_at_ms: i64,
    /// None while the answer is awaited, or where there was none.
    models: Option<Arc<[String]>>,
}

impl ModelLists {
    /// The list for an offer's key, and whether the caller should ask for it
    /// (again). One caller is told so; the others use the old list meanwhile.
    pub fn get_or_claim(&self, of: &Offer, now_ms: i64) -> (Option<Arc<[String]>>, bool) {
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
    pub fn lister_of(&self, model: &str) -> Option<ProviderId> {
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

    pub fn put(&self, of: &Offer, models: Vec<String>) {
        if let Some(list) = self.lock().get_mut(&(of.provider.clone(), of.key)) {
            list.models = Some(models.into());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(ProviderId, Option<KeyId>), List>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
