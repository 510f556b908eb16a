//! A map that never holds more than a fixed number of entries.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;

/// A map with a capacity. When a new key finds it full, the entry that was
/// put longest ago is dropped; putting a key again makes its entry the
/// newest. `S` hashes the keys; where strangers choose them, it must be
/// [`std::hash::RandomState`], whose hashes nobody can predict.
#[derive(Debug)]
pub struct BoundedMap<K, V, S = RandomState> {
    capacity: usize,
    entries: HashMap<K, Entry<V>, S>,
    /// Every key by the number of the call that put it, the oldest first.
    order: BTreeMap<u64, K>,
    puts: u64,
}

#[derive(Debug)]
struct Entry<V> {
    put: u64,
    value: V,
}

impl<K: Clone + Eq + Hash, V, S: BuildHasher + Default> BoundedMap<K, V, S> {
    /// An empty map that will hold at most `capacity` entries.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::default(),
            order: BTreeMap::new(),
            puts: 0,
        }
    }

    /// The value of a key.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// The value of a key, to be changed. The entry keeps its age.
    pub fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// Puts a value in place of the key's old one.
    pub fn put(&mut self, key: K, value: V) {
        self.puts += 1;
        let put = self.puts;
        match self.entries.insert(key.clone(), Entry { put, value }) {
            Some(old) => drop(self.order.remove(&old.put)),
            None if self.entries.len() > self.capacity => self.drop_oldest(),
            None => {}
        }
        self.order.insert(put, key);
    }

    fn drop_oldest(&mut self) {
        if let Some((_, oldest)) = self.order.pop_first() {
            self.entries.remove(&oldest);
        }
    }

    /// Takes the entry of a key out.
    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.put);
        Some(entry.value)
    }

    /// Drops every entry that `keep` does not want.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let order = &mut self.order;
        self.entries.retain(|key, entry| {
            let is_kept = keep(key, &entry.value);
            if !is_kept {
                order.remove(&entry.put);
            }
            is_kept
        });
    }

    /// Drops every entry.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }

    /// Every entry, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let entries = self.entries.iter();
        entries.map(|(key, entry)| (key, &entry.value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(map: &BoundedMap<u8, u8>) -> Vec<u8> {
        let mut keys: Vec<u8> = map.iter().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn the_entry_that_was_put_longest_ago_makes_room() {
        let mut map = BoundedMap::new(3);
        for key in [1, 2, 3] {
            map.put(key, key);
        }
        // Putting makes new; reading and changing do not.
        map.put(1, 10);
        *map.get_mut(&2).unwrap() = 20;
        map.put(4, 4);
        assert_eq!(keys(&map), [1, 3, 4]);
        map.remove(&3);
        map.put(5, 5);
        assert_eq!(keys(&map), [1, 4, 5]);
        map.retain(|key, _| *key != 4);
        map.put(6, 6);
        map.put(7, 7);
        assert_eq!(keys(&map), [5, 6, 7]);
        map.clear();
        assert_eq!((map.get(&5), keys(&map).len()), (None, 0));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Put(u8, u8),
        Remove(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..12_u8, any::<u8>()).prop_map(|(key, value)| Step::Put(key, value)),
            1 => (0..12_u8).prop_map(Step::Remove),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_list_whose_first_makes_room(
            steps in prop::collection::vec(step(), 0..200),
        ) {
            let (mut map, mut list) = (BoundedMap::<u8, u8>::new(5), Vec::new());
            for step in steps {
                match step {
                    Step::Put(key, value) => {
                        list.retain(|(known, _)| *known != key);
                        list.push((key, value));
                        if list.len() > 5 {
                            list.remove(0);
                        }
                        map.put(key, value);
                    }
                    Step::Remove(key) => {
                        list.retain(|(known, _)| *known != key);
                        map.remove(&key);
                    }
                }
                prop_assert_eq!(map.order.len(), list.len());
                for key in 0..12 {
                    let listed = list.iter().find(|(known, _)| *known == key);
                    prop_assert_eq!(map.get(&key), listed.map(|(_, value)| value));
                }
            }
        }
    }
}
