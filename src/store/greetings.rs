//! Servers that were greeted when they added the bot.

use crate::model::ServerId;

use crate::store::Store;
use crate::store::database::change::{Change, Table};

impl Store {
    /// Notes that a server is greeted that added the bot at a moment; whether
    /// it was not since then.
    pub async fn note_greeting(&self, server: ServerId, joined_at_ms: i64) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::GreetedServer,
            "insert into greeted_server (server_id, joined_at_ms) values ($1, $2) \
             on conflict (server_id) do update set joined_at_ms = excluded.joined_at_ms \
             where greeted_server.joined_at_ms < excluded.joined_at_ms",
        );
        let statement = SQL.with([server.0.into(), joined_at_ms.into()]);
        Ok(self.write(statement).await?.changed > 0)
    }

    /// Forgets servers that added the bot before a moment.
    pub async fn forget_greetings(&self, before_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::GreetedServer,
            "delete from greeted_server where joined_at_ms < $1",
        );
        self.write(SQL.with([before_ms.into()])).await.map(drop)
    }
}
