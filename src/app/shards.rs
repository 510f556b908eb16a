//! Which of Discord's shards this process is connected to.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::model::lock;

/// The shards of this process, each as it was heard of last.
#[derive(Default)]
pub struct Shards {
    states: Mutex<BTreeMap<u32, ShardState>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShardState {
    /// It was not connected since the start.
    Awaited,
    Connected,
    LostAt(Instant),
}

/// How many shards are connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardCount {
    pub all: usize,
    pub connected: usize,
    /// How many were never connected.
    pub awaited: usize,
    /// For how long the one is gone that was lost first.
    pub lost_for: Option<Duration>,
}

impl ShardCount {
    /// Whether every shard is connected.
    pub fn is_whole(&self) -> bool {
        self.all > 0 && self.connected == self.all
    }
}

impl Shards {
    /// Names the shards that this process is to serve.
    pub fn expect(&self, shards: impl Iterator<Item = u32>) {
        let mut states = lock(&self.states);
        for shard in shards {
            states.entry(shard).or_insert(ShardState::Awaited);
        }
    }

    /// Notes whether a shard is connected.
    pub fn note(&self, shard: u32, is_connected: bool) {
        let mut states = lock(&self.states);
        let Some(state) = states.get_mut(&shard) else {
            return;
        };
        *state = match *state {
            _ if is_connected => ShardState::Connected,
            ShardState::Connected => ShardState::LostAt(Instant::now()),
            before => before,
        };
    }

    /// Counts the shards.
    pub fn count(&self) -> ShardCount {
        let mut count = ShardCount::default();
        for state in lock(&self.states).values() {
            count.all += 1;
            match state {
                ShardState::Awaited => count.awaited += 1,
                ShardState::Connected => count.connected += 1,
                ShardState::LostAt(at) => count.lost_for = count.lost_for.max(Some(at.elapsed())),
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_awaited_connected_lost_and_connected_again() {
        let shards = Shards::default();
        assert!(!shards.count().is_whole());
        shards.expect(2..=3);
        // A shard that is not there yet is not lost.
        shards.note(2, false);
        assert_eq!((shards.count().all, shards.count().awaited), (2, 2));
        shards.note(2, true);
        shards.note(3, true);
        // One of another process.
        shards.note(7, true);
        assert!(shards.count().is_whole());
        shards.note(3, false);
        let lost = shards.count();
        assert!(!lost.is_whole() && lost.lost_for.is_some());
        assert_eq!((lost.connected, lost.awaited), (1, 0));
        shards.note(3, true);
        assert!(shards.count().is_whole() && shards.count().lost_for.is_none());
    }
}
