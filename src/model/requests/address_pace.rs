//! How often something may begin at one network address within a minute.

use std::hash::RandomState;
use std::net::IpAddr;
use std::sync::Mutex;

use crate::model::bounds::bounded_map::BoundedMap;
use crate::model::bounds::lock::lock;
use crate::model::requests::network::counted_address;

const WINDOW_MS: i64 = 60_000;
/// How many addresses are remembered.
const ADDRESSES_MAX: usize = 10_000;

/// Counts by address, for a minute from the first on. Clients choose their
/// addresses, so that nobody may predict the map's hashes.
pub struct AddressPace {
    per_minute: u32,
    counted: Mutex<BoundedMap<IpAddr, (i64, u32), RandomState>>,
}

impl AddressPace {
    /// Lets so many begin at one address within a minute.
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            counted: Mutex::new(BoundedMap::new(ADDRESSES_MAX)),
        }
    }

    /// Counts one more, or says for how many seconds to wait.
    pub fn count(&self, address: IpAddr, now_ms: i64) -> Result<(), u64> {
        let address = counted_address(address.to_canonical());
        let mut counted = lock(&self.counted);
        let (since_ms, count) = match counted.get(&address) {
            Some((since_ms, count)) if (0..WINDOW_MS).contains(&(now_ms - since_ms)) => {
                (*since_ms, *count)
            }
            _ => (now_ms, 0),
        };
        if count >= self.per_minute {
            let wait_ms = since_ms + WINDOW_MS - now_ms;
            return Err(wait_ms.max(0).cast_unsigned().div_ceil(1_000));
        }
        counted.put(address, (since_ms, count + 1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_for_the_rest_of_its_minute_and_no_other_does() {
        let pace = AddressPace::new(2);
        let count = |address: &str, now_ms| pace.count(address.parse().unwrap(), now_ms);
        assert_eq!(count("192.0.2.1", 0), Ok(()));
        assert_eq!(count("::ffff:192.0.2.1", 30_000), Ok(()));
        assert_eq!(count("192.0.2.1", 30_500), Err(30));
        assert_eq!(count("192.0.2.2", 30_500), Ok(()));
        assert_eq!(count("192.0.2.1", 60_000), Ok(()));
        assert_eq!(count("2001:db8::1", 0), Ok(()));
        assert_eq!(count("2001:db8::2", 0), Ok(()));
        assert_eq!(count("2001:db8::3", 0), Err(60));
        assert_eq!(count("2001:db8:0:1::3", 0), Ok(()));
        // A clock that was set back begins anew.
        assert_eq!(count("2001:db8::3", -1), Ok(()));
    }
    #[test]
    fn an_address_has_its_calls_each_minute_and_others_have_theirs() {
        let pace = AddressPace::new(30);
        let (one, other) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        for _ in 0..30 {
            assert_eq!(pace.count(one, 0), Ok(()));
        }
        assert_eq!(pace.count(one, 1_000), Err(59));
        assert_eq!(pace.count(other, 1_000), Ok(()));
        assert_eq!(pace.count(one, 60_000), Ok(()));
    }
}
