//! What each key of an owner has paid for.

use std::collections::BTreeMap;

use anyhow::Context;

use crate::model::{KeyId, Owner};

use crate::store::Store;
use crate::store::accounts::totals::Total;
use crate::store::database::value::Statement;

impl Store {
    /// What each key of an owner has paid for since it is there.
    pub async fn key_uses(&self, owner: Owner) -> anyhow::Result<BTreeMap<KeyId, Total>> {
        let sql = "select key_id, cast(sum(requests) as bigint), \
                   cast(sum(input_tokens) as bigint), cast(sum(output_tokens) as bigint) \
                   from usage_day where scope = $1 and owner_id = $2 and key_id <> '' \
                   group by key_id";
        let values = [owner.scope().as_str().into(), owner.id().into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        let uses = rows.iter().map(|row| {
            let count = |at| anyhow::Ok(row.int(at)?.cast_unsigned());
            let total = Total {
                requests: count(1)?,
                input_tokens: count(2)?,
                output_tokens: count(3)?,
                ..Total::default()
            };
            let key = KeyId::parse(row.text(0)?).context("a key's id is damaged")?;
            Ok((key, total))
        });
        uses.collect()
    }
}
