//! The ledger's rows and what limits have counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Context;

use crate::model::{
    Amounts, Attempt, AttemptId, KeyId, NanoDollars, PersonId, ProviderId, ServerId, Settlement,
    Source,
};

use crate::store::Store;
use crate::store::change::{Change, Table};
use crate::store::totals::{Total, TotalKey, additions};
use crate::store::value::{Outcome, Row, Statement, Statements, Transaction, Value};

/// How many old attempts are read at once.
const OLD_MAX: i64 = 256;

/// How many old attempts are deleted at once.
const FORGET_MAX: i64 = 2_000;

/// Where an attempt was counted: the counter's name and its bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub counter: Arc<str>,
    pub bucket_ms: i64,
}

/// An attempt that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    pub attempt: Attempt,
    pub held: Amounts,
    pub counted: Vec<Counted>,
}

/// What the ledger does in one transaction.
#[derive(Debug, Default)]
pub struct Journal {
    /// Counters to lock and read.
    pub counters: BTreeSet<Arc<str>>,
    pub entries: Arc<Entries>,
    pub now_ms: i64,
}

/// What has happened, whether there was room for it or not.
#[derive(Debug, Default)]
pub struct Entries {
    /// Attempts that are held.
    pub bookings: Vec<Arc<Booking>>,
    /// Attempts that ended before they were written down.
    pub finished: Vec<Finished>,
    /// Attempts to close, if they are still held.
    pub closings: Vec<Finished>,
}

/// An attempt, and how it ended.
#[derive(Clone, Debug)]
pub struct Finished {
    pub booking: Arc<Booking>,
    pub settlement: Settlement,
}

/// What a journal found.
#[derive(Debug, Default)]
pub struct Found {
    /// Their states, empty for new ones.
    pub counters: BTreeMap<Arc<str>, String>,
    /// In the order of the closings, whose each is: nobody's since they were
    /// forgotten; none where it was closed before.
    pub closed: Vec<Option<PersonId>>,
}

/// What is written after a look at it.
#[derive(Debug, Default)]
pub struct Changes {
    pub counters: Vec<(Arc<str>, String)>,
    pub bookings: Vec<Arc<Booking>>,
    pub totals: BTreeMap<TotalKey, Total>,
}

/// The columns that [`booking`] reads.
macro_rules! booking_columns {
    () => {
        "attempt_id, person_id, server_id, source, key_id, provider, model, held_at_ms, \
         held_input_tokens, held_output_tokens, held_images, held_cost_nano, counted"
    };
}

impl Entries {
    pub fn is_empty(&self) -> bool {
        self.bookings.is_empty() && self.finished.is_empty() && self.closings.is_empty()
    }
}

impl Store {
    /// Locks and reads counters, closes attempts, and writes what `decide`
    /// makes of it: all in one transaction.
    pub async fn keep_ledger(
        &self,
        journal: Journal,
        decide: impl FnOnce(Found) -> anyhow::Result<Changes> + Send + 'static,
    ) -> anyhow::Result<()> {
        let Journal {
            counters,
            entries,
            now_ms,
        } = journal;
        let names: Arc<Vec<_>> = Arc::new(counters.into_iter().collect());
        let closing = entries.closings.len();
        // What is found comes first, and in this order.
        let first = each(&names, |it| it, move |counter| touch(counter, now_ms))
            .chain(each(&entries, |it| &it.closings, close))
            .chain(each(&names, |it| it, state_of))
            .chain(each(&entries, |it| &it.closings, whose))
            .chain(each(&entries, |it| &it.bookings, |it| book(it)))
            .chain(each(&entries, |it| &it.finished, finish));
        let decide = move |outcomes: Vec<Outcome>| {
            let changes = decide(found(&names, &outcomes, closing)?)?;
            let counters = changes.counters.into_iter().map(set_counter);
            let bookings = changes.bookings.into_iter().map(|it| book(&it));
            let rest = additions(changes.totals);
            let then: Statements = Box::new(counters.chain(bookings).chain(rest));
            Ok(then)
        };
        self.transact_without_rules(Transaction {
            first: Box::new(first),
            decide: Box::new(decide),
        })
        .await
    }

