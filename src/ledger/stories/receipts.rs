//! Receipts against the files of prices: an evaluator of its own reads the
//! files as they lie in `assets/`, and comes to the same lines and sums.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::ledger::pricing::price_file::is_model;
use crate::ledger::pricing::prices::{PricedModel, Prices};
use crate::ledger::pricing::table::{self, PriceTable};
use crate::model::{ClassCounts, ProviderId, UsageClass as C};

/// One model of a file.
#[derive(Clone, Debug)]
struct ListedModel {
    provider: &'static str,
    name: String,
    prices: Value,
}

/// All models of all files that are found by their own name, and that
/// `assets/prices.toml` does not price.
fn all_listed() -> Vec<ListedModel> {
    let ours: toml::Table = include_str!("../../../assets/prices.toml").parse().unwrap();
    let ours = ours["price"].as_array().unwrap();
    let is_ours = |provider: &str, name: &str| {
        ours.iter().any(|entry| {
            let pattern = entry["model"].as_str().unwrap();
            entry["provider"].as_str() == Some(provider) && is_model(pattern, name)
        })
    };
    let mut all = Vec::new();
    for (provider, file) in table::files() {
        let file: Value = serde_json::from_str(file).unwrap();
        let models = file[0]["models"].as_array().unwrap();
        let rules: Vec<Rule> = models.iter().map(|it| Rule::read(&it["match"])).collect();
        for (at, model) in models.iter().enumerate() {
            let name = model["id"].as_str().unwrap();
            let lower = name.to_lowercase();
            let first = rules.iter().position(|rule| rule.matches(&lower));
            if first == Some(at) && !is_ours(provider, name) {
                all.push(ListedModel {
                    provider,
                    name: name.to_owned(),
                    prices: model["prices"].clone(),
                });
            }
        }
    }
    assert!(all.len() > 500, "{}", all.len());
    all
}

/// A rule of a file for the names of a model, in lower case.
enum Rule {
    Equals(String),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    /// What a name must match, and what it must not.
    Regex(regex::Regex, Option<regex::Regex>),
    Any(Vec<Self>),
    All(Vec<Self>),
}

impl Rule {
    fn read(rule: &Value) -> Self {
        let (kind, value) = rule.as_object().unwrap().iter().next().unwrap();
        let text = || value.as_str().unwrap().to_lowercase();
        let rules = || value.as_array().unwrap().iter().map(Self::read).collect();
        match kind.as_str() {
            "equals" => Self::Equals(text()),
            "starts_with" => Self::StartsWith(text()),
            "ends_with" => Self::EndsWith(text()),
            "contains" => Self::Contains(text()),
            "or" => Self::Any(rules()),
            "and" => Self::All(rules()),
            "regex" => {
                let written = value.as_str().unwrap();
                let not = written
                    .strip_prefix("^(?!")
                    .and_then(|it| it.strip_suffix(')'));
                let compile = |pattern: &str| regex::Regex::new(&format!("(?i){pattern}")).unwrap();
                match not {
                    Some(not) => Self::Regex(compile(""), Some(compile(&format!("^{not}")))),
                    None => Self::Regex(compile(written), None),
                }
            }
            other => panic!("{other}"),
        }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Equals(text) => name == text,
            Self::StartsWith(text) => name.starts_with(text),
            Self::EndsWith(text) => name.ends_with(text),
            Self::Contains(text) => name.contains(text),
            Self::Regex(is, not) => {
                is.is_match(name) && !not.as_ref().is_some_and(|not| not.is_match(name))
            }
            Self::Any(rules) => rules.iter().any(|rule| rule.matches(name)),
            Self::All(rules) => rules.iter().all(|rule| rule.matches(name)),
        }
    }
}

/// The prices of a model that hold at a moment: the last whose condition is
/// met.
fn prices_at(prices: &Value, at_ms: i64) -> Map<String, Value> {
    let at = Timestamp::from_millisecond(at_ms)
        .unwrap()
        .to_zoned(TimeZone::UTC);
    let (day, time) = (at.date().to_string(), at.time());
    let holds = |entry: &&Value| {
        let rule = &entry["constraint"];
        if let Some(from) = rule["start_date"].as_str() {
            return from <= day.as_str();
        }
        let part = |name: &str| {
            let text = rule[name].as_str()?;
            text.trim_end_matches('Z').parse::<jiff::civil::Time>().ok()
        };
        match (part("start_time"), part("end_time")) {
            (Some(from), Some(to)) if from <= to => from <= time && time < to,
            (Some(from), Some(to)) => from <= time || time < to,
            _ => rule.is_null(),
        }
    };
    let of_list = |list: &Vec<Value>| {
        let last = list.iter().rev().find(holds);
        last.unwrap_or(&list[0])["prices"].clone()
    };
    let now = prices.as_array().map_or_else(|| prices.clone(), of_list);
    now.as_object().unwrap().clone()
}

