//! What was read of people a moment ago, so that the next ask need not read
//! it again: SQLite alone, whose every change passes through this process.
//!
//! A change takes everything back before it is answered: what is remembered
//! is what stands in the database. A tool that changes the file beside this
//! process is heard of after [`FRESH`] and [`LOOKS_WITHIN`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use foldhash::HashMap;

use crate::model::{Offer, PersonId, Place};

use crate::store::rules::Rules;

/// How long it is taken for true without another look.
const FRESH: Duration = Duration::from_secs(2);
/// How much longer it is taken for true while somebody looks.
const LOOKS_WITHIN: Duration = Duration::from_millis(250);
/// How many people in places are remembered.
const REMEMBERED_MAX: usize = 4_096;
/// The tables that an ask reads.
const TABLES: [&str; 7] = [
    "provider_key",
    "quota_limit",
    "exempt_role",
    "person_tier",
    "block",
    "choice",
    "departed_server",
];
/// What changes nothing that an ask reads, all the same.
const HARMLESS: &str = "update provider_key set last_used_at_ms";

/// A person in a place, and in a channel of it.
pub type Asker = (PersonId, Place, Option<u64>);

/// What an ask must know of them.
pub type Seen = Arc<(Rules, Vec<Offer>)>;

/// What was read.
#[derive(Default)]
pub struct Looked {
    changes: AtomicU64,
    /// And until when it is taken for true.
    known: Mutex<HashMap<Asker, (Instant, Seen)>>,
}

impl Looked {
    /// What is known, and still true. Once it is due, the first who asks is
    /// told nothing and looks again; the others need not wait for that.
    pub fn get(&self, asker: &Asker) -> Option<Seen> {
        let mut known = self.lock();
        let (until, seen) = known.get_mut(asker)?;
        let now = Instant::now();
        if now < *until {
            return Some(Arc::clone(seen));
        }
        *until = now + LOOKS_WITHIN;
        None
    }

    /// How many changes there were; asked before something is read.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Remembers what was read, unless something changed meanwhile.
    pub fn note(&self, asker: Asker, seen: &Seen, changes: u64) {
        let mut known = self.lock();
        if self.changes() != changes {
            return;
        }
        // All at once: to look for those that are over would take long for
        // each new one, while many come.
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(asker, (Instant::now() + FRESH, Arc::clone(seen)));
    }

    /// Something was changed.
    pub fn forget(&self) {
        let mut known = self.lock();
        self.changes.fetch_add(1, Ordering::AcqRel);
        known.clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Asker, (Instant, Seen)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a statement changes what an ask reads.
pub fn matters(sql: &str) -> bool {
    !sql.starts_with(HARMLESS) && TABLES.iter().any(|table| sql.contains(table))
}
