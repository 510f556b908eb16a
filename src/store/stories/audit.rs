//! Reads the whole ledger, for tests.

use std::collections::BTreeMap;

use crate::model::{Amounts, AttemptId, NanoDollars};

use crate::store::accounts::ledger::{CounterBucket, parse_counted};
use crate::store::database::value::Statement;
use crate::store::{Store, Total};

/// A row of an attempt, as far as tests compare it.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something of its own, and is a column"
)]
pub struct AuditedAttempt {
    pub id: Vec<u8>,
    pub state: String,
    pub outcome: Option<String>,
    pub source: String,
    pub key: Option<String>,
    pub counted: Vec<CounterBucket>,
    pub held: Amounts,
    pub used: Amounts,
    pub estimated: bool,
    pub clamped: bool,
    pub overshoot: bool,
    pub cost_reported: bool,
    pub first_byte_ms: Option<i64>,
    pub duration_ms: Option<i64>,
}

impl AuditedAttempt {
    /// As [`crate::model::AttemptId`] writes itself.
    pub fn id(&self) -> String {
        let id = AttemptId(self.id.as_slice().try_into().unwrap());
        format!("{id:?}")
    }

    /// What counters count for it now; none if it was released.
    pub fn counts(&self) -> Option<Amounts> {
        match self.state.as_str() {
            "held" => Some(self.held),
            "released" => None,
            _ => Some(self.used),
        }
    }
}

impl Store {
    /// Every attempt, oldest first.
    pub async fn audit(&self) -> Vec<AuditedAttempt> {
        let sql = "select attempt_id, state, outcome, source, key_id, counted, \
             held_output_tokens, held_images, held_cost_nano, \
             output_tokens, images, cost_nano, estimated, clamped, cost_reported, \
             first_byte_ms, duration_ms, held_input_tokens, input_tokens, overshoot \
             from attempt order by held_at_ms, attempt_id";
        let rows = self.query(Statement::new(sql, [])).await.unwrap();
        let number = |at| move |row: &crate::store::Row| row.int(at).unwrap();
        let unsigned = |at| move |row: &crate::store::Row| row.int(at).unwrap().cast_unsigned();
        let money = |at| {
            move |row: &crate::store::Row| {
                let nano = row.maybe_int(at).unwrap();
                nano.map(|nano| NanoDollars(nano.cast_unsigned()))
            }
        };
        let audited = |row: &crate::store::Row| AuditedAttempt {
            id: row.blob(0).unwrap().to_vec(),
            state: row.text(1).unwrap().to_owned(),
            outcome: row.maybe_text(2).unwrap().map(Into::into),
            source: row.text(3).unwrap().to_owned(),
            key: row.maybe_text(4).unwrap().map(Into::into),
            counted: parse_counted(row.text(5).unwrap()).unwrap(),
            held: Amounts {
                input_tokens: unsigned(17)(row),
                output_tokens: unsigned(6)(row),
                images: unsigned(7)(row),
                cost: money(8)(row),
            },
            used: Amounts {
                input_tokens: unsigned(18)(row),
                output_tokens: unsigned(9)(row),
                images: unsigned(10)(row),
                cost: money(11)(row),
            },
            estimated: number(12)(row) == 1,
            clamped: number(13)(row) == 1,
            overshoot: number(19)(row) == 1,
            cost_reported: number(14)(row) == 1,
            first_byte_ms: row.maybe_int(15).unwrap(),
            duration_ms: row.maybe_int(16).unwrap(),
        };
        rows.iter().map(audited).collect()
    }

    /// Every counter's name and state.
    pub async fn audit_counters(&self) -> BTreeMap<String, String> {
        let sql = "select counter, state from quota_counter";
        let rows = self.query(Statement::new(sql, [])).await.unwrap();
        let pair = |row: &crate::store::Row| {
            (
                row.text(0).unwrap().to_owned(),
                row.text(1).unwrap().to_owned(),
            )
        };
        rows.iter().map(pair).collect()
    }

    /// The sum of everything, as the totals of quarters and those of days have it.
    pub async fn audit_totals(&self) -> Total {
        let of_quarters = "select cast(coalesce(sum(requests), 0) as bigint), \
             cast(coalesce(sum(output_tokens), 0) as bigint), \
             cast(coalesce(sum(cost_nano), 0) as bigint) from usage_total where scope = 'bot'";
        let of_days = "select cast(coalesce(sum(requests), 0) as bigint), \
             cast(coalesce(sum(output_tokens), 0) as bigint), \
             cast(coalesce(sum(cost_nano), 0) as bigint) from usage_day where scope = 'bot'";
        let both = [of_quarters, of_days].map(|sql| Statement::new(sql, []));
        let mut sums = Vec::new();
        for statement in both {
            let rows = self.query(statement).await.unwrap();
            let row = rows.first().unwrap();
            sums.push(Total {
                requests: row.int(0).unwrap().cast_unsigned(),
                output_tokens: row.int(1).unwrap().cast_unsigned(),
                cost_nano: row.int(2).unwrap().cast_unsigned(),
                ..Total::default()
            });
        }
        assert_eq!(sums[0], sums[1]);
        sums[0]
    }
}
