//! Books calls of the past, as if they had been made then: for the demo, whose
//! people have used their keys for a while. They are rows, counters and totals
//! like any others.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::{Context, ensure};

use crate::model::{
    Attempt, KeyId, Outcome, PersonId, ProviderId, ServerId, Settlement, Source, Usage, UsageClass,
};
use crate::store::{
    Booking, CounterBucket, FinishedAttempt, Journal, JournalEntries, JournalFindings, KnownTokens,
    LedgerChanges,
};

use crate::ledger::calls::attempt_ids::make_id;
use crate::ledger::calls::overshoot::priced_model;
use crate::ledger::counting::counter::Counter;
use crate::ledger::counting::meter::{AppliedLimit, Meter};
use crate::ledger::counting::span::bucket_of;
use crate::ledger::writing::batch::add_up;
use crate::ledger::{Ledger, PriceTable};

/// How many calls one transaction books.
const CALLS_AT_ONCE: usize = 400;

/// A call that was answered.
#[derive(Clone, Debug)]
pub struct PastCall {
    pub at_ms: i64,
    pub person: PersonId,
    pub server: Option<ServerId>,
    pub source: Source,
    pub key: Option<KeyId>,
    pub provider: ProviderId,
    pub model: String,
    pub usage: Usage,
    pub images: u64,
    pub duration_ms: u64,
    /// The limits that count it.
    pub limits: Vec<AppliedLimit>,
}

impl Ledger {
    /// Books calls of the past, oldest first.
    pub async fn book_past(&self, mut calls: Vec<PastCall>) -> anyhow::Result<()> {
        calls.sort_by_key(|call| call.at_ms);
        let providers: BTreeSet<_> = calls.iter().map(|call| call.provider.clone()).collect();
        for provider in &providers {
            PriceTable::warm_for(provider).await?;
        }
        for calls in calls.chunks(CALLS_AT_ONCE) {
            let finished = calls.iter().map(|call| self.finish(call));
            let finished = finished.collect::<anyhow::Result<Vec<_>>>()?;
            self.book_finished(finished).await?;
        }
        // In their order in time, so that the last use stays.
        let used = calls
            .iter()
            .filter_map(|call| Some((call.key?, call.at_ms)));
        for (key, at_ms) in used.collect::<HashMap<_, _>>() {
            self.store.touch_key(key, at_ms).await?;
        }
        Ok(())
    }

    async fn book_finished(&self, finished: Vec<FinishedAttempt>) -> anyhow::Result<()> {
        let counted = finished.iter().flat_map(|it| &it.booking.counted);
        let counters = counted.map(|it| Arc::clone(&it.counter)).collect();
        let entries = Arc::new(JournalEntries {
            finished,
            ..JournalEntries::default()
        });
        let journal = Journal {
            counters,
            entries: Arc::clone(&entries),
            now_ms: self.clock.now_ms(),
        };
        let zone = self.zone.clone();
        let count = move |found: JournalFindings| count_finished(&entries, found, &zone);
        self.store.keep_ledger(journal, count).await
    }

    /// The row that a call is.
    fn finish(&self, call: &PastCall) -> anyhow::Result<FinishedAttempt> {
        let attempt = Attempt {
            id: make_id(call.at_ms)?,
            person: call.person,
            server: call.server,
            source: call.source,
            key: call.key,
            provider: call.provider.clone(),
            model: call.model.clone(),
            held_at_ms: call.at_ms,
        };
        let mut used = call.usage.counts();
        used.set(UsageClass::Picture, call.images);
        let receipt = self.shared.prices.receipt(priced_model(&attempt), &used);
        let settlement = Settlement {
            outcome: Outcome::Answered,
            usage: call.usage,
            images: call.images,
            cost: call.usage.cost.or_else(|| receipt.sum()),
            cost_reported: call.usage.cost.is_some(),
            receipt,
            duration_ms: Some(call.duration_ms),
            ..Settlement::released()
        };
        let counted = call.limits.iter().map(|applied| {
            Ok(CounterBucket {
                counter: Arc::clone(&applied.counter),
                bucket_ms: bucket_of(applied.limit.span, call.at_ms, &self.zone)?,
            })
        });
        let booking = Booking {
            held: settlement.amounts(),
            counted: counted.collect::<anyhow::Result<_>>()?,
            known: KnownTokens::default(),
            attempt,
        };
        Ok(FinishedAttempt {
            booking: Arc::new(booking),
            settlement,
        })
    }
}

/// Counts what was written in its counters and totals.
fn count_finished(
    entries: &JournalEntries,
    mut found: JournalFindings,
    zone: &jiff::tz::TimeZone,
) -> anyhow::Result<LedgerChanges> {
    let mut changes = LedgerChanges::default();
    let states = std::mem::take(&mut found.counters).into_iter();
    let counters = states.map(|(name, state)| Ok((name, Counter::parse(&state)?)));
    let mut counters: std::collections::BTreeMap<_, _> = counters.collect::<anyhow::Result<_>>()?;
    let written = entries.finished.iter().zip(&found.written);
    for (finished, _) in written.filter(|(_, written)| **written) {
        let attempt = &finished.booking.attempt;
        add_up(&mut changes.totals, finished, attempt.person);
        for CounterBucket { counter, bucket_ms } in &finished.booking.counted {
            let meter = Meter::parse(counter).context("a counter's name is damaged")?;
            let amount = finished.settlement.amount(meter.metric);
            let counter = counters.get_mut(counter).context("a counter is missing")?;
            counter.advance(meter.span, attempt.held_at_ms, zone)?;
            let bucket = counter.add(meter.span, attempt.held_at_ms, amount, zone)?;
            ensure!(bucket == *bucket_ms, "a call is older than what is counted");
        }
    }
    let states = counters.into_iter();
    changes.counters = states.map(|(name, it)| (name, it.state())).collect();
    Ok(changes)
}
