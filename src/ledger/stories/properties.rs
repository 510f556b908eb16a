//! Whatever happens in whatever order, counters count what the rows add up to.
//! No hold exceeds a limit; a settlement exceeds its hold only where the
//! provider reports more, and that is counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::ledger::counting::counter::Counter;
use crate::ledger::counting::meter::{AppliedLimit, Meter};
use crate::ledger::counting::span::{bucket_of, counts_since};
use crate::ledger::writing::batch::{CounterSet, HoldRequest, Need, NoRoom, Price};
use crate::model::{
    Amounts, Attempt, AttemptId, Bound, Limit, Metric, NanoDollars, Outcome, Period, PersonId,
    ProviderId, ServerId, Settlement, Source, Span, Usage, Window,
};
use crate::store::{Booking, FinishedAttempt};

const START_MS: i64 = 1_795_000_000_000;

#[derive(Clone, Debug)]
enum Step {
    /// By whom, how many output tokens and images, and whether the price is
    /// known.
    Hold(u64, u64, u64, bool),
    /// Which of the open attempts, and how many tokens it used.
    Settle(usize, u64),
    Release(usize),
    Expire(usize),
    /// Which of the expired attempts turns out to have used how much.
    Correct(usize, u64),
    /// Moves the clock forwards or backwards, in milliseconds.
    Clock(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_u64, 1..1_500_u64, 0..3_u64, any::<bool>())
            .prop_map(|(who, tokens, images, priced)| Step::Hold(who, tokens, images, priced)),
        4 => (any::<usize>(), any::<u64>()).prop_map(|(at, used)| Step::Settle(at, used)),
        1 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::Expire),
        1 => (any::<usize>(), any::<u64>()).prop_map(|(at, used)| Step::Correct(at, used)),
        2 => prop_oneof![0..5_000_i64, 0..90_000_i64, 0..3_000_000_000_i64, -100_000..0_i64]
            .prop_map(Step::Clock),
    ]
}

fn limits(person: u64) -> Vec<AppliedLimit> {
    use Period::{Day, Minute, Month, Week};
    use Window::{Calendar, Rolling};
    let limit = |metric, period, window, max| Limit {
        metric,
        span: Span { period, window },
        max,
    };
    let all = [
        (Bound::Member, limit(Metric::Requests, Minute, Rolling, 3)),
        (
            Bound::Member,
            limit(Metric::OutputTokens, Day, Rolling, 9_000),
        ),
        (
            Bound::ServerKey,
            limit(Metric::Cost, Month, Calendar, 30_000_000),
        ),
        (Bound::ServerKey, limit(Metric::Images, Week, Calendar, 20)),
        (
            Bound::ServerKey,
            limit(Metric::OutputTokens, Month, Rolling, 40_000),
        ),
    ];
    let (person, server) = (PersonId(person), Some(ServerId(9)));
    let applied = all
        .iter()
        .map(|(bound, limit)| AppliedLimit::new(*bound, *limit, person, server));
    applied.flatten().collect()
}

/// A database made of maps, with which counters are compared.
struct World {
    now_ms: i64,
    zone: TimeZone,
    states: BTreeMap<Arc<str>, String>,
    rows: Vec<(Arc<Booking>, Option<Settlement>)>,
    /// From when on each counter counts, computed independently.
    since: BTreeMap<Arc<str>, i64>,
}

