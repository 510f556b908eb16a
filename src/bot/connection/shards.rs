//! Which of Discord's shards this process serves.

use crate::model::ServerId;

/// A range of shards.
#[derive(Clone, Copy, Debug)]
pub struct ShardRange {
    /// The first and the last shard, both included.
    pub first: u32,
    pub last: u32,
    /// How many shards the bot has in all processes together.
    pub total: u32,
}

impl ShardRange {
    /// Whether the range serves a server, or direct messages where no
    /// server is given: Discord sends those to shard 0.
    pub fn serves(self, server: Option<ServerId>) -> bool {
        let shard = server.map_or(0, |server| server.shard(self.total));
        (self.first..=self.last).contains(&shard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direct_messages_belong_to_the_first_shard() {
        let upper_half = ShardRange {
            first: 2,
            last: 3,
            total: 4,
        };
        assert!(!upper_half.serves(None));
        assert!(!upper_half.serves(Some(ServerId(5 << 22))));
        assert!(upper_half.serves(Some(ServerId(6 << 22))));
    }
}
