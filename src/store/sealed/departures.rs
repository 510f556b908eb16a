//! Servers that removed the bot.

use std::collections::BTreeSet;

use crate::model::ServerId;

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::value::Statement;

impl Store {
    /// Notes that a server removed the bot, if it has keys; whether that was
    /// new. The time that was noted first stays.
    pub async fn note_departure(&self, server: ServerId, now_ms: i64) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::DepartedServer,
            "insert into departed_server (server_id, left_at_ms) select $1, $2 \
             where exists (select 1 from provider_key where scope = 'guild' and owner_id = $1) \
             on conflict (server_id) do nothing",
        );
        let statement = SQL.with([server.0.into(), now_ms.into()]);
        Ok(self.write(statement).await?.changed > 0)
    }

    /// Notes that a server has the bot again; whether it had removed it.
    pub async fn note_return(&self, server: ServerId) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::DepartedServer,
            "delete from departed_server where server_id = $1",
        );
        // Discord names every server at every start, and almost none of them
        // ever removed the bot. So this reads before it writes.
        let sql = "select left_at_ms from departed_server where server_id = $1";
        let left = self.query(Statement::new(sql, [server.0.into()])).await?;
        if left.is_empty() {
            return Ok(false);
        }
        let deleted = self.write(SQL.with([server.0.into()])).await?;
        Ok(deleted.changed > 0)
    }

    /// Every server that has keys and has not removed the bot.
    pub async fn servers_with_keys(&self) -> anyhow::Result<BTreeSet<ServerId>> {
        let sql = "select distinct owner_id from provider_key where scope = 'guild' \
             and owner_id not in (select server_id from departed_server)";
        let rows = self.query(Statement::new(sql, [])).await?;
        let ids = rows.iter().map(|row| row.int(0));
        ids.map(|id| Ok(ServerId(id?.cast_unsigned()))).collect()
    }

    /// Deletes the keys and limits of servers that removed the bot before a
    /// moment.
    pub async fn forget_departed(&self, before_ms: i64) -> anyhow::Result<()> {
        const ALL: [Change; 4] = [
            Change::to(
                Table::ProviderKey,
                "delete from provider_key where scope = 'guild' and owner_id in \
                 (select server_id from departed_server where left_at_ms < $1)",
            ),
            Change::to(
                Table::QuotaLimit,
                "delete from quota_limit where server_id in \
                 (select server_id from departed_server where left_at_ms < $1)",
            ),
            Change::to(
                Table::ExemptRole,
                "delete from exempt_role where server_id in \
                 (select server_id from departed_server where left_at_ms < $1)",
            ),
            Change::to(
                Table::DepartedServer,
                "delete from departed_server where left_at_ms < $1",
            ),
        ];
        let statements = ALL.map(|change| change.with([before_ms.into()]));
        self.write_all(statements.into()).await
    }
}
