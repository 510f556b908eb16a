//! Limits on how much goes on at once, for each key apart: for each person,
//! each channel, each token. Whoever finds no room may wait in line, first
//! come, first served, or is turned away where the line is full.

use std::hash::Hash;
use std::sync::{Arc, Mutex};

use foldhash::{HashMap, HashMapExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::lock;

/// The same limit for every key of one kind.
pub struct ConcurrencyLimits<K> {
    /// How many go on at once for one key.
    at_once: usize,
    /// How many wait behind them.
    waiting: usize,
    lines: Arc<Mutex<Lines<K>>>,
}

type Lines<K> = HashMap<K, Line>;

/// Everything that goes on or waits for one key.
struct Line {
    seats: Arc<Semaphore>,
    /// How many permits there are, those that wait included.
    permits: usize,
}

/// Room for one of a key's, or a place in its line. It is given up when it
/// is dropped.
pub struct Permit<K: Copy + Eq + Hash> {
    key: K,
    seats: Arc<Semaphore>,
    seat: Option<OwnedSemaphorePermit>,
    lines: Arc<Mutex<Lines<K>>>,
}

impl<K: Copy + Eq + Hash> ConcurrencyLimits<K> {
    /// Lets `at_once` go on for each key, and `waiting` wait behind them.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            at_once,
            waiting,
            lines: Arc::new(Mutex::new(HashMap::new())),
        }
    }

    /// Takes a permit for a key; none where its line is full.
    pub fn enter(&self, key: K) -> Option<Permit<K>> {
        let mut lines = lock(&self.lines);
        let line = lines.entry(key).or_insert_with(|| Line {
            seats: Arc::new(Semaphore::new(self.at_once)),
            permits: 0,
        });
        if line.permits >= self.at_once + self.waiting {
            return None;
        }
        line.permits += 1;
        let seats = Arc::clone(&line.seats);
        drop(lines);
        Some(Permit {
            key,
            seat: Arc::clone(&seats).try_acquire_owned().ok(),
            seats,
            lines: Arc::clone(&self.lines),
        })
    }
}

impl<K: Copy + Eq + Hash> Permit<K> {
    /// Whether others of the same key come first.
    pub fn must_wait(&self) -> bool {
        self.seat.is_none()
    }

    /// Waits until there is room.
    pub async fn wait_turn(&mut self) {
        if self.seat.is_none() {
            // The semaphore is never closed.
            self.seat = Arc::clone(&self.seats).acquire_owned().await.ok();
        }
    }
}

impl<K: Copy + Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut lines = lock(&self.lines);
        if let Some(line) = lines.get_mut(&self.key) {
            line.permits -= 1;
            if line.permits == 0 {
                lines.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_is_served_one_waits_and_the_third_is_turned_away() {
        let limits = ConcurrencyLimits::new(1, 1);
        let first = limits.enter(7).unwrap();
        assert!(!first.must_wait());
        let mut second = limits.enter(7).unwrap();
        assert!(second.must_wait());
        assert!(limits.enter(7).is_none());
        assert!(!limits.enter(8).unwrap().must_wait());
        drop(first);
        second.wait_turn().await;
        assert!(!second.must_wait());
        assert!(limits.enter(7).unwrap().must_wait());
        drop(second);
        assert!(lock(&limits.lines).is_empty());
    }

    #[test]
    fn without_a_line_nobody_waits() {
        let limits = ConcurrencyLimits::new(2, 0);
        let (first, second) = (limits.enter("a").unwrap(), limits.enter("a").unwrap());
        assert!(!first.must_wait() && !second.must_wait());
        assert!(limits.enter("a").is_none());
        drop(first);
        assert!(limits.enter("a").is_some());
    }
}
