//! When stored keys were used last, as far as that is written down.

use std::sync::{Mutex, PoisonError};

use foldhash::HashMap;

use crate::model::KeyId;

/// How often the use of a key is noted.
const NOTE_EVERY_MS: i64 = 60_000;
/// How many keys are remembered for that.
const NOTED_MAX: usize = 10_000;

/// The keys whose use was noted in the last minute.
#[derive(Default)]
pub struct KeyUses(Mutex<HashMap<KeyId, i64>>);

impl KeyUses {
    /// Whether the caller must note a use of this key; nobody else must for
    /// the next minute.
    pub fn claim(&self, key: KeyId, now_ms: i64) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted
            .get(&key)
            .is_some_and(|at_ms| now_ms - at_ms < NOTE_EVERY_MS)
        {
            return false;
        }
        if noted.len() >= NOTED_MAX {
            noted.clear();
        }
        noted.insert(key, now_ms);
        true
    }
}