    /// Attempts that were held before a moment and never closed, oldest
    /// first.
    pub async fn held_before(&self, before_ms: i64) -> anyhow::Result<Vec<Booking>> {
        let sql = concat!(
            "select ",
            booking_columns!(),
            " from attempt where state = 'held' and held_at_ms < $1 and attempt_id not in \
             (select attempt_id from picture where ended_at_ms is null) \
             order by held_at_ms limit $2"
        );
        let rows = self
            .query(Statement::new(sql, [before_ms.into(), OLD_MAX.into()]))
            .await?;
        rows.iter().map(booking).collect()
    }

    /// Attempts for pictures that were held before a moment, and of which no
    /// picture was ever begun.
    pub async fn unbegun_before(&self, before_ms: i64) -> anyhow::Result<Vec<Booking>> {
        let sql = concat!(
            "select ",
            booking_columns!(),
            " from attempt where state = 'held' and held_at_ms < $1 and held_images > 0 \
             and attempt_id not in (select attempt_id from picture) \
             order by held_at_ms limit $2"
        );
        let values = [before_ms.into(), OLD_MAX.into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(booking).collect()
    }

    /// An attempt, if it is still held.
    pub async fn held(&self, id: AttemptId) -> anyhow::Result<Option<Booking>> {
        let sql = concat!(
            "select ",
            booking_columns!(),
            " from attempt where state = 'held' and attempt_id = $1"
        );
        let rows = self.query(Statement::new(sql, [id.into()]));
        rows.await?.first().map(booking).transpose()
    }

    /// What counters have counted, without locking them: their states.
    pub async fn counter_states(
        &self,
        counters: impl Iterator<Item = &Arc<str>>,
    ) -> anyhow::Result<Vec<String>> {
        let mut states = Vec::new();
        for counter in counters {
            let rows = self.query(state_of(counter)).await?;
            let state = rows.first().map(|row| row.text(0)).transpose()?;
            states.push(state.unwrap_or_default().to_owned());
        }
        Ok(states)
    }

    /// Deletes attempts that began before a moment, a batch at a time; how
    /// many. Their ids begin with the time, so that the oldest come first.
    pub async fn forget_attempts(&self, before_ms: i64) -> anyhow::Result<u64> {
        const SQL: Change = Change::to(
            Table::Attempt,
            "delete from attempt where attempt_id in (select attempt_id from attempt \
             where attempt_id < $1 and state <> 'held' order by attempt_id limit $2)",
        );
        let first = AttemptId::first_at(before_ms);
        let statement = SQL.with([first.into(), FORGET_MAX.into()]);
        Ok(self.write(statement).await?.changed)
    }

    /// Deletes counters that nothing was counted by since a moment.
    pub async fn forget_counters(&self, before_ms: i64) -> anyhow::Result<u64> {
        const SQL: Change = Change::to(
            Table::QuotaCounter,
            "delete from quota_counter where touched_at_ms < $1",
        );
        let statement = SQL.with([before_ms.into()]);
        Ok(self.write(statement).await?.changed)
    }
}

/// A statement for each of a list in what is shared.
fn each<C, T, S: Fn(&T) -> Statement>(
    all: &Arc<C>,
    list: fn(&C) -> &[T],
    statement: S,
) -> impl Iterator<Item = Statement> + use<C, T, S> {
    let all = Arc::clone(all);
    (0..list(&all).len()).filter_map(move |at| list(&all).get(at).map(&statement))
}

/// Creates a counter or takes its row, so that nobody else can change it
/// before we have. Its state is read by a statement of its own: SQLite makes
/// a table, with a cache of 87 kB, for what a statement returns that writes.
fn touch(counter: &Arc<str>, now_ms: i64) -> Statement {
    const SQL: Change = Change::to(
        Table::QuotaCounter,
        "insert into quota_counter (counter, state, touched_at_ms) values ($1, '', $2) \
         on conflict (counter) do update set touched_at_ms = excluded.touched_at_ms",
    );
    SQL.with([counter.into(), now_ms.into()])
}

fn state_of(counter: &Arc<str>) -> Statement {
    let sql = "select state from quota_counter where counter = $1";
    Statement::new(sql, [counter.into()])
}

fn set_counter((counter, state): (Arc<str>, String)) -> Statement {
    const SQL: Change = Change::to(
        Table::QuotaCounter,
        "update quota_counter set state = $2 where counter = $1",
    );
    SQL.with([(&counter).into(), state.into()])
}

fn book(booking: &Booking) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        "insert into attempt (attempt_id, person_id, server_id, source, key_id, provider, model, \
         held_at_ms, held_input_tokens, held_output_tokens, held_images, held_cost_nano, counted, \
         state, input_tokens, output_tokens, cached_tokens, reasoning_tokens, images, estimated, \
         cost_reported, clamped) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
         'held', 0, 0, 0, 0, 0, 0, 0, 0)",
    );
    SQL.with(booked(booking))
}

