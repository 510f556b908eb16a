//! What this process does right now: calls that run, and how those of the last
//! hour ended, by provider.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::model::{FailureClass, ProviderId, lock};

/// How long a slot is, in milliseconds, and how many make a minute.
const SLOT_MS: i64 = 10_000;
const SLOTS_A_MINUTE: i64 = 6;
/// For how many minutes is looked back.
const MINUTES: i64 = 60;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    Answered,
    /// The provider said "not now".
    Busy,
    /// The provider did not answer, or answered nonsense.
    Down,
    /// The provider turned the key down.
    KeyRefused,
    /// The provider refused what was asked.
    Refused,
    /// Whoever asked left.
    GivenUp,
}

/// How many calls ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    pub answered: u64,
    pub busy: u64,
    pub down: u64,
    pub keys_refused: u64,
    pub refused: u64,
    pub given_up: u64,
}

/// What a process does right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Calls that run.
    pub running: u64,
    /// Those of them whose answers come piece by piece.
    pub streams: u64,
    /// Calls that ended in each of the last 60 minutes, the oldest first; the
    /// last minute is the one that ends now.
    pub minutes: Vec<u64>,
    /// How calls of the last hour ended, by provider.
    pub providers: Vec<(ProviderId, CallCounts)>,
}

/// Counts what a process does.
#[derive(Debug, Default)]
pub struct TrafficMeter {
    running: AtomicU64,
    streams: AtomicU64,
    /// The slots of the last hour in which a call ended, the oldest first.
    slots: Mutex<VecDeque<Slot>>,
}

/// What ended in one slot of time.
#[derive(Debug)]
struct Slot {
    number: i64,
    ended: BTreeMap<ProviderId, CallCounts>,
}

/// A call that runs until this is dropped.
#[derive(Debug)]
pub struct RunningCall {
    meter: Arc<TrafficMeter>,
    is_streamed: bool,
}

impl CallResult {
    /// The result that a provider's failure is.
    pub fn of_failure(class: FailureClass) -> Self {
        match class {
            FailureClass::RateLimited => Self::Busy,
            FailureClass::Upstream
            | FailureClass::Overloaded
            | FailureClass::Unreachable
            | FailureClass::TimedOut
            | FailureClass::CutOff => Self::Down,
            FailureClass::AuthInvalid
            | FailureClass::AuthForbidden(_)
            | FailureClass::Billing
            | FailureClass::WrongOrigin
            | FailureClass::NotSetUp
            | FailureClass::DamagedKey => Self::KeyRefused,
            _ => Self::Refused,
        }
    }
}

impl CallCounts {
    /// All calls that ended.
    pub fn all(&self) -> u64 {
        self.answered + self.failed() + self.given_up
    }

    /// Calls that a provider did not answer.
    pub fn failed(&self) -> u64 {
        self.busy + self.down + self.keys_refused + self.refused
    }

    fn count(&mut self, result: CallResult) {
        let count = match result {
            CallResult::Answered => &mut self.answered,
            CallResult::Busy => &mut self.busy,
            CallResult::Down => &mut self.down,
            CallResult::KeyRefused => &mut self.keys_refused,
            CallResult::Refused => &mut self.refused,
            CallResult::GivenUp => &mut self.given_up,
        };
        *count += 1;
    }

    /// Adds other counts.
    pub fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.busy += other.busy;
        self.down += other.down;
        self.keys_refused += other.keys_refused;
        self.refused += other.refused;
        self.given_up += other.given_up;
    }
}

impl TrafficMeter {
    /// Counts a call as running until what is returned is dropped.
    pub fn begin(self: &Arc<Self>) -> RunningCall {
        self.running.fetch_add(1, Ordering::Relaxed);
        RunningCall {
            meter: Arc::clone(self),
            is_streamed: false,
        }
    }

    /// Counts how a call ended.
    pub fn count(&self, provider: &ProviderId, result: CallResult, now_ms: i64) {
        let number = now_ms.div_euclid(SLOT_MS);
        let mut slots = lock(&self.slots);
        if slots.back().is_none_or(|newest| newest.number < number) {
            slots.push_back(Slot {
                number,
                ended: BTreeMap::new(),
            });
        }
        let oldest = number - MINUTES * SLOTS_A_MINUTE;
        while slots.front().is_some_and(|slot| slot.number <= oldest) {
            slots.pop_front();
        }
        if let Some(newest) = slots.back_mut() {
            let counts = newest.ended.entry(provider.clone()).or_default();
            counts.count(result);
        }
    }

    /// What the process does right now.
    pub fn look(&self, now_ms: i64) -> Traffic {
        let newest = now_ms.div_euclid(SLOT_MS);
        let mut minutes = vec![0; usize::try_from(MINUTES).unwrap_or_default()];
        let mut providers: BTreeMap<ProviderId, CallCounts> = BTreeMap::new();
        for slot in lock(&self.slots).iter() {
            let ago = (newest - slot.number).div_euclid(SLOTS_A_MINUTE);
            let at = usize::try_from(MINUTES - 1 - ago);
            let Some(minute) = at.ok().and_then(|at| minutes.get_mut(at)) else {
                continue;
            };
            for (provider, counts) in &slot.ended {
                *minute += counts.all();
                providers.entry(provider.clone()).or_default().add(counts);
            }
        }
        Traffic {
            running: self.running.load(Ordering::Relaxed),
            streams: self.streams.load(Ordering::Relaxed),
            minutes,
            providers: providers.into_iter().collect(),
        }
    }
}

impl RunningCall {
    /// Notes whether the answer comes piece by piece.
    pub fn set_streamed(&mut self, is_streamed: bool) {
        if is_streamed && !self.is_streamed {
            self.meter.streams.fetch_add(1, Ordering::Relaxed);
        } else if self.is_streamed && !is_streamed {
            self.meter.streams.fetch_sub(1, Ordering::Relaxed);
        }
        self.is_streamed = is_streamed;
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        self.set_streamed(false);
        self.meter.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    #[test]
    fn calls_are_counted_by_minute_and_provider_for_an_hour() {
        let meter = Arc::new(TrafficMeter::default());
        let openai = ProviderId::from("openai");
        for (ago_s, result) in [
            (3_700, CallResult::Answered),
            (3_500, CallResult::Down),
            (90, CallResult::Busy),
            (30, CallResult::Answered),
            (0, CallResult::Answered),
        ] {
            meter.count(&openai, result, NOW_MS - ago_s * 1_000);
        }
        let seen = meter.look(NOW_MS);
        assert_eq!(
            (
                seen.minutes.len(),
                seen.minutes[1],
                seen.minutes[58],
                seen.minutes[59]
            ),
            (60, 1, 1, 2)
        );
        let (_, counts) = seen.providers[0];
        assert_eq!((counts.all(), counts.failed(), counts.down), (4, 2, 1));
        // An hour without a call later, nothing is left.
        let later = meter.look(NOW_MS + 3_700_000);
        assert_eq!(
            (later.minutes.iter().sum::<u64>(), later.providers),
            (0, vec![])
        );
    }

    #[test]
    fn what_runs_is_counted_until_it_is_dropped() {
        let meter = Arc::new(TrafficMeter::default());
        let (mut one, other) = (meter.begin(), meter.begin());
        one.set_streamed(true);
        one.set_streamed(true);
        let seen = meter.look(NOW_MS);
        assert_eq!((seen.running, seen.streams), (2, 1));
        drop(one);
        drop(other);
        let seen = meter.look(NOW_MS);
        assert_eq!((seen.running, seen.streams), (0, 0));
    }
}
