//! The story of the ledger, told to SQLite and to PostgreSQL.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::SecretString;

use crate::ledger::counting::meter::Meter;
use crate::ledger::*;
use crate::model::{
    Bound, FailureClass, HeardBytes, Limit, Metric, Period, PersonId, PromptTokens,
    ProviderFailure, ProviderId, ServerId, SoundAmount, Source, Span, Window,
};

pub const NOW_MS: i64 = 1_795_000_000_000;
const CLUB: ServerId = ServerId(9);
pub const LONGEST: Duration = Duration::from_mins(20);

impl Ledger {
    /// Writes everything, and ends the writer.
    pub async fn close(&self) {
        self.close_by(Instant::now() + Duration::from_secs(1)).await;
    }
}

pub fn limit(metric: Metric, max: u64) -> Limit {
    let span = Span {
        period: Period::Month,
        window: Window::Calendar,
    };
    Limit { metric, span, max }
}

pub fn budget(limits: &[Limit], person: u64) -> Vec<AppliedLimit> {
    let applied =
        |limit: &Limit| AppliedLimit::new(Bound::ServerKey, *limit, PersonId(person), Some(CLUB));
    limits.iter().filter_map(applied).collect()
}

pub fn order(provider: &ProviderId, person: u64) -> CallOrder<'_> {
    CallOrder {
        person: PersonId(person),
        server: Some(CLUB),
        source: Source::Server,
        key: None,
        provider,
        model: "gpt-6-luna",
        prompt: PromptTokens {
            likely: 100,
            most: 400,
        },
        max_output_tokens: 1_000,
        images: 0,
        sound: SoundAmount::default(),
    }
}

pub fn used(output_tokens: u64) -> CallEnd<'static> {
    let usage = Usage {
        input_tokens: 100,
        output_tokens,
        ..Usage::default()
    };
    CallEnd::Answered { usage: Some(usage) }
}

pub async fn open(url: &SecretString, clock: &Clock) -> Ledger {
    open_with(url, clock, LeaseTimes::default()).await
}

pub async fn open_with(url: &SecretString, clock: &Clock, leases: LeaseTimes) -> Ledger {
    Ledger::start(parts(url, clock, leases).await)
}

/// A ledger whose spool is in a folder, where it is not beside its database.
pub async fn open_spooled(url: &SecretString, clock: &Clock, folder: &Path) -> Ledger {
    let parts = parts(url, clock, LeaseTimes::default()).await;
    Ledger::start(LedgerParts {
        spool_folder: Some(folder.to_owned()),
        ..parts
    })
}

async fn parts(url: &SecretString, clock: &Clock, leases: LeaseTimes) -> LedgerParts {
    LedgerParts {
        store: Store::open(url).await.unwrap(),
        prices: Prices::new(None).unwrap(),
        clock: clock.clone(),
        zone: TimeZone::UTC,
        longest_call: LONGEST,
        leases,
        spool_folder: None,
    }
}

pub fn sqlite(folder: &tempfile::TempDir) -> SecretString {
    format!("sqlite:{}", folder.path().join("ledger.db").display()).into()
}

/// Asserts that rows add up to what counters and totals have; returns the rows.
pub async fn check_sums(ledger: &Ledger) -> Vec<crate::store::AuditedAttempt> {
    let rows = ledger.store.audit().await;
    let mut sums: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    let mut ended = (0, 0, 0);
    for row in &rows {
        let Some(counts) = row.counts() else { continue };
        for counted in &row.counted {
            let metric = Meter::parse(&counted.counter).unwrap().metric;
            *sums.entry(Arc::clone(&counted.counter)).or_default() += counts.of(metric);
        }
        if row.state != "held" {
            ended.0 += 1;
            ended.1 += counts.output_tokens;
            ended.2 += counts.cost.map_or(0, |cost| cost.0);
        }
    }
    for (name, state) in ledger.store.audit_counters().await {
        let counted = Counter::parse(&state).unwrap().used();
        assert_eq!(
            sums.get(name.as_str()).copied().unwrap_or_default(),
            counted,
            "{name}"
        );
    }
    let totals = ledger.store.audit_totals().await;
    assert_eq!(
        ended,
        (totals.requests, totals.output_tokens, totals.cost_nano)
    );
    rows
}

