//! Slows an address down that guesses tokens. A token that works is let in
//! from there all the same, whatever else comes from that address.

use std::hash::RandomState;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::model::{MINUTE_MS, TtlCache, counted_address, lock};

/// How many tokens that do not work one address may send in a minute before
/// it is slowed down.
const BAD_TOKENS_MAX: u32 = 100;
const MINUTE: Duration = Duration::from_mins(1);
/// How many addresses are counted at once.
const ADDRESSES_MAX: usize = 10_000;
/// How many tokens of slowed addresses are looked up at once, so that the
/// database has time for everybody else.
const SLOWED_LOOKUPS_AT_ONCE: usize = 2;
/// How long a slowed address waits for each no.
const DELAY: Duration = Duration::from_secs(1);
/// How many calls wait for their no at once; others hear it at once.
const DELAYED_AT_ONCE: usize = 1_024;

/// Counts tokens that do not work, by the address that sent them. An
/// address's minute begins with the first of them. Clients choose their
/// addresses, so that nobody may predict the map's hashes.
pub struct BadTokenThrottle {
    counts: Mutex<TtlCache<IpAddr, BadTokens, RandomState>>,
    slowed_lookups: Semaphore,
    delayed: Semaphore,
}

/// The bad tokens of one address.
#[derive(Clone, Copy)]
struct BadTokens {
    first_at_ms: i64,
    count: u32,
}

impl Default for BadTokenThrottle {
    fn default() -> Self {
        Self {
            counts: Mutex::new(TtlCache::new(ADDRESSES_MAX, MINUTE)),
            slowed_lookups: Semaphore::new(SLOWED_LOOKUPS_AT_ONCE),
            delayed: Semaphore::new(DELAYED_AT_ONCE),
        }
    }
}

impl BadTokenThrottle {
    /// How long an address is slowed down from now on, in seconds; none
    /// where it is not.
    pub fn slowed_for_s(&self, client: IpAddr, now_ms: i64) -> Option<u64> {
        let counts = lock(&self.counts);
        let counted = counts.get(&counted_address(client), now_ms)?;
        let ends_at_ms = counted.first_at_ms.saturating_add(MINUTE_MS);
        let left_ms = ends_at_ms.saturating_sub(now_ms).max(1).cast_unsigned();
        (counted.count >= BAD_TOKENS_MAX).then(|| left_ms.div_ceil(1_000))
    }

    /// The lane in which the tokens of an address are looked up; none where
    /// they need not wait.
    pub fn lookup_lane(&self, client: IpAddr, now_ms: i64) -> Option<&Semaphore> {
        let slowed = self.slowed_for_s(client, now_ms);
        slowed.map(|_| &self.slowed_lookups)
    }

    /// Counts a bad token against the address that sent it.
    pub fn record_bad_token(&self, client: IpAddr, now_ms: i64) {
        let client = counted_address(client);
        let mut counts = lock(&self.counts);
        match counts.get_mut(&client, now_ms) {
            Some(counted) => counted.count = counted.count.saturating_add(1),
            None => counts.put(
                client,
                BadTokens {
                    first_at_ms: now_ms,
                    count: 1,
                },
                now_ms,
            ),
        }
    }

    /// Lets a slowed address wait for its no.
    pub async fn delay(&self) {
        if let Ok(_waits) = self.delayed.try_acquire() {
            tokio::time::sleep(DELAY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_slowed_for_the_rest_of_its_minute_and_no_other_is() {
        let throttle = BadTokenThrottle::default();
        let (guesser, other) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        for _ in 1..BAD_TOKENS_MAX {
            throttle.record_bad_token(guesser, 0);
        }
        assert_eq!(throttle.slowed_for_s(guesser, 59_999), None);
        throttle.record_bad_token(guesser, 1_000);
        assert_eq!(throttle.slowed_for_s(guesser, 1_000), Some(59));
        assert_eq!(throttle.slowed_for_s(guesser, 59_999), Some(1));
        assert!(throttle.lookup_lane(guesser, 59_999).is_some());
        assert_eq!(throttle.slowed_for_s(other, 59_999), None);
        assert!(throttle.lookup_lane(other, 59_999).is_none());
        assert_eq!(throttle.slowed_for_s(guesser, 60_000), None);
        throttle.record_bad_token(guesser, 60_000);
        assert_eq!(throttle.slowed_for_s(guesser, 60_000), None);
    }
}
