//! Calls of programs that carry an `Idempotency-Key`, so that they are made
//! once however often they are sent.

use anyhow::Context;

use crate::model::{AttemptId, TokenId};

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::retention::BATCH;
use crate::store::database::value::{Row, Statement};

/// A call that was claimed earlier with the same token and idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierCall {
    pub call_hash: Vec<u8>,
    /// The status of its answer; none while it is being made.
    pub status: Option<u16>,
    pub attempt: Option<AttemptId>,
}

/// A claimed call that has ended.
#[derive(Clone, Debug)]
pub struct EndedCall {
    pub token: TokenId,
    pub key_hash: [u8; 32],
    pub call_hash: [u8; 32],
    pub began_at_ms: i64,
    pub status: u16,
    pub attempt: Option<AttemptId>,
}

impl Store {
    /// Claims a call, so that it is made. Where it was claimed before, it is
    /// not, and the earlier call is returned.
    pub async fn claim_call(
        &self,
        token: TokenId,
        key_hash: &[u8; 32],
        call_hash: &[u8; 32],
        now_ms: i64,
    ) -> anyhow::Result<Option<EarlierCall>> {
        const SQL: Change = Change::to(
            Table::IdempotentCall,
            "insert into idempotent_call (token_id, key_hash, call_hash, began_at_ms, process_id) \
             values ($1, $2, $3, $4, $5) on conflict (token_id, key_hash) do nothing",
        );
        let values = [
            token.to_string().into(),
            key_hash.as_slice().into(),
            call_hash.as_slice().into(),
            now_ms.into(),
            self.process.0.into(),
        ];
        if self.write(SQL.with(values)).await?.changed > 0 {
            return Ok(None);
        }
        let sql = "select call_hash, status, attempt_id from idempotent_call \
             where token_id = $1 and key_hash = $2";
        let values = [token.to_string().into(), key_hash.as_slice().into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        let earlier = rows.first().context("the call was forgotten meanwhile")?;
        read_earlier_call(earlier).map(Some)
    }

    /// Sets how a claimed call ended, also where another process took this one
    /// for dead and forgot the claim.
    pub async fn end_call(&self, call: &EndedCall) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::IdempotentCall,
            "insert into idempotent_call \
             (token_id, key_hash, call_hash, began_at_ms, status, attempt_id) \
             values ($1, $2, $3, $4, $5, $6) on conflict (token_id, key_hash) do update set \
             call_hash = excluded.call_hash, began_at_ms = excluded.began_at_ms, \
             status = excluded.status, attempt_id = excluded.attempt_id",
        );
        let values = [
            call.token.to_string().into(),
            call.key_hash.as_slice().into(),
            call.call_hash.as_slice().into(),
            call.began_at_ms.into(),
            i64::from(call.status).into(),
            call.attempt.into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Deletes a call that this process claimed and that came to nothing, so
    /// that it may be made again.
    pub async fn forget_call(&self, token: TokenId, key_hash: &[u8; 32]) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::IdempotentCall,
            "delete from idempotent_call \
             where token_id = $1 and key_hash = $2 and process_id = $3",
        );
        let values = [
            token.to_string().into(),
            key_hash.as_slice().into(),
            self.process.0.into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Deletes calls that were claimed before a moment.
    pub async fn forget_calls(&self, before_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::IdempotentCall,
            "delete from idempotent_call where (token_id, key_hash) in \
             (select token_id, key_hash from idempotent_call \
             where began_at_ms < $1 order by began_at_ms limit $2)",
        );
        let batch = SQL.with([before_ms.into(), BATCH.into()]);
        self.delete_in_batches(batch).await.map(drop)
    }
}

fn read_earlier_call(row: &Row) -> anyhow::Result<EarlierCall> {
    let attempt = row.maybe_blob(2)?.map(<[u8; 16]>::try_from).transpose()?;
    Ok(EarlierCall {
        call_hash: row.blob(0)?.to_vec(),
        status: row.maybe_int(1)?.map(u16::try_from).transpose()?,
        attempt: attempt.map(AttemptId),
    })
}
