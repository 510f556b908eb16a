//! What the ledger does, told to SQLite and to PostgreSQL.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::*;
use crate::model::{
    Bound, FailureClass, Limit, Metric, Period, PersonId, ProviderFailure, ProviderId, ServerId,
    Source, Span, Window,
};

pub const NOW_MS: i64 = 1_795_000_000_000;
const CLUB: ServerId = ServerId(9);
pub const LONGEST: Duration = Duration::from_mins(20);
pub fn limit(metric: Metric, max: u64) -> Limit {
    let span = Span {
        period: Period::Month,
        window: Window::Calendar,
    };
    Limit { metric, span, max }
}

pub fn budget(limits: &[Limit], person: u64) -> Vec<Applied> {
    let applied =
        |limit: &Limit| Applied::new(Bound::ServerKey, *limit, PersonId(person), Some(CLUB));
    limits.iter().filter_map(applied).collect()
}

pub fn order(provider: &ProviderId, person: u64) -> Order<'_> {
    Order {
        person: PersonId(person),
        server: Some(CLUB),
        source: Source::Server,
        key: None,
        provider,
        model: "gpt-6-luna",
        prompt_bytes: 400,
        max_output_tokens: 1_000,
        images: 0,
    }
}

pub fn used(output_tokens: u64) -> Ended<'static> {
    let usage = Usage {
        input_tokens: 100,
        output_tokens,
        ..Usage::default()
    };
    Ended::Answered { usage: Some(usage) }
}

pub async fn open(url: &SecretString, clock: &Clock) -> Ledger {
    let store = Store::open(url).await.unwrap();
    let prices = Prices::new(None).unwrap();
    Ledger::start(store, prices, clock.clone(), TimeZone::UTC, LONGEST)
}

pub fn sqlite(folder: &tempfile::TempDir) -> SecretString {
    format!("sqlite:{}", folder.path().join("ledger.db").display()).into()
}

/// Sums of rows equal the counters and the totals.
pub async fn check_sums(ledger: &Ledger) -> Vec<crate::store::Audited> {
    let rows = ledger.store.audit().await;
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    let mut ended = (0, 0, 0);
    for row in &rows {
        let Some(counts) = row.counts() else { continue };
        for counted in &row.counted {
            let metric = meter::Meter::of(&counted.counter).unwrap().metric;
            *sums.entry(counted.counter.clone()).or_default() += counts.of(metric);
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
            sums.get(&name).copied().unwrap_or_default(),
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

async fn tell(url: &SecretString) {
    let clock = Clock::held_at(NOW_MS);
    let ledger = open(url, &clock).await;
    let (openai, google) = (ProviderId::from("openai"), ProviderId::from("google"));
    let limits = budget(
        &[
            limit(Metric::Requests, 3),
            limit(Metric::OutputTokens, 1_500),
        ],
        7,
    );

    // The first takes what it wants, the second what is left.
    let first = ledger
        .hold(order(&openai, 7), limits.clone())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first.max_output_tokens(), 1_000);
    clock.advance_ms(1);
    let second = ledger
        .hold(order(&openai, 7), limits.clone())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(second.max_output_tokens(), 500);
    let third = ledger
        .hold(order(&openai, 7), limits.clone())
        .await
        .unwrap();
    let Err(NoRoom::Limit(hit)) = third else {
        panic!("{third:?}")
    };
    assert_eq!((hit.limit.metric, hit.used), (Metric::OutputTokens, 1_500));
    check_sums(&ledger).await;

    // What was not used comes back; what is too much is clamped.
    let settled = ledger.settle(first, used(100)).await.unwrap();
    assert_eq!(settled.usage.output_tokens, 100);
    assert_eq!(settled.warnings, []);
    let settled = ledger.settle(second, used(u64::MAX)).await.unwrap();
    assert_eq!(settled.usage.output_tokens, 500);
    check_sums(&ledger).await;

    // A provider that did nothing: nothing is counted.
    clock.advance_ms(1);
    let hold = ledger
        .hold(order(&openai, 7), limits.clone())
        .await
        .unwrap()
        .unwrap();
    let failure = ProviderFailure {
        provider: openai.clone(),
        class: FailureClass::RateLimited,
        status: Some(429),
        retry_after: None,
    };
    ledger.settle(hold, Ended::Failed(&failure)).await.unwrap();
    // One that nobody waited for: what was heard is counted, estimated.
    clock.advance_ms(1);
    let mut hold = ledger
        .hold(order(&openai, 7), limits.clone())
        .await
        .unwrap()
        .unwrap();
    hold.begin();
    hold.hear(&"word ".repeat(80));
    drop(hold);
    let hit = ledger
        .hold(order(&openai, 7), limits.clone())
        .await
        .unwrap();
    let Err(NoRoom::Limit(hit)) = hit else {
        panic!("{hit:?}")
    };
    assert_eq!((hit.limit.metric, hit.used), (Metric::Requests, 3));
    let uses: Vec<u64> = ledger
        .uses(&limits)
        .await
        .unwrap()
        .iter()
        .map(|u| u.used)
        .collect();
    assert_eq!(uses, [3, 700]);

    // Images are counted too, and kept in the sums.
    clock.advance_ms(1);
    let images = budget(&[limit(Metric::Images, 3)], 7);
    let two = Order {
        images: 2,
        max_output_tokens: 0,
        model: "gemini-3-pro-image",
        ..order(&google, 7)
    };
    let hold = ledger.hold(two, images.clone()).await.unwrap().unwrap();
    let settled = ledger.settle(hold, used(0)).await.unwrap();
    assert_eq!(settled.cost.unwrap().to_string(), "$0.27");
    let hit = ledger.hold(two, images).await.unwrap();
    let Err(NoRoom::Limit(hit)) = hit else {
        panic!("{hit:?}")
    };
    assert_eq!((hit.limit.metric, hit.used), (Metric::Images, 2));

    // A process that died: its hold counts as it was.
    let more = budget(&[limit(Metric::OutputTokens, 5_000)], 7);
    clock.advance_ms(1);
    let hold = ledger
        .hold(order(&openai, 7), more.clone())
        .await
        .unwrap()
        .unwrap();
    std::mem::forget(hold);
    ledger.sweep().await.unwrap();
    assert_eq!(check_sums(&ledger).await.last().unwrap().state, "held");
    clock.advance_ms(i64::try_from(LONGEST.as_millis()).unwrap() + 1);
    ledger.sweep().await.unwrap();
    let rows = check_sums(&ledger).await;
    let states: Vec<(&str, bool, bool)> = rows
        .iter()
        .map(|row| (row.state.as_str(), row.estimated, row.clamped))
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
    assert_eq!(ledger.uses(&more).await.unwrap()[0].used, 1_700);

    // Old attempts are forgotten, and their sums stay.
    let all = ledger.store.audit_totals().await;
    assert_eq!(ledger.store.forget_attempts(NOW_MS + 1).await.unwrap(), 1);
    assert_eq!(ledger.store.audit().await.len(), rows.len() - 1);
    assert_eq!(ledger.store.audit_totals().await, all);
    ledger.close().await;
    ledger.store.close().await;
}
