//! What every hold needs: prices, the teller's queue, and what is counted
//! for whoever watches the process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foldhash::HashMap;
use metrics::{Counter, Histogram, SharedString, counter, histogram};
use tokio::sync::mpsc;

use crate::model::{ProviderFailure, ProviderId, Source};

use crate::ledger::prices::Prices;
use crate::ledger::writer::Operation;

/// How many pairs of payer and provider are remembered: more than there are.
const PAIRS_MAX: usize = 1_024;

/// Shared by the ledger and its holds.
#[derive(Debug)]
pub struct Till {
    pub prices: Prices,
    pub queue: mpsc::Sender<Operation>,
    held: Counter,
    no_room: Counter,
    asks: Mutex<HashMap<(ProviderId, Source), Arc<Answers>>>,
}

/// What is counted of answers: looked up by name once, since that costs
/// more than to count.
#[derive(Debug)]
struct Answers {
    answered: Counter,
    seconds: Histogram,
    first_byte: Histogram,
}

impl Till {
    /// A till with nothing in it.
    pub fn new(prices: Prices, queue: mpsc::Sender<Operation>) -> Self {
        let holds = |result| counter!("latchkey_holds_total", "result" => result);
        Self {
            prices,
            queue,
            held: holds("held"),
            no_room: holds("no_room"),
            asks: Mutex::default(),
        }
    }

    /// Room was reserved, or there was none.
    pub fn count_hold(&self, has_room: bool) {
        let count = if has_room { &self.held } else { &self.no_room };
        count.increment(1);
    }

    /// A call was answered.
    pub fn count_answer(&self, payer: (&ProviderId, Source), took: Took) {
        let answers = self.answers(payer);
        answers.answered.increment(1);
        answers.note(took);
    }

    /// A call ended without an answer.
    pub fn count_other(&self, payer: (&ProviderId, Source), outcome: &'static str, took: Took) {
        asks(payer, outcome).increment(1);
        self.answers(payer).note(took);
    }

    fn answers(&self, (provider, source): (&ProviderId, Source)) -> Arc<Answers> {
        let mut asks = self.asks.lock().unwrap_or_else(PoisonError::into_inner);
        if asks.len() >= PAIRS_MAX {
            asks.clear();
        }
        let found = asks
            .entry((provider.clone(), source))
            .or_insert_with(|| Arc::new(Answers::of((provider, source))));
        Arc::clone(found)
    }
}

/// How long a call took, and until the first of its answer came.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    pub all: Duration,
    pub first_byte: Option<Duration>,
}

impl Answers {
    fn of(payer: (&ProviderId, Source)) -> Self {
        let provider = name(payer.0);
        Self {
            answered: asks(payer, "answered"),
            seconds: histogram!("latchkey_provider_seconds", "provider" => provider.clone()),
            first_byte: histogram!("latchkey_provider_first_byte_seconds", "provider" => provider),
        }
    }

    fn note(&self, took: Took) {
        self.seconds.record(took.all);
        if let Some(first_byte) = took.first_byte {
            self.first_byte.record(first_byte);
        }
    }
}

/// A provider failed.
pub fn count_failure(failure: &ProviderFailure) {
    let class = format!("{:?}", failure.class);
    let provider = name(&failure.provider);
    counter!("latchkey_provider_failures_total", "provider" => provider, "class" => class)
        .increment(1);
}

fn asks((provider, source): (&ProviderId, Source), outcome: &'static str) -> Counter {
    let payer = source.as_str();
    counter!("latchkey_asks_total", "provider" => name(provider), "payer" => payer, "outcome" => outcome)
}

fn name(provider: &ProviderId) -> SharedString {
    SharedString::from(provider.shared())
}
