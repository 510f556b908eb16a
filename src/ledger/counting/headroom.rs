//! How much each counter had counted when the ledger writer last saw it.
//! That is enough to guess whether a hold will find room. Only the hold
//! itself decides.

use std::sync::{Arc, Mutex};

use crate::model::{BoundedMap, Metric, lock};

use crate::ledger::counting::meter::AppliedLimit;

/// How many counters are remembered.
const COUNTERS_MAX: usize = 10_000;

/// The last known use of counters, by name. Cheap to share. A guess may be
/// old, so that entries need no time to live.
#[derive(Clone)]
pub struct Headroom(Arc<Mutex<BoundedMap<Arc<str>, u64>>>);

impl Default for Headroom {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(BoundedMap::new(COUNTERS_MAX))))
    }
}

impl Headroom {
    /// Remembers how much each counter has counted.
    pub fn remember<'a>(&self, used: impl Iterator<Item = (&'a Arc<str>, u64)>) {
        let mut counters = lock(&self.0);
        for (name, used) in used {
            counters.put(Arc::clone(name), used);
        }
    }

    /// Whether every limit had room for two such asks when its counter was
    /// last seen. A counter that was never seen has none.
    pub fn is_likely(&self, limits: &[AppliedLimit], output_tokens: u64, images: u64) -> bool {
        let counters = lock(&self.0);
        limits.iter().all(|applied| {
            let each = match applied.limit.metric {
                Metric::Requests => 1,
                Metric::OutputTokens => output_tokens,
                Metric::Images => images,
                // Prices are looked up for the hold alone.
                Metric::Cost => return false,
            };
            let used = counters.get(&applied.counter);
            used.is_some_and(|used| used.saturating_add(2 * each) <= applied.limit.max)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bound, Limit, Period, PersonId, Span, Window};

    #[test]
    fn only_what_was_seen_with_room_to_spare_is_likely() {
        let limited = |metric, max| {
            let span = Span {
                period: Period::Day,
                window: Window::Rolling,
            };
            let limit = Limit { metric, span, max };
            AppliedLimit::new(Bound::Tier, limit, PersonId(7), None).unwrap()
        };
        let headroom = Headroom::default();
        let requests = limited(Metric::Requests, 10);
        let is_likely =
            |limit: &AppliedLimit| headroom.is_likely(std::slice::from_ref(limit), 100, 1);
        assert!(headroom.is_likely(&[], 100, 1));
        assert!(!is_likely(&requests));
        for (used, likely) in [(0, true), (8, true), (9, false), (10, false), (3, true)] {
            headroom.remember(std::iter::once((&requests.counter, used)));
            assert_eq!(is_likely(&requests), likely, "{used}");
        }
        let tokens = limited(Metric::OutputTokens, 1_000);
        headroom.remember(std::iter::once((&tokens.counter, 801)));
        assert!(!is_likely(&tokens));
        let cost = limited(Metric::Cost, u64::MAX);
        headroom.remember(std::iter::once((&cost.counter, 0)));
        assert!(!is_likely(&cost));
    }
}