impl World {
    fn counters(&self, names: impl Iterator<Item = Arc<str>>) -> CounterSet<'_> {
        let state = |name: Arc<str>| {
            let state = self.states.get(&name).cloned().unwrap_or_default();
            (name, state)
        };
        CounterSet::open(names.map(state).collect(), self.now_ms, &self.zone).unwrap()
    }

    fn hold(&mut self, who: u64, output_tokens: u64, images: u64, priced: bool) {
        let limits = limits(who);
        let price = Price {
            base: NanoDollars(1_000),
            output_token: NanoDollars(700),
        };
        let need = Need {
            input_tokens: 100,
            output_tokens,
            output_tokens_min: output_tokens.min(200),
            images,
            price: priced.then_some(price),
        };
        let attempt = Attempt {
            id: AttemptId([0; 16]),
            person: PersonId(who),
            server: Some(ServerId(9)),
            source: Source::Server,
            key: None,
            provider: ProviderId::from("openai"),
            model: "gpt-6-luna".into(),
            held_at_ms: self.now_ms,
        };
        let request = HoldRequest {
            attempt,
            need,
            limits: limits.clone(),
        };
        let mut counters = self.counters(limits.iter().map(|limit| Arc::clone(&limit.counter)));
        let held = counters.hold(request).unwrap();
        let states = counters.states();
        self.states.extend(states);
        match held {
            Ok(booking) => {
                assert!(booking.held.output_tokens <= output_tokens);
                // Whatever was used before: what a hold takes something of is not
                // above its limit.
                let takes = |applied: &&AppliedLimit| booking.held.of(applied.limit.metric) > 0;
                for applied in limits.iter().filter(takes) {
                    let state = &self.states[&applied.counter];
                    let used = Counter::parse(state).unwrap().used();
                    assert!(used <= applied.limit.max, "{applied:?} {state}");
                }
                for (counted, applied) in booking.counted.iter().zip(&limits) {
                    let at = bucket_of(applied.limit.span, self.now_ms, &self.zone).unwrap();
                    let since = self
                        .since
                        .get(&counted.counter)
                        .copied()
                        .unwrap_or_default();
                    assert_eq!(
                        counted.bucket_ms,
                        at.max(since.max(
                            counts_since(applied.limit.span, self.now_ms, &self.zone).unwrap()
                        ))
                    );
                }
                self.rows.push((Arc::new(booking), None));
            }
            Err(NoRoom::Unpriced) => assert!(!priced),
            Err(NoRoom::Limit(hit)) => {
                let above = self.overshoot_of(&hit.limit);
                assert!(hit.used <= hit.limit.max + above);
                assert!(hit.renews_at_ms.is_none_or(|at| at > self.now_ms));
            }
        }
    }

    fn end(&mut self, at: usize, settlement: impl Fn(&Amounts) -> Settlement) {
        let open: Vec<usize> = (0..self.rows.len())
            .filter(|at| self.rows[*at].1.is_none())
            .collect();
        if open.is_empty() {
            return;
        }
        let at = open[at % open.len()];
        let booking = Arc::clone(&self.rows[at].0);
        let ended = FinishedAttempt {
            settlement: settlement(&booking.held),
            booking,
        };
        let counted = ended.booking.counted.iter();
        let mut counters = self.counters(counted.map(|c| Arc::clone(&c.counter)));
        counters.settle(&ended, &[]).unwrap();
        let states = counters.states();
        self.states.extend(states);
        self.rows[at].1 = Some(ended.settlement);
    }

    /// By how much settlements exceed what was held, of what a counter counts
    /// since a moment.
    fn overshoots(&self, name: &str, since: i64) -> impl Iterator<Item = u64> {
        let metric = Meter::parse(name).unwrap().metric;
        let counted = move |row: &&(Arc<Booking>, Option<Settlement>)| {
            let mut counted = row.0.counted.iter();
            counted.any(|c| *c.counter == *name && c.bucket_ms >= since)
        };
        self.rows
            .iter()
            .filter(counted)
            .map(move |(booking, ended)| {
                let used = ended.as_ref().map_or(0, |ended| ended.amount(metric));
                used.saturating_sub(booking.held.of(metric))
            })
    }

    /// The same of all counters of a limit.
    fn overshoot_of(&self, limit: &Limit) -> u64 {
        let names = self.states.keys().filter(|name| {
            let meter = Meter::parse(name).unwrap();
            (meter.metric, meter.span) == (limit.metric, limit.span)
        });
        names.flat_map(|name| self.overshoots(name, 0)).sum()
    }

    /// One that was taken for dead was not.
    fn correct(&mut self, at: usize, used: u64) {
        let wrong = |(_, ended): &(_, Option<Settlement>)| {
            ended.as_ref().is_some_and(|it| it.state() == "expired")
        };
        let wrong: Vec<usize> = (0..self.rows.len())
            .filter(|at| wrong(&self.rows[*at]))
            .collect();
        if wrong.is_empty() {
            return;
        }
        let at = wrong[at % wrong.len()];
        let (booking, estimate) = self.rows[at].clone();
        let ended = FinishedAttempt {
            settlement: settled(&booking.held, used, Outcome::Answered),
            booking,
        };
        let counted = ended.booking.counted.iter();
        let mut counters = self.counters(counted.map(|c| Arc::clone(&c.counter)));
        counters.correct(&ended, &estimate.unwrap()).unwrap();
        let states = counters.states();
        self.states.extend(states);
        self.rows[at].1 = Some(ended.settlement);
    }

    fn check(&mut self) {
        for (name, state) in &self.states {
            let meter = Meter::parse(name).unwrap();
            let mut counter = Counter::parse(state).unwrap();
            counter
                .advance(meter.span, self.now_ms, &self.zone)
                .unwrap();
            let since = self.since.entry(Arc::clone(name)).or_default();
            *since = (*since).max(counts_since(meter.span, self.now_ms, &self.zone).unwrap());
            let since = *since;
            let naive: u64 = self
                .rows
                .iter()
                .flat_map(|(closed, ended)| closed.counted.iter().map(move |c| (closed, ended, c)))
                .filter(|(_, _, c)| c.counter == *name && c.bucket_ms >= since)
                .map(|(closed, ended, _)| match ended {
                    None => closed.held.of(meter.metric),
                    Some(settlement) => settlement.amount(meter.metric),
                })
                .sum();
            assert_eq!(counter.used(), naive, "{name} {state}");
            let limit = limits(0)
                .into_iter()
                .chain(limits(1))
                .chain(limits(2))
                .find(|l| l.counter == *name);
            let above: u64 = self.overshoots(name, since).sum();
            assert!(naive <= limit.unwrap().limit.max + above, "{name}");
        }
        // A transaction also writes back counters that it only read.
        for (name, state) in &mut self.states {
            let meter = Meter::parse(name).unwrap();
            let mut counter = Counter::parse(state).unwrap();
            counter
                .advance(meter.span, self.now_ms, &self.zone)
                .unwrap();
            *state = counter.state();
        }
    }
}

