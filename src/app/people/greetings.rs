//! Which servers are greeted: each once when it adds the bot, whatever starts
//! again meanwhile.

use crate::model::{DAY_MS, ServerId};

use crate::app::people::People;

/// For how long after a server added the bot it is greeted. Discord names every
/// server at every connection, and those of a new database are old.
const GREETED_WITHIN_MS: i64 = DAY_MS;

impl People {
    /// Whether a server is to be greeted now that added the bot at a moment;
    /// it is noted that it was.
    pub async fn take_greeting(&self, server: ServerId, joined_at_ms: i64) -> anyhow::Result<bool> {
        if joined_at_ms < self.clock.now_ms() - GREETED_WITHIN_MS {
            return Ok(false);
        }
        self.store.note_greeting(server, joined_at_ms).await
    }

    /// Forgets what keeps servers from being greeted again that are not.
    pub(super) async fn sweep_greetings(&self, now_ms: i64) -> anyhow::Result<()> {
        self.store
            .forget_greetings(now_ms - GREETED_WITHIN_MS)
            .await
    }
}
