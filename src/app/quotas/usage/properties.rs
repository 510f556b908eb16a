//! Whatever was used, whenever and in whichever time zone it is looked at: the
//! sums of days are the total, and the total is what the attempts add up to.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use secrecy::SecretString;

use crate::app::quotas::usage::period::{
    Grain, Period, PeriodChoice, date_at, find_zone, number_of,
};
use crate::ledger::stories::story::open;
use crate::ledger::{Ledger, PastCall};
use crate::model::{Clock, KeyId, PersonId, ProviderId, ServerId, Source, Usage};
use crate::store::{Store, Total, TotalScope, UsageLine, UsageOwner};

/// The 27th of November 2026, in UTC.
const NOW_MS: i64 = 1_795_800_000_000;
const DAY_MS: i64 = 86_400_000;
const MIA: u64 = 7;
const CLUB: u64 = 9;
const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
];

/// A call at some time in the last thirteen months. Some models have no price.
fn call() -> impl Strategy<Value = PastCall> {
    let when = prop_oneof![0..400 * DAY_MS, 0..3 * DAY_MS];
    let model = prop::sample::select(&[
        ("openai", "gpt-6-luna"),
        ("anthropic", "claude-haiku-4-5"),
        ("openai", "gpt-99-nova"),
    ]);
    let payer = prop::sample::select(&[
        (Source::Personal, Some(1_u8)),
        (Source::Personal, Some(2)),
        (Source::Server, Some(3)),
        (Source::BotDefault, None),
    ]);
    (when, 0..3_u64, payer, model, 1..5_000_u64).prop_map(|(ago, who, payer, model, tokens)| {
        let (source, key) = payer;
        let in_server = source == Source::Server || tokens % 2 == 0;
        PastCall {
            at_ms: NOW_MS - ago,
            person: PersonId(MIA + who),
            server: in_server.then_some(ServerId(CLUB)),
            source,
            key: key.map(|key| KeyId([key; 16])),
            provider: ProviderId::from(model.0),
            model: model.1.to_owned(),
            usage: Usage {
                input_tokens: tokens,
                output_tokens: tokens / 3,
                cached_tokens: tokens / 5,
                ..Usage::default()
            },
            images: 0,
            duration_ms: tokens,
            limits: Vec::new(),
        }
    })
}

/// What the attempts of somebody add up to by local day.
fn add_up(calls: &[PastCall], owner: UsageOwner, zone: &TimeZone) -> BTreeMap<i64, Total> {
    let is_theirs = |call: &&PastCall| match owner.scope {
        TotalScope::User => call.person.0 == owner.id,
        TotalScope::Guild => call.source == Source::Server,
        _ => true,
    };
    let mut sums: BTreeMap<i64, Total> = BTreeMap::new();
    for call in calls.iter().filter(is_theirs) {
        let day = number_of(date_at(call.at_ms, zone).unwrap());
        let is_unpriced = call.model == "gpt-99-nova";
        sums.entry(day).or_default().add(&Total {
            requests: 1,
            input_tokens: call.usage.input_tokens,
            output_tokens: call.usage.output_tokens,
            cached_tokens: call.usage.cached_tokens,
            unpriced: u64::from(is_unpriced),
            ..Total::default()
        });
    }
    sums
}

fn sum<'t>(totals: impl Iterator<Item = &'t Total>) -> Total {
    let mut sum = Total::default();
    totals.for_each(|total| sum.add(total));
    sum
}

/// Costs are compared between reports only: what the rows cost is the ledger's.
fn without_cost(total: Total) -> Total {
    Total {
        cost_nano: 0,
        ..total
    }
}

async fn read(store: &Store, owner: UsageOwner, period: &Period) -> Vec<UsageLine> {
    if period.grain == Grain::Days {
        return store
            .usage_by_day(owner, &period.stretches().unwrap())
            .await
            .unwrap();
    }
    let mut lines = Vec::new();
    for first in period.parts() {
        let quarters = period.part_quarters(first).unwrap();
        let part = store.usage_between(owner, quarters, number_of(first)).await;
        lines.extend(part.unwrap());
    }
    lines
}

async fn check(ledger: &Ledger, calls: &[PastCall]) {
    let store = ledger.store();
    let owner = |scope, id| UsageOwner { scope, id };
    let owners = [
        owner(TotalScope::User, MIA),
        owner(TotalScope::Guild, CLUB),
        owner(TotalScope::Bot, 0),
    ];
    for (zone, owner) in ZONES
        .iter()
        .flat_map(|zone| owners.map(|owner| (zone, owner)))
    {
        let zone = find_zone(zone).unwrap();
        let by_day = add_up(calls, owner, &zone);
        for choice in [
            "today",
            "7d",
            "30d",
            "this-month",
            "last-month",
            "2026-03",
            "366d",
            "2026",
            "2025",
        ] {
            let choice = PeriodChoice::parse(choice).unwrap();
            let period = Period::at(choice, zone.clone(), NOW_MS).unwrap();
            let shown = read(store, owner, &period).await;
            let days = read(store, owner, &period.clone().by_days()).await;
            let (first, last) = (number_of(period.first), number_of(period.last));
            let expected = sum(by_day.range(first..=last).map(|(_, total)| total));
            let total = sum(shown.iter().map(|line| &line.total));
            assert_eq!(
                total,
                sum(days.iter().map(|line| &line.total)),
                "{period:?}"
            );
            assert_eq!(without_cost(total), expected, "{owner:?} {period:?}");
            let mut found: BTreeMap<i64, Total> = BTreeMap::new();
            for line in &days {
                found
                    .entry(line.day)
                    .or_default()
                    .add(&without_cost(line.total));
            }
            let expected = by_day
                .range(first..=last)
                .map(|(day, total)| (*day, *total));
            assert_eq!(found, expected.collect(), "{owner:?} {period:?}");
            if owner.scope == TotalScope::Guild {
                let members = store
                    .usage_by_member(CLUB, period.quarters().unwrap())
                    .await;
                let members = members.unwrap();
                assert_eq!(sum(members.iter().map(|(_, total)| total)), total);
            }
        }
    }
}

async fn tell(url: &SecretString) {
    let clock = Clock::held_at(NOW_MS);
    let mut runner = TestRunner::deterministic();
    let mut calls: Vec<PastCall> = Vec::new();
    let ledger = open(url, &clock).await;
    for count in [0, 1, 40, 400] {
        let more = prop::collection::vec(call(), count);
        let more = more.new_tree(&mut runner).unwrap().current();
        ledger.book_past(more.clone()).await.unwrap();
        calls.extend(more);
        check(&ledger, &calls).await;
    }
    ledger.close().await;
}

#[tokio::test]
async fn days_add_up_to_the_total_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    tell(&crate::ledger::stories::story::sqlite(&folder)).await;
}

#[tokio::test]
async fn days_add_up_to_the_total_on_postgresql() {
    if let Some(url) = crate::tests::postgres::database() {
        tell(&url).await;
    }
}
