//! Calls without a token that get demo replies, where the operator lets
//! everybody have some: how many from one address.

use std::hash::RandomState;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::model::{TtlCache, counted_address, lock};

/// How many such calls one address may make in a minute.
const CALLS_MAX: u32 = 30;
const MINUTE: Duration = Duration::from_mins(1);
const MINUTE_MS: i64 = 60_000;
/// How many addresses are counted at once.
const ADDRESSES_MAX: usize = 10_000;

/// Counts calls by the address that they come from. An address's minute begins
/// with the first of them. Clients choose their addresses, so that nobody may
/// predict the map's hashes.
pub struct DemoThrottle(Mutex<TtlCache<IpAddr, DemoCalls, RandomState>>);

#[derive(Clone, Copy)]
struct DemoCalls {
    first_at_ms: i64,
    count: u32,
}

impl Default for DemoThrottle {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(ADDRESSES_MAX, MINUTE)))
    }
}

impl DemoThrottle {
    /// Counts a call, or returns after how many seconds the next one may come.
    pub fn count_call(&self, client: IpAddr, now_ms: i64) -> Result<(), u64> {
        let client = counted_address(client);
        let mut calls = lock(&self.0);
        let Some(counted) = calls.get_mut(&client, now_ms) else {
            let first = DemoCalls {
                first_at_ms: now_ms,
                count: 1,
            };
            calls.put(client, first, now_ms);
            return Ok(());
        };
        if counted.count >= CALLS_MAX {
            let ends_at_ms = counted.first_at_ms.saturating_add(MINUTE_MS);
            let left_ms = ends_at_ms.saturating_sub(now_ms).max(1);
            return Err(left_ms.cast_unsigned().div_ceil(1_000));
        }
        counted.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_calls_each_minute_and_others_have_theirs() {
        let throttle = DemoThrottle::default();
        let (one, other) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        for _ in 0..CALLS_MAX {
            assert_eq!(throttle.count_call(one, 0), Ok(()));
        }
        assert_eq!(throttle.count_call(one, 1_000), Err(59));
        assert_eq!(throttle.count_call(other, 1_000), Ok(()));
        assert_eq!(throttle.count_call(one, 60_000), Ok(()));
    }
}
