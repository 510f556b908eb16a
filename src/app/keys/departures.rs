//! Servers that remove the bot: their keys are suspended at once, and
//! deleted after some days, unless the bot comes back. A server that is
//! only unavailable has not removed it.

use std::collections::BTreeSet;

use crate::model::{DAY_MS, ServerId};

use crate::app::keys::Keys;

/// How long keys of a server that removed the bot are kept.
const GRACE_DAYS: i64 = 7;

impl Keys {
    /// A server removed the bot.
    pub async fn server_left(&self, server: ServerId) -> anyhow::Result<()> {
        if self
            .store
            .note_departure(server, self.clock.now_ms())
            .await?
        {
            tracing::info!(
                "a server with keys removed the bot; its keys are deleted in {GRACE_DAYS} days"
            );
        }
        Ok(())
    }

    /// A server has the bot, perhaps again.
    pub async fn server_is_here(&self, server: ServerId) -> anyhow::Result<()> {
        if self.store.note_return(server).await? {
            tracing::info!("a server has the bot again; its keys are in use again");
        }
        Ok(())
    }

    /// Compares the servers that a shard is in with those that have keys: any
    /// other of that shard removed the bot while it was away.
    pub async fn servers_are(
        &self,
        here: &BTreeSet<ServerId>,
        shard: (u32, u32),
    ) -> anyhow::Result<()> {
        let (number, total) = shard;
        let with_keys = self.store.servers_with_keys().await?;
        let mine = |server: &&ServerId| server.shard(total) == number;
        for server in with_keys.difference(here).filter(mine) {
            self.server_left(*server).await?;
        }
        Ok(())
    }

    /// Deletes keys whose time of grace is over.
    pub(in crate::app::keys) async fn forget_departed(&self, now_ms: i64) -> anyhow::Result<()> {
        let before_ms = now_ms - GRACE_DAYS * DAY_MS;
        self.store.forget_departed(before_ms).await
    }
}
