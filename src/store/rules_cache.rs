//! Rules and offers that were read a moment ago, so that the next ask of the
//! same person need not read them again. Only on SQLite, where every change
//! passes through this process.
//!
//! A statement that writes to a table of rules or offers empties the cache
//! before its caller hears that it is written. So what the cache has is what
//! the database has, unless another program writes to the file: that is
//! noticed after [`FRESH`] and [`RELOADS_WITHIN`].

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::model::{Clock, Offer, PersonId, Place, TtlCache, lock};

use crate::store::rules::Rules;

/// How long an entry is believed.
const FRESH: Duration = Duration::from_secs(2);
/// How much longer it is believed while one caller reads it again.
const RELOADS_WITHIN: Duration = Duration::from_millis(250);
/// How many entries there are at the most.
const ENTRIES_MAX: usize = 4_096;

/// Whose rules and offers: a person's, in a place and a channel of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RulesKey {
    pub person: PersonId,
    pub place: Place,
    pub channel: Option<u64>,
}

/// What an ask must know of a person in a place.
#[derive(Debug)]
pub struct RulesAndOffers {
    pub rules: Rules,
    /// Every stored key that could pay.
    pub offers: Vec<Offer>,
}

/// The cache, and how often it was emptied.
pub struct RulesCache {
    clock: Clock,
    entries: Mutex<Entries>,
}

struct Entries {
    changes: u64,
    cache: TtlCache<RulesKey, Arc<RulesAndOffers>>,
}

impl RulesCache {
    /// An empty cache.
    pub fn new(clock: Clock) -> Self {
        let entries = Entries {
            changes: 0,
            cache: TtlCache::new(ENTRIES_MAX, FRESH),
        };
        Self {
            clock,
            entries: Mutex::new(entries),
        }
    }

    /// The entry of a key. Once it is stale, the first caller gets none and
    /// is to read it again; the others get the old one and need not wait.
    pub fn get(&self, key: &RulesKey) -> Option<Arc<RulesAndOffers>> {
        let now_ms = self.clock.now_ms();
        let mut entries = lock(&self.entries);
        let found = entries.cache.get_or_claim(key, now_ms, RELOADS_WITHIN);
        found.map(Arc::clone)
    }

    /// How many changes there were. To be asked before something is read
    /// from the database that is to be put here.
    pub fn changes(&self) -> u64 {
        lock(&self.entries).changes
    }

    /// Puts what was read from the database, unless something was changed
    /// since `changes` was asked for.
    pub fn put(&self, key: RulesKey, read: &Arc<RulesAndOffers>, changes: u64) {
        let now_ms = self.clock.now_ms();
        let mut entries = lock(&self.entries);
        if entries.changes == changes {
            entries.cache.put(key, Arc::clone(read), now_ms);
        }
    }

    /// Empties the cache, because rules or offers were changed.
    pub fn invalidate(&self) {
        let mut entries = lock(&self.entries);
        entries.changes += 1;
        entries.cache.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_000_000_000;

    fn key(person: u64) -> RulesKey {
        RulesKey {
            person: PersonId(person),
            place: Place::Direct,
            channel: None,
        }
    }

    fn read() -> Arc<RulesAndOffers> {
        Arc::new(RulesAndOffers {
            rules: Rules::default(),
            offers: Vec::new(),
        })
    }

    #[test]
    fn a_change_takes_back_what_was_read_before_it() {
        let cache = RulesCache::new(Clock::held_at(NOW_MS));
        let before = cache.changes();
        cache.put(key(7), &read(), before);
        assert!(cache.get(&key(7)).is_some() && cache.get(&key(8)).is_none());
        cache.invalidate();
        assert!(cache.get(&key(7)).is_none());
        // It was read before the change and came after it.
        cache.put(key(7), &read(), before);
        assert!(cache.get(&key(7)).is_none());
        cache.put(key(7), &read(), cache.changes());
        assert!(cache.get(&key(7)).is_some());
    }

    #[test]
    fn an_old_entry_is_read_again_by_one_caller() {
        let clock = Clock::held_at(NOW_MS);
        let cache = RulesCache::new(clock.clone());
        cache.put(key(7), &read(), cache.changes());
        clock.advance_ms(2_000);
        assert!(cache.get(&key(7)).is_none());
        assert!(cache.get(&key(7)).is_some());
        clock.advance_ms(250);
        assert!(cache.get(&key(7)).is_none());
    }
}
