//! What benches need of the ledger.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "a benchmark's own tasks and figures"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use latchkey::internals::{
    Amounts, Applied, Attempt, AttemptId, Booking, Bound, Clock, DAY_MS, Ended, FinishedAttempt,
    Journal, JournalEntries, JournalFindings, Ledger, LedgerChanges, LedgerParts, Limit, Metric,
    NanoDollars, Order, Outcome, Period, PersonId, Prices, ProviderId, ServerId, Settlement,
    Source, Span, Store, Usage, Window, add_up,
};

/// Whose budget everybody asks for.
const CLUB: ServerId = ServerId(9);
/// How many rows are written at once while filling.
const AT_ONCE: u64 = 2_000;

/// A ledger with one budget that all asks share.
pub struct LedgerBench {
    ledger: Arc<Ledger>,
    limits: Vec<Applied>,
    provider: ProviderId,
}

impl LedgerBench {
    /// Starts it over a store.
    pub fn start(store: Store) -> Self {
        let ledger = Ledger::start(LedgerParts {
            store,
            prices: Prices::new(None).expect("our own prices are right"),
            clock: Clock::default(),
            zone: TimeZone::UTC,
            longest_call: Duration::from_mins(20),
        });
        let limit = Limit {
            metric: Metric::Requests,
            span: Span {
                period: Period::Month,
                window: Window::Calendar,
            },
            max: i64::MAX.cast_unsigned(),
        };
        let limits = Applied::new(Bound::ServerKey, limit, PersonId(7), Some(CLUB));
        Self {
            ledger: Arc::new(ledger),
            limits: limits.into_iter().collect(),
            provider: ProviderId::from("ollama"),
        }
    }

    /// So many holds by each of so many tasks: how many a second, and how
    /// long each waited, in microseconds. With `settles`, each is settled
    /// too, outside of the time that it waited.
    pub async fn holds(&self, tasks: u64, each: u64, settles: bool) -> (f64, Vec<f64>) {
        let began = Instant::now();
        let running = (0..tasks).map(|task| {
            let (ledger, limits) = (Arc::clone(&self.ledger), self.limits.clone());
            let provider = self.provider.clone();
            tokio::task::spawn(async move {
                let mut waits = Vec::new();
                for _ in 0..each {
                    let began = Instant::now();
                    let held = ledger.hold(order(&provider, task), limits.clone()).await;
                    let mut reserved = held.expect("it reads").expect("there is room");
                    reserved.begin().await.expect("it writes");
                    waits.push(began.elapsed().as_secs_f64() * 1e6);
                    if settles {
                        let ended = Ended::Answered { usage: None };
                        drop(ledger.settle(reserved, ended).await.expect("it settles"));
                    } else {
                        std::mem::forget(reserved);
                    }
                }
                waits
            })
        });
        let done = futures_util::future::join_all(running).await;
        let took = began.elapsed().as_secs_f64();
        let waits: Vec<f64> = done.into_iter().flat_map(|w| w.expect("it ran")).collect();
        (waits.len() as f64 / took, waits)
    }

    /// Ends the ledger's writer.
    pub async fn close(&self) {
        self.ledger.close().await;
    }
}

fn order(provider: &ProviderId, person: u64) -> Order<'_> {
    Order {
        person: PersonId(person),
        server: Some(CLUB),
        source: Source::Server,
        key: None,
        provider,
        model: "llama3.2",
        prompt_bytes: 400,
        max_output_tokens: 1_000,
        images: 0,
    }
}

/// Writes attempts of one server's key by many members over a year, and the
/// sums that belong to them.
pub async fn fill(store: &Store, rows: u64, today: i64) {
    for start in (0..rows).step_by(AT_ONCE as usize) {
        let numbers = start..(start + AT_ONCE).min(rows);
        let bookings = numbers.map(|number| Arc::new(booking(number, today)));
        let bookings: Vec<Arc<Booking>> = bookings.collect();
        let entries = JournalEntries {
            bookings: bookings.clone(),
            ..JournalEntries::default()
        };
        let journal = Journal {
            entries: Arc::new(entries),
            ..Journal::default()
        };
        let nothing = |_| Ok(LedgerChanges::default());
        store.keep_ledger(journal, nothing).await.expect("it books");
        let closings = bookings.into_iter().map(|booking| FinishedAttempt {
            booking,
            settlement: settlement(),
        });
        let entries = Arc::new(JournalEntries {
            closings: closings.collect(),
            ..JournalEntries::default()
        });
        let journal = Journal {
            entries: Arc::clone(&entries),
            ..Journal::default()
        };
        let sum = move |found: JournalFindings| {
            let mut changes = LedgerChanges::default();
            for (ended, person) in entries.closings.iter().zip(found.closed) {
                add_up(&mut changes.totals, ended, person.unwrap_or(PersonId(0)));
            }
            Ok(changes)
        };
        store.keep_ledger(journal, sum).await.expect("it settles");
    }
}

fn id(number: u64) -> AttemptId {
    AttemptId(u128::from(number).to_be_bytes())
}

fn booking(number: u64, today: i64) -> Booking {
    let day = today - i64::try_from(number % 365).unwrap_or_default();
    Booking {
        attempt: Attempt {
            id: id(number),
            person: PersonId(1 + number * 7_919 % 1_000),
            server: Some(CLUB),
            source: Source::Server,
            key: None,
            provider: ProviderId::from("openai"),
            model: format!("gpt-6-{}", number % 10),
            held_at_ms: day * DAY_MS,
        },
        held: Amounts::default(),
        counted: Vec::new(),
    }
}

fn settlement() -> Settlement {
    Settlement {
        outcome: Outcome::Answered,
        usage: Usage {
            input_tokens: 100,
            output_tokens: 50,
            ..Usage::default()
        },
        cost: Some(NanoDollars(35_000)),
        ..Settlement::released()
    }
}
