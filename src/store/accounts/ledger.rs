//! The rows of attempts, and those of the counters of limits.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Context;

use crate::model::{
    Amounts, Attempt, AttemptId, KeyId, NanoDollars, PersonId, ProviderId, ServerId, Settlement,
    Source,
};

use crate::store::Store;
use crate::store::accounts::journal::{
    DamagedLedger, FinishedAttempt, Journal, JournalFindings, LedgerChanges, NotedUse,
    read_findings,
};
use crate::store::accounts::leases::ProcessId;
use crate::store::accounts::totals::{add_totals, take_back_totals};
use crate::store::database::change::{Change, Table};
use crate::store::database::value::{
    Row, Statement, StatementResult, Statements, Transaction, Value,
};

/// How many old attempts are read by one statement.
const OLD_MAX: i64 = 256;

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
    pub known: KnownTokens,
}

/// What is known of an attempt's use while it is held, by an estimate from
/// bytes. It is all that is left if the process dies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownTokens {
    pub prompt: u64,
    /// Of the answer, a few seconds ago.
    pub heard: u64,
}

/// The columns that [`read_booking`] reads.
macro_rules! booking_columns {
    () => {
        "attempt_id, person_id, server_id, source, key_id, provider, model, held_at_ms, \
         held_input_tokens, held_output_tokens, held_images, held_cost_nano, counted, \
         input_tokens, output_tokens"
    };
}
pub(super) use booking_columns;

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
        let process = self.process;
        let lock = move |counter: &Arc<str>| lock_counter(counter, now_ms);
        let book = move |booking: &Arc<Booking>| insert_held(booking, process);
        let (locked, written) = (Arc::clone(&names), Arc::clone(&entries));
        // `read_findings` counts on this order. Attempts are written before they are
        // closed.
        let first = move || -> Statements {
            Box::new(
                for_each(&locked, |it| it, lock)
                    .chain(for_each(&written, |it| &it.bookings, book))
                    .chain(for_each(&written, |it| &it.noted, note_use))
                    .chain(for_each(&written, |it| &it.finished, insert_finished))
                    .chain(for_each(&written, |it| &it.closings, close_attempt))
                    .chain(for_each(&locked, |it| it, select_state))
                    .chain(for_each(&written, |it| &it.closings, select_closed)),
            )
        };
        let decide = move |results: Vec<StatementResult>| {
            let found = read_findings(&names, &entries, &results);
            let changes = found.and_then(decide).context(DamagedLedger)?;
            let states = changes.counters.into_iter();
            let states = states.map(|(counter, state)| set_state(&counter, state));
            let bookings = changes.bookings.into_iter();
            let bookings = bookings.map(move |booking| insert_held(&booking, process));
            let corrections = changes.corrections.into_iter();
            let corrections = corrections.map(|finished| correct_attempt(&finished));
            let totals = take_back_totals(changes.taken_back).chain(add_totals(changes.totals));
            let then: Statements =
                Box::new(states.chain(bookings).chain(corrections).chain(totals));
            Ok(then)
        };
        self.transact_without_rules(Transaction {
            first: Box::new(first),
            decide: Some(Box::new(decide)),
            changes_rules: false,
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

    /// Attempts for pictures that were held before a moment, and whose provider
    /// was never asked.
    pub async fn unbegun_before(&self, before_ms: i64) -> anyhow::Result<Vec<Booking>> {
        let sql = concat!(
            "select ",
            booking_columns!(),
            " from attempt where state = 'held' and held_at_ms < $1 and held_images > 0 \
             and images = 0 and attempt_id not in (select attempt_id from picture) \
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

    /// An attempt that is in a row, whether it is still held or not.
    pub async fn booking(&self, id: AttemptId) -> anyhow::Result<Option<Booking>> {
        let sql = concat!(
            "select ",
            booking_columns!(),
            " from attempt where attempt_id = $1"
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

/// Inserts an attempt that is held, unless it is there: nobody knows whether a
/// commit that failed was made.
fn insert_held(booking: &Booking, process: ProcessId) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        "insert into attempt (attempt_id, person_id, server_id, source, key_id, provider, model, \
         held_at_ms, held_input_tokens, held_output_tokens, held_images, held_cost_nano, counted, \
         process_id, input_tokens, output_tokens, state, cached_tokens, reasoning_tokens, images, \
         estimated, cost_reported, clamped) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
         'held', 0, 0, 0, 0, 0, 0) on conflict (attempt_id) do nothing",
    );
    let mut values = Vec::with_capacity(16);
    values.extend(booking_values(booking));
    values.extend([
        process.0.into(),
        booking.known.prompt.into(),
        booking.known.heard.into(),
    ]);
    SQL.with_all(values)
}

/// Notes what is known of an attempt's use, while it is held.
fn note_use(noted: &NotedUse) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        "update attempt set output_tokens = $2, images = $3 \
         where attempt_id = $1 and state = 'held'",
    );
    SQL.with([
        noted.attempt.into(),
        noted.heard.into(),
        noted.images.into(),
    ])
}

/// The values of the columns from `attempt_id` to `counted`.
fn booking_values(booking: &Booking) -> [Value; 13] {
    let Booking {
        attempt,
        held,
        counted,
        known: _,
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

/// Inserts an attempt that has ended already, unless it is there.
fn insert_finished(finished: &FinishedAttempt) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        "insert into attempt (attempt_id, person_id, server_id, source, key_id, provider, \
         model, held_at_ms, held_input_tokens, held_output_tokens, held_images, held_cost_nano, \
         counted, state, outcome, input_tokens, output_tokens, cached_tokens, reasoning_tokens, \
         images, cost_nano, estimated, cost_reported, clamped, first_byte_ms, duration_ms, \
         overshoot, receipt, price_list) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
         $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29) \
         on conflict (attempt_id) do nothing",
    );
    let mut values = Vec::with_capacity(29);
    values.extend(booking_values(&finished.booking));
    values.extend(settlement_values(&finished.settlement));
    SQL.with_all(values)
}

