//! When stored keys were used last, as far as that is written down.

use std::sync::Mutex;
use std::time::Duration;

use crate::model::{KeyId, TtlCache, lock};

/// How often the use of a key is noted.
const NOTE_EVERY: Duration = Duration::from_mins(1);
/// How many keys are remembered for that.
const NOTED_MAX: usize = 10_000;
/// The keys whose use was noted in the last minute.
pub struct KeyUses(Mutex<TtlCache<KeyId, ()>>);

impl Default for KeyUses {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(NOTED_MAX, NOTE_EVERY)))
    }
}

impl KeyUses {
    /// Whether the caller must note a use of this key; nobody else must for
    /// the next minute.
    pub fn claim(&self, key: KeyId, now_ms: i64) -> bool {
        let mut noted = lock(&self.0);
        let is_due = noted.get(&key, now_ms).is_none();
        if is_due {
            noted.put(key, (), now_ms);
        }
        is_due
    }
}
