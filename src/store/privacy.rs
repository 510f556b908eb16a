//! Reads and erases what is stored of one person.

use anyhow::Context;

use crate::model::{AttemptId, DAY_MS, KeyId, PersonId, Receipt, ServerId, Source};

use crate::store::Store;
use crate::store::accounts::totals::add_to_total;
use crate::store::database::change::{Change, Table};
use crate::store::database::value::{Row, Statement, Value};

/// How many attempts one statement looks through for those of a person.
const ATTEMPTS_AT_ONCE: i64 = 10_000;
/// How long after its beginning an attempt may be written by another process
/// of the same database.
const WRITTEN_LATE_MS: i64 = 10_000;

/// An attempt, with what its person may see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAttempt {
    pub id: AttemptId,
    pub held_at_ms: i64,
    pub server: Option<u64>,
    pub source: String,
    pub provider: String,
    pub model: String,
    pub state: String,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub images: u64,
    pub cost_nano: Option<u64>,
    pub estimated: bool,
    pub first_byte_ms: Option<i64>,
    pub duration_ms: Option<i64>,
    pub cached_tokens: u64,
    pub reasoning_tokens: u64,
    pub cost_reported: bool,
    pub overshoot: bool,
    /// None while it runs, where nothing was used, and for attempts of
    /// versions that wrote none.
    pub receipt: Option<Receipt>,
    /// The row of the key that paid.
    pub key: Option<KeyId>,
    /// The most that it could have cost, as far as was known before.
    pub held_cost_nano: Option<u64>,
    /// For how many pictures.
    pub held_images: u64,
}

macro_rules! select_attempts {
    ($which:literal) => {
        concat!(
            "select held_at_ms, server_id, source, provider, model, state, input_tokens, \
             output_tokens, images, cost_nano, estimated, first_byte_ms, duration_ms, \
             attempt_id, cached_tokens, reasoning_tokens, cost_reported, overshoot, receipt, \
             price_list, key_id, held_cost_nano, held_images from attempt ",
            $which
        )
    };
}
pub(super) use select_attempts;

/// Gives a person's share of a server's totals to member 0.
macro_rules! give_up_share {
    ($table:literal) => {
        concat!(
            "insert into ",
            $table,
            " (scope, owner_id, quarter, member_id, server_id, source, key_id, provider, model, \
             requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens, images, \
             cost_nano, unpriced, estimated) \
             select scope, owner_id, quarter, 0, server_id, source, key_id, provider, model, \
             requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens, images, \
             cost_nano, unpriced, estimated from ",
            $table,
            " where scope = 'member' and member_id = $1 ",
            add_to_total!($table)
        )
    };
}

/// Erases a person from every table but `attempt`. Their share of the totals by
/// member goes to member 0, so that the server's totals stay right.
const ERASE: [Change; 24] = [
    Change::to(Table::UsageTotal, give_up_share!("usage_total")),
    Change::to(Table::UsageDay, give_up_share!("usage_day")),
    Change::to(
        Table::UsageTotal,
        "delete from usage_total where scope = 'member' and member_id = $1",
    ),
    Change::to(
        Table::UsageDay,
        "delete from usage_day where scope = 'member' and member_id = $1",
    ),
    Change::to(
        Table::UsageTotal,
        "delete from usage_total where scope = 'user' and owner_id = $1",
    ),
    Change::to(
        Table::UsageDay,
        "delete from usage_day where scope = 'user' and owner_id = $1",
    ),
    Change::to(
        Table::ProviderKey,
        "delete from provider_key where scope = 'user' and owner_id = $1",
    ),
    // The row stays, so that the conversation stays forgotten.
    Change::to(
        Table::Forgotten,
        "update forgotten set person_id = 0 where person_id = $1",
    ),
    Change::to(Table::Answer, "delete from answer where person_id = $1"),
    Change::to(
        Table::Picture,
        "delete from picture where person_id = $1 and ended_at_ms is not null",
    ),
    Change::to(
        Table::Picture,
        "update picture set person_id = 0 where person_id = $1",
    ),
    Change::to(
        Table::Choice,
        "delete from choice where scope = 'user' and owner_id = $1",
    ),
    Change::to(
        Table::Choice,
        "update choice set set_by = 0 where set_by = $1",
    ),
    Change::to(
        Table::PendingAction,
        "delete from pending_action where person_id = $1",
    ),
    Change::to(
        Table::ImportedKey,
        "delete from imported_key where person_id = $1",
    ),
    Change::to(
        Table::KeyCheck,
        "delete from key_check where person_id = $1",
    ),
    Change::to(
        Table::PersonTier,
        "delete from person_tier where person_id = $1",
    ),
    Change::to(
        Table::IdempotentCall,
        "delete from idempotent_call where token_id in \
         (select token_id from access_token where person_id = $1)",
    ),
    Change::to(
        Table::AccessToken,
        "delete from access_token where person_id = $1",
    ),
    Change::to(
        Table::FlashMessage,
        "delete from flash_message where session_id in \
         (select session_id from session where person_id = $1)",
    ),
    Change::to(Table::Session, "delete from session where person_id = $1"),
    Change::to(
        Table::ProviderKey,
        "update provider_key set added_by = 0 where added_by = $1",
    ),
    Change::to(
        Table::QuotaLimit,
        "update quota_limit set set_by = 0 where set_by = $1",
    ),
    // Keys that they are having made: `app/people/key_consents.rs`.
    Change::to(
        Table::SignIn,
        "delete from sign_in where next = 'key-consent:' || cast(cast($1 as bigint) as text)",
    ),
];