/// What was held, from `attempt_id` to `counted`.
fn booked(booking: &Booking) -> [Value; 13] {
    let Booking {
        attempt,
        held,
        counted,
    } = booking;
    [
        attempt.id.into(),
        attempt.person.0.into(),
        attempt.server.map(|server| server.0).into(),
        Value::Word(attempt.source.as_str()),
        attempt.key.map(|key| key.to_string()).into(),
        (&attempt.provider).into(),
        attempt.model.as_str().into(),
        attempt.held_at_ms.into(),
        held.input_tokens.into(),
        held.output_tokens.into(),
        held.images.into(),
        held.cost.map(|cost| cost.0).into(),
        written(counted).into(),
    ]
}

/// Writes an attempt that has ended already.
fn finish(finished: &Finished) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        "insert into attempt (attempt_id, person_id, server_id, source, key_id, provider, \
         model, held_at_ms, held_input_tokens, held_output_tokens, held_images, held_cost_nano, \
         counted, state, outcome, input_tokens, output_tokens, cached_tokens, reasoning_tokens, \
         images, cost_nano, estimated, cost_reported, clamped, first_byte_ms, duration_ms) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
         $18, $19, $20, $21, $22, $23, $24, $25, $26)",
    );
    let mut values = Vec::with_capacity(26);
    values.extend(booked(&finished.booking));
    values.extend(outcome(&finished.settlement));
    SQL.with_all(values)
}

/// Closes an attempt once: whoever comes second changes nothing.
fn close(closing: &Finished) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        "update attempt set state = $2, outcome = $3, input_tokens = $4, output_tokens = $5, \
         cached_tokens = $6, reasoning_tokens = $7, images = $8, cost_nano = $9, \
         estimated = $10, cost_reported = $11, clamped = $12, first_byte_ms = $13, \
         duration_ms = $14 where attempt_id = $1 and state = 'held'",
    );
    let mut values = Vec::with_capacity(14);
    values.push(closing.booking.attempt.id.into());
    values.extend(outcome(&closing.settlement));
    SQL.with_all(values)
}

/// Whose an attempt is; nobody's once they were forgotten.
fn whose(closing: &Finished) -> Statement {
    let sql = "select person_id from attempt where attempt_id = $1";
    Statement::new(sql, [closing.booking.attempt.id.into()])
}