#[tokio::test]
async fn the_story_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    tell(&sqlite(&folder)).await;
}

#[tokio::test]
async fn the_story_on_postgresql() {
    if let Some(url) = crate::tests::postgres::database() {
        tell(&url).await;
    }
}

/// A ledger, and the clock that it reads.
struct Story {
    ledger: Ledger,
    clock: Clock,
}

impl Story {
    async fn asks(&self, order: CallOrder<'_>, limits: &[AppliedLimit]) -> Result<Hold, NoRoom> {
        // No two asks at the same time, so that their rows have an order.
        self.clock.advance_ms(1);
        self.ledger.hold(order, limits.to_vec()).await.unwrap()
    }

    async fn holds(&self, limits: &[AppliedLimit]) -> Hold {
        let openai = ProviderId::from("openai");
        self.asks(order(&openai, 7), limits).await.unwrap()
    }

    /// Returns the metric that leaves no room, and what is used of it.
    async fn is_refused(&self, limits: &[AppliedLimit]) -> (Metric, u64) {
        let openai = ProviderId::from("openai");
        match self.asks(order(&openai, 7), limits).await {
            Err(NoRoom::Limit(hit)) => (hit.limit.metric, hit.used),
            other => panic!("{other:?}"),
        }
    }

    async fn settles(&self, hold: Hold, ended: &CallEnd<'_>) -> SettledAttempt {
        self.ledger.settle(hold, ended).await.unwrap()
    }

    async fn uses(&self, limits: &[AppliedLimit]) -> Vec<u64> {
        // A refusal is replied before the batch that it belongs to is written.
        self.ledger.flush().await;
        let uses = self.ledger.load_uses(limits).await.unwrap();
        uses.iter().map(|limit| limit.used).collect()
    }
}

async fn tell(url: &SecretString) {
    let clock = Clock::held_at(NOW_MS);
    let story = Story {
        ledger: open(url, &clock).await,
        clock,
    };
    two_share_a_limit_and_a_third_is_refused(&story).await;
    only_what_was_used_counts(&story).await;
    images_are_counted_and_priced(&story).await;
    a_process_that_died_is_settled_as_it_held(&story).await;
    what_is_absurd_is_cut_and_what_is_too_much_is_counted(&story).await;
    old_attempts_are_forgotten_and_their_sums_stay(&story).await;
    story.ledger.close().await;
    story.ledger.store.close().await;
}

fn three_requests() -> Vec<AppliedLimit> {
    let limits = [
        limit(Metric::Requests, 3),
        limit(Metric::OutputTokens, 1_500),
    ];
    budget(&limits, 7)
}

async fn two_share_a_limit_and_a_third_is_refused(story: &Story) {
    let limits = three_requests();
    // The first gets what it wants, the second what is left.
    let first = story.holds(&limits).await;
    let second = story.holds(&limits).await;
    assert_eq!(
        (first.max_output_tokens(), second.max_output_tokens()),
        (1_000, 500)
    );
    let refused = story.is_refused(&limits).await;
    assert_eq!(refused, (Metric::OutputTokens, 1_500));
    story.ledger.flush().await;
    check_sums(&story.ledger).await;
    // What was not used is given back; what is more than was held is counted.
    let settled = story.settles(first, &used(100)).await;
    assert_eq!(
        (settled.usage.output_tokens, settled.warnings.len()),
        (100, 0)
    );
    let settled = story.settles(second, &used(700)).await;
    assert_eq!(settled.usage.output_tokens, 700);
    let notice = story.ledger.take_overshoots().unwrap();
    assert_eq!(
        (
            notice.calls,
            notice.last.held.output_tokens,
            notice.last.used.output_tokens
        ),
        (1, 500, 700)
    );
    check_sums(&story.ledger).await;
}

async fn only_what_was_used_counts(story: &Story) {
    let limits = three_requests();
    // A provider that did nothing.
    let hold = story.holds(&limits).await;
    let failure = ProviderFailure {
        provider: ProviderId::from("openai"),
        class: FailureClass::RateLimited,
        status: Some(429),
        retry_after: None,
        subject: None,
    };
    story.settles(hold, &CallEnd::Failed(&failure)).await;
    // An answer that nobody waited for.
    let mut hold = story.holds(&limits).await;
    hold.expect_stream();
    hold.begin().await.unwrap();
    hold.hear(HeardBytes {
        written: 400,
        thought: 0,
    });
    drop(hold);
    let refused = story.is_refused(&limits).await;
    assert_eq!(refused, (Metric::Requests, 3));
    assert_eq!(story.uses(&limits).await, [3, 1_000]);
}

