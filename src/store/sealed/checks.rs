//! How often keys were checked, and by whom, so that nobody can try many.

use crate::model::{HOUR_MS, MINUTE_MS, PersonId, ServerId};

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::retention::BATCH;
use crate::store::database::value::Statement;

/// How many keys a person may have checked in a minute.
const PERSON_MINUTE: i64 = 5;
/// How many keys a person may have checked in an hour.
const PERSON_HOUR: i64 = 20;
/// How many keys the members of a server may have checked in an hour.
const SERVER_HOUR: i64 = 20;
/// How many checks of one member count against that, so that nobody uses up
/// a server's alone.
const MEMBER_SHARE: i64 = 5;

impl Store {
    /// Counts a check, or returns how many milliseconds to wait where the
    /// person or the server has reached a limit. One statement compares and
    /// counts, so that no other check comes between.
    pub async fn count_check(
        &self,
        check_id: &str,
        person: PersonId,
        server: Option<ServerId>,
        now_ms: i64,
    ) -> anyhow::Result<Result<(), i64>> {
        const SQL: Change = Change::to(
            Table::KeyCheck,
            "insert into key_check (check_id, person_id, server_id, checked_at_ms) \
             select $1, $2, $3, $4 where \
             (select count(*) from key_check where person_id = $2 and checked_at_ms > $5) < $6 \
             and (select count(*) from key_check where person_id = $2 and checked_at_ms > $7) < $8 \
             and (select count(*) from (select row_number() over \
             (partition by person_id order by checked_at_ms desc) as place from key_check \
             where server_id = $3 and checked_at_ms > $7) as latest where place <= $10) < $9",
        );
        let server = server.map(|server| server.0);
        let (minute_ago, hour_ago) = (now_ms - MINUTE_MS, now_ms - HOUR_MS);
        let values = [
            check_id.into(),
            person.0.into(),
            server.into(),
            now_ms.into(),
            minute_ago.into(),
            PERSON_MINUTE.into(),
            hour_ago.into(),
            PERSON_HOUR.into(),
            SERVER_HOUR.into(),
            MEMBER_SHARE.into(),
        ];
        if self.write(SQL.with(values)).await?.changed > 0 {
            return Ok(Ok(()));
        }
        let by_person = self
            .find_person_renewal(person, minute_ago, PERSON_MINUTE, MINUTE_MS)
            .await?;
        let longest = match by_person {
            Some(at_ms) => at_ms,
            None => self.find_hour_renewal(person, server, hour_ago).await?,
        };
        Ok(Err((longest - now_ms).max(1_000)))
    }

    /// Gives back the place of a check that was counted.
    pub async fn uncount_check(&self, check_id: &str) -> anyhow::Result<()> {
        const SQL: Change =
            Change::to(Table::KeyCheck, "delete from key_check where check_id = $1");
        self.write(SQL.with([check_id.into()])).await?;
        Ok(())
    }

    /// Counts a key of a person's that its provider refused elsewhere than in a
    /// check.
    pub async fn note_check(
        &self,
        check_id: &str,
        person: PersonId,
        now_ms: i64,
    ) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::KeyCheck,
            "insert into key_check (check_id, person_id, server_id, checked_at_ms) \
             values ($1, $2, null, $3)",
        );
        let values = [check_id.into(), person.0.into(), now_ms.into()];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// How many milliseconds a person must wait until another key of theirs may
    /// be tried; none if it may now.
    pub async fn wait_for_check(
        &self,
        person: PersonId,
        now_ms: i64,
    ) -> anyhow::Result<Option<i64>> {
        for (limit, window_ms) in [(PERSON_MINUTE, MINUTE_MS), (PERSON_HOUR, HOUR_MS)] {
            let renewal = self.find_person_renewal(person, now_ms - window_ms, limit, window_ms);
            if let Some(at_ms) = renewal.await? {
                return Ok(Some((at_ms - now_ms).max(1_000)));
            }
        }
        Ok(None)
    }

    /// When a person may have a key checked again by one limit; none if the
    /// limit is not reached.
    async fn find_person_renewal(
        &self,
        person: PersonId,
        since_ms: i64,
        limit: i64,
        window_ms: i64,
    ) -> anyhow::Result<Option<i64>> {
        let sql = "select count(*), min(checked_at_ms) from key_check \
             where person_id = $1 and checked_at_ms > $2";
        let rows = self
            .query(Statement::new(sql, [person.0.into(), since_ms.into()]))
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let full = row.int(0)? >= limit;
        Ok(row
            .maybe_int(1)?
            .filter(|_| full)
            .map(|oldest| oldest + window_ms))
    }

    /// When a person or a server may have a key checked again by the limits of
    /// an hour.
    async fn find_hour_renewal(
        &self,
        person: PersonId,
        server: Option<u64>,
        hour_ago: i64,
    ) -> anyhow::Result<i64> {
        if let Some(at_ms) = self
            .find_person_renewal(person, hour_ago, PERSON_HOUR, HOUR_MS)
            .await?
        {
            return Ok(at_ms);
        }
        // The oldest check that counts: those of each member that are their latest.
        let sql = "select min(checked_at_ms) from (select checked_at_ms, row_number() over \
             (partition by person_id order by checked_at_ms desc) as place from key_check \
             where server_id = $1 and checked_at_ms > $2) as latest where place <= $3";
        let values = [server.into(), hour_ago.into(), MEMBER_SHARE.into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        let oldest = rows
            .first()
            .map(|row| row.maybe_int(0))
            .transpose()?
            .flatten();
        Ok(oldest.unwrap_or(hour_ago) + HOUR_MS)
    }

    /// Deletes checks that no limit counts any more.
    pub async fn expire_checks(&self, now_ms: i64) -> anyhow::Result<u64> {
        const SQL: Change = Change::to(
            Table::KeyCheck,
            "delete from key_check where check_id in (select check_id from key_check \
             where checked_at_ms <= $1 order by checked_at_ms limit $2)",
        );
        let batch = SQL.with([(now_ms - HOUR_MS).into(), BATCH.into()]);
        self.delete_in_batches(batch).await
    }
}
