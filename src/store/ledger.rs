//! The rows of attempts, and those of the counters of limits.

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
use crate::store::totals::{Total, TotalKey, add_totals};
use crate::store::value::{Row, Statement, StatementResult, Statements, Transaction, Value};

/// How many old attempts are read by one statement.
const OLD_MAX: i64 = 256;
/// How many old attempts are deleted by one statement.
const FORGET_MAX: i64 = 2_000;

/// Where an attempt was counted: the name of the counter, and the start of the
/// bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterBucket {
    pub counter: Arc<str>,
    pub bucket_ms: i64,
}

/// An attempt, with what is held for it and where that was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    pub attempt: Attempt,
    pub held: Amounts,
    pub counted: Vec<CounterBucket>,
}

/// What the ledger does in one transaction, apart from what it decides in it.
#[derive(Debug, Default)]
pub struct Journal {
    /// Counters to lock and read.
    pub counters: BTreeSet<Arc<str>>,
    pub entries: Arc<JournalEntries>,
    pub now_ms: i64,
}

/// What has happened and must be written, whatever limits say.
#[derive(Debug, Default)]
pub struct JournalEntries {
    /// Attempts that are held.
    pub bookings: Vec<Arc<Booking>>,
    /// Attempts that ended before they were written, so that each needs one
    /// row and no update.
    pub finished: Vec<FinishedAttempt>,
    /// Attempts to close, if they are still held.
    pub closings: Vec<FinishedAttempt>,
}

/// An attempt, and how it ended.
#[derive(Clone, Debug)]
pub struct FinishedAttempt {
    pub booking: Arc<Booking>,
    pub settlement: Settlement,
}

/// What a journal read in its transaction.
#[derive(Debug, Default)]
pub struct JournalFindings {
    /// The states of the counters, empty for new ones.
    pub counters: BTreeMap<Arc<str>, String>,
    /// For each of the closings, in their order, the person whose attempt it
    /// is: 0 if they were erased, none if the attempt was closed before.
    pub closed: Vec<Option<PersonId>>,
}

/// What the ledger decided to write in a transaction.
#[derive(Debug, Default)]
pub struct LedgerChanges {
    pub counters: Vec<(Arc<str>, String)>,
    pub bookings: Vec<Arc<Booking>>,
    pub totals: BTreeMap<TotalKey, Total>,
}

/// The columns that [`read_booking`] reads.
macro_rules! booking_columns {
    () => {
        "attempt_id, person_id, server_id, source, key_id, provider, model, held_at_ms, \
         held_input_tokens, held_output_tokens, held_images, held_cost_nano, counted"
    };
}

impl JournalEntries {
    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.bookings.is_empty() && self.finished.is_empty() && self.closings.is_empty()
    }
}

impl Store {
    /// Locks and reads counters, closes attempts, writes the journal's
    /// entries, and writes what `decide` makes of what was read: all in one
    /// transaction.
    pub async fn keep_ledger(
        &self,
        journal: Journal,
        decide: impl FnOnce(JournalFindings) -> anyhow::Result<LedgerChanges> + Send + 'static,
    ) -> anyhow::Result<()> {
        let Journal {
            counters,
            entries,
            now_ms,
        } = journal;
        let names: Arc<Vec<_>> = Arc::new(counters.into_iter().collect());
        let closings = entries.closings.len();
        let lock = move |counter: &Arc<str>| lock_counter(counter, now_ms);
        // `read_findings` counts on this order.
        let first = for_each(&names, |it| it, lock)
            .chain(for_each(&entries, |it| &it.closings, close_attempt))
            .chain(for_each(&names, |it| it, select_state))
            .chain(for_each(&entries, |it| &it.closings, select_person))
            .chain(for_each(&entries, |it| &it.bookings, |it| insert_held(it)))
            .chain(for_each(&entries, |it| &it.finished, insert_finished));
        let decide = move |results: Vec<StatementResult>| {
            let changes = decide(read_findings(&names, &results, closings)?)?;
            let states = changes.counters.into_iter();
            let states = states.map(|(counter, state)| set_state(&counter, state));
            let bookings = changes.bookings.into_iter().map(|it| insert_held(&it));
            let totals = add_totals(changes.totals);
            let then: Statements = Box::new(states.chain(bookings).chain(totals));
            Ok(then)
        };
        self.transact_without_rules(Transaction {
            first: Box::new(first),
            decide: Box::new(decide),
        })
        .await
    }

