//! Totals of what was used, to which each attempt is added when it ends.

use std::collections::BTreeMap;

use crate::model::{KeyId, ProviderId};

use crate::store::database::change::{Change, Table};
use crate::store::database::value::{Row, Statement, Value};

/// How many quarters of an hour a day of UTC has.
pub const QUARTERS_A_DAY: i64 = 96;
/// How long a quarter of an hour is. No time zone is off by less.
pub const QUARTER_MS: i64 = 900_000;

/// Whose totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// What a person used, whoever's key paid for it.
    User,
    /// What a server's keys paid for.
    Guild,
    /// What a server's keys paid for, by member.
    Member,
    /// What the whole bot was used for.
    Bot,
}

impl Scope {
    pub(in crate::store) fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Guild => "guild",
            Self::Member => "member",
            Self::Bot => "bot",
        }
    }
}

/// The stretch of time that a total is of. Each attempt is added to both kinds,
/// which have a table each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TotalSpan {
    /// A quarter of an hour, counted from 1970.
    Quarter(i64),
    /// A day of UTC, counted from 1970.
    Day(i64),
}

impl TotalSpan {
    /// The stretches that a moment is in.
    pub fn both_at(at_ms: i64) -> [Self; 2] {
        let quarter = at_ms.div_euclid(QUARTER_MS);
        [
            Self::Quarter(quarter),
            Self::Day(quarter.div_euclid(QUARTERS_A_DAY)),
        ]
    }

    /// The first quarter that it has.
    fn first_quarter(self) -> i64 {
        match self {
            Self::Quarter(quarter) => quarter,
            Self::Day(day) => day * QUARTERS_A_DAY,
        }
    }
}

/// What identifies a total: of whom, of which time, and of what. What a scope
/// does not tell apart is 0, none or empty. In order, those of one table stand
/// together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotalKey {
    pub span: TotalSpan,
    pub scope: Scope,
    pub owner: u64,
    /// Only in [`Scope::Member`].
    pub member: u64,
    /// Where a person asked; 0 for a direct message or a program.
    pub server: u64,
    pub source: &'static str,
    /// The row of the key that paid, in [`Scope::User`] and [`Scope::Guild`].
    pub key: Option<KeyId>,
    pub provider: Option<ProviderId>,
    pub model: String,
}

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub requests: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cached_tokens: u64,
    pub reasoning_tokens: u64,
    pub images: u64,
    /// The cost of the requests whose price is known.
    pub cost_nano: u64,
    /// Requests whose price is unknown.
    pub unpriced: u64,
    /// Requests whose usage is estimated.
    pub estimated: u64,
}

impl Total {
    /// Adds another total.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cached_tokens += other.cached_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
        self.images += other.images;
        self.cost_nano = self.cost_nano.saturating_add(other.cost_nano);
        self.unpriced += other.unpriced;
        self.estimated += other.estimated;
    }
}

/// The end of an insert, by which it adds to a total that exists already.
macro_rules! add_to_total {
    ($table:literal) => {
        concat!(
            "on conflict (scope, owner_id, quarter, member_id, server_id, source, key_id, \
             provider, model) do update set requests = ",
            $table,
            ".requests + excluded.requests, input_tokens = ",
            $table,
            ".input_tokens + excluded.input_tokens, output_tokens = ",
            $table,
            ".output_tokens + excluded.output_tokens, cached_tokens = ",
            $table,
            ".cached_tokens + excluded.cached_tokens, reasoning_tokens = ",
            $table,
            ".reasoning_tokens + excluded.reasoning_tokens, images = ",
            $table,
            ".images + excluded.images, cost_nano = ",
            $table,
            ".cost_nano + excluded.cost_nano, unpriced = ",
            $table,
            ".unpriced + excluded.unpriced, estimated = ",
            $table,
            ".estimated + excluded.estimated"
        )
    };
}
pub(in crate::store) use add_to_total;

/// Adds to a total of a table.
macro_rules! insert_total {
    ($table:literal) => {
        concat!(
            "insert into ",
            $table,
            " (scope, owner_id, quarter, member_id, server_id, source, key_id, provider, model, \
             requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens, images, \
             cost_nano, unpriced, estimated) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
             $11, $12, $13, $14, $15, $16, $17, $18) ",
            add_to_total!($table)
        )
    };
}

