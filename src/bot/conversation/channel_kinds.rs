//! Which channels are threads: Discord does not say it with a message.

use std::ops::RangeInclusive;
use std::sync::Mutex;

use crate::bot::connection::calls::rest::{Rest, number};
use crate::model::{BoundedMap, lock};

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
pub struct ChannelKinds(Mutex<BoundedMap<u64, ChannelKind>>);

impl Default for ChannelKinds {
    fn default() -> Self {
        Self(Mutex::new(BoundedMap::new(CHANNELS_MAX)))
    }
}

impl ChannelKinds {
    /// What a channel is; asks Discord the first time.
    pub async fn kind_of(&self, rest: &Rest, channel: u64) -> anyhow::Result<ChannelKind> {
        if let Some(kind) = lock(&self.0).get(&channel) {
            return Ok(*kind);
        }
        let described = rest.channel(channel).await?;
        let is_thread = described["type"]
            .as_u64()
            .is_some_and(|kind| THREAD_TYPES.contains(&kind));
        let parent = number(&described["parent_id"]);
        let kind = match parent.filter(|_| is_thread) {
            Some(parent) => ChannelKind::Thread { parent },
            None => ChannelKind::Channel,
        };
        lock(&self.0).put(channel, kind);
        Ok(kind)
    }
}