/// How an attempt ended, from `state` to `duration_ms`.
fn outcome(settlement: &Settlement) -> [Value; 13] {
    let usage = settlement.usage;
    [
        Value::Word(settlement.state()),
        Value::Word(settlement.outcome.as_str()),
        usage.input_tokens.into(),
        usage.output_tokens.into(),
        usage.cached_tokens.into(),
        usage.reasoning_tokens.into(),
        settlement.images.into(),
        settlement.cost.map(|cost| cost.0).into(),
        settlement.estimated.into(),
        settlement.cost_reported.into(),
        settlement.clamped.into(),
        settlement.first_byte_ms.into(),
        settlement.duration_ms.into(),
    ]
}

fn found(counters: &[Arc<str>], outcomes: &[Outcome], closings: usize) -> anyhow::Result<Found> {
    let looks = counters.len() + closings;
    anyhow::ensure!(outcomes.len() >= 2 * looks, "a statement is missing");
    // What took the counters returned nothing.
    let mut rest = outcomes.iter().skip(counters.len());
    let mut next = |many| rest.by_ref().take(many).collect::<Vec<_>>();
    let (closed, states, whose) = (next(closings), next(counters.len()), next(closings));
    let states = states
        .into_iter()
        .map(|it| anyhow::Ok(row(it)?.text(0)?.to_owned()));
    let closed = closed.into_iter().zip(whose).map(|(closed, whose)| {
        let person = || person(row(whose)?, 0);
        (closed.changed > 0).then(person).transpose()
    });
    Ok(Found {
        counters: counters
            .iter()
            .zip(states)
            .map(|(counter, state)| Ok((Arc::clone(counter), state?)))
            .collect::<anyhow::Result<_>>()?,
        closed: closed.collect::<anyhow::Result<_>>()?,
    })
}

fn row(outcome: &Outcome) -> anyhow::Result<&Row> {
    outcome.rows.first().context("a row is missing")
}

fn person(row: &Row, at: usize) -> anyhow::Result<PersonId> {
    Ok(PersonId(row.maybe_int(at)?.unwrap_or(0).cast_unsigned()))
}

fn booking(row: &Row) -> anyhow::Result<Booking> {
    let id = row
        .blob(0)?
        .try_into()
        .context("an attempt's id is damaged")?;
    let source = Source::parse(row.text(3)?).context("an attempt's source is damaged")?;
    let key = row.maybe_text(4)?.map(KeyId::parse);
    Ok(Booking {
        attempt: Attempt {
            id: AttemptId(id),
            person: person(row, 1)?,
            server: row.maybe_int(2)?.map(|id| ServerId(id.cast_unsigned())),
            source,
            key: key.flatten(),
            provider: ProviderId::from(row.text(5)?),
            model: row.text(6)?.to_owned(),
            held_at_ms: row.int(7)?,
        },
        held: Amounts {
            input_tokens: row.int(8)?.cast_unsigned(),
            output_tokens: row.int(9)?.cast_unsigned(),
            images: row.int(10)?.cast_unsigned(),
            cost: row
                .maybe_int(11)?
                .map(|nano| NanoDollars(nano.cast_unsigned())),
        },
        counted: read(row.text(12)?)?,
    })
}

/// As in `person/7/requests/day/rolling@1795000000000`, a blank between two.
fn written(counted: &[Counted]) -> String {
    let mut words = String::new();
    for Counted { counter, bucket_ms } in counted {
        let blank = if words.is_empty() { "" } else { " " };
        // A text takes all that is written to it.
        let _ = write!(words, "{blank}{counter}@{bucket_ms}");
    }
    words
}

pub(super) fn read(text: &str) -> anyhow::Result<Vec<Counted>> {
    let one = |word: &str| {
        let (counter, bucket) = word.split_once('@')?;
        Some(Counted {
            counter: counter.into(),
            bucket_ms: bucket.parse().ok()?,
        })
    };
    let words = text.split_ascii_whitespace();
    words
        .map(|word| one(word).context("where an attempt was counted is damaged"))
        .collect()
}
