//! Jobs that go on at their provider after the call that began them was answered.

use crate::model::AttemptId;

use crate::store::Store;
use crate::store::accounts::ledger::{Booking, booking_columns, read_booking};
use crate::store::database::change::{Change, Table};
use crate::store::database::retention::BATCH;
use crate::store::database::value::Statement;

/// Whose job it is, at which provider, and what that calls it, as a hash.
pub type JobHash = [u8; 32];

impl Store {
    /// Notes which attempt has begun a job.
    pub async fn note_job(
        &self,
        job: &JobHash,
        attempt: AttemptId,
        now_ms: i64,
    ) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::OngoingJob,
            "insert into ongoing_job (job_hash, attempt_id, began_at_ms) values ($1, $2, $3) \
             on conflict (job_hash) do nothing",
        );
        let values = [job.as_slice().into(), attempt.into(), now_ms.into()];
        self.write(SQL.with(values)).await.map(drop)
    }

    /// The attempt that began a job, if its end was not told yet.
    pub async fn ongoing_job(&self, job: &JobHash) -> anyhow::Result<Option<Booking>> {
        let sql = concat!(
            "select ",
            booking_columns!(),
            " from attempt where outcome = 'ongoing' and attempt_id = \
             (select attempt_id from ongoing_job where job_hash = $1)"
        );
        let rows = self.query(Statement::new(sql, [job.as_slice().into()]));
        rows.await?.first().map(read_booking).transpose()
    }

    /// Forgets a job whose end was told; whether it was there.
    pub async fn take_job(&self, job: &JobHash) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::OngoingJob,
            "delete from ongoing_job where job_hash = $1",
        );
        let deleted = self.write(SQL.with([job.as_slice().into()])).await?;
        Ok(deleted.changed > 0)
    }

    /// Forgets jobs that were begun before a moment.
    pub async fn forget_jobs(&self, before_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::OngoingJob,
            "delete from ongoing_job where job_hash in (select job_hash from ongoing_job \
             where began_at_ms < $1 order by began_at_ms limit $2)",
        );
        let batch = SQL.with([before_ms.into(), BATCH.into()]);
        self.delete_in_batches(batch).await.map(drop)
    }
}
