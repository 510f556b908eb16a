//! Rules: limits that were set, roles that are exempt from them, tiers that
//! were given by hand, blocks, and choices of models and personas.

use anyhow::Context;

use crate::model::{
    BlockTarget, Blocked, Bound, Choice, ChosenLimits, Limit, Metric, Period, PersonId, ServerId,
    SetBlock, SetLimit, Span, Window,
};

use crate::store::Store;
use crate::store::choices::read_choice;
use crate::store::database::change::{Change, Table};
use crate::store::database::value::{Row, Statement, Value};

/// The server of the operator's own limits and blocks.
const OPERATOR: u64 = 0;
/// The server that is asked for where there is none. No row has it.
const NOWHERE: i64 = -1;

/// Everything that is set for one person in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub limits: Vec<SetLimit>,
    pub exempt_roles: Vec<u64>,
    /// The tier that was given by hand, and until when.
    pub tier: Option<(String, Option<i64>)>,
    pub blocks: Vec<SetBlock>,
    /// The closest first.
    pub choices: Vec<Choice>,
}

/// A tier that an operator gives by hand.
#[derive(Clone, Copy, Debug)]
pub struct GivenTier<'a> {
    pub tier: &'a str,
    /// Until when; none for good.
    pub until_ms: Option<i64>,
    /// The operator.
    pub by: PersonId,
}

/// The columns that [`read_limit`] reads, with the kind of their row.
macro_rules! limit_columns {
    () => {
        "cast(1 as bigint), bound, subject_id, metric, period, window_kind, amount, set_by"
    };
}

impl Store {
    /// Everything that is set for a person in a place, by one statement.
    pub async fn rules(
        &self,
        person: PersonId,
        server: Option<ServerId>,
        channel: Option<u64>,
    ) -> anyhow::Result<Rules> {
        let rows = self.query(select_rules(person, server, channel)).await?;
        read_rules(&rows)
    }

