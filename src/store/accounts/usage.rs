//! Reads totals of what was used, of stretches of time that begin and end where
//! a quarter of an hour does.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use anyhow::{bail, ensure};

use crate::model::{AttemptId, KeyId};

use crate::store::Store;
use crate::store::accounts::totals::{QUARTERS_A_DAY, Scope, Total, read_total, sums};
use crate::store::database::value::{Row, Statement, Value};
use crate::store::privacy::{OwnAttempt, read_attempt, select_attempts};

/// How many lines a stretch of time may have at the most.
const LINES_MAX: usize = 50_000;

/// A stretch of time has more lines than are read at once.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a usage report has more than {LINES_MAX} lines")]
pub struct TooManyLines;

/// Whose totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageOwner {
    pub scope: Scope,
    pub id: u64,
}

/// Days of a time zone that follow each other without a change of clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayStretch {
    /// The first quarter of an hour, counted from 1970.
    pub from: i64,
    /// The one after the last.
    pub to: i64,
    /// What is added to a quarter, so that it falls into its local day.
    pub offset: i64,
}

impl DayStretch {
    /// Whether its days are days of UTC.
    fn is_utc(self) -> bool {
        let is_whole = |quarter: i64| quarter.rem_euclid(QUARTERS_A_DAY) == 0;
        is_whole(self.from) && is_whole(self.to) && is_whole(self.offset)
    }

    /// Its rows: those of days where its days are days of UTC.
    fn part(self) -> Part {
        Part {
            is_of_days: self.is_utc(),
            from: self.from,
            to: self.to,
            offset: self.offset,
        }
    }
}

/// One line of a usage report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageLine {
    /// Days since 1970, of the zone that was asked for.
    pub day: i64,
    /// Where a person asked; 0 for a direct message or a program, and where it
    /// is not told apart.
    pub server: u64,
    pub source: String,
    pub key: Option<KeyId>,
    pub provider: String,
    pub model: String,
    pub total: Total,
}

/// One line of what is kept of a person's use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotalLine {
    /// Days since 1970, UTC.
    pub day: i64,
    pub source: String,
    pub provider: String,
    pub model: String,
    pub total: Total,
}

/// A part of a list of receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptsAfter {
    /// The receipt that it comes after; none where it begins the list.
    pub after: Option<AttemptId>,
    /// How many it has at the most.
    pub max: usize,
}

/// Rows of one kind: those of days, or of quarters, of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    is_of_days: bool,
    from: i64,
    to: i64,
    offset: i64,
}

/// SQL that reads the table of quarters or that of days, as a part says.
macro_rules! sql_of_part {
    ($part:expr, $select:literal, $which:literal) => {
        if $part.is_of_days {
            concat!($select, sums!(), " from usage_day ", $which)
        } else {
            concat!($select, sums!(), " from usage_total ", $which)
        }
    };
}

impl Part {
    /// What a statement about rows of an owner's is given, in order.
    fn values(self, owner: UsageOwner) -> [Value; 5] {
        [
            owner.scope.as_str().into(),
            owner.id.into(),
            self.from.into(),
            self.to.into(),
            self.offset.into(),
        ]
    }
}

impl Store {
    /// Totals by local day, oldest first.
    pub async fn usage_by_day(
        &self,
        owner: UsageOwner,
        stretches: &[DayStretch],
    ) -> anyhow::Result<Vec<UsageLine>> {
        let mut lines = Vec::new();
        for stretch in stretches {
            lines.extend(self.usage_part(owner, stretch.part()).await?);
            ensure!(lines.len() < LINES_MAX, TooManyLines);
        }
        Ok(lines)
    }