    /// Attempts that were held before a moment and are still not closed,
    /// oldest first, but for those of pictures that are being made.
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
        rows.iter().map(read_booking).collect()
    }

    /// Attempts for pictures that were held before a moment, and whose picture
    /// was never begun.
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
        rows.iter().map(read_booking).collect()
    }

    /// An attempt, if it is still held.
    pub async fn held(&self, id: AttemptId) -> anyhow::Result<Option<Booking>> {
        let sql = concat!(
            "select ",
            booking_columns!(),
            " from attempt where state = 'held' and attempt_id = $1"
        );
        let rows = self.query(Statement::new(sql, [id.into()]));
        rows.await?.first().map(read_booking).transpose()
    }

    /// The states of counters, without locking them.
    pub async fn counter_states(
        &self,
        counters: impl Iterator<Item = &Arc<str>>,
    ) -> anyhow::Result<Vec<String>> {
        let mut states = Vec::new();
        for counter in counters {
            let rows = self.query(select_state(counter)).await?;
            let state = rows.first().map(|row| row.text(0)).transpose()?;
            states.push(state.unwrap_or_default().to_owned());
        }
        Ok(states)
    }

    /// Deletes attempts that began before a moment, at most a batch of them;
    /// how many. Ids begin with the time, so that the oldest go first.
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

    /// Deletes counters that have counted nothing since a moment; how many.
    pub async fn forget_counters(&self, before_ms: i64) -> anyhow::Result<u64> {
        const SQL: Change = Change::to(
            Table::QuotaCounter,
            "delete from quota_counter where touched_at_ms < $1",
        );
        let statement = SQL.with([before_ms.into()]);
        Ok(self.write(statement).await?.changed)
    }
}

/// A statement for each item of a list that `shared` has.
fn for_each<C, T, S: Fn(&T) -> Statement>(
    shared: &Arc<C>,
    list: fn(&C) -> &[T],
    statement: S,
) -> impl Iterator<Item = Statement> + use<C, T, S> {
    let shared = Arc::clone(shared);
    (0..list(&shared).len()).filter_map(move |at| list(&shared).get(at).map(&statement))
}

/// Creates a counter, or locks its row until the transaction ends. Its state is
/// read by a statement of its own: for rows that a writing statement returns,
/// SQLite makes a temporary table with a cache of 87 kB.
fn lock_counter(counter: &Arc<str>, now_ms: i64) -> Statement {
    const SQL: Change = Change::to(
        Table::QuotaCounter,
        "insert into quota_counter (counter, state, touched_at_ms) values ($1, '', $2) \
         on conflict (counter) do update set touched_at_ms = excluded.touched_at_ms",
    );
    SQL.with([counter.into(), now_ms.into()])
}

fn select_state(counter: &Arc<str>) -> Statement {
    let sql = "select state from quota_counter where counter = $1";
    Statement::new(sql, [counter.into()])
}

fn set_state(counter: &Arc<str>, state: String) -> Statement {
    const SQL: Change = Change::to(
        Table::QuotaCounter,
        "update quota_counter set state = $2 where counter = $1",
    );
    SQL.with([counter.into(), state.into()])
}

/// Inserts an attempt that is held.
fn insert_held(booking: &Booking) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        "insert into attempt (attempt_id, person_id, server_id, source, key_id, provider, model, \
         held_at_ms, held_input_tokens, held_output_tokens, held_images, held_cost_nano, counted, \
         state, input_tokens, output_tokens, cached_tokens, reasoning_tokens, images, estimated, \
         cost_reported, clamped) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
         'held', 0, 0, 0, 0, 0, 0, 0, 0)",
    );
    SQL.with(booking_values(booking))
}

/// The values of the columns from `attempt_id` to `counted`.
fn booking_values(booking: &Booking) -> [Value; 13] {
    let Booking {
        attempt,
        held,
        counted,
    } = booking;
    [
        attempt.id.into(),
        attempt.person.0.into(),
        attempt.server.map(|server| server.0).into(),
        Value::StaticText(attempt.source.as_str()),
        attempt.key.map(|key| key.to_string()).into(),
        (&attempt.provider).into(),
        attempt.model.as_str().into(),
        attempt.held_at_ms.into(),
        held.input_tokens.into(),
        held.output_tokens.into(),
        held.images.into(),
        held.cost.map(|cost| cost.0).into(),
        format_counted(counted).into(),
    ]
}

/// Inserts an attempt that has ended already.
fn insert_finished(finished: &FinishedAttempt) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        "insert into attempt (attempt_id, person_id, server_id, source, key_id, provider, \
         model, held_at_ms, held_input_tokens, held_output_tokens, held_images, held_cost_nano, \
         counted, state, outcome, input_tokens, output_tokens, cached_tokens, reasoning_tokens, \
         images, cost_nano, estimated, cost_reported, clamped, first_byte_ms, duration_ms, \
         overshoot, receipt, price_list) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
         $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)",
    );
    let mut values = Vec::with_capacity(29);
    values.extend(booking_values(&finished.booking));
    values.extend(settlement_values(&finished.settlement));
    SQL.with_all(values)
}