    /// Sets a limit, in place of one for the same subject, metric and span. It
    /// is on the key of a server; or the operator's, where there is none.
    pub async fn set_limit(
        &self,
        server: Option<ServerId>,
        subject: u64,
        set: &SetLimit,
        now_ms: i64,
    ) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::QuotaLimit,
            "insert into quota_limit (server_id, bound, subject_id, metric, period, \
             window_kind, amount, set_by, set_at_ms) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             on conflict (server_id, bound, subject_id, metric, period, window_kind) \
             do update set amount = excluded.amount, set_by = excluded.set_by, \
             set_at_ms = excluded.set_at_ms",
        );
        let SetLimit {
            bound,
            limit,
            set_by,
        } = set;
        let values = [
            server.map_or(OPERATOR, |server| server.0).into(),
            bound_name(*bound).into(),
            subject.into(),
            limit.metric.as_str().into(),
            limit.span.period.as_str().into(),
            limit.span.window.as_str().into(),
            limit.max.into(),
            set_by.0.into(),
            now_ms.into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Deletes limits; those that there were. A subject of 0 stands for all.
    pub async fn clear_limits(
        &self,
        server: Option<ServerId>,
        subject: u64,
        chosen: ChosenLimits,
    ) -> anyhow::Result<Vec<SetLimit>> {
        const SQL: Change = Change::to(
            Table::QuotaLimit,
            concat!(
                "delete from quota_limit where server_id = $1 and ($2 = '' or bound = $2) \
                 and (cast($3 as bigint) = 0 or subject_id = $3) and ($4 = '' or metric = $4) \
                 and ($5 = '' or period = $5) and ($6 = '' or window_kind = $6) returning ",
                limit_columns!()
            ),
        );
        let values = [
            server.map_or(OPERATOR, |server| server.0).into(),
            chosen.bound.map_or("", bound_name).into(),
            subject.into(),
            chosen.metric.map_or("", Metric::as_str).into(),
            chosen.period.map_or("", Period::as_str).into(),
            chosen.window.map_or("", Window::as_str).into(),
        ];
        let cleared = self.write(SQL.with(values)).await?.rows;
        cleared.iter().map(read_limit).collect()
    }

    /// Deletes a limit on a server's key if it still has this amount; whether it had.
    pub async fn clear_unchanged(
        &self,
        server: ServerId,
        subject: u64,
        set: &SetLimit,
    ) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::QuotaLimit,
            "delete from quota_limit where server_id = $1 and bound = $2 and subject_id = $3 \
             and metric = $4 and period = $5 and window_kind = $6 and amount = $7",
        );
        let SetLimit { bound, limit, .. } = set;
        let values = [
            server.0.into(),
            bound_name(*bound).into(),
            subject.into(),
            limit.metric.as_str().into(),
            limit.span.period.as_str().into(),
            limit.span.window.as_str().into(),
            limit.max.into(),
        ];
        Ok(self.write(SQL.with(values)).await?.changed > 0)
    }

    /// Exempts a role from limits by member and role, or binds it again.
    pub async fn exempt_role(
        &self,
        server: ServerId,
        role: u64,
        exempt: bool,
    ) -> anyhow::Result<()> {
        const EXEMPT: Change = Change::to(
            Table::ExemptRole,
            "insert into exempt_role (server_id, role_id) values ($1, $2) \
             on conflict (server_id, role_id) do nothing",
        );
        const BIND: Change = Change::to(
            Table::ExemptRole,
            "delete from exempt_role where server_id = $1 and role_id = $2",
        );
        let change = if exempt { EXEMPT } else { BIND };
        let values = [server.0.into(), role.into()];
        self.write(change.with(values)).await?;
        Ok(())
    }

    /// Gives a person a tier.
    pub async fn give_tier(
        &self,
        person: PersonId,
        given: GivenTier<'_>,
        now_ms: i64,
    ) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::PersonTier,
            "insert into person_tier (person_id, tier, until_ms, set_by, set_at_ms) \
             values ($1, $2, $3, $4, $5) on conflict (person_id) do update set \
             tier = excluded.tier, until_ms = excluded.until_ms, \
             set_by = excluded.set_by, set_at_ms = excluded.set_at_ms",
        );
        let values = [
            person.0.into(),
            given.tier.into(),
            given.until_ms.into(),
            given.by.0.into(),
            now_ms.into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Takes back the tier that a person was given.
    pub async fn take_back_tier(&self, person: PersonId) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::PersonTier,
            "delete from person_tier where person_id = $1",
        );
        self.write(SQL.with([person.0.into()])).await?;
        Ok(())
    }

    /// Blocks somebody, for a time or until it is lifted.
    pub async fn set_block(
        &self,
        whom: Blocked,
        until_ms: Option<i64>,
        by: PersonId,
        now_ms: i64,
    ) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Block,
            "insert into block (subject, until_ms, set_by, set_at_ms, server_id, is_role) \
             values ($1, $2, $3, $4, $5, $6) on conflict (subject) do update set \
             until_ms = excluded.until_ms, set_by = excluded.set_by, \
             set_at_ms = excluded.set_at_ms",
        );
        let values = [
            format_subject(whom).into(),
            until_ms.into(),
            by.0.into(),
            now_ms.into(),
            match whom {
                Blocked::InServer(server, _) => server.0.into(),
                _ => OPERATOR.into(),
            },
            matches!(whom, Blocked::Role(_)).into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// The blocks that a server's managers have set: at most `max`.
    pub async fn blocks_in(&self, server: ServerId, max: u32) -> anyhow::Result<Vec<SetBlock>> {
        let sql = "select subject, until_ms, set_at_ms from block where server_id = $1 \
             order by subject limit $2";
        let values = [server.0.into(), i64::from(max).into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(|row| read_block(row, [0, 1, 2])).collect()
    }

    /// Lifts a block; whether there was one.
    pub async fn lift_block(&self, whom: Blocked) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(Table::Block, "delete from block where subject = $1");
        let lifted = self.write(SQL.with([format_subject(whom).into()]));
        Ok(lifted.await?.changed > 0)
    }

    /// The operator's own limits, every block and every tier given by hand:
    /// at most `max` of each.
    pub async fn operators_rules(&self, max: u32) -> anyhow::Result<OperatorsRules> {
        let max = i64::from(max);
        let limits = concat!(
            "select ",
            limit_columns!(),
            " from quota_limit where server_id = 0 order by bound, subject_id limit $1"
        );
        let blocks = "select subject, until_ms, set_at_ms from block where server_id = 0 \
             order by subject limit $1";
        let tiers = "select person_id, tier, until_ms from person_tier order by person_id limit $1";
        let mut rules = OperatorsRules::default();
        for row in self.query(Statement::new(limits, [max.into()])).await? {
            rules
                .limits
                .push((row.int(2)?.cast_unsigned(), read_limit(&row)?));
        }
        for row in self.query(Statement::new(blocks, [max.into()])).await? {
            rules.blocks.push(read_block(&row, [0, 1, 2])?);
        }
        for row in self.query(Statement::new(tiers, [max.into()])).await? {
            let person = PersonId(row.int(0)?.cast_unsigned());
            let tier = row.text(1)?.to_owned();
            rules.tiers.push((person, tier, row.maybe_int(2)?));
        }
        Ok(rules)
    }

    /// Deletes blocks and tiers whose time is over.
    pub async fn expire_rules(&self, now_ms: i64) -> anyhow::Result<()> {
        const ALL: [Change; 2] = [
            Change::to(Table::Block, "delete from block where until_ms <= $1"),
            Change::to(
                Table::PersonTier,
                "delete from person_tier where until_ms <= $1",
            ),
        ];
        for change in ALL {
            self.write(change.with([now_ms.into()])).await?;
        }
        Ok(())
    }
}

