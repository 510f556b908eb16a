//! Calls that must not be made twice.

use anyhow::Context;

use crate::model::{AttemptId, TokenId};

use crate::store::Store;
use crate::store::change::{Change, Table};
use crate::store::value::{Row, Statement};

/// A call that was made before under the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    pub call_hash: Vec<u8>,
    /// None while it is being made.
    pub status: Option<u16>,
    pub attempt: Option<AttemptId>,
}

impl Store {
    /// Notes that a call is being made; the one before it, if there was one.
    pub async fn claim_call(
        &self,
        token: TokenId,
        key_hash: &[u8; 32],
        call_hash: &[u8; 32],
        now_ms: i64,
    ) -> anyhow::Result<Option<Before>> {
        const SQL: Change = Change::to(
            Table::IdempotentCall,
            "insert into idempotent_call (token_id, key_hash, call_hash, began_at_ms) \
             values ($1, $2, $3, $4) on conflict (token_id, key_hash) do nothing",
        );
        let values = [
            token.to_string().into(),
            key_hash.as_slice().into(),
            call_hash.as_slice().into(),
            now_ms.into(),
        ];
        if self.write(SQL.with(values)).await?.changed > 0 {
            return Ok(None);
        }
        let sql = "select call_hash, status, attempt_id from idempotent_call \
             where token_id = $1 and key_hash = $2";
        let values = [token.to_string().into(), key_hash.as_slice().into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        let found = rows.first().context("the call was forgotten meanwhile")?;
        before(found).map(Some)
    }

    /// Notes how a call ended.
    pub async fn end_call(
        &self,
        token: TokenId,
        key_hash: &[u8; 32],
        status: u16,
        attempt: Option<AttemptId>,
    ) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::IdempotentCall,
            "update idempotent_call set status = $3, attempt_id = $4 \
             where token_id = $1 and key_hash = $2",
        );
        let values = [
            token.to_string().into(),
            key_hash.as_slice().into(),
            i64::from(status).into(),
            attempt.into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Forgets a call, of which nothing came.
    pub async fn forget_call(&self, token: TokenId, key_hash: &[u8; 32]) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::IdempotentCall,
            "delete from idempotent_call where token_id = $1 and key_hash = $2",
        );
        let values = [token.to_string().into(), key_hash.as_slice().into()];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Forgets calls from before this time.
    pub async fn forget_calls(&self, before_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::IdempotentCall,
            "delete from idempotent_call where began_at_ms < $1",
        );
        self.write(SQL.with([before_ms.into()])).await?;
        Ok(())
    }
}

fn before(row: &Row) -> anyhow::Result<Before> {
    let attempt = row.maybe_blob(2)?.map(<[u8; 16]>::try_from).transpose()?;
    Ok(Before {
        call_hash: row.blob(0)?.to_vec(),
        status: row.maybe_int(1)?.map(u16::try_from).transpose()?,
        attempt: attempt.map(AttemptId),
    })
}