/// Closes an attempt that is still held. For one that is closed, it changes
/// nothing.
fn close_attempt(closing: &FinishedAttempt) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        "update attempt set state = $2, outcome = $3, input_tokens = $4, output_tokens = $5, \
         cached_tokens = $6, reasoning_tokens = $7, images = $8, cost_nano = $9, \
         estimated = $10, cost_reported = $11, clamped = $12, first_byte_ms = $13, \
         duration_ms = $14, overshoot = $15, receipt = $16, price_list = $17 \
         where attempt_id = $1 and state = 'held'",
    );
    let mut values = Vec::with_capacity(17);
    values.push(closing.booking.attempt.id.into());
    values.extend(settlement_values(&closing.settlement));
    SQL.with_all(values)
}

/// Selects the person whose attempt it is; null once they were erased.
fn select_person(closing: &FinishedAttempt) -> Statement {
    let sql = "select person_id from attempt where attempt_id = $1";
    Statement::new(sql, [closing.booking.attempt.id.into()])
}

/// The values of the columns from `state` to `price_list`.
fn settlement_values(settlement: &Settlement) -> [Value; 16] {
    let (usage, receipt) = (settlement.usage, &settlement.receipt);
    let has_lines = !receipt.lines.is_empty();
    let list = receipt.list.as_ref().filter(|_| has_lines);
    [
        Value::StaticText(settlement.state()),
        Value::StaticText(settlement.outcome.as_str()),
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
        settlement.overshoot.into(),
        has_lines.then(|| receipt.to_string()).into(),
        list.map(ToString::to_string).into(),
    ]
}

/// Reads the results of the statements that [`Store::keep_ledger`] runs first.
fn read_findings(
    counters: &[Arc<str>],
    results: &[StatementResult],
    closings: usize,
) -> anyhow::Result<JournalFindings> {
    let expected = 2 * (counters.len() + closings);
    anyhow::ensure!(results.len() >= expected, "a statement is missing");
    // The first results are those of locking, and have no rows.
    let mut rest = results.iter().skip(counters.len());
    let mut next = |many| rest.by_ref().take(many).collect::<Vec<_>>();
    let (closed, states, persons) = (next(closings), next(counters.len()), next(closings));
    let states = states
        .into_iter()
        .map(|it| anyhow::Ok(first_row(it)?.text(0)?.to_owned()));
    let closed = closed.into_iter().zip(persons).map(|(closed, selected)| {
        let person = || read_person(first_row(selected)?, 0);
        (closed.changed > 0).then(person).transpose()
    });
    Ok(JournalFindings {
        counters: counters
            .iter()
            .zip(states)
            .map(|(counter, state)| Ok((Arc::clone(counter), state?)))
            .collect::<anyhow::Result<_>>()?,
        closed: closed.collect::<anyhow::Result<_>>()?,
    })
}

fn first_row(result: &StatementResult) -> anyhow::Result<&Row> {
    result.rows.first().context("a row is missing")
}

fn read_person(row: &Row, column: usize) -> anyhow::Result<PersonId> {
    Ok(PersonId(
        row.maybe_int(column)?.unwrap_or(0).cast_unsigned(),
    ))
}

fn read_booking(row: &Row) -> anyhow::Result<Booking> {
    let id = row
        .blob(0)?
        .try_into()
        .context("an attempt's id is damaged")?;
    let source = Source::parse(row.text(3)?).context("an attempt's source is damaged")?;
    let key = row.maybe_text(4)?.map(KeyId::parse);
    Ok(Booking {
        attempt: Attempt {
            id: AttemptId(id),
            person: read_person(row, 1)?,
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
        counted: parse_counted(row.text(12)?)?,
    })
}

/// Writes where an attempt was counted, as in
/// `person/7/requests/day/rolling@1795000000000`, with a blank between two.
fn format_counted(counted: &[CounterBucket]) -> String {
    let mut words = String::new();
    for CounterBucket { counter, bucket_ms } in counted {
        let blank = if words.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(words, "{blank}{counter}@{bucket_ms}");
    }
    words
}

/// Parses what [`format_counted`] writes.
pub(super) fn parse_counted(text: &str) -> anyhow::Result<Vec<CounterBucket>> {
    let one = |word: &str| {
        let (counter, bucket) = word.split_once('@')?;
        Some(CounterBucket {
            counter: counter.into(),
            bucket_ms: bucket.parse().ok()?,
        })
    };
    let words = text.split_ascii_whitespace();
    words
        .map(|word| one(word).context("where an attempt was counted is damaged"))
        .collect()
}
