//! What keys of one owner have paid for, by provider.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::model::{Owner, ProviderId, Source};

use crate::store::Store;
use crate::store::totals::Total;
use crate::store::value::Statement;

impl Store {
    /// What the keys of an owner have paid for on some days, by provider.
    pub async fn key_uses(
        &self,
        owner: Owner,
        days: RangeInclusive<i64>,
    ) -> anyhow::Result<BTreeMap<ProviderId, Total>> {
        let sql = "select provider, cast(sum(requests) as bigint), \
                   cast(sum(input_tokens) as bigint), cast(sum(output_tokens) as bigint) \
                   from usage_total where scope = $1 and owner_id = $2 and source = $3 \
                   and day between $4 and $5 group by provider";
        let source = match owner {
            Owner::Person(_) => Source::Personal,
            Owner::Server(_) => Source::Server,
        };
        let values = [
            owner.scope().as_str().into(),
            owner.id().into(),
            source.as_str().into(),
            (*days.start()).into(),
            (*days.end()).into(),
        ];
        let rows = self.query(Statement::new(sql, values)).await?;
        let uses = rows.iter().map(|row| {
            let count = |at| anyhow::Ok(row.int(at)?.cast_unsigned());
            let total = Total {
                requests: count(1)?,
                input_tokens: count(2)?,
                output_tokens: count(3)?,
                ..Total::default()
            };
            Ok((ProviderId::from(row.text(0)?), total))
        });
        uses.collect()
    }
}