    /// The first quarter of an hour, counted from 1970, in which an owner used
    /// anything.
    pub async fn first_use(&self, owner: UsageOwner) -> anyhow::Result<Option<i64>> {
        let sql = "select min(quarter) from usage_total \
             where scope = $1 and owner_id = $2";
        let values = [owner.scope.as_str().into(), owner.id.into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.first().map_or(Ok(None), |row| row.maybe_int(0))
    }

    /// Totals of a stretch of time as a whole. All lines say that they are of
    /// one day.
    pub async fn usage_between(
        &self,
        owner: UsageOwner,
        quarters: Range<i64>,
        day: i64,
    ) -> anyhow::Result<Vec<UsageLine>> {
        let mut sums: BTreeMap<_, Total> = BTreeMap::new();
        for part in parts(quarters) {
            for line in self.usage_part(owner, part).await? {
                let UsageLine {
                    server,
                    source,
                    key,
                    provider,
                    model,
                    total,
                    ..
                } = line;
                let of = (server, source, key, provider, model);
                sums.entry(of).or_default().add(&total);
            }
        }
        let lines = sums.into_iter().map(|(of, total)| {
            let (server, source, key, provider, model) = of;
            UsageLine {
                day,
                server,
                source,
                key,
                provider,
                model,
                total,
            }
        });
        Ok(lines.collect())
    }

    /// The total of each local day, oldest first.
    pub async fn sums_by_day(
        &self,
        owner: UsageOwner,
        stretches: &[DayStretch],
    ) -> anyhow::Result<Vec<(i64, Total)>> {
        let mut sums = Vec::new();
        for part in stretches.iter().copied().map(DayStretch::part) {
            let sql = sql_of_part!(
                part,
                "select (quarter + $5) / 96, ",
                "where scope = $1 and owner_id = $2 and quarter >= $3 and quarter < $4 \
                 group by 1 order by 1"
            );
            let rows = self.query(Statement::new(sql, part.values(owner))).await?;
            for row in &rows {
                sums.push((row.int(0)?, read_total(row, 1)?));
            }
        }
        Ok(sums)
    }

    async fn usage_part(&self, owner: UsageOwner, part: Part) -> anyhow::Result<Vec<UsageLine>> {
        let sql = sql_of_part!(
            part,
            "select (quarter + $5) / 96, server_id, source, key_id, provider, model, ",
            "where scope = $1 and owner_id = $2 and quarter >= $3 and quarter < $4 \
             group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6 limit 50000"
        );
        let rows = self.query(Statement::new(sql, part.values(owner))).await?;
        ensure!(rows.len() < LINES_MAX, TooManyLines);
        rows.iter().map(read_line).collect()
    }

    /// The total of each member of a server in a stretch of time, the most
    /// expensive first.
    pub async fn usage_by_member(
        &self,
        server: u64,
        quarters: Range<i64>,
    ) -> anyhow::Result<Vec<(u64, Total)>> {
        let mut members: BTreeMap<u64, Total> = BTreeMap::new();
        for part in parts(quarters) {
            let sql = sql_of_part!(
                part,
                "select member_id, ",
                "where scope = 'member' and owner_id = $1 and quarter >= $2 and quarter < $3 \
                 group by member_id"
            );
            let values = [server.into(), part.from.into(), part.to.into()];
            for row in self.query(Statement::new(sql, values)).await? {
                let member = row.int(0)?.cast_unsigned();
                members
                    .entry(member)
                    .or_default()
                    .add(&read_total(&row, 1)?);
            }
        }
        let mut members: Vec<_> = members.into_iter().collect();
        members.sort_by_key(|(_, total)| std::cmp::Reverse((total.cost_nano, total.requests)));
        Ok(members)
    }

    /// The quarters of an hour in which anything was used, oldest first.
    pub async fn used_quarters(
        &self,
        owner: UsageOwner,
        quarters: Range<i64>,
    ) -> anyhow::Result<Vec<i64>> {
        let sql = "select distinct quarter from usage_total where scope = $1 and owner_id = $2 \
                   and quarter >= $3 and quarter < $4 order by quarter";
        let values = [
            owner.scope.as_str().into(),
            owner.id.into(),
            quarters.start.into(),
            quarters.end.into(),
        ];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(|row| row.int(0)).collect()
    }

    /// A part of the attempts that ended between two ids, oldest first. They are
    /// a person's, or those that a server's keys paid for.
    pub async fn receipts_of(
        &self,
        owner: UsageOwner,
        between: (AttemptId, AttemptId),
        page: ReceiptsAfter,
    ) -> anyhow::Result<Vec<OwnAttempt>> {
        let of_person = select_attempts!(
            "where person_id = $1 and attempt_id >= $2 and attempt_id < $3 and attempt_id > $4 \
             and state in ('settled', 'expired') order by attempt_id limit $5"
        );
        let of_server = select_attempts!(
            "where server_id = $1 and source = 'server' and attempt_id >= $2 \
             and attempt_id < $3 and attempt_id > $4 and state in ('settled', 'expired') \
             order by attempt_id limit $5"
        );
        let sql = match owner.scope {
            Scope::User => of_person,
            Scope::Guild => of_server,
            Scope::Member | Scope::Bot => bail!("there are no receipts of the whole bot"),
        };
        let ReceiptsAfter { after, max } = page;
        let values = [
            owner.id.into(),
            between.0.into(),
            between.1.into(),
            after.unwrap_or(AttemptId([0; 16])).into(),
            i64::try_from(max)?.into(),
        ];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(read_attempt).collect()
    }

    /// What is kept of a person's use, by day of UTC, oldest first: at most
    /// `max` lines.
    pub async fn totals(
        &self,
        owner: UsageOwner,
        days: RangeInclusive<i64>,
        max: u32,
    ) -> anyhow::Result<Vec<TotalLine>> {
        let sql = concat!(
            "select quarter / 96, source, provider, model, ",
            sums!(),
            " from usage_day where scope = $1 and owner_id = $2 \
             and quarter >= $3 and quarter <= $4 \
             group by 1, 2, 3, 4 order by 1, 2, 3, 4 limit $5"
        );
        let values = [
            owner.scope.as_str().into(),
            owner.id.into(),
            (*days.start() * QUARTERS_A_DAY).into(),
            (*days.end() * QUARTERS_A_DAY).into(),
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
}

/// Divides a stretch of time into whole days of UTC, and the quarters of an
/// hour before and after them.
fn parts(quarters: Range<i64>) -> impl Iterator<Item = Part> {
    let Range { start, end } = quarters;
    let first = start + (-start).rem_euclid(QUARTERS_A_DAY);
    let last = end - end.rem_euclid(QUARTERS_A_DAY);
    let (first, last) = if first < last {
        (first, last)
    } else {
        (end, end)
    };
    let part = |is_of_days, from, to| Part {
        is_of_days,
        from,
        to,
        offset: 0,
    };
    let all = [
        part(false, start, first),
        part(true, first, last),
        part(false, last, end),
    ];
    all.into_iter().filter(|part| part.from < part.to)
}

fn read_line(row: &Row) -> anyhow::Result<UsageLine> {
    Ok(UsageLine {
        day: row.int(0)?,
        server: row.int(1)?.cast_unsigned(),
        source: row.text(2)?.to_owned(),
        key: KeyId::parse(row.text(3)?),
        provider: row.text(4)?.to_owned(),
        model: row.text(5)?.to_owned(),
        total: read_total(row, 6)?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;

    /// Runs the migrations from one version up to another.
    fn migrate(database: &Connection, versions: RangeInclusive<u32>) {
        let files = std::fs::read_dir("migrations/sqlite").unwrap();
        let version = |name: &str| -> u32 {
            let rest = name.strip_prefix('V').unwrap();
            let (number, _) = rest.split_once("__").unwrap();
            number.parse().unwrap()
        };
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let wanted = names.map(|name| (version(&name), name));
        let wanted: BTreeSet<_> = wanted.filter(|(it, _)| versions.contains(it)).collect();
        for (_, name) in wanted {
            let sql = std::fs::read_to_string(format!("migrations/sqlite/{name}")).unwrap();
            database.execute_batch(&sql).unwrap();
        }
    }

    /// What a person and a server used by day of UTC, as a table says it.
    fn used(database: &Connection, table: &str) -> Vec<(String, i64, i64, i64, i64)> {
        let sql = format!(
            "select scope, quarter / 96, sum(requests), sum(cost_nano), sum(unpriced) \
             from {table} group by 1, 2 order by 1, 2"
        );
        let mut query = database.prepare(&sql).unwrap();
        let rows = query.query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn sums_by_day_become_sums_by_key_and_stay_what_they_were() {
        let database = Connection::open_in_memory().unwrap();
        migrate(&database, 1..=10);
        // Two attempts are kept, one of them without a price; of a third there
        // is a sum and no row.
        let rows = "
            insert into attempt (attempt_id, person_id, server_id, source, key_id, provider, \
                model, state, held_at_ms, held_input_tokens, held_output_tokens, held_images, \
                counted, input_tokens, output_tokens, cached_tokens, reasoning_tokens, images, \
                cost_nano, estimated, cost_reported, clamped) values
                (x'01', 7, 9, 'server', 'k1', 'openai', 'm', 'settled', 864000000, 0, 0, 0, '', \
                    10, 5, 0, 0, 0, 300, 0, 0, 0),
                (x'02', 7, null, 'personal', 'k2', 'openai', 'm', 'settled', 865800000, 0, 0, 0, \
                    '', 10, 5, 0, 0, 0, null, 0, 0, 0),
                (x'03', 7, null, 'personal', 'k2', 'openai', 'm', 'held', 865800000, 0, 0, 0, '', \
                    10, 5, 0, 0, 0, null, 0, 0, 0);
            insert into usage_total values
                ('user', 7, 10, 0, 'server', 'openai', 'm', 1, 10, 5, 0, 0, 0, 300, 0, 0),
                ('guild', 9, 10, 0, 'server', 'openai', 'm', 1, 10, 5, 0, 0, 0, 300, 0, 0),
                ('member', 9, 10, 7, '', '', '', 1, 10, 5, 0, 0, 0, 300, 0, 0),
                ('user', 7, 10, 0, 'personal', 'openai', 'm', 2, 20, 10, 0, 0, 0, 40, 1, 0),
                ('bot', 0, 10, 0, 'server', 'openai', 'm', 1, 10, 5, 0, 0, 0, 300, 0, 0),
                ('bot', 0, 10, 0, 'personal', 'openai', 'm', 2, 20, 10, 0, 0, 0, 40, 1, 0);";
        database.execute_batch(rows).unwrap();
        migrate(&database, 12..=16);
        let expected = [
            ("bot", 10, 3, 340, 1),
            ("guild", 10, 1, 300, 0),
            ("member", 10, 1, 300, 0),
            ("user", 10, 3, 340, 1),
        ];
        let expected = expected.map(|it| (it.0.to_owned(), it.1, it.2, it.3, it.4));
        for table in ["usage_total", "usage_day"] {
            assert_eq!(used(&database, table), expected);
        }
        let sql = "select key_id, quarter, requests from usage_total \
                   where scope = 'user' order by quarter";
        let mut query = database.prepare(sql).unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let rows: Vec<(String, i64, i64)> = rows.unwrap().collect::<Result<_, _>>().unwrap();
        let kept = |key: &str, quarter| (key.to_owned(), quarter, 1);
        assert_eq!(rows, [kept("k1", 960), kept("k2", 962), kept("", 1_008)]);
    }

    proptest! {
        #[test]
        fn every_quarter_is_in_one_part(start in 0..500_i64, length in 0..500_i64) {
            let end = start + length;
            let mut next = start;
            for part in parts(start..end) {
                prop_assert_eq!(part.from, next);
                if part.is_of_days {
                    prop_assert!(part.from % 96 == 0 && part.to % 96 == 0);
                } else {
                    prop_assert!(part.to - part.from < 192);
                }
                next = part.to;
            }
            prop_assert_eq!(next, end);
        }
    }
}
