//! Stops an address from guessing tokens: after too many that do not work,
//! no more tokens from it are looked up for the rest of the minute.

use std::hash::RandomState;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::model::{TtlCache, lock};

/// How many tokens that do not work one address may send in a minute.
const BAD_TOKENS_MAX: u32 = 100;
const MINUTE: Duration = Duration::from_mins(1);
/// How many addresses are counted at once.
const ADDRESSES_MAX: usize = 10_000;

/// Counts tokens that do not work, by the address that sent them. An
/// address's minute begins with the first of them. Clients choose their
/// addresses, so that nobody may predict the map's hashes.
pub struct BadTokenThrottle {
    counts: Mutex<TtlCache<IpAddr, u32, RandomState>>,
}

impl Default for BadTokenThrottle {
    fn default() -> Self {
        Self {
            counts: Mutex::new(TtlCache::new(ADDRESSES_MAX, MINUTE)),
        }
    }
}

impl BadTokenThrottle {
    /// Whether an address has sent too many bad tokens in its minute.
    pub fn blocks(&self, peer: IpAddr, now_ms: i64) -> bool {
        let counts = lock(&self.counts);
        let count = counts.get(&peer, now_ms);
        count.is_some_and(|count| *count >= BAD_TOKENS_MAX)
    }

    /// Counts a bad token against the address that sent it.
    pub fn record_bad_token(&self, peer: IpAddr, now_ms: i64) {
        let mut counts = lock(&self.counts);
        match counts.get_mut(&peer, now_ms) {
            Some(count) => *count += 1,
            None => counts.put(peer, 1, now_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_blocked_for_the_rest_of_its_minute_and_no_other_is() {
        let throttle = BadTokenThrottle::default();
        let (guesser, other) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        for _ in 1..BAD_TOKENS_MAX {
            throttle.record_bad_token(guesser, 0);
        }
        assert!(!throttle.blocks(guesser, 59_999));
        throttle.record_bad_token(guesser, 59_999);
        assert!(throttle.blocks(guesser, 59_999));
        assert!(!throttle.blocks(other, 59_999));
        assert!(!throttle.blocks(guesser, 60_000));
        throttle.record_bad_token(guesser, 60_000);
        assert!(!throttle.blocks(guesser, 60_000));
    }
}