/// The price of a unit in a file, in nano-dollars, for a prompt of this
/// length.
fn price_in(prices: &Map<String, Value>, key: &str, input: u64) -> Option<u64> {
    let price = prices.get(key)?;
    let mut dollars = price.as_f64().or_else(|| price["base"].as_f64())?;
    for tier in price["tiers"].as_array().into_iter().flatten() {
        if input > tier["start"].as_u64().unwrap() {
            dollars = tier["price"].as_f64().unwrap();
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "prices are small"
    )]
    Some((dollars * 1e9).round() as u64)
}

/// Where the price of a class stands: the first of these that a file has.
fn keys(class: C) -> &'static [&'static str] {
    match class {
        C::Input | C::ToolInput => &["input_mtok"],
        C::CachedInput => &["cache_read_mtok", "input_mtok"],
        C::CachedAudio => &[
            "cache_audio_read_mtok",
            "input_audio_mtok",
            "cache_read_mtok",
            "input_mtok",
        ],
        C::CachedImage => &[
            "cache_image_read_mtok",
            "input_image_mtok",
            "cache_read_mtok",
            "input_mtok",
        ],
        C::CacheWrite | C::CacheWrite5m => &["cache_write_mtok", "input_mtok"],
        C::CacheWrite1h => &["cache_write_1h_mtok"],
        C::InputAudio => &["input_audio_mtok", "input_mtok"],
        C::InputImage => &["input_image_mtok", "input_mtok"],
        C::InputVideo => &["input_video_mtok", "input_mtok"],
        C::Output => &["output_mtok"],
        C::Reasoning => &["output_reasoning_mtok", "output_mtok"],
        C::OutputAudio => &["output_audio_mtok", "output_mtok"],
        C::OutputImage => &["output_image_mtok", "output_mtok"],
        C::WebSearch => &["web_searches_kcount"],
        C::FileSearch => &["storage_searches_kcount"],
        C::Call => &["requests_kcount"],
        C::AudioSecond => &["audio_hours"],
        C::Character => &["input_mchars"],
        C::CacheWrite12h
        | C::MapSearch
        | C::ToolCall
        | C::Container
        | C::OtherModel
        | C::Search
        | C::Job
        | C::Picture
        | C::Machine => &[],
    }
}

/// What a unit of a class costs by a file. Tokens of which a file says nothing
/// cost nothing; searches, and what is written to a cache for an hour, have a
/// price or an unknown one.
fn price_of(prices: &Map<String, Value>, class: C, input: u64) -> Option<u64> {
    let found = |class| {
        keys(class)
            .iter()
            .find_map(|key| price_in(prices, key, input))
    };
    let own = found(class);
    match class {
        // The lists have hours of audio.
        C::AudioSecond => own.map(|hour| (hour + 1_800) / 3_600),
        fee if fee.is_fee() => own.filter(|price| *price > 0),
        C::CacheWrite1h => own.or_else(|| found(C::CacheWrite).or(Some(0)).filter(|it| *it == 0)),
        _ => own.or(Some(0)),
    }
}

/// What a call costs by a file: each line's price, and the sum in
/// nano-dollars.
fn evaluate(prices: &Map<String, Value>, used: &ClassCounts) -> (Vec<Option<u64>>, Option<u64>) {
    let input: u64 = C::ALL
        .iter()
        .filter(|it| it.is_input())
        .map(|it| used.get(*it))
        .sum();
    let (mut lines, mut sum) = (Vec::new(), Some(0_u128));
    for class in C::ALL.iter().filter(|it| used.get(**it) > 0) {
        let price = price_of(prices, *class, input);
        lines.push(price);
        let per = match class {
            C::WebSearch | C::FileSearch | C::Call => 1_000,
            C::AudioSecond => 1,
            _ => 1_000_000,
        };
        // In millionths of a nano-dollar.
        sum = sum.zip(price).map(|(sum, price)| {
            sum + u128::from(used.get(*class)) * u128::from(price) * (1_000_000 / per)
        });
    }
    let sum = sum.map(|parts| u64::try_from(parts.div_ceil(1_000_000)).unwrap());
    (lines, sum)
}

