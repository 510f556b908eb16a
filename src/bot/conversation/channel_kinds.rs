//! Which channels are threads: Discord does not say it with a message.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::bot::connection::rest::Rest;

/// How many channels are remembered.
const CHANNELS_MAX: usize = 10_000;
/// Discord's types of threads: of announcements, public and private.
const THREAD_TYPES: RangeInclusive<u64> = 10..=12;

/// What a channel is. It never becomes anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    Channel,
    /// With the channel that it belongs to.
    Thread {
        parent: u64,
    },
}

/// The kinds of the channels that Discord was asked about.
#[derive(Default)]
pub struct ChannelKinds {
    kinds: Mutex<HashMap<u64, ChannelKind>>,
}

impl ChannelKinds {
    /// What a channel is; asks Discord the first time.
    pub async fn kind_of(&self, rest: &Rest, channel: u64) -> anyhow::Result<ChannelKind> {
        if let Some(kind) = self.lock().get(&channel) {
            return Ok(*kind);
        }
        let described = rest.channel(channel).await?;
        let is_thread = described["type"]
            .as_u64()
            .is_some_and(|kind| THREAD_TYPES.contains(&kind));
        let parent = described["parent_id"]
            .as_str()
            .and_then(|id| id.parse().ok());
        let kind = match parent.filter(|_| is_thread) {
            Some(parent) => ChannelKind::Thread { parent },
            None => ChannelKind::Channel,
        };
        let mut kinds = self.lock();
        if kinds.len() >= CHANNELS_MAX {
            kinds.clear();
        }
        kinds.insert(channel, kind);
        Ok(kind)
    }

    /// No panic can happen while it is held, so poison means nothing.
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, ChannelKind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
