//! Jobs of pictures, but nothing of their prompts or of what they show.

use anyhow::Context;

use crate::model::{AttemptId, KeyId, Outcome, PersonId, PictureJob, ProviderId, ServerId, Size};

use crate::store::Store;
use crate::store::accounts::leases::process_is_dead;
use crate::store::database::change::{Change, Table};
use crate::store::database::retention::BATCH;
use crate::store::database::value::{Row, Statement};

/// The channel of a picture that a program waits for. No channel of Discord's
/// has this id.
const NO_CHANNEL: u64 = 0;

macro_rules! select_pictures {
    ($($which:tt)+) => {
        concat!(
            "select picture_id, person_id, server_id, channel_id, message_id, attempt_id, \
             width, height, count, seed, is_edit, mark, host_job, began_at_ms, ended_at_ms, \
             is_spoiler \
             from picture ",
            $($which)+
        )
    };
}

impl Store {
    /// Stores a picture before its host is asked for it. Where another payer is
    /// tried, the row gets that payer's attempt.
    pub async fn begin_picture(&self, job: &PictureJob) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Picture,
            "insert into picture (picture_id, person_id, server_id, channel_id, \
             message_id, attempt_id, width, height, count, seed, is_edit, mark, began_at_ms, \
             is_spoiler) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
             on conflict (picture_id) do update set attempt_id = excluded.attempt_id, \
             mark = excluded.mark, host_job = null",
        );
        let values = [
            job.id.as_str().into(),
            job.person.0.into(),
            job.server.map(|server| server.0).into(),
            job.channel.unwrap_or(NO_CHANNEL).into(),
            job.message.into(),
            job.attempt.into(),
            job.size.map(|size| i64::from(size.width)).into(),
            job.size.map(|size| i64::from(size.height)).into(),
            i64::from(job.count).into(),
            // All 64 bits of it: the largest ones stand there as negative numbers.
            job.seed.cast_signed().into(),
            job.is_edit.into(),
            i64::from(job.mark).into(),
            job.began_at_ms.into(),
            job.is_spoiler.into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Sets the id that the host gave the job.
    pub async fn set_host_job(&self, id: &str, host_job: &str) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Picture,
            "update picture set host_job = $2 where picture_id = $1",
        );
        let values = [id.into(), host_job.into()];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Sets when a picture was shown, or people were told why there is none.
    pub async fn end_picture(&self, id: &str, now_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Picture,
            "update picture set ended_at_ms = $2 where picture_id = $1",
        );
        self.write(SQL.with([id.into(), now_ms.into()])).await?;
        Ok(())
    }

    /// Loads a picture.
    pub async fn load_picture(&self, id: &str) -> anyhow::Result<Option<PictureJob>> {
        let sql = select_pictures!("where picture_id = $1");
        let rows = self.query(Statement::new(sql, [id.into()])).await?;
        rows.first().map(read_job).transpose()
    }

    /// Pictures for channels that began before a moment and have not ended,
    /// oldest first: at most `max`.
    pub async fn open_pictures(&self, before_ms: i64, max: u32) -> anyhow::Result<Vec<PictureJob>> {
        let sql = select_pictures!(
            "where ended_at_ms is null and began_at_ms < $1 and channel_id <> 0 \
             order by began_at_ms limit $2"
        );
        self.pictures_before(sql, before_ms, max).await
    }

    /// Pictures that programs waited for in processes that are dead, or that
    /// began before a moment, oldest first: at most `max`.
    pub async fn left_pictures_of_programs(
        &self,
        before_ms: i64,
        max: u32,
    ) -> anyhow::Result<Vec<PictureJob>> {
        let sql = select_pictures!(
            "where ended_at_ms is null and channel_id = 0 and (began_at_ms < $2 \
             or attempt_id in (select attempt_id from attempt where ",
            process_is_dead!(),
            ")) order by began_at_ms limit $3"
        );
        let values = [
            self.process.0.into(),
            before_ms.into(),
            i64::from(max).into(),
        ];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(read_job).collect()
    }

    async fn pictures_before(
        &self,
        sql: &'static str,
        before_ms: i64,
        max: u32,
    ) -> anyhow::Result<Vec<PictureJob>> {
        let values = [before_ms.into(), i64::from(max).into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(read_job).collect()
    }

    /// A person's pictures, newest first: at most `max`.
    pub async fn pictures_of(&self, person: PersonId, max: u32) -> anyhow::Result<Vec<PictureJob>> {
        let sql = select_pictures!("where person_id = $1 order by began_at_ms desc limit $2");
        let values = [person.0.into(), i64::from(max).into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(read_job).collect()
    }

    /// The provider and model of an attempt.
    pub async fn maker_of(
        &self,
        attempt: AttemptId,
    ) -> anyhow::Result<Option<(ProviderId, String)>> {
        let sql = "select provider, model from attempt where attempt_id = $1";
        let rows = self.query(Statement::new(sql, [attempt.into()]));
        let rows = rows.await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some((
            ProviderId::from(row.text(0)?),
            row.text(1)?.to_owned(),
        )))
    }

    /// What is counted for an attempt that has ended: its provider, and whether
    /// that answered. None where it was released, or never written.
    pub async fn counted_end(
        &self,
        attempt: AttemptId,
    ) -> anyhow::Result<Option<(ProviderId, bool)>> {
        let sql = "select provider, coalesce(outcome, 'answered') from attempt \
             where attempt_id = $1 and state <> 'released'";
        let rows = self.query(Statement::new(sql, [attempt.into()])).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let has_answered = row.text(1)? == Outcome::Answered.as_str();
        Ok(Some((ProviderId::from(row.text(0)?), has_answered)))
    }

    /// The marks of pictures that have ended, newest first: at most `max`.
    pub async fn ended_marks(&self, max: u32) -> anyhow::Result<Vec<u32>> {
        let sql = "select mark from picture where ended_at_ms is not null \
             order by began_at_ms desc limit $1";
        let rows = self.query(Statement::new(sql, [i64::from(max).into()]));
        let rows = rows.await?;
        rows.iter().map(|row| Ok(row.int(0)?.try_into()?)).collect()
    }

    /// The providers and keys of all stored pictures whose host was asked.
    pub async fn keys_of_pictures(&self) -> anyhow::Result<Vec<(ProviderId, Option<KeyId>)>> {
        let sql = "select distinct provider, key_id from attempt where attempt_id in \
             (select attempt_id from picture where host_job is not null)";
        let rows = self.query(Statement::new(sql, [])).await?;
        rows.iter()
            .map(|row| {
                let key = row.maybe_text(1)?.and_then(KeyId::parse);
                Ok((ProviderId::from(row.text(0)?), key))
            })
            .collect()
    }

    /// Deletes pictures that have ended and began before a moment.
    pub async fn forget_pictures(&self, before_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Picture,
            "delete from picture where picture_id in (select picture_id from picture \
             where ended_at_ms is not null and began_at_ms < $1 order by began_at_ms limit $2)",
        );
        let batch = SQL.with([before_ms.into(), BATCH.into()]);
        self.delete_in_batches(batch).await.map(drop)
    }
}

