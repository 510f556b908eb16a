//! What a batch of holds and settlements does to counters. Pure: it is the
//! same for both databases, and for one ask as for a hundred.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use jiff::tz::TimeZone;

use crate::model::{
    Amounts, Attempt, Bound, LimitHit, LimitLeft, LimitUse, Metric, NanoDollars, PersonId,
    Settlement, Source,
};
use crate::store::{
    Booking, CounterBucket, FinishedAttempt, KnownTokens, Total, TotalKey, TotalScope, TotalSpan,
};

use crate::ledger::counting::counter::Counter;
use crate::ledger::counting::meter::{AppliedLimit, Meter};

/// What a call may use at the most, and the least that makes sense.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    pub input_tokens: u64,
    /// The longest answer that is wanted.
    pub output_tokens: u64,
    /// The shortest answer that is worth a call.
    pub output_tokens_min: u64,
    pub images: u64,
    /// None: the price is unknown.
    pub price: Option<Price>,
}

/// What a call costs at the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// What does not depend on the answer's length: input, images.
    pub base: NanoDollars,
    pub output_token: NanoDollars,
}

/// A request to hold what a call may use.
#[derive(Clone, Debug)]
pub struct HoldRequest {
    pub attempt: Attempt,
    pub need: Need,
    pub limits: Vec<AppliedLimit>,
}

/// Why nothing was held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRoom {
    Limit(LimitHit),
    /// Dollars are limited, and the price of this call is unknown.
    Unpriced,
}

/// The counters of one transaction, in memory.
pub struct CounterSet<'a> {
    counters: BTreeMap<Arc<str>, Counter>,
    now_ms: i64,
    zone: &'a TimeZone,
}

impl Need {
    /// What to hold where no limit applies.
    pub fn most(&self) -> Amounts {
        self.amounts(self.output_tokens)
    }

    fn amounts(&self, output_tokens: u64) -> Amounts {
        Amounts {
            input_tokens: self.input_tokens,
            output_tokens,
            images: self.images,
            cost: self
                .price
                .map(|price| NanoDollars(price.nano_dollars_for(output_tokens))),
        }
    }
}

impl Price {
    fn nano_dollars_for(self, output_tokens: u64) -> u64 {
        let output = self.output_token.0.saturating_mul(output_tokens);
        self.base.0.saturating_add(output)
    }
}

impl<'a> CounterSet<'a> {
    /// Parses counters, and drops what they no longer count.
    pub fn open(
        states: BTreeMap<Arc<str>, String>,
        now_ms: i64,
        zone: &'a TimeZone,
    ) -> anyhow::Result<Self> {
        let mut counters = BTreeMap::new();
        for (name, state) in states {
            let meter = Meter::parse(&name).context("a counter's name is damaged")?;
            let mut counter = Counter::parse(&state)?;
            counter.advance(meter.span, now_ms, zone)?;
            counters.insert(name, counter);
        }
        Ok(Self {
            counters,
            now_ms,
            zone,
        })
    }

    /// The states of the counters, to be written back.
    pub fn states(&self) -> Vec<(Arc<str>, String)> {
        let counters = self.counters.iter();
        counters
            .map(|(name, counter)| (Arc::clone(name), counter.state()))
            .collect()
    }

    /// How much each counter has counted.
    pub fn used(&self) -> impl Iterator<Item = (&Arc<str>, u64)> {
        let counters = self.counters.iter();
        counters.map(|(name, counter)| (name, counter.used()))
    }

    fn find_counter(&mut self, name: &str) -> anyhow::Result<&mut Counter> {
        self.counters.get_mut(name).context("a counter is missing")
    }

    /// Holds what a call may use at the most, or as much of it as its limits
    /// leave; or says which limit leaves too little.
    pub fn hold(&mut self, request: HoldRequest) -> anyhow::Result<Result<Booking, NoRoom>> {
        let need = request.need;
        let mut output_tokens = need.output_tokens;
        let mut hits = Vec::new();
        for applied in &request.limits {
            let zone = self.zone;
            let now_ms = self.now_ms;
            let counter = self.find_counter(&applied.counter)?;
            let limit = applied.limit;
            let left = limit.max.saturating_sub(counter.used());
            let Some(least) = least_needed(need, limit.metric) else {
                return Ok(Err(NoRoom::Unpriced));
            };
            if left >= least {
                output_tokens = output_tokens.min(affordable(need, limit.metric, left));
                continue;
            }
            hits.push(LimitHit {
                bound: applied.bound,
                limit,
                used: counter.used(),
                renews_at_ms: counter.room_at(limit, least, now_ms, zone)?,
                empties_at_ms: counter.empties_at(limit, zone)?,
            });
        }
        // The limit that renews last decides when the call can be made.
        let worst = hits
            .into_iter()
            .max_by_key(|hit| hit.renews_at_ms.unwrap_or(i64::MAX));
        if let Some(hit) = worst {
            return Ok(Err(NoRoom::Limit(hit)));
        }
        let held = need.amounts(output_tokens);
        Ok(Ok(Booking {
            counted: self.count_held(&request.limits, &held)?,
            attempt: request.attempt,
            held,
            // What limits bound is settled at what was held.
            known: KnownTokens::default(),
        }))
    }

    /// Counts what is held in the counters of its limits.
    fn count_held(
        &mut self,
        limits: &[AppliedLimit],
        held: &Amounts,
    ) -> anyhow::Result<Vec<CounterBucket>> {
        let (now_ms, zone) = (self.now_ms, self.zone);
        let mut counted = Vec::with_capacity(limits.len());
        for applied in limits {
            let AppliedLimit { limit, counter, .. } = applied;
            let amount = held.of(limit.metric);
            let bucket_ms = self
                .find_counter(counter)?
                .add(limit.span, now_ms, amount, zone)?;
            counted.push(CounterBucket {
                counter: Arc::clone(counter),
                bucket_ms,
            });
        }
        Ok(counted)
    }

