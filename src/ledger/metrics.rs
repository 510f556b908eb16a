//! What is counted of holds and calls for whoever watches the process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{Counter, Histogram, SharedString, counter, histogram};

use crate::model::{Attempt, BoundedMap, ProviderFailure, ProviderId, Source, lock};

/// How many pairs of payer and provider have their handles cached: more than
/// there are.
const PAYERS_MAX: usize = 1_024;

/// The ledger's metrics, and handles on those of each payer. The metrics
/// themselves live in the recorder: a handle that the map drops is looked up
/// again, and nothing that was counted is lost.
#[derive(Debug)]
pub struct LedgerMetrics {
    held: Counter,
    no_room: Counter,
    payers: Mutex<BoundedMap<PayerLabels, Arc<PayerMetrics>>>,
}

/// Which key pays whom: the labels of a call's metrics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PayerLabels {
    pub provider: ProviderId,
    pub source: Source,
}

/// How long a call took, and how long until the first of its answer came.
#[derive(Clone, Copy, Debug)]
pub struct CallTiming {
    pub whole: Duration,
    pub first_byte: Option<Duration>,
}

/// Handles on the metrics of one payer. They are kept, since finding one by
/// its name costs more than counting.
#[derive(Debug)]
struct PayerMetrics {
    answered: Counter,
    seconds: Histogram,
    first_byte: Histogram,
}

impl Default for LedgerMetrics {
    fn default() -> Self {
        let holds = |result| counter!("latchkey_holds_total", "result" => result);
        Self {
            held: holds("held"),
            no_room: holds("no_room"),
            payers: Mutex::new(BoundedMap::new(PAYERS_MAX)),
        }
    }
}

impl LedgerMetrics {
    /// Counts a hold that found room, or one that did not.
    pub fn count_hold(&self, has_room: bool) {
        let count = if has_room { &self.held } else { &self.no_room };
        count.increment(1);
    }

    /// Counts a call that was answered.
    pub fn count_answered(&self, payer: PayerLabels, timing: CallTiming) {
        let metrics = self.find_payer(payer);
        metrics.answered.increment(1);
        metrics.record(timing);
    }

    /// Counts a call that ended without an answer.
    pub fn count_unanswered(&self, payer: PayerLabels, outcome: &'static str, timing: CallTiming) {
        calls_total(&payer, outcome).increment(1);
        self.find_payer(payer).record(timing);
    }

    fn find_payer(&self, payer: PayerLabels) -> Arc<PayerMetrics> {
        let mut payers = lock(&self.payers);
        if let Some(metrics) = payers.get(&payer) {
            return Arc::clone(metrics);
        }
        let metrics = Arc::new(PayerMetrics::register(&payer));
        payers.put(payer, Arc::clone(&metrics));
        metrics
    }
}

impl PayerMetrics {
    fn register(payer: &PayerLabels) -> Self {
        let provider = label(&payer.provider);
        Self {
            answered: calls_total(payer, "answered"),
            seconds: histogram!("latchkey_provider_seconds", "provider" => provider.clone()),
            first_byte: histogram!("latchkey_provider_first_byte_seconds", "provider" => provider),
        }
    }

    fn record(&self, timing: CallTiming) {
        self.seconds.record(timing.whole);
        if let Some(first_byte) = timing.first_byte {
            self.first_byte.record(first_byte);
        }
    }
}

/// Counts a call that its provider failed.
pub fn count_failure(failure: &ProviderFailure) {
    let class = format!("{:?}", failure.class);
    let provider = label(&failure.provider);
    counter!("latchkey_provider_failures_total", "provider" => provider, "class" => class)
        .increment(1);
}

/// Counts a call that used more than was held for it.
pub fn count_overshoot(attempt: &Attempt) {
    let (provider, source) = (label(&attempt.provider), attempt.source.as_str());
    counter!("latchkey_overshoots_total", "provider" => provider, "payer" => source).increment(1);
}

fn calls_total(payer: &PayerLabels, outcome: &'static str) -> Counter {
    let (provider, source) = (label(&payer.provider), payer.source.as_str());
    counter!("latchkey_asks_total", "provider" => provider, "payer" => source, "outcome" => outcome)
}

fn label(provider: &ProviderId) -> SharedString {
    SharedString::from(provider.shared())
}
