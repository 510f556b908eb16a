//! Up to which message each channel's conversation was forgotten. Nothing of
//! what was said is stored.

use crate::model::PersonId;

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::value::Statement;

#[cfg(test)]
mod story;

impl Store {
    /// Forgets a channel's conversation up to a message.
    pub async fn forget(&self, channel: u64, person: PersonId, message: u64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Forgotten,
            "insert into forgotten (channel_id, person_id, message_id) values ($1, $2, $3) \
             on conflict (channel_id) do update set person_id = excluded.person_id, \
             message_id = excluded.message_id",
        );
        let values = [channel.into(), person.0.into(), message.into()];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// The message up to which a channel's conversation was forgotten.
    pub async fn forgotten_up_to(&self, channel: u64) -> anyhow::Result<Option<u64>> {
        let sql = "select message_id from forgotten where channel_id = $1";
        let rows = self.query(Statement::new(sql, [channel.into()])).await?;
        let mark = rows.first().map(|row| row.int(0)).transpose()?;
        Ok(mark.map(i64::cast_unsigned))
    }
}