/// A random amount of each class that the lists have.
fn used() -> impl Strategy<Value = ClassCounts> {
    let is_counted = |class: &&C| !keys(**class).is_empty() && **class != C::Call;
    let classes = C::ALL.iter().filter(is_counted);
    let amounts: Vec<_> = classes
        .map(|class| {
            let amount = prop_oneof![3 => Just(0_u64), 2 => 1..2_000_u64, 1 => 1..300_000_u64];
            amount.prop_map(move |amount| (*class, amount))
        })
        .collect();
    amounts.prop_map(|amounts| {
        let mut counts = ClassCounts::default();
        for (class, amount) in amounts {
            counts.set(class, amount);
        }
        counts
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_thousand_receipts_come_to_what_the_files_of_prices_say(
        at in any::<prop::sample::Index>(), used in used(), day in 0..700_i64, hour in 0..24_i64,
    ) {
        thread_local! {
            static KNOWN: (Vec<ListedModel>, Prices) = (all_listed(), Prices::new(None).unwrap());
        }
        KNOWN.with(|(listed, prices)| {
            let listed = at.get(listed);
            // From 2025-01-01 on.
            let at_ms = 1_735_689_600_000 + (day * 24 + hour) * 3_600_000;
            let model = PricedModel {
                provider: &ProviderId::from(listed.provider),
                model: &listed.name,
                at_ms,
            };
            let receipt = prices.receipt(model, &used);
            let file = prices_at(&listed.prices, at_ms);
            // The call itself has a price at some providers.
            let fee = price_in(&file, "requests_kcount", 0).filter(|fee| *fee > 0);
            let used = fee.map_or(used, |_| used.with(C::Call, 1));
            let (lines, sum) = evaluate(&file, &used);
            let counts: Vec<_> = receipt.lines.iter().map(|line| (line.class, line.count)).collect();
            prop_assert_eq!(counts, used.iter().collect::<Vec<_>>());
            // What would cost nothing is paid for by something that is not counted.
            let is_nothing = sum == Some(0) && used != ClassCounts::default() && !listed.name.ends_with(":free");
            let told: Vec<_> = receipt.lines.iter().map(|line| line.price.map(|price| price.0)).collect();
            if is_nothing {
                prop_assert!(told.iter().all(Option::is_none), "{:?}", listed);
            } else {
                prop_assert_eq!(&told, &lines, "{:?}", listed);
                prop_assert_eq!(receipt.sum().map(|sum| sum.0), sum, "{:?}", listed);
            }
            prop_assert_eq!(receipt.list, Some(PriceTable::list()));
            Ok(())
        })?;
    }
}

#[test]
fn the_worked_examples_of_the_vendors_come_out() {
    let prices = Prices::new(None).unwrap();
    // 2026-11-21 12:00 UTC.
    let at_ms = 1_795_262_400_000;
    for (provider, model, used, nano) in [
        // 10,000 tokens written to the cache: 6,000 for five minutes, 4,000 for
        // an hour; two searches.
        (
            "anthropic",
            "claude-opus-5-5",
            &[
                (C::Input, 1_200),
                (C::CachedInput, 50_000),
                (C::CacheWrite5m, 6_000),
                (C::CacheWrite1h, 4_000),
                (C::Output, 500),
                (C::Reasoning, 1_500),
                (C::WebSearch, 2),
            ][..],
            136_800_000,
        ),
        (
            "openai",
            "gpt-6-luna",
            &[
                (C::Input, 2_000),
                (C::CachedInput, 12_000),
                (C::CacheWrite, 6_000),
                (C::Output, 300),
                (C::Reasoning, 700),
            ],
            1_570_000,
        ),
        // A long prompt has another price, for all of it.
        (
            "openai",
            "gpt-6-luna",
            &[(C::Input, 300_000), (C::Output, 1_000)],
            60_750_000,
        ),
        (
            "anthropic",
            "claude-haiku-5-5",
            &[
                (C::Input, 2_000),
                (C::CachedInput, 120_000),
                (C::Output, 500),
            ],
            8_250_000,
        ),
        (
            "xai",
            "grok-4.7",
            &[
                (C::Input, 200),
                (C::CachedInput, 800),
                (C::Output, 50),
                (C::Reasoning, 400),
            ],
            3_500_000,
        ),
    ] {
        let mut counts = ClassCounts::default();
        for (class, count) in used {
            counts.set(*class, *count);
        }
        let model = PricedModel {
            provider: &ProviderId::from(provider),
            model,
            at_ms,
        };
        let sum = prices.receipt(model, &counts).sum();
        assert_eq!(sum.map(|sum| sum.0), Some(nano), "{model:?}");
    }
}