/// Takes something back from a total of a table.
macro_rules! reduce_total {
    ($table:literal) => {
        concat!(
            "update ",
            $table,
            " set requests = requests - $10, input_tokens = input_tokens - $11, \
             output_tokens = output_tokens - $12, cached_tokens = cached_tokens - $13, \
             reasoning_tokens = reasoning_tokens - $14, images = images - $15, \
             cost_nano = cost_nano - $16, unpriced = unpriced - $17, estimated = estimated - $18 \
             where scope = $1 and owner_id = $2 and quarter = $3 and member_id = $4 \
             and server_id = $5 and source = $6 and key_id = $7 and provider = $8 and model = $9"
        )
    };
}

/// Statements that add to totals. Every process adds in the same order, so that
/// no two wait for each other's rows.
pub(super) fn add_totals(totals: BTreeMap<TotalKey, Total>) -> impl Iterator<Item = Statement> {
    const QUARTER: Change = Change::to(Table::UsageTotal, insert_total!("usage_total"));
    const DAY: Change = Change::to(Table::UsageDay, insert_total!("usage_day"));
    change_totals(totals, QUARTER, DAY)
}

/// Statements that take back what estimates had added to totals.
pub(super) fn take_back_totals(
    totals: BTreeMap<TotalKey, Total>,
) -> impl Iterator<Item = Statement> {
    const QUARTER: Change = Change::to(Table::UsageTotal, reduce_total!("usage_total"));
    const DAY: Change = Change::to(Table::UsageDay, reduce_total!("usage_day"));
    change_totals(totals, QUARTER, DAY)
}

/// A statement for each total, by the table that it is in.
fn change_totals(
    totals: BTreeMap<TotalKey, Total>,
    quarter: Change,
    day: Change,
) -> impl Iterator<Item = Statement> {
    totals.into_iter().map(move |(key, total)| {
        let change = match key.span {
            TotalSpan::Quarter(_) => quarter,
            TotalSpan::Day(_) => day,
        };
        change.with_all(total_values(&key, &total))
    })
}

/// The values of all columns of a total.
fn total_values(key: &TotalKey, total: &Total) -> Vec<Value> {
    let paid_by = key.key.map(|key| Value::Text(key.to_string()));
    let provider = key.provider.as_ref().map(Value::from);
    vec![
        Value::StaticText(key.scope.as_str()),
        key.owner.into(),
        key.span.first_quarter().into(),
        key.member.into(),
        key.server.into(),
        Value::StaticText(key.source),
        paid_by.unwrap_or(Value::StaticText("")),
        provider.unwrap_or(Value::StaticText("")),
        key.model.as_str().into(),
        total.requests.into(),
        total.input_tokens.into(),
        total.output_tokens.into(),
        total.cached_tokens.into(),
        total.reasoning_tokens.into(),
        total.images.into(),
        total.cost_nano.into(),
        total.unpriced.into(),
        total.estimated.into(),
    ]
}

/// The columns that [`read_total`] reads, summed up.
macro_rules! sums {
    () => {
        "cast(sum(requests) as bigint), cast(sum(input_tokens) as bigint), \
         cast(sum(output_tokens) as bigint), cast(sum(cached_tokens) as bigint), \
         cast(sum(reasoning_tokens) as bigint), cast(sum(images) as bigint), \
         cast(sum(cost_nano) as bigint), cast(sum(unpriced) as bigint), \
         cast(sum(estimated) as bigint)"
    };
}
pub(in crate::store) use sums;

pub(super) fn read_total(row: &Row, from: usize) -> anyhow::Result<Total> {
    let number = |offset| anyhow::Ok(row.int(from + offset)?.cast_unsigned());
    Ok(Total {
        requests: number(0)?,
        input_tokens: number(1)?,
        output_tokens: number(2)?,
        cached_tokens: number(3)?,
        reasoning_tokens: number(4)?,
        images: number(5)?,
        cost_nano: number(6)?,
        unpriced: number(7)?,
        estimated: number(8)?,
    })
}