async fn images_are_counted_and_priced(story: &Story) {
    let images = budget(&[limit(Metric::Images, 3)], 7);
    let google = ProviderId::from("google");
    let two = CallOrder {
        images: 2,
        max_output_tokens: 0,
        model: "gemini-3-pro-image",
        ..order(&google, 7)
    };
    let hold = story.asks(two, &images).await.unwrap();
    let settled = story.settles(hold, &used(0)).await;
    assert_eq!(settled.cost.unwrap().to_string(), "$0.27");
    assert!(story.asks(two, &images).await.is_err());
    assert_eq!(story.uses(&images).await, [2]);
}

async fn a_process_that_died_is_settled_as_it_held(story: &Story) {
    let limits = budget(&[limit(Metric::OutputTokens, 5_000)], 7);
    std::mem::forget(story.holds(&limits).await);
    story.ledger.sweep().await.unwrap();
    let rows = check_sums(&story.ledger).await;
    assert_eq!(rows.last().unwrap().state, "held");
    story
        .clock
        .advance_ms(i64::try_from(LONGEST.as_millis()).unwrap() + 1);
    story.ledger.sweep().await.unwrap();
    let rows = check_sums(&story.ledger).await;
    assert!(rows.iter().all(|row| !row.clamped));
    let states: Vec<(&str, bool, bool)> = rows
        .iter()
        .map(|row| (row.state.as_str(), row.estimated, row.overshoot))
        .collect();
    let expected = [
        ("settled", false, false),
        ("settled", false, true),
        ("released", false, false),
        ("settled", true, false),
        ("settled", false, false),
        ("expired", true, false),
    ];
    assert_eq!(states, expected);
    assert_eq!(story.uses(&limits).await, [2_000]);
}

async fn what_is_absurd_is_cut_and_what_is_too_much_is_counted(story: &Story) {
    let day = Limit {
        span: Span {
            period: Period::Day,
            window: Window::Calendar,
        },
        ..limit(Metric::OutputTokens, 5_000)
    };
    let limits = budget(&[day], 7);
    let hold = story.holds(&limits).await;
    let settled = story.settles(hold, &used(u64::MAX)).await;
    // All that the model can be told and say.
    assert_eq!(settled.usage.output_tokens, 1_050_000);
    let rows = check_sums(&story.ledger).await;
    let row = rows.last().unwrap();
    assert!(row.clamped && row.overshoot);
    assert_eq!(story.uses(&limits).await, [1_050_000]);
    assert_eq!(
        story.is_refused(&limits).await,
        (Metric::OutputTokens, 1_050_000)
    );
    // The operator was told a moment ago, and is told of the rest in an hour.
    assert_eq!(story.ledger.take_overshoots(), None);
    story.clock.advance_ms(3_600_000);
    assert_eq!(story.ledger.take_overshoots().unwrap().calls, 1);
    assert_eq!(story.ledger.take_overshoots(), None);
    // With one's own key nothing is cut, and nobody is told of it.
    let openai = ProviderId::from("openai");
    let own = CallOrder {
        source: Source::Personal,
        ..order(&openai, 7)
    };
    let hold = story.asks(own, &[]).await.unwrap();
    let settled = story.settles(hold, &used(90_000_000)).await;
    assert_eq!(settled.usage.output_tokens, 90_000_000);
    story.ledger.flush().await;
    let rows = check_sums(&story.ledger).await;
    let row = rows.last().unwrap();
    assert!(!row.clamped && !row.overshoot);
    assert_eq!(story.ledger.take_overshoots(), None);
}

async fn old_attempts_are_forgotten_and_their_sums_stay(story: &Story) {
    let database = &story.ledger.store;
    let (rows, sums) = (database.audit().await.len(), database.audit_totals().await);
    assert_eq!(database.forget_attempts(0, NOW_MS + 2).await.unwrap(), 1);
    assert_eq!(database.audit().await.len(), rows - 1);
    assert_eq!(database.audit_totals().await, sums);
}
