//! Tokens of programs, by their hashes. A token itself is never stored.

use anyhow::Context;

use crate::model::{PersonId, Scopes, Token, TokenId};

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::retention::BATCH;
use crate::store::database::value::{Row, Statement};

macro_rules! select_tokens {
    ($which:literal) => {
        concat!(
            "select token_id, person_id, name, scopes, created_at_ms, expires_at_ms, \
             last_used_at_ms, hash from access_token ",
            $which
        )
    };
}

impl Store {
    /// Stores a token, unless its person has `max` already; whether it did.
    pub async fn add_token(
        &self,
        token: &Token,
        hash: &[u8; 32],
        max: u32,
    ) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::AccessToken,
            "insert into access_token (token_id, person_id, name, hash, scopes, \
             created_at_ms, expires_at_ms) select $1, cast($2 as bigint), cast($3 as text), $4, $5, \
             cast($6 as bigint), cast($7 as bigint) where \
             (select count(*) from access_token where person_id = $2 and expires_at_ms > $6) < $8",
        );
        let values = [
            token.id.to_string().into(),
            token.person.0.into(),
            token.name.clone().into(),
            hash.as_slice().into(),
            token.scopes.to_string().into(),
            token.created_at_ms.into(),
            token.expires_at_ms.into(),
            i64::from(max).into(),
        ];
        Ok(self.write(SQL.with(values)).await?.changed > 0)
    }

    /// The token with this hash, and the hash as its row has it.
    pub async fn token_by_hash(&self, hash: &[u8; 32]) -> anyhow::Result<Option<(Token, Vec<u8>)>> {
        let sql = select_tokens!("where hash = $1");
        let rows = self
            .query(Statement::new(sql, [hash.as_slice().into()]))
            .await?;
        let found = |row: &Row| Ok((read_token(row)?, row.blob(7)?.to_vec()));
        rows.first().map(found).transpose()
    }

    /// A person's tokens, oldest first.
    pub async fn tokens_of(&self, person: PersonId) -> anyhow::Result<Vec<Token>> {
        let sql = select_tokens!("where person_id = $1 order by created_at_ms, token_id");
        let rows = self.query(Statement::new(sql, [person.0.into()])).await?;
        rows.iter().map(read_token).collect()
    }

    /// Deletes a person's token; whether there was one.
    pub async fn remove_token(&self, person: PersonId, id: TokenId) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::AccessToken,
            "delete from access_token where person_id = $1 and token_id = $2",
        );
        let values = [person.0.into(), id.to_string().into()];
        Ok(self.write(SQL.with(values)).await?.changed > 0)
    }

    /// Sets when a token was used last.
    pub async fn touch_token(&self, id: TokenId, now_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::AccessToken,
            "update access_token set last_used_at_ms = $2 where token_id = $1",
        );
        self.write(SQL.with([id.to_string().into(), now_ms.into()]))
            .await?;
        Ok(())
    }

    /// Deletes tokens that ended before a moment.
    pub async fn forget_tokens(&self, before_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::AccessToken,
            "delete from access_token where token_id in (select token_id from access_token \
             where expires_at_ms < $1 order by expires_at_ms limit $2)",
        );
        let batch = SQL.with([before_ms.into(), BATCH.into()]);
        self.delete_in_batches(batch).await.map(drop)
    }
}

fn read_token(row: &Row) -> anyhow::Result<Token> {
    Ok(Token {
        id: TokenId::parse(row.text(0)?).context("a row has a malformed id")?,
        person: PersonId(row.int(1)?.cast_unsigned()),
        name: row.maybe_text(2)?.map(str::to_owned),
        scopes: Scopes::parse(row.text(3)?).context("a row has an unknown scope")?,
        created_at_ms: row.int(4)?,
        expires_at_ms: row.int(5)?,
        last_used_at_ms: row.maybe_int(6)?,
    })
}