    /// What limits leave to one person whose use alone they count.
    pub fn left_to_person(&mut self, limits: &[AppliedLimit]) -> anyhow::Result<Vec<LimitLeft>> {
        let (now_ms, zone) = (self.now_ms, self.zone);
        let mut left = Vec::new();
        for AppliedLimit {
            bound,
            limit,
            counter,
        } in limits
        {
            if !bound.is_of_one_person() {
                continue;
            }
            let counter = self.find_counter(counter)?;
            left.push(LimitLeft {
                limit: *limit,
                left: limit.max.saturating_sub(counter.used()),
                full_at_ms: counter.empties_at(*limit, zone)?.unwrap_or(now_ms),
            });
        }
        Ok(left)
    }

    /// Puts what was really used in place of an estimate.
    pub fn correct(
        &mut self,
        finished: &FinishedAttempt,
        estimate: &Settlement,
    ) -> anyhow::Result<()> {
        for CounterBucket { counter, bucket_ms } in &finished.booking.counted {
            let metric = Meter::parse(counter)
                .context("a counter's name is damaged")?
                .metric;
            let used = finished.settlement.amount(metric);
            self.find_counter(counter)?
                .replace(*bucket_ms, estimate.amount(metric), used);
        }
        Ok(())
    }

    /// Puts what was really used in place of what was held. Returns the budgets
    /// whose owners are to be warned of that.
    pub fn settle(
        &mut self,
        finished: &FinishedAttempt,
        limits: &[AppliedLimit],
    ) -> anyhow::Result<Vec<LimitUse>> {
        let FinishedAttempt {
            booking,
            settlement,
        } = finished;
        for CounterBucket { counter, bucket_ms } in &booking.counted {
            let metric = Meter::parse(counter)
                .context("a counter's name is damaged")?
                .metric;
            let (held, used) = (booking.held.of(metric), settlement.amount(metric));
            self.find_counter(counter)?.replace(*bucket_ms, held, used);
        }
        let mut warnings = Vec::new();
        let watched =
            |applied: &&AppliedLimit| matches!(applied.bound, Bound::Bot | Bound::ServerKey);
        for applied in limits.iter().filter(watched) {
            let (now_ms, zone, limit) = (self.now_ms, self.zone, applied.limit);
            let counter = self.find_counter(&applied.counter)?;
            if counter.claim_warning(limit, now_ms, zone)? {
                warnings.push(applied.used(counter, zone)?);
            }
        }
        Ok(warnings)
    }
}

/// The least of a metric that a call needs; none if the price is unknown.
fn least_needed(need: Need, metric: Metric) -> Option<u64> {
    match metric {
        Metric::Requests => Some(1),
        Metric::OutputTokens => Some(need.output_tokens_min),
        Metric::Images => Some(need.images),
        Metric::Cost => Some(need.price?.nano_dollars_for(need.output_tokens_min)),
    }
}

/// How many output tokens the rest of a limit allows.
fn affordable(need: Need, metric: Metric, left: u64) -> u64 {
    match (metric, need.price) {
        (Metric::OutputTokens, _) => left,
        (Metric::Cost, Some(price)) => {
            let for_output = left.saturating_sub(price.base.0);
            for_output
                .checked_div(price.output_token.0)
                .unwrap_or(u64::MAX)
        }
        _ => u64::MAX,
    }
}

/// Adds a person's attempt that has ended to the totals that it belongs to.
pub fn add_up(
    totals: &mut BTreeMap<TotalKey, Total>,
    finished: &FinishedAttempt,
    person: PersonId,
) {
    let (attempt, used) = (&finished.booking.attempt, &finished.settlement);
    if used.is_released() {
        return;
    }
    let total = Total {
        requests: 1,
        input_tokens: used.usage.input_tokens,
        output_tokens: used.usage.output_tokens,
        cached_tokens: used.usage.cached_tokens,
        reasoning_tokens: used.usage.reasoning_tokens,
        images: used.images,
        cost_nano: used.cost.map_or(0, |cost| cost.0),
        unpriced: u64::from(used.cost.is_none()),
        estimated: u64::from(used.estimated),
    };
    let server = attempt.server.map_or(0, |server| server.0);
    let of_all = |scope, owner, span| TotalKey {
        scope,
        owner,
        span,
        member: 0,
        server: 0,
        source: attempt.source.as_str(),
        key: None,
        provider: Some(attempt.provider.clone()),
        model: attempt.model.clone(),
    };
    let mut add = |key| totals.entry(key).or_default().add(&total);
    for span in TotalSpan::both_at(attempt.held_at_ms) {
        // Of the whole bot, only the keys of the operator are told apart.
        let of_operator = attempt.source == Source::BotDefault;
        add(TotalKey {
            key: attempt.key.filter(|_| of_operator),
            ..of_all(TotalScope::Bot, 0, span)
        });
        // Nobody reads totals of a person who was erased.
        if person.0 != 0 {
            add(TotalKey {
                server,
                key: attempt.key,
                ..of_all(TotalScope::User, person.0, span)
            });
        }
        if attempt.source != Source::Server || attempt.server.is_none() {
            continue;
        }
        add(TotalKey {
            key: attempt.key,
            ..of_all(TotalScope::Guild, server, span)
        });
        add(TotalKey {
            member: person.0,
            source: "",
            provider: None,
            model: String::new(),
            ..of_all(TotalScope::Member, server, span)
        });
    }
}
