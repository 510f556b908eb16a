//! Holds, settlements and reports over a ledger, and what the same disk does
//! without it.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "a benchmark's own tasks and figures"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use latchkey::internals::{
    Amounts, AppliedLimit, Attempt, AttemptId, Booking, Bound, CallEnd, CallOrder, Clock, DAY_MS,
    DayStretch, FinishedAttempt, FoundAttempt, Journal, JournalEntries, JournalFindings,
    KnownTokens, LeaseTimes, Ledger, LedgerChanges, LedgerParts, Limit, Metric, NanoDollars,
    Outcome, Period, PersonId, Prices, PromptTokens, ProviderId, ServerId, Settlement, SoundAmount,
    Source, Span, Store, TotalScope, Usage, UsageOwner, Window, add_up,
};
use rusqlite::Connection;
use secrecy::SecretString;

/// The server whose budget all asks share.
/// How long the last writes may take.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);
const CLUB: ServerId = ServerId(9);
/// How many rows are written at once while the database is filled.
const AT_ONCE: u64 = 2_000;

/// A ledger over any database, with one budget that all asks share.
pub struct LedgerBench {
    store: Store,
    ledger: Arc<Ledger>,
    limits: Vec<AppliedLimit>,
    provider: ProviderId,
}

impl LedgerBench {
    /// Opens a database and starts a ledger over it.
    pub async fn open(url: &str) -> Self {
        let store = Store::open(&SecretString::from(url)).await;
        let store = store.expect("the database opens");
        let ledger = Ledger::start(LedgerParts {
            store: store.clone(),
            prices: Prices::new(None).expect("our own prices are right"),
            clock: Clock::default(),
            zone: TimeZone::UTC,
            longest_call: Duration::from_mins(20),
            leases: LeaseTimes::default(),
            spool_folder: None,
        });
        let limit = Limit {
            metric: Metric::Requests,
            span: Span {
                period: Period::Month,
                window: Window::Calendar,
            },
            max: i64::MAX.cast_unsigned(),
        };
        let limits = AppliedLimit::new(Bound::ServerKey, limit, PersonId(7), Some(CLUB));
        Self {
            store,
            ledger: Arc::new(ledger),
            limits: limits.into_iter().collect(),
            provider: ProviderId::from("ollama"),
        }
    }

    /// Fills the database with settled attempts of a year that ends today.
    pub async fn fill(&self, rows: u64, today: i64) {
        fill(&self.store, rows, today).await;
    }

    /// Has each of so many tasks make so many holds, one after the other, and
    /// settle them too where `settles` says so. Returns how many holds were
    /// made a second, and how long each took without its settlement, in
    /// microseconds.
    pub async fn time_holds(&self, tasks: u64, each: u64, settles: bool) -> (f64, Vec<f64>) {
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
                        let ended = CallEnd::Answered { usage: None };
                        drop(ledger.settle(reserved, &ended).await.expect("it settles"));
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

    /// Reads what `/usage scope:guild` reads of the last days. Returns how
    /// long that took.
    pub async fn time_usage(&self, days: i64, today: i64) -> Duration {
        let began = Instant::now();
        let owner = UsageOwner {
            scope: TotalScope::Guild,
            id: 9,
        };
        let quarters = (today - days + 1) * 96..(today + 1) * 96;
        let stretch = DayStretch {
            from: quarters.start,
            to: quarters.end,
            offset: 0,
        };
        let stretches = [stretch];
        let (totals, members) = tokio::join!(
            self.store.usage_by_day(owner, &stretches),
            self.store.usage_by_member(9, quarters),
        );
        assert!(!totals.expect("it reads").is_empty());
        assert!(!members.expect("it reads").is_empty());
        began.elapsed()
    }

    /// Commits small rows, one at a time. Returns how long each took, in
    /// microseconds.
    pub async fn time_single_commits(&self, runs: u64) -> Vec<f64> {
        let mut times = Vec::new();
        for run in 0..runs {
            let began = Instant::now();
            let id = format!("bench-{run}");
            let counted = self.store.count_check(&id, PersonId(run), None, 0);
            counted.await.expect("it writes").expect("it is the first");
            times.push(began.elapsed().as_secs_f64() * 1e6);
        }
        times
    }

    /// Stops the ledger's writer and closes the database.
    pub async fn close(&self) {
        let written_by = tokio::time::Instant::now() + WRITTEN_WITHIN;
        self.ledger.close_by(written_by).await;
        self.store.close().await;
    }
}

/// Commits rows on a bare connection to SQLite that has the same settings as
/// ours. Returns how many rows were written a second, and the median time of
/// a commit in microseconds.
pub fn time_bare_commits(file: &Path, commits: usize, rows: usize) -> (f64, f64) {
    let connection = Connection::open(file).expect("SQLite opens");
    connection
        .execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; \
             create table if not exists bare (id integer primary key, text text not null)",
        )
        .expect("it is SQL");
    let mut insert = connection
        .prepare("insert into bare (text) values (?1)")
        .expect("it is SQL");
    let text = "x".repeat(150);
    let began = Instant::now();
    let mut times: Vec<f64> = (0..commits)
        .map(|_| {
            let began = Instant::now();
            connection
                .execute_batch("begin immediate")
                .expect("it begins");
            for _ in 0..rows {
                insert.execute([&text]).expect("it inserts");
            }
            connection.execute_batch("commit").expect("it commits");
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    let rate = (commits * rows) as f64 / began.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    (rate, times.get(commits / 2).copied().unwrap_or_default())
}

fn order(provider: &ProviderId, person: u64) -> CallOrder<'_> {
    CallOrder {
        person: PersonId(person),
        server: Some(CLUB),
        source: Source::Server,
        key: None,
        provider,
        model: "llama3.2",
        prompt: PromptTokens {
            likely: 100,
            most: 400,
        },
        max_output_tokens: 1_000,
        images: 0,
        sound: SoundAmount::default(),
    }
}

/// Writes attempts of one server's key by many members over a year, and the
/// sums that belong to them.
async fn fill(store: &Store, rows: u64, today: i64) {
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
            for (ended, found) in entries.closings.iter().zip(found.closed) {
                if let FoundAttempt::Closed(person) = found {
                    add_up(&mut changes.totals, ended, person);
                }
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
        known: KnownTokens::default(),
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
