//! A cache whose entries are believed for a fixed time.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::model::bounds::bounded_map::BoundedMap;

/// A [`BoundedMap`] whose entries are fresh for a time to live after they
/// were put. Every call is told the time, in milliseconds, so that tests can
/// hold it. A stale entry stays until a newer one takes its place, for those
/// who prefer an old value to none. An entry from the future, put before the
/// clock was set back, is stale.
#[derive(Debug)]
pub struct TtlCache<K, V, S = RandomState> {
    ttl_ms: i64,
    entries: BoundedMap<K, TtlEntry<V>, S>,
}

#[derive(Debug)]
struct TtlEntry<V> {
    put_at_ms: i64,
    value: V,
}

impl<K: Clone + Eq + Hash, V, S: BuildHasher + Default> TtlCache<K, V, S> {
    /// An empty cache for at most `capacity` entries, each fresh for `ttl`.
    pub fn new(capacity: usize, ttl: Duration) -> Self {
        Self {
            ttl_ms: millis(ttl),
            entries: BoundedMap::new(capacity),
        }
    }

    /// The fresh value of a key.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q, now_ms: i64) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get(key)?;
        is_fresh(entry, now_ms, self.ttl_ms).then_some(&entry.value)
    }

    /// The fresh value of a key, to be changed. The entry keeps its age.
    pub fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, now_ms: i64) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get_mut(key)?;
        is_fresh(entry, now_ms, self.ttl_ms).then_some(&mut entry.value)
    }

    /// The value of a key, fresh or stale.
    pub fn get_even_stale<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// The value of a key, fresh or stale, to be changed. The entry keeps
    /// its age.
    pub fn get_even_stale_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// The fresh value of a key. Where it is stale, the first caller gets
    /// none and should put a new value; meanwhile, for at most `wait`, all
    /// others get the stale one.
    pub fn get_or_claim<Q: Eq + Hash + ?Sized>(
        &mut self,
        key: &Q,
        now_ms: i64,
        wait: Duration,
    ) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get_mut(key)?;
        if is_fresh(entry, now_ms, self.ttl_ms) {
            return Some(&entry.value);
        }
        entry.put_at_ms = now_ms.saturating_add(millis(wait)) - self.ttl_ms;
        None
    }

    /// Puts a value that is true now in place of the key's old one.
    pub fn put(&mut self, key: K, value: V, now_ms: i64) {
        let put_at_ms = now_ms;
        self.entries.put(key, TtlEntry { put_at_ms, value });
    }

    /// Drops the entry of a key.
    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.entries.remove(key);
    }

    /// Drops every entry that `keep` does not want.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.entries.retain(|key, entry| keep(key, &entry.value));
    }

    /// Drops every entry, because none is true any more.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Every entry, fresh or stale, in no order.
    pub fn iter_even_stale(&self) -> impl Iterator<Item = (&K, &V)> {
        let entries = self.entries.iter();
        entries.map(|(key, entry)| (key, &entry.value))
    }
}

fn is_fresh<V>(entry: &TtlEntry<V>, now_ms: i64, ttl_ms: i64) -> bool {
    (0..ttl_ms).contains(&now_ms.saturating_sub(entry.put_at_ms))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_000_000_000;
    const TTL: Duration = Duration::from_secs(2);

    fn cache() -> TtlCache<u8, &'static str> {
        let mut cache = TtlCache::new(2, TTL);
        cache.put(1, "one", NOW_MS);
        cache
    }

    #[test]
    fn an_entry_is_fresh_for_its_time_and_stays_when_it_is_stale() {
        let mut cache = cache();
        for (at_ms, fresh) in [
            (NOW_MS, Some(&"one")),
            (NOW_MS + 1_999, Some(&"one")),
            (NOW_MS + 2_000, None),
            // The clock was set back.
            (NOW_MS - 1, None),
            (i64::MIN, None),
            (i64::MAX, None),
        ] {
            assert_eq!(cache.get(&1, at_ms), fresh, "{at_ms}");
        }
        assert_eq!(cache.get_even_stale(&1), Some(&"one"));
        *cache.get_mut(&1, NOW_MS + 1_999).unwrap() = "changed";
        assert_eq!(cache.get(&1, NOW_MS + 2_000), None, "it keeps its age");
        assert_eq!(cache.get_mut(&1, NOW_MS + 2_000), None);
        *cache.get_even_stale_mut(&1).unwrap() = "changed again";
        assert_eq!(cache.get(&1, NOW_MS), Some(&"changed again"));
        cache.put(1, "new", NOW_MS + 2_000);
        assert_eq!(cache.get(&1, NOW_MS + 3_999), Some(&"new"));
    }

    #[test]
    fn the_first_who_finds_an_entry_stale_renews_it() {
        let mut cache = cache();
        let wait = Duration::from_millis(250);
        let mut ask = |key, at_ms| cache.get_or_claim(&key, NOW_MS + at_ms, wait).copied();
        assert_eq!(ask(1, 1_999), Some("one"));
        assert_eq!(ask(1, 2_000), None, "the first");
        assert_eq!(ask(1, 2_000), Some("one"), "all others");
        assert_eq!(ask(1, 2_249), Some("one"));
        assert_eq!(ask(1, 2_250), None, "the first never came back");
        assert_eq!(ask(2, 0), None);
        cache.put(1, "new", NOW_MS + 2_300);
        assert_eq!(cache.get(&1, NOW_MS + 4_299), Some(&"new"));
    }

    #[test]
    fn the_oldest_makes_room_whether_it_is_fresh_or_not() {
        let mut cache = cache();
        cache.put(2, "two", NOW_MS + 1);
        cache.put(3, "three", NOW_MS + 2);
        let mut keys: Vec<u8> = cache.iter_even_stale().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        assert_eq!(keys, [2, 3]);
        cache.retain(|_, value| *value != "two");
        cache.remove(&4);
        assert_eq!(cache.get(&2, NOW_MS + 2), None);
        assert_eq!(cache.get(&3, NOW_MS + 2), Some(&"three"));
        cache.remove(&3);
        cache.put(5, "five", NOW_MS);
        cache.clear();
        assert_eq!(cache.iter_even_stale().count(), 0);
    }
}
