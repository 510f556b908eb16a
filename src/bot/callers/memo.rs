//! What Discord said of somebody a while ago.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::PersonId;

/// How long an answer of Discord's is taken for true.
const FRESH: Duration = Duration::from_mins(5);
/// How many people are remembered.
const PEOPLE_MAX: usize = 10_000;

/// Ids that belong to people, as Discord said.
#[derive(Default)]
pub struct Memo {
    known: Mutex<HashMap<PersonId, (Instant, Vec<u64>)>>,
}

impl Memo {
    /// What is known and still taken for true.
    pub fn fresh(&self, person: PersonId) -> Option<Vec<u64>> {
        let known = self.lock();
        let (at, ids) = known.get(&person)?;
        (at.elapsed() < FRESH).then(|| ids.clone())
    }

    /// What was known last: better than nothing.
    pub fn stale(&self, person: PersonId) -> Vec<u64> {
        let known = self.lock();
        known
            .get(&person)
            .map(|(_, ids)| ids.clone())
            .unwrap_or_default()
    }

    /// Remembers what Discord says.
    pub fn note(&self, person: PersonId, ids: Vec<u64>) {
        let mut known = self.lock();
        if known.len() >= PEOPLE_MAX {
            known.retain(|_, (at, _)| at.elapsed() < FRESH);
        }
        if known.len() < PEOPLE_MAX {
            known.insert(person, (Instant::now(), ids));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PersonId, (Instant, Vec<u64>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