impl Store {
    /// A person's attempts, newest first: at most `max`. An index by person
    /// would be written with every hold; so all attempts are looked through,
    /// piece by piece, until there are enough.
    pub async fn attempts_of(&self, person: PersonId, max: u32) -> anyhow::Result<Vec<OwnAttempt>> {
        let next = "select attempt_id from attempt where attempt_id < $1 \
                    order by attempt_id desc limit 1 offset $2";
        let theirs = select_attempts!(
            "where person_id = $1 and attempt_id >= $2 and attempt_id < $3 \
             order by attempt_id desc limit $4"
        );
        let (mut found, mut end) = (Vec::new(), Value::Id([u8::MAX; 16]));
        loop {
            let values = [end.clone(), ATTEMPTS_AT_ONCE.into()];
            let mut rows = self.query(Statement::new(next, values)).await?;
            let start = rows.pop().and_then(|mut row| row.0.pop());
            let from = start.clone().unwrap_or(Value::Id([0; 16]));
            let left = i64::from(max) - i64::try_from(found.len())?;
            let values = [person.0.into(), from, end, left.into()];
            let rows = self.query(Statement::new(theirs, values)).await?;
            for row in &rows {
                found.push(read_attempt(row)?);
            }
            match start {
                Some(start) if found.len() < usize::try_from(max)? => end = start,
                _ => return Ok(found),
            }
        }
    }

    /// An attempt of a person's.
    pub async fn attempt_of(
        &self,
        person: PersonId,
        id: AttemptId,
    ) -> anyhow::Result<Option<OwnAttempt>> {
        let sql = select_attempts!("where attempt_id = $1 and person_id = $2");
        let rows = self.query(Statement::new(sql, [id.into(), person.0.into()]));
        rows.await?.first().map(read_attempt).transpose()
    }

    /// An attempt that a server's key paid for.
    pub async fn attempt_of_server(
        &self,
        server: ServerId,
        id: AttemptId,
    ) -> anyhow::Result<Option<OwnAttempt>> {
        let sql = select_attempts!("where attempt_id = $1 and server_id = $2 and source = $3");
        let source = Source::Server.as_str().into();
        let rows = self.query(Statement::new(sql, [id.into(), server.0.into(), source]));
        rows.await?.first().map(read_attempt).transpose()
    }

    /// Erases a person: their id in attempts from `oldest_ms` to now, keys,
    /// totals, tier, pending actions, imported keys, checks, tokens and
    /// sessions. Attempts are changed piece by piece, so that no other write
    /// waits long, and first: one that ends meanwhile is added to the totals of
    /// whomever its row names, and these are erased last. What counters have
    /// counted of them stays until it renews.
    pub async fn erase_person(
        &self,
        person: PersonId,
        now_ms: i64,
        oldest_ms: i64,
    ) -> anyhow::Result<()> {
        const FORGET_IN_ATTEMPTS: Change = Change::to(
            Table::Attempt,
            "update attempt set person_id = null where person_id = $1 \
             and attempt_id >= $2 and attempt_id < $3",
        );
        let sql = "select attempt_id from attempt where attempt_id >= $1 and attempt_id < $2 \
                   order by attempt_id limit 1 offset $3";
        let first = AttemptId::first_at(oldest_ms).into();
        let end: Value = AttemptId::first_at(now_ms + DAY_MS).into();
        let next = |from| Statement::new(sql, [from, end.clone(), ATTEMPTS_AT_ONCE.into()]);
        let forget = |from, to: Option<Value>| {
            let to = to.unwrap_or_else(|| end.clone());
            FORGET_IN_ATTEMPTS.with([person.0.into(), from, to])
        };
        self.change_in_ranges(first, next, forget).await?;
        // Those that were written meanwhile, in one piece with the totals.
        let newest = AttemptId::first_at(now_ms - WRITTEN_LATE_MS).into();
        let mut statements = vec![forget(newest, None)];
        statements.extend(ERASE.map(|change| change.with([person.0.into()])));
        self.write_all(statements).await
    }
}

pub(super) fn read_attempt(row: &Row) -> anyhow::Result<OwnAttempt> {
    let count = |at| anyhow::Ok(row.int(at)?.cast_unsigned());
    let id = row.blob(13)?.try_into();
    let (lines, list) = (row.maybe_text(18)?, row.maybe_text(19)?);
    let receipt = lines.map(|lines| Receipt::parse(lines, list).context("a receipt is damaged"));
    Ok(OwnAttempt {
        id: AttemptId(id.context("an attempt's id is damaged")?),
        cached_tokens: count(14)?,
        reasoning_tokens: count(15)?,
        cost_reported: row.int(16)? == 1,
        overshoot: row.int(17)? == 1,
        receipt: receipt.transpose()?,
        held_at_ms: row.int(0)?,
        server: row.maybe_int(1)?.map(i64::cast_unsigned),
        source: row.text(2)?.to_owned(),
        provider: row.text(3)?.to_owned(),
        model: row.text(4)?.to_owned(),
        state: row.text(5)?.to_owned(),
        input_tokens: count(6)?,
        output_tokens: count(7)?,
        images: count(8)?,
        cost_nano: row.maybe_int(9)?.map(i64::cast_unsigned),
        estimated: row.int(10)? == 1,
        first_byte_ms: row.maybe_int(11)?,
        duration_ms: row.maybe_int(12)?,
        key: row.maybe_text(20)?.and_then(KeyId::parse),
        held_cost_nano: row.maybe_int(21)?.map(i64::cast_unsigned),
        held_images: count(22)?,
    })
}
