//! A counter: what one limit has counted.
//!
//! Its state in the database is a line of text: from when on it counts,
//! until when its owner is not warned again, and its buckets with their use,
//! as in `1795000000000 0 1795000000000:12 1795000900000:3`.

use std::fmt::Write;

use anyhow::Context;
use jiff::tz::TimeZone;

use crate::model::{Limit, Span};

use crate::ledger::counting::span::{bucket_of, counts_since, frees_at};

/// How much of a budget is used when its owners are warned, in percent.
const WARN_PERCENT: u128 = 80;

/// A counter in memory. Its span is part of its name in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Buckets before this never count again, even if the clock steps back.
    since_ms: i64,
    quiet_until_ms: i64,
    /// The start of each bucket and its use, in order of time.
    buckets: Vec<(i64, u64)>,
}

impl Counter {
    /// Parses a state. The empty one is that of a new counter.
    pub fn parse(state: &str) -> anyhow::Result<Self> {
        let mut counter = Self::default();
        let mut words = state.split_ascii_whitespace();
        let Some(since) = words.next() else {
            return Ok(counter);
        };
        let damaged = || "a counter's state is damaged";
        counter.since_ms = since.parse().with_context(damaged)?;
        let quiet = words.next().with_context(damaged)?;
        counter.quiet_until_ms = quiet.parse().with_context(damaged)?;
        for word in words {
            let (start, used) = word.split_once(':').with_context(damaged)?;
            let bucket = (
                start.parse().with_context(damaged)?,
                used.parse().with_context(damaged)?,
            );
            counter.buckets.push(bucket);
        }
        Ok(counter)
    }

    /// The state, as the database has it.
    pub fn state(&self) -> String {
        let mut state = format!("{} {}", self.since_ms, self.quiet_until_ms);
        for (start, used) in &self.buckets {
            // Writing to a string cannot fail.
            let _ = write!(state, " {start}:{used}");
        }
        state
    }

    /// Drops the buckets that no longer count.
    pub fn advance(&mut self, span: Span, now_ms: i64, zone: &TimeZone) -> anyhow::Result<()> {
        self.since_ms = self.since_ms.max(counts_since(span, now_ms, zone)?);
        self.buckets.retain(|(start, _)| *start >= self.since_ms);
        Ok(())
    }

    /// What the remaining buckets add up to. The counter must have been
    /// advanced to now.
    pub fn used(&self) -> u64 {
        self.buckets
            .iter()
            .fold(0, |sum, (_, used)| sum.saturating_add(*used))
    }

    /// Counts an amount now, and returns the start of its bucket.
    pub fn add(
        &mut self,
        span: Span,
        now_ms: i64,
        amount: u64,
        zone: &TimeZone,
    ) -> anyhow::Result<i64> {
        let bucket = bucket_of(span, now_ms, zone)?.max(self.since_ms);
        match self
            .buckets
            .binary_search_by_key(&bucket, |(start, _)| *start)
        {
            Ok(at) => {
                if let Some((_, used)) = self.buckets.get_mut(at) {
                    *used = used.saturating_add(amount);
                }
            }
            Err(at) => self.buckets.insert(at, (bucket, amount)),
        }
        Ok(bucket)
    }

    /// Puts what was really used in place of what was held, if the bucket still
    /// counts. One that had counted nothing is not there.
    pub fn replace(&mut self, bucket: i64, held: u64, used: u64) {
        let starts = |(start, _): &(i64, u64)| *start;
        match self.buckets.binary_search_by_key(&bucket, starts) {
            Ok(at) => {
                if let Some((_, amount)) = self.buckets.get_mut(at) {
                    *amount = amount.saturating_sub(held).saturating_add(used);
                }
            }
            Err(at) if bucket >= self.since_ms => self.buckets.insert(at, (bucket, used)),
            Err(_) => {}
        }
        self.buckets.retain(|(_, amount)| *amount > 0);
    }

    /// When an amount has room below a limit: now, later, or (none) never.
    pub fn room_at(
        &self,
        limit: Limit,
        amount: u64,
        now_ms: i64,
        zone: &TimeZone,
    ) -> anyhow::Result<Option<i64>> {
        let mut used = self.used();
        let mut at_ms = now_ms;
        let mut buckets = self.buckets.iter();
        while used.saturating_add(amount) > limit.max {
            let Some((start, freed)) = buckets.next() else {
                return Ok(None);
            };
            used = used.saturating_sub(*freed);
            at_ms = frees_at(limit.span, *start, zone)?;
        }
        Ok(Some(at_ms))
    }

