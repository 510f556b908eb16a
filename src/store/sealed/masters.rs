//! The master keys that this database was ever opened with.

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::value::Statement;

impl Store {
    /// The check value of a master key; none if it is new to the database.
    pub async fn master_check(&self, kid: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let sql = "select check_value from master_key where master_kid = $1";
        let rows = self.query(Statement::new(sql, [kid.into()])).await?;
        rows.first()
            .map(|row| Ok(row.blob(0)?.to_vec()))
            .transpose()
    }

    /// Adds a master key with its check value. If another process was first,
    /// its check value stays.
    pub async fn add_master(&self, kid: &str, check: &[u8], now_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::MasterKey,
            "insert into master_key (master_kid, check_value, added_at_ms) \
             values ($1, $2, $3) on conflict (master_kid) do nothing",
        );
        self.write(SQL.with([kid.into(), check.into(), now_ms.into()]))
            .await?;
        Ok(())
    }

    /// How many stored keys each master key has sealed.
    pub async fn keys_by_master(&self) -> anyhow::Result<Vec<(String, i64)>> {
        let sql = "select master_kid, count(*) from provider_key \
             group by master_kid order by master_kid";
        let rows = self.query(Statement::new(sql, [])).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?)))
            .collect()
    }
}