/// Selects everything that is set for a person in a place.
pub(super) fn select_rules(
    person: PersonId,
    server: Option<ServerId>,
    channel: Option<u64>,
) -> Statement {
    let sql = concat!(
        "select ",
        limit_columns!(),
        " from quota_limit where server_id = $1 \
         or (server_id = 0 and bound = 'bot') \
         or (server_id = 0 and bound = 'bot_in_server' and subject_id = $1) \
         or (server_id = 0 and bound = 'bot_for_person' and subject_id = $2) \
         union all select 2, '', role_id, '', '', '', 0, 0 from exempt_role where server_id = $1 \
         union all select 3, tier, until_ms, '', '', '', 0, 0 from person_tier \
         where person_id = $2 \
         union all select 4, subject, until_ms, '', '', '', set_at_ms, 0 from block \
         where subject in ('everyone', $3, $4, $5) or server_id = $1 or is_role = 1 \
         union all select 5, scope, owner_id, kind, value, '', 0, 0 from choice \
         where (scope = 'user' and owner_id = $2) or (scope = 'channel' and owner_id = $6) \
         or (scope = 'guild' and owner_id = $1)"
    );
    let place = server.map_or(Value::Int(NOWHERE), |server| server.0.into());
    let in_server = server.map(|server| format_subject(Blocked::Server(server)));
    let values = [
        place,
        person.0.into(),
        in_server.unwrap_or_default().into(),
        format_subject(Blocked::Person(person)).into(),
        channel
            .map(|id| format_subject(Blocked::Channel(id)))
            .unwrap_or_default()
            .into(),
        channel.into(),
    ];
    Statement::new(sql, values)
}

/// Reads what [`select_rules`] returned.
pub(super) fn read_rules(rows: &[Row]) -> anyhow::Result<Rules> {
    let mut rules = Rules::default();
    for row in rows {
        match row.int(0)? {
            1 => rules.limits.push(read_limit(row)?),
            2 => rules.exempt_roles.push(row.int(2)?.cast_unsigned()),
            3 => rules.tier = Some((row.text(1)?.to_owned(), row.maybe_int(2)?)),
            4 => rules.blocks.push(read_block(row, [1, 2, 6])?),
            _ => rules.choices.extend(read_choice(row, 1)?),
        }
    }
    rules.choices.sort_by_key(|choice| choice.scope);
    Ok(rules)
}

