//! What was last seen of counters: enough to guess that there is room, and
//! never the word on it, which is the hold's.

use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;

use crate::model::Metric;

use crate::ledger::meter::Applied;

/// How many counters are remembered; then it starts anew.
const COUNTERS_MAX: usize = 10_000;

/// What counters had counted when they were last seen. Cheap to share.
#[derive(Clone, Default)]
pub struct Headroom(Arc<Mutex<HashMap<Arc<str>, u64>>>);

impl Headroom {
    /// Remembers what counters have counted.
    pub fn remember<'a>(&self, used: impl Iterator<Item = (&'a Arc<str>, u64)>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > COUNTERS_MAX {
            known.clear();
        }
        for (name, used) in used {
            match known.get_mut(name) {
                Some(known) => *known = used,
                None => drop(known.insert(Arc::clone(name), used)),
            }
        }
    }

    /// Whether each limit surely had room for two such asks when it was
    /// last seen, which every limit must have been.
    pub fn is_good(&self, limits: &[Applied], output_tokens: u64, images: u64) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        limits.iter().all(|applied| {
            let each = match applied.limit.metric {
                Metric::Requests => 1,
                Metric::OutputTokens => output_tokens,
                Metric::Images => images,
                // What it costs is looked up for the hold alone.
                Metric::Cost => return false,
            };
            let used = known.get(&applied.counter);
            used.is_some_and(|used| used.saturating_add(2 * each) <= applied.limit.max)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bound, Limit, Period, PersonId, Span, Window};

    #[test]
    fn only_what_was_seen_with_room_to_spare_is_good() {
        let limited = |metric, max| {
            let span = Span {
                period: Period::Day,
                window: Window::Rolling,
            };
            let limit = Limit { metric, span, max };
            Applied::new(Bound::Tier, limit, PersonId(7), None).unwrap()
        };
        let outlook = Headroom::default();
        let requests = limited(Metric::Requests, 10);
        let is_good = |limit: &Applied| outlook.is_good(std::slice::from_ref(limit), 100, 1);
        assert!(outlook.is_good(&[], 100, 1));
        assert!(!is_good(&requests));
        for (used, good) in [(0, true), (8, true), (9, false), (10, false), (3, true)] {
            outlook.remember(std::iter::once((&requests.counter, used)));
            assert_eq!(is_good(&requests), good, "{used}");
        }
        let tokens = limited(Metric::OutputTokens, 1_000);
        outlook.remember(std::iter::once((&tokens.counter, 801)));
        assert!(!is_good(&tokens));
        let cost = limited(Metric::Cost, u64::MAX);
        outlook.remember(std::iter::once((&cost.counter, 0)));
        assert!(!is_good(&cost));
    }
}
