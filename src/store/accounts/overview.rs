//! What the operator's people ask of everybody: what is reserved, and who is
//! called how.

use crate::model::{NanoDollars, PersonId};

use crate::store::Store;
use crate::store::database::value::Statement;

/// What is reserved right now, by all processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldSums {
    pub holds: u64,
    /// Of those whose price is known.
    pub cost: NanoDollars,
    /// When the oldest was made; none where there is none.
    pub oldest_at_ms: Option<i64>,
}

impl Store {
    /// Adds up what is reserved.
    pub async fn held_sums(&self) -> anyhow::Result<HeldSums> {
        let sql = "select count(*), cast(coalesce(sum(held_cost_nano), 0) as bigint), \
             min(held_at_ms) from attempt where state = 'held'";
        let rows = self.query(Statement::new(sql, [])).await?;
        let Some(row) = rows.first() else {
            return Ok(HeldSums::default());
        };
        Ok(HeldSums {
            holds: row.int(0)?.cast_unsigned(),
            cost: NanoDollars(row.int(1)?.cast_unsigned()),
            oldest_at_ms: row.maybe_int(2)?,
        })
    }

    /// People who are signed in and whose name has a text in it, by name: at
    /// most `max`.
    pub async fn people_called(
        &self,
        text: &str,
        max: u32,
    ) -> anyhow::Result<Vec<(PersonId, String)>> {
        let sql = "select person_id, max(name) from session where lower(name) like $1 escape '!' \
             group by person_id order by 2, 1 limit $2";
        let mut pattern = String::from("%");
        for character in text.to_lowercase().chars() {
            if matches!(character, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(character);
        }
        pattern.push('%');
        let values = [pattern.as_str().into(), i64::from(max).into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        let person = rows.iter().map(|row| {
            Ok((
                PersonId(row.int(0)?.cast_unsigned()),
                row.text(1)?.to_owned(),
            ))
        });
        person.collect()
    }
}
