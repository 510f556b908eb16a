//! Limits on how much goes on at once, for each key apart: for each person,
//! each channel, each token. Whoever finds no room waits in line, first
//! come, first served, or is turned away where the line is full.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use foldhash::{HashMap, HashMapExt};
use tokio::sync::oneshot;

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

/// What goes on for one key, and who waits.
#[derive(Default)]
struct Line {
    running: usize,
    waiting: VecDeque<oneshot::Sender<()>>,
}

/// Room for one thing of a key's, or a place in its line. Dropping it lets
/// the next one in.
pub struct Permit<K: Copy + Eq + Hash> {
    key: K,
    lines: Arc<Mutex<Lines<K>>>,
    /// Tells when it is this one's turn, while it waits.
    turn: Option<oneshot::Receiver<()>>,
}

impl<K: Copy + Eq + Hash> ConcurrencyLimits<K> {
    /// Lets `at_once`, which is one at least, go on for each key, and
    /// `waiting` wait behind them.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            at_once: at_once.max(1),
            waiting,
            lines: Arc::new(Mutex::new(HashMap::new())),
        }
    }

    /// How many go on at once for one key.
    pub fn at_once(&self) -> usize {
        self.at_once
    }

    /// Takes a permit of a key; none where its line is full.
    pub fn acquire(&self, key: K) -> Option<Permit<K>> {
        let mut lines = lock(&self.lines);
        let line = lines.entry(key).or_default();
        let turn = if line.running < self.at_once {
            line.running += 1;
            None
        } else if line.waiting.len() < self.waiting {
            let (sender, receiver) = oneshot::channel();
            line.waiting.push_back(sender);
            Some(receiver)
        } else {
            return None;
        };
        Some(Permit {
            key,
            lines: Arc::clone(&self.lines),
            turn,
        })
    }
}

impl Line {
    /// Gives one's room to the next who waits, or frees it.
    fn pass_on(&mut self) {
        while let Some(next) = self.waiting.pop_front() {
            if next.send(()).is_ok() {
                return;
            }
        }
        self.running -= 1;
    }
}

impl<K: Copy + Eq + Hash> Permit<K> {
    /// Whether others of the same key come first.
    pub fn must_wait(&self) -> bool {
        self.turn.is_some()
    }

    /// Waits until there is room.
    pub async fn wait_turn(&mut self) {
        if let Some(turn) = &mut self.turn {
            // The sender of this turn stays in the line until it says that
            // there is room, so that waiting cannot fail.
            let _ = turn.await;
            self.turn = None;
        }
    }
}

impl<K: Copy + Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut lines = lock(&self.lines);
        let Some(line) = lines.get_mut(&self.key) else {
            return;
        };
        match &mut self.turn {
            None => line.pass_on(),
            Some(turn) => {
                turn.close();
                // Its turn may have come without anybody looking.
                if turn.try_recv().is_ok() {
                    line.pass_on();
                } else {
                    line.waiting.retain(|sender| !sender.is_closed());
                }
            }
        }
        if line.running == 0 {
            lines.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_is_served_one_waits_and_the_third_is_turned_away() {
        let limits = ConcurrencyLimits::new(1, 1);
        let first = limits.acquire(7).unwrap();
        assert!(!first.must_wait());
        let mut second = limits.acquire(7).unwrap();
        assert!(second.must_wait());
        assert!(limits.acquire(7).is_none());
        assert!(!limits.acquire(8).unwrap().must_wait());
        drop(first);
        second.wait_turn().await;
        assert!(!second.must_wait());
        assert!(limits.acquire(7).unwrap().must_wait());
        drop(second);
        assert!(lock(&limits.lines).is_empty());
    }

    #[test]
    fn without_a_line_nobody_waits() {
        let limits = ConcurrencyLimits::new(2, 0);
        let (first, second) = (limits.acquire("a").unwrap(), limits.acquire("a").unwrap());
        assert!(!first.must_wait() && !second.must_wait());
        assert!(limits.acquire("a").is_none());
        drop(first);
        assert!(limits.acquire("a").is_some());
    }

    #[tokio::test]
    async fn the_first_in_line_is_served_first_and_whoever_leaves_holds_nobody_up() {
        let limits = ConcurrencyLimits::new(1, 3);
        let first = limits.acquire(7).unwrap();
        let leaves = limits.acquire(7).unwrap();
        let mut third = limits.acquire(7).unwrap();
        let mut fourth = limits.acquire(7).unwrap();
        drop(leaves);
        assert!(limits.acquire(7).is_some(), "there is room in the line");
        drop(first);
        third.wait_turn().await;
        assert!(fourth.must_wait());
        drop(third);
        fourth.wait_turn().await;
        drop(fourth);
        assert!(lock(&limits.lines).is_empty());
    }

    #[test]
    fn a_turn_that_nobody_looked_at_goes_to_the_next() {
        let limits = ConcurrencyLimits::new(1, 2);
        let first = limits.acquire(7).unwrap();
        let (second, third) = (limits.acquire(7).unwrap(), limits.acquire(7).unwrap());
        drop(first);
        drop(second);
        drop(third);
        assert!(lock(&limits.lines).is_empty());
    }
}
