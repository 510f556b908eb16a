//! Keys that something was done about lately, so that it is not done again.

use std::sync::Mutex;
use std::time::Duration;

use crate::model::{KeyId, TtlCache, lock};

/// How many keys are remembered.
const KEYS_MAX: usize = 10_000;

/// The keys that something was done about in a span of time.
pub struct RecentKeys(Mutex<TtlCache<KeyId, ()>>);

impl RecentKeys {
    /// Remembers each key for so long.
    pub fn remembering(span: Duration) -> Self {
        Self(Mutex::new(TtlCache::new(KEYS_MAX, span)))
    }

    /// Whether the caller must act for this key; nobody else must for that
    /// span of time.
    pub fn claim(&self, key: KeyId, now_ms: i64) -> bool {
        let mut recent = lock(&self.0);
        let is_due = recent.get(&key, now_ms).is_none();
        if is_due {
            recent.put(key, (), now_ms);
        }
        is_due
    }
}
