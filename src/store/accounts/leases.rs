//! Leases of processes: which of those that use the database are alive, and
//! what dead ones left behind.
//!
//! A process on PostgreSQL renews its lease every few seconds, by the clock of
//! the database, since those of two machines differ. SQLite's file is claimed
//! by one process at a time ([`FileClaim`](crate::store::FileClaim)), so that
//! every other process is dead.

use std::time::Duration;

use crate::store::Store;
use crate::store::accounts::ledger::{Booking, booking_columns, read_booking};
use crate::store::database::change::{Change, Table};
use crate::store::database::value::Statement;

/// How many attempts of dead processes are read by one statement.
const LEFT_MAX: i64 = 256;

/// A process that uses the database. Each draws its own number at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessId(pub i64);

impl ProcessId {
    /// Draws a number that no other process has. No process has 0, which stands
    /// for those before there were leases.
    pub fn draw() -> anyhow::Result<Self> {
        let drawn = getrandom::u64()? >> 1;
        Ok(Self(drawn.cast_signed().max(1)))
    }
}

/// The condition for rows of `attempt` or `idempotent_call` whose process is
/// dead. `$1` is this process.
macro_rules! process_is_dead {
    () => {
        "process_id <> $1 and process_id not in (select process_id from process_lease)"
    };
}
pub(in crate::store) use process_is_dead;

impl Store {
    /// Takes this process's lease, or renews it. On SQLite, it notes the time,
    /// and is taken for good.
    pub async fn renew_lease(&self, lasts: Duration, now_ms: i64) -> anyhow::Result<()> {
        const UNTIL: Change = Change::to(
            Table::ProcessLease,
            "insert into process_lease (process_id, ends_at_ms) values ($1, $2) \
             on conflict (process_id) do update set ends_at_ms = excluded.ends_at_ms",
        );
        // PostgreSQL only: its own clock, whatever ours says.
        const FROM_NOW: Change = Change::to(
            Table::ProcessLease,
            "insert into process_lease (process_id, ends_at_ms) values \
             ($1, cast(extract(epoch from clock_timestamp()) * 1000 as bigint) + $2) \
             on conflict (process_id) do update set ends_at_ms = excluded.ends_at_ms",
        );
        let statement = if self.is_ours_alone() {
            UNTIL.with([self.process.0.into(), now_ms.into()])
        } else {
            let lasts_ms = i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX);
            FROM_NOW.with([self.process.0.into(), lasts_ms.into()])
        };
        self.write(statement).await.map(drop)
    }

    /// Ends the leases of other processes that are dead.
    pub async fn end_leases(&self) -> anyhow::Result<()> {
        const ALL_OTHERS: Change = Change::to(
            Table::ProcessLease,
            "delete from process_lease where process_id <> $1",
        );
        // PostgreSQL only.
        const RUN_OUT: Change = Change::to(
            Table::ProcessLease,
            "delete from process_lease where process_id <> $1 \
             and ends_at_ms <= cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
        );
        let change = if self.is_ours_alone() {
            ALL_OTHERS
        } else {
            RUN_OUT
        };
        let statement = change.with([self.process.0.into()]);
        self.write(statement).await.map(drop)
    }

    /// Gives this process's lease up, so that others settle at once whatever it
    /// leaves.
    pub async fn give_up_lease(&self) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::ProcessLease,
            "delete from process_lease where process_id = $1",
        );
        self.write(SQL.with([self.process.0.into()]))
            .await
            .map(drop)
    }

    /// Attempts that dead processes left held, oldest first, but for those of
    /// pictures that are being made or were never begun.
    pub async fn left_held(&self) -> anyhow::Result<Vec<Booking>> {
        let sql = concat!(
            "select ",
            booking_columns!(),
            " from attempt where state = 'held' and ",
            process_is_dead!(),
            " and attempt_id not in (select attempt_id from picture where ended_at_ms is null) \
             order by held_at_ms limit $2"
        );
        self.read_left(sql).await
    }

    /// Attempts for pictures that dead processes left held, and whose provider
    /// was never asked.
    pub async fn left_unbegun(&self) -> anyhow::Result<Vec<Booking>> {
        let sql = concat!(
            "select ",
            booking_columns!(),
            " from attempt where state = 'held' and held_images > 0 and ",
            process_is_dead!(),
            " and images = 0 and attempt_id not in (select attempt_id from picture) \
             order by held_at_ms limit $2"
        );
        self.read_left(sql).await
    }

    async fn read_left(&self, sql: &'static str) -> anyhow::Result<Vec<Booking>> {
        let values = [self.process.0.into(), LEFT_MAX.into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(read_booking).collect()
    }

    /// Deletes claims on calls that dead processes were making, so that those
    /// calls may be made again; how many.
    pub async fn forget_left_calls(&self) -> anyhow::Result<u64> {
        const SQL: Change = Change::to(
            Table::IdempotentCall,
            concat!(
                "delete from idempotent_call where status is null and ",
                process_is_dead!()
            ),
        );
        let statement = SQL.with([self.process.0.into()]);
        Ok(self.write(statement).await?.changed)
    }
}
