//! Cache of ids that Discord named of people: their roles, or what they
//! have bought.

use std::sync::Mutex;
use std::time::Duration;

use crate::model::{PersonId, TtlCache, lock};

/// How long an answer of Discord's stays valid.
const FRESH: Duration = Duration::from_mins(5);
/// How many people the cache holds at the most.
const PEOPLE_MAX: usize = 10_000;

/// Ids by person.
pub struct PersonIds(Mutex<TtlCache<PersonId, Vec<u64>>>);

impl Default for PersonIds {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(PEOPLE_MAX, FRESH)))
    }
}

impl PersonIds {
    /// A person's ids, if Discord named them within the last five minutes.
    pub fn fresh_ids(&self, person: PersonId, now_ms: i64) -> Option<Vec<u64>> {
        lock(&self.0).get(&person, now_ms).cloned()
    }

    /// A person's ids as Discord named them last, which is better than
    /// nothing while it does not answer.
    pub fn last_ids(&self, person: PersonId) -> Vec<u64> {
        let cache = lock(&self.0);
        cache.get_even_stale(&person).cloned().unwrap_or_default()
    }

    /// Stores what Discord named.
    pub fn store_ids(&self, person: PersonId, ids: Vec<u64>, now_ms: i64) {
        lock(&self.0).put(person, ids, now_ms);
    }
}