/// A settlement with what a provider may report of a held attempt: up to
/// twice what was held.
fn settled(held: &Amounts, used: u64, outcome: Outcome) -> Settlement {
    let most = |held: u64| match outcome {
        Outcome::Answered => held * 2 + 1,
        _ => held + 1,
    };
    let output_tokens = used % most(held.output_tokens);
    Settlement {
        outcome,
        usage: Usage {
            output_tokens,
            ..Usage::default()
        },
        images: used % most(held.images),
        cost: held.cost.map(|cost| NanoDollars(used % most(cost.0))),
        ..Settlement::released()
    }
}

/// The settlement of an attempt whose process died: at what was held.
fn lost(held: &Amounts) -> Settlement {
    Settlement {
        cost: held.cost,
        ..settled(held, held.output_tokens, Outcome::Lost)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counters_are_what_the_rows_add_up_to(
        steps in prop::collection::vec(step(), 1..120),
        zone in prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/Sao_Paulo"), Just("Asia/Kathmandu")],
    ) {
        let mut world = World {
            now_ms: START_MS,
            zone: TimeZone::get(zone).unwrap(),
            states: BTreeMap::new(),
            rows: Vec::new(),
            since: BTreeMap::new(),
        };
        for step in steps {
            match step {
                Step::Hold(who, tokens, images, priced) => world.hold(who, tokens, images, priced),
                Step::Settle(at, used) => world.end(at, |held| settled(held, used, Outcome::Answered)),
                Step::Release(at) => world.end(at, |_| Settlement::released()),
                Step::Expire(at) => world.end(at, lost),
                Step::Correct(at, used) => world.correct(at, used),
                Step::Clock(by) => world.now_ms += by,
            }
            world.check();
        }
    }
}
