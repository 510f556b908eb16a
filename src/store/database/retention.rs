//! Deletes what is too old to keep: in small batches, with pauses in which
//! others write, until nothing is left.

use std::time::{Duration, Instant};

use crate::model::AttemptId;

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::value::{Statement, Value};

/// How many rows are deleted in one transaction.
pub(in crate::store) const BATCH: i64 = 500;
/// How long the pause after a batch is, at least and at most. Between the two
/// it is as long as the batch took, so that half of the database's time is for
/// others.
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_secs(1);

impl Store {
    /// Runs a statement that deletes a [`BATCH`] of rows at the most, until it
    /// finds fewer; how many it deleted.
    pub(in crate::store) async fn delete_in_batches(
        &self,
        batch: Statement,
    ) -> anyhow::Result<u64> {
        let mut deleted = 0;
        loop {
            let began = Instant::now();
            let changed = self.write(batch.clone()).await?.changed;
            deleted += changed;
            if changed < BATCH.cast_unsigned() {
                return Ok(deleted);
            }
            pause_after(began).await;
        }
    }

    /// Deletes attempts that began from a moment on and before another, and
    /// have ended; how many. Ids begin with the time.
    pub async fn forget_attempts(&self, from_ms: i64, before_ms: i64) -> anyhow::Result<u64> {
        const SQL: Change = Change::to(
            Table::Attempt,
            "delete from attempt where attempt_id >= $1 and attempt_id < $2 and state <> 'held'",
        );
        let sql = "select attempt_id from attempt where attempt_id >= $1 and attempt_id < $2 \
                   order by attempt_id limit 1 offset $3";
        let first = AttemptId::first_at(from_ms).into();
        let end: Value = AttemptId::first_at(before_ms).into();
        let next = |from| Statement::new(sql, [from, end.clone(), BATCH.into()]);
        let delete = |from, to: Option<Value>| SQL.with([from, to.unwrap_or_else(|| end.clone())]);
        self.change_in_ranges(first, next, delete).await
    }

    /// Deletes counters that have counted nothing since a moment; how many.
    /// It goes through all counters: an index by time would be written with
    /// every hold, for a search that is made once an hour.
    pub async fn forget_counters(&self, before_ms: i64) -> anyhow::Result<u64> {
        const UP_TO: Change = Change::to(
            Table::QuotaCounter,
            "delete from quota_counter where counter >= $1 and counter < $2 \
             and touched_at_ms < $3",
        );
        const REST: Change = Change::to(
            Table::QuotaCounter,
            "delete from quota_counter where counter >= $1 and touched_at_ms < $2",
        );
        let sql = "select counter from quota_counter where counter >= $1 \
                   order by counter limit 1 offset $2";
        let next = |from| Statement::new(sql, [from, BATCH.into()]);
        let delete = |from, to| match to {
            Some(to) => UP_TO.with([from, to, before_ms.into()]),
            None => REST.with([from, before_ms.into()]),
        };
        self.change_in_ranges("".into(), next, delete).await
    }

    /// Goes through a table by its primary key, some rows at a time, so that
    /// no row is looked at twice. `next` selects the key that comes so many rows
    /// after one, and `change` changes what is from one key up to another, or
    /// to the end. Returns how many rows were changed.
    pub(in crate::store) async fn change_in_ranges(
        &self,
        first: Value,
        next: impl Fn(Value) -> Statement,
        change: impl Fn(Value, Option<Value>) -> Statement,
    ) -> anyhow::Result<u64> {
        let (mut from, mut changed) = (first, 0);
        loop {
            let began = Instant::now();
            let mut rows = self.query(next(from.clone())).await?;
            let to = rows.pop().and_then(|mut row| row.0.pop());
            changed += self.write(change(from, to.clone())).await?.changed;
            let Some(to) = to else {
                return Ok(changed);
            };
            from = to;
            pause_after(began).await;
        }
    }
}

async fn pause_after(began: Instant) {
    let pause = began.elapsed().clamp(PAUSE_MIN, PAUSE_MAX);
    tokio::time::sleep(pause).await;
}