/// Sets the columns from `state` to `price_list` to `closing_values`.
macro_rules! closing_columns {
    () => {
        "state = $2, outcome = $3, input_tokens = $4, output_tokens = $5, \
         cached_tokens = $6, reasoning_tokens = $7, images = $8, cost_nano = $9, \
         estimated = $10, cost_reported = $11, clamped = $12, first_byte_ms = $13, \
         duration_ms = $14, overshoot = $15, receipt = $16, price_list = $17"
    };
}

/// Closes an attempt that is still held. For one that is closed, it changes
/// nothing.
fn close_attempt(closing: &FinishedAttempt) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        concat!(
            "update attempt set ",
            closing_columns!(),
            " where attempt_id = $1 and state = 'held'"
        ),
    );
    SQL.with_all(closing_values(closing))
}

/// The id of an attempt, and the columns from `state` to `price_list`.
fn closing_values(closing: &FinishedAttempt) -> Vec<Value> {
    let mut values = Vec::with_capacity(17);
    values.push(closing.booking.attempt.id.into());
    values.extend(settlement_values(&closing.settlement));
    values
}

/// Puts what is known in the place of an estimate that another process made.
fn correct_attempt(finished: &FinishedAttempt) -> Statement {
    const SQL: Change = Change::to(
        Table::Attempt,
        concat!(
            "update attempt set ",
            closing_columns!(),
            " where attempt_id = $1 and state <> 'settled'"
        ),
    );
    SQL.with_all(closing_values(finished))
}

/// Selects how an attempt was closed, and whose it is; null once they were
/// erased.
fn select_closed(closing: &FinishedAttempt) -> Statement {
    let sql = "select state, person_id, input_tokens, output_tokens, images, cost_nano \
         from attempt where attempt_id = $1";
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

pub(super) fn read_person(row: &Row, column: usize) -> anyhow::Result<PersonId> {
    Ok(PersonId(
        row.maybe_int(column)?.unwrap_or(0).cast_unsigned(),
    ))
}

pub(super) fn read_money(row: &Row, column: usize) -> anyhow::Result<Option<NanoDollars>> {
    let nano = row.maybe_int(column)?;
    Ok(nano.map(|nano| NanoDollars(nano.cast_unsigned())))
}

pub(super) fn read_booking(row: &Row) -> anyhow::Result<Booking> {
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
            cost: read_money(row, 11)?,
        },
        counted: parse_counted(row.text(12)?)?,
        known: KnownTokens {
            prompt: row.int(13)?.cast_unsigned(),
            heard: row.int(14)?.cast_unsigned(),
        },
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
pub(in crate::store) fn parse_counted(text: &str) -> anyhow::Result<Vec<CounterBucket>> {
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
