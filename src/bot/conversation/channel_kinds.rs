//! Which channels are threads: Discord does not say it with a message.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::bot::Rest;

/// How many channels are remembered.
const ROOMS_MAX: usize = 10_000;
/// Discord's types of threads: of announcements, public and private.
const THREADS: std::ops::RangeInclusive<u64> = 10..=12;

/// What a channel is. It never becomes anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Channel,
    /// With the channel that it belongs to.
    Thread {
        parent: u64,
    },
}

/// The channels that were asked about.
#[derive(Default)]
pub struct Rooms {
    known: Mutex<HashMap<u64, Room>>,
}

impl Rooms {
    /// What a channel is.
    pub async fn room(&self, rest: &Rest, channel: u64) -> anyhow::Result<Room> {
        if let Some(room) = self.lock().get(&channel) {
            return Ok(*room);
        }
        let described = rest.channel(channel).await?;
        let is_thread = described["type"]
            .as_u64()
            .is_some_and(|kind| THREADS.contains(&kind));
        let parent = described["parent_id"]
            .as_str()
            .and_then(|id| id.parse().ok());
        let room = match parent.filter(|_| is_thread) {
            Some(parent) => Room::Thread { parent },
            None => Room::Channel,
        };
        let mut known = self.lock();
        if known.len() >= ROOMS_MAX {
            known.clear();
        }
        known.insert(channel, room);
        Ok(room)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Room>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