    /// When the oldest bucket stops counting; none if there is no bucket.
    pub fn renews_at(&self, limit: Limit, zone: &TimeZone) -> anyhow::Result<Option<i64>> {
        let oldest = self.buckets.first();
        oldest
            .map(|(start, _)| frees_at(limit.span, *start, zone))
            .transpose()
    }

    /// When the newest bucket stops counting; none if there is no bucket.
    pub fn empties_at(&self, limit: Limit, zone: &TimeZone) -> anyhow::Result<Option<i64>> {
        let newest = self.buckets.last();
        newest
            .map(|(start, _)| frees_at(limit.span, *start, zone))
            .transpose()
    }

    /// Whether the owner of a limit is to be warned now that most of it is
    /// used. It is true once in each window.
    pub fn claim_warning(
        &mut self,
        limit: Limit,
        now_ms: i64,
        zone: &TimeZone,
    ) -> anyhow::Result<bool> {
        let most = u128::from(limit.max) * WARN_PERCENT;
        if u128::from(self.used()) * 100 < most || now_ms < self.quiet_until_ms {
            return Ok(false);
        }
        let bucket = bucket_of(limit.span, now_ms, zone)?;
        self.quiet_until_ms = frees_at(limit.span, bucket, zone)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Metric, Period, Window};

    const LIMIT: Limit = Limit {
        metric: Metric::Requests,
        span: Span {
            period: Period::Minute,
            window: Window::Rolling,
        },
        max: 10,
    };

    fn counted(amounts: &[(i64, u64)]) -> Counter {
        let mut counter = Counter::default();
        for (at_ms, amount) in amounts {
            counter.advance(LIMIT.span, *at_ms, &TimeZone::UTC).unwrap();
            counter
                .add(LIMIT.span, *at_ms, *amount, &TimeZone::UTC)
                .unwrap();
        }
        counter
    }

    #[test]
    fn a_state_reads_back_what_it_writes() {
        let counter = counted(&[(1_000, 3), (1_999, 1), (5_000, 2)]);
        assert_eq!(counter.state(), "0 0 1000:4 5000:2");
        assert_eq!(Counter::parse(&counter.state()).unwrap(), counter);
        assert_eq!(Counter::parse("").unwrap(), Counter::default());
        for damaged in ["x", "1", "1 2 3", "1 2 3:", "1 2 3:-1"] {
            assert!(Counter::parse(damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn room_comes_when_enough_of_the_oldest_is_gone() {
        let counter = counted(&[(1_000, 4), (5_000, 2), (9_000, 3)]);
        let room = |amount| {
            counter
                .room_at(LIMIT, amount, 10_000, &TimeZone::UTC)
                .unwrap()
        };
        assert_eq!(room(1), Some(10_000));
        assert_eq!(room(2), Some(62_000));
        assert_eq!(room(6), Some(66_000));
        assert_eq!(room(10), Some(70_000));
        assert_eq!(room(11), None);
    }

    #[test]
    fn what_left_the_window_is_not_counted_when_the_clock_steps_back() {
        let mut counter = counted(&[(1_000, 4), (90_000, 1)]);
        assert_eq!(counter.used(), 1);
        counter.advance(LIMIT.span, 2_000, &TimeZone::UTC).unwrap();
        let bucket = counter.add(LIMIT.span, 2_000, 5, &TimeZone::UTC).unwrap();
        assert_eq!((bucket, counter.used()), (30_000, 6));
        counter.replace(bucket, 5, 0);
        assert_eq!(counter.used(), 1);
    }

    #[test]
    fn an_owner_is_told_once_in_a_window() {
        let mut counter = counted(&[(1_000, 7)]);
        let warns = |counter: &mut Counter, at_ms| {
            counter.claim_warning(LIMIT, at_ms, &TimeZone::UTC).unwrap()
        };
        assert!(!warns(&mut counter, 1_000));
        counter.add(LIMIT.span, 2_000, 1, &TimeZone::UTC).unwrap();
        assert!(warns(&mut counter, 2_000));
        assert!(!warns(&mut counter, 3_000));
        assert!(!warns(&mut counter, 62_999));
        assert!(warns(&mut counter, 63_000));
    }
}
