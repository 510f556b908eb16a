//! What the ledger writes in one transaction, what is found in it, and what is
//! made of that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context;

use crate::model::{AttemptId, Outcome, PersonId, Settlement, Usage};

use crate::store::accounts::ledger::{Booking, read_money, read_person};
use crate::store::accounts::totals::{Total, TotalKey};
use crate::store::database::value::{Row, StatementResult};

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
    /// Attempts to close, if they are still held. An attempt may be among the
    /// bookings and here.
    pub closings: Vec<FinishedAttempt>,
    /// What is known by now of attempts that are held.
    pub noted: Vec<NotedUse>,
}

/// What is known by now of an attempt that is held.
#[derive(Clone, Copy, Debug)]
pub struct NotedUse {
    pub attempt: AttemptId,
    /// How many tokens of its answer were heard.
    pub heard: u64,
    /// How many pictures its provider was surely asked for.
    pub images: u64,
}

/// An attempt, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedAttempt {
    pub booking: Arc<Booking>,
    pub settlement: Settlement,
}

/// What a journal read in its transaction.
#[derive(Debug, Default)]
pub struct JournalFindings {
    /// The states of the counters, empty for new ones.
    pub counters: BTreeMap<Arc<str>, String>,
    /// For each of the finished, in their order, whether it was written. If
    /// not, it was there before.
    pub written: Vec<bool>,
    /// For each of the closings, in their order, what was found of it.
    pub closed: Vec<FoundAttempt>,
}

/// What a journal found of an attempt that it was to close.
#[derive(Clone, Debug)]
pub enum FoundAttempt {
    /// It was held and is closed now. The person whose attempt it is; 0 if they
    /// were erased.
    Closed(PersonId),
    /// Another process took ours for dead, and closed it at an estimate.
    Estimated {
        person: PersonId,
        estimate: Box<Settlement>,
    },
    /// It was closed before, or is not there.
    Gone,
}

/// What was found, or was to be written, cannot be right, so that trying again
/// is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger has something damaged")]
pub struct DamagedLedger;

/// What the ledger decided to write in a transaction.
#[derive(Debug, Default)]
pub struct LedgerChanges {
    pub counters: Vec<(Arc<str>, String)>,
    pub bookings: Vec<Arc<Booking>>,
    /// Attempts whose estimate is replaced by what is known now.
    pub corrections: Vec<FinishedAttempt>,
    /// What those estimates had added to totals.
    pub taken_back: BTreeMap<TotalKey, Total>,
    pub totals: BTreeMap<TotalKey, Total>,
}

impl JournalEntries {
    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.count() == 0 && self.noted.is_empty()
    }

    /// How many attempts they are about.
    pub fn count(&self) -> usize {
        self.bookings.len() + self.finished.len() + self.closings.len()
    }
}

/// Reads the results of the statements that `keep_ledger` runs first.
pub(super) fn read_findings(
    counters: &[Arc<str>],
    entries: &JournalEntries,
    results: &[StatementResult],
) -> anyhow::Result<JournalFindings> {
    let expected = 2 * counters.len() + entries.count() + entries.noted.len();
    let expected = expected + entries.closings.len();
    anyhow::ensure!(results.len() >= expected, "a statement is missing");
    // The first results are of statements of which nothing is asked.
    let unread = counters.len() + entries.bookings.len() + entries.noted.len();
    let mut rest = results.iter().skip(unread);
    let mut next = |many| rest.by_ref().take(many).collect::<Vec<_>>();
    let (written, closings) = (next(entries.finished.len()), next(entries.closings.len()));
    let (states, rows) = (next(counters.len()), next(entries.closings.len()));
    let states = states
        .into_iter()
        .map(|it| anyhow::Ok(first_row(it)?.text(0)?.to_owned()));
    let closed = closings.into_iter().zip(rows);
    let closed = closed.map(|(closed, found)| read_closed(closed.changed > 0, found.rows.first()));
    Ok(JournalFindings {
        counters: counters
            .iter()
            .zip(states)
            .map(|(counter, state)| Ok((Arc::clone(counter), state?)))
            .collect::<anyhow::Result<_>>()?,
        written: written.into_iter().map(|it| it.changed > 0).collect(),
        closed: closed.collect::<anyhow::Result<_>>()?,
    })
}

/// Reads what `select_closed` found of an attempt, and whether this
/// transaction closed it.
fn read_closed(is_ours: bool, row: Option<&Row>) -> anyhow::Result<FoundAttempt> {
    let Some(row) = row else {
        return Ok(FoundAttempt::Gone);
    };
    let person = read_person(row, 1)?;
    if is_ours {
        return Ok(FoundAttempt::Closed(person));
    }
    let estimate = match row.text(0)? {
        "expired" => Settlement {
            outcome: Outcome::Lost,
            usage: Usage {
                input_tokens: row.int(2)?.cast_unsigned(),
                output_tokens: row.int(3)?.cast_unsigned(),
                ..Usage::default()
            },
            images: row.int(4)?.cast_unsigned(),
            cost: read_money(row, 5)?,
            estimated: true,
            ..Settlement::released()
        },
        "released" => Settlement::released(),
        _ => return Ok(FoundAttempt::Gone),
    };
    Ok(FoundAttempt::Estimated {
        person,
        estimate: Box::new(estimate),
    })
}

fn first_row(result: &StatementResult) -> anyhow::Result<&Row> {
    result.rows.first().context("a row is missing")
}
