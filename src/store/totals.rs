//! Totals of what was used, to which each attempt is added when it ends.

use std::collections::BTreeMap;

use crate::model::ProviderId;

use crate::store::Store;
use crate::store::change::{Change, Table};
use crate::store::value::{Row, Statement, Value};

/// Whose totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A person's, whoever paid for it.
    User,
    /// What a server's key paid for.
    Guild,
    /// What a server's key paid for, by member.
    Member,
    /// What the whole bot was used for.
    Bot,
}

impl Scope {
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Guild => "guild",
            Self::Member => "member",
            Self::Bot => "bot",
        }
    }
}

/// What identifies a total: of whom, on which day, and of what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotalKey {
    pub scope: Scope,
    pub owner: u64,
    /// Days since 1970, UTC.
    pub day: i64,
    /// 0 in every scope but [`Scope::Member`].
    pub member: u64,
    /// Empty in [`Scope::Member`], as are the next two.
    pub source: &'static str,
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
    () => {
        "on conflict (scope, owner_id, day, member_id, source, provider, model) do update set \
         requests = usage_total.requests + excluded.requests, \
         input_tokens = usage_total.input_tokens + excluded.input_tokens, \
         output_tokens = usage_total.output_tokens + excluded.output_tokens, \
         cached_tokens = usage_total.cached_tokens + excluded.cached_tokens, \
         reasoning_tokens = usage_total.reasoning_tokens + excluded.reasoning_tokens, \
         images = usage_total.images + excluded.images, \
         cost_nano = usage_total.cost_nano + excluded.cost_nano, \
         unpriced = usage_total.unpriced + excluded.unpriced, \
         estimated = usage_total.estimated + excluded.estimated"
    };
}
pub(super) use add_to_total;

/// Statements that add to totals. Every process adds in the same order, so that
/// no two wait for each other's rows.
pub(super) fn add_totals(totals: BTreeMap<TotalKey, Total>) -> impl Iterator<Item = Statement> {
    const SQL: Change = Change::to(
        Table::UsageTotal,
        concat!(
            "insert into usage_total (scope, owner_id, day, member_id, source, provider, model, \
             requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens, images, \
             cost_nano, unpriced, estimated) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ",
            add_to_total!()
        ),
    );
    let added = totals.into_iter();
    added.map(|(key, total)| SQL.with_all(total_values(&key, &total)))
}

/// Statements that take back what estimates had added to totals.
pub(super) fn take_back_totals(
    totals: BTreeMap<TotalKey, Total>,
) -> impl Iterator<Item = Statement> {
    const SQL: Change = Change::to(
        Table::UsageTotal,
        "update usage_total set requests = requests - $8, input_tokens = input_tokens - $9, \
         output_tokens = output_tokens - $10, cached_tokens = cached_tokens - $11, \
         reasoning_tokens = reasoning_tokens - $12, images = images - $13, \
         cost_nano = cost_nano - $14, unpriced = unpriced - $15, estimated = estimated - $16 \
         where scope = $1 and owner_id = $2 and day = $3 and member_id = $4 and source = $5 \
         and provider = $6 and model = $7",
    );
    let taken = totals.into_iter();
    taken.map(|(key, total)| SQL.with_all(total_values(&key, &total)))
}

/// The values of all columns of a total.
fn total_values(key: &TotalKey, total: &Total) -> Vec<Value> {
    vec![
        Value::StaticText(key.scope.as_str()),
        key.owner.into(),
        key.day.into(),
        key.member.into(),
        Value::StaticText(key.source),
        key.provider
            .as_ref()
            .map_or(Value::StaticText(""), Value::from),
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

/// One line of a usage report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotalLine {
    /// Days since 1970, UTC.
    pub day: i64,
    pub source: String,
    pub provider: String,
    pub model: String,
    pub total: Total,
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

impl Store {
    /// Totals by day, source, provider and model, oldest first: at most `max`.
    pub async fn totals(
        &self,
        scope: Scope,
        owner: u64,
        days: std::ops::RangeInclusive<i64>,
        max: u32,
    ) -> anyhow::Result<Vec<TotalLine>> {
        let sql = concat!(
            "select day, source, provider, model, ",
            sums!(),
            " from usage_total where scope = $1 and owner_id = $2 and day >= $3 and day <= $4 \
             group by day, source, provider, model order by day, source, provider, model limit $5"
        );
        let values = [
            scope.as_str().into(),
            owner.into(),
            (*days.start()).into(),
            (*days.end()).into(),
            i64::from(max).into(),
        ];
        let rows = self.query(Statement::new(sql, values)).await?;
        let line = |row: &Row| {
            Ok(TotalLine {
                day: row.int(0)?,
                source: row.text(1)?.to_owned(),
                provider: row.text(2)?.to_owned(),
                model: row.text(3)?.to_owned(),
                total: read_total(row, 4)?,
            })
        };
        rows.iter().map(line).collect()
    }

    /// The total of each member of a server, the most expensive first: at most
    /// `max`.
    pub async fn totals_by_member(
        &self,
        server: u64,
        days: std::ops::RangeInclusive<i64>,
        max: u32,
    ) -> anyhow::Result<Vec<(u64, Total)>> {
        let sql = concat!(
            "select member_id, ",
            sums!(),
            " from usage_total where scope = 'member' and owner_id = $1 \
             and day >= $2 and day <= $3 group by member_id \
             order by sum(cost_nano) desc, sum(requests) desc, member_id limit $4"
        );
        let values = [
            server.into(),
            (*days.start()).into(),
            (*days.end()).into(),
            i64::from(max).into(),
        ];
        let rows = self.query(Statement::new(sql, values)).await?;
        let member = |row: &Row| Ok((row.int(0)?.cast_unsigned(), read_total(row, 1)?));
        rows.iter().map(member).collect()
    }
}

fn read_total(row: &Row, from: usize) -> anyhow::Result<Total> {
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
