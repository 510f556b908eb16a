//! Forms that must not do twice what they do, such as make a token: a reload
//! of the answer sends them again.

use std::sync::Mutex;
use std::time::Duration;

use crate::model::{BrowserSessionId, TtlCache, lock};

/// How many forms are remembered, and for how long. A form's session lasts no
/// longer.
const FORMS_MAX: usize = 10_000;
const REMEMBERED: Duration = Duration::from_hours(12);
/// The longest id of a form, in bytes. Ours are shorter.
const ID_BYTES_MAX: usize = 64;

/// A form: whose session it belongs to, and its random id.
pub type FormId = (BrowserSessionId, String);

/// Forms that were sent to this process.
pub struct SentOnce(Mutex<TtlCache<FormId, ()>>);

impl Default for SentOnce {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(FORMS_MAX, REMEMBERED)))
    }
}

impl SentOnce {
    /// Takes a form of a session by its id; false where it was taken before,
    /// or has none.
    pub fn take(&self, form: &FormId, now_ms: i64) -> bool {
        if form.1.is_empty() || form.1.len() > ID_BYTES_MAX {
            return false;
        }
        let mut sent = lock(&self.0);
        if sent.get(form, now_ms).is_some() {
            return false;
        }
        sent.put(form.clone(), (), now_ms);
        true
    }

    /// Lets a form be sent again that did not do what it does.
    pub fn give_back(&self, form: &FormId) {
        lock(&self.0).remove(form);
    }
}
