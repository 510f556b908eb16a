//! Stops an address from guessing tokens: after too many that do not work,
//! no more tokens from it are looked up for the rest of the minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many tokens that do not work one address may send in a minute.
const BAD_TOKENS_MAX: u32 = 100;
const MINUTE: Duration = Duration::from_mins(1);
/// How many addresses are counted. While there is no room, bad tokens of
/// further addresses are not counted.
const ADDRESSES_MAX: usize = 10_000;

/// Counts tokens that do not work, by the address that sent them. Clients
/// choose their addresses, so the map uses the standard hasher, whose seed
/// they cannot know.
#[derive(Default)]
pub struct BadTokenThrottle {
    counts: Mutex<HashMap<IpAddr, BadTokenCount>>,
}

/// How many bad tokens came from an address in its current minute.
struct BadTokenCount {
    since: Instant,
    count: u32,
}

impl BadTokenCount {
    fn is_over(&self) -> bool {
        self.since.elapsed() >= MINUTE
    }
}

impl BadTokenThrottle {
    /// Whether an address has sent too many bad tokens in its minute.
    pub fn blocks(&self, peer: IpAddr) -> bool {
        let counts = self.lock();
        let current = counts.get(&peer).filter(|it| !it.is_over());
        current.is_some_and(|it| it.count >= BAD_TOKENS_MAX)
    }

    /// Counts a bad token against the address that sent it.
    pub fn record_bad_token(&self, peer: IpAddr) {
        let mut counts = self.lock();
        if counts.len() >= ADDRESSES_MAX {
            counts.retain(|_, it| !it.is_over());
        }
        if counts.len() >= ADDRESSES_MAX {
            return;
        }
        let new = || BadTokenCount {
            since: Instant::now(),
            count: 0,
        };
        let current = counts.entry(peer).or_insert_with(new);
        if current.is_over() {
            *current = new();
        }
        current.count += 1;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, BadTokenCount>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