/// The rules that the operator has set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatorsRules {
    /// With the id of the server or person that each is for, or 0.
    pub limits: Vec<(u64, SetLimit)>,
    pub blocks: Vec<SetBlock>,
    pub tiers: Vec<(PersonId, String, Option<i64>)>,
}

fn read_limit(row: &Row) -> anyhow::Result<SetLimit> {
    let damaged = || "a limit is damaged";
    let subject = row.int(2)?.cast_unsigned();
    let bound = match row.text(1)? {
        "bot" => Bound::Bot,
        "bot_in_server" => Bound::BotInServer,
        "bot_for_person" => Bound::BotForPerson,
        "server_key" => Bound::ServerKey,
        "member" => Bound::Member,
        "role" => Bound::Role(subject),
        _ => anyhow::bail!(damaged()),
    };
    let limit = Limit {
        metric: Metric::parse(row.text(3)?).with_context(damaged)?,
        span: Span {
            period: Period::parse(row.text(4)?).with_context(damaged)?,
            window: Window::parse(row.text(5)?).with_context(damaged)?,
        },
        max: row.int(6)?.cast_unsigned(),
    };
    Ok(SetLimit {
        bound,
        limit,
        set_by: PersonId(row.int(7)?.cast_unsigned()),
    })
}

fn bound_name(bound: Bound) -> &'static str {
    match bound {
        Bound::Tier => "tier",
        Bound::Bot => "bot",
        Bound::BotInServer => "bot_in_server",
        Bound::BotForPerson => "bot_for_person",
        Bound::ServerKey => "server_key",
        Bound::Member => "member",
        Bound::Role(_) => "role",
    }
}

/// Reads a block, whose subject, end and beginning are in these columns.
fn read_block(row: &Row, [subject, until, since]: [usize; 3]) -> anyhow::Result<SetBlock> {
    Ok(SetBlock {
        whom: parse_subject(row.text(subject)?).context("a block is damaged")?,
        since_ms: row.int(since)?,
        until_ms: row.maybe_int(until)?,
    })
}

/// Writes whom a block stops, as the table has it.
fn format_subject(whom: Blocked) -> String {
    match whom {
        Blocked::Everyone => "everyone".to_owned(),
        Blocked::Server(server) => format!("server/{server}"),
        Blocked::Person(person) => format!("person/{person}"),
        Blocked::Role(role) => format!("role/{role}"),
        Blocked::Channel(channel) => format!("channel/{channel}"),
        Blocked::InServer(server, inside) => {
            let whom = match inside {
                BlockTarget::Person(person) => Blocked::Person(person),
                BlockTarget::Role(role) => Blocked::Role(role),
                BlockTarget::Channel(channel) => Blocked::Channel(channel),
            };
            format!("in/{server}/{}", format_subject(whom))
        }
    }
}

/// Parses what [`format_subject`] writes.
fn parse_subject(subject: &str) -> Option<Blocked> {
    if subject == "everyone" {
        return Some(Blocked::Everyone);
    }
    let (kind, id) = subject.split_once('/')?;
    if kind == "in" {
        let (server, whom) = id.split_once('/')?;
        let inside = match parse_subject(whom)? {
            Blocked::Person(person) => BlockTarget::Person(person),
            Blocked::Role(role) => BlockTarget::Role(role),
            Blocked::Channel(channel) => BlockTarget::Channel(channel),
            _ => return None,
        };
        return Some(Blocked::InServer(ServerId(server.parse().ok()?), inside));
    }
    let id = id.parse().ok()?;
    match kind {
        "server" => Some(Blocked::Server(ServerId(id))),
        "person" => Some(Blocked::Person(PersonId(id))),
        "role" => Some(Blocked::Role(id)),
        "channel" => Some(Blocked::Channel(id)),
        _ => None,
    }
}