fn read_job(row: &Row) -> anyhow::Result<PictureJob> {
    let attempt = row.blob(5)?.try_into();
    let pixels = |at| anyhow::Ok(row.maybe_int(at)?.map(u32::try_from).transpose()?);
    let size = pixels(6)?.zip(pixels(7)?);
    Ok(PictureJob {
        id: row.text(0)?.to_owned(),
        person: PersonId(row.int(1)?.cast_unsigned()),
        server: row.maybe_int(2)?.map(|id| ServerId(id.cast_unsigned())),
        channel: Some(row.int(3)?.cast_unsigned()).filter(|id| *id != NO_CHANNEL),
        message: row.maybe_int(4)?.map(i64::cast_unsigned),
        attempt: AttemptId(attempt.context("a picture has a malformed attempt")?),
        size: size.map(|(width, height)| Size { width, height }),
        count: row.int(8)?.try_into()?,
        seed: row.int(9)?.cast_unsigned(),
        is_edit: row.int(10)? != 0,
        mark: row.int(11)?.try_into()?,
        host_job: row.maybe_text(12)?.map(ToOwned::to_owned),
        began_at_ms: row.int(13)?,
        ended_at_ms: row.maybe_int(14)?,
        is_spoiler: row.int(15)? != 0,
    })
}
