//! What a call costs: by the operator's file, or else by
//! `assets/prices.toml`, or else by [`PriceTable`].

use anyhow::{Context, bail, ensure};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::model::{NanoDollars, ProviderId};

use crate::ledger::batch::Price;
use crate::ledger::table::PriceTable;

/// Prices that the `genai-prices` crate lacks.
const OURS: &str = include_str!("../../assets/prices.toml");
pub const MILLION: f64 = 1e6;

/// What a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantity {
    pub input_tokens: u64,
    /// Part of the input.
    pub cached_tokens: u64,
    pub output_tokens: u64,
    pub images: u64,
    pub machine_ms: u64,
}

/// Every known price.
#[derive(Debug)]
pub struct Prices {
    entries: Vec<Entry>,
    table: PriceTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    price: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    provider: String,
    model: String,
    from: Option<toml::value::Datetime>,
    input: Option<f64>,
    cached_input: Option<f64>,
    output: Option<f64>,
    image: Option<f64>,
    second: Option<f64>,
}

impl Prices {
    /// Parses our file of prices, and the operator's if there is one.
    pub fn new(operators: Option<&str>) -> anyhow::Result<Self> {
        let mut entries = operators.map(parse).transpose()?.unwrap_or_default();
        entries.extend(parse(OURS).context("assets/prices.toml")?);
        let table = PriceTable::default();
        Ok(Self { entries, table })
    }

    /// What a call costs that is made at a moment; none if that is unknown.
    pub fn cost(
        &self,
        provider: &ProviderId,
        model: &str,
        used: Quantity,
        at_ms: i64,
    ) -> Option<NanoDollars> {
        match self.entry(provider.as_str(), model, at_ms) {
            Some(entry) => entry.cost(used),
            None => self.table.cost(provider.as_str(), model, used, at_ms),
        }
    }

    /// What a call costs at the most, apart for what is known before the
    /// call and for each token of the answer; none if that is unknown.
    pub fn price(
        &self,
        provider: &ProviderId,
        model: &str,
        most: Quantity,
        at_ms: i64,
    ) -> Option<Price> {
        let without_output = Quantity {
            output_tokens: 0,
            ..most
        };
        let base = self.cost(provider, model, without_output, at_ms)?;
        let all = self.cost(provider, model, most, at_ms)?;
        let output = all.0.saturating_sub(base.0);
        Some(Price {
            base,
            output_token: NanoDollars(output.div_ceil(most.output_tokens.max(1))),
        })
    }

    /// The entry that applies to a model: the first that matches it. Of those
    /// with the same pattern, the one that began last.
    fn entry(&self, provider: &str, model: &str, at_ms: i64) -> Option<&Entry> {
        let matching = |entry: &&Entry| entry.provider == provider && matches(&entry.model, model);
        let first = self.entries.iter().find(matching)?;
        let same = |entry: &&Entry| matching(entry) && entry.model == first.model;
        let begun = |entry: &&Entry| entry.began_ms() <= at_ms;
        let entries = self.entries.iter().filter(same).filter(begun);
        entries.max_by_key(|entry| entry.began_ms())
    }
}

impl Entry {
    /// From when on the entry applies.
    fn began_ms(&self) -> i64 {
        let date = self.from.and_then(|from| from.date);
        let date = date.and_then(|date| {
            let month = i8::try_from(date.month).ok()?;
            Date::new(
                i16::try_from(date.year).ok()?,
                month,
                i8::try_from(date.day).ok()?,
            )
            .ok()
        });
        let midnight = date.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
        midnight.map_or(i64::MIN, |at| at.timestamp().as_millisecond())
    }

    /// The price of what was used; none if the entry lacks a price for some of it.
    fn cost(&self, used: Quantity) -> Option<NanoDollars> {
        let cached_price = self.cached_input.or(self.input);
        // Where images have a price, the output tokens are the images and
        // cost nothing more.
        let output_price = self.output.or(self.image.map(|_| 0.0));
        // Where images have none, they are paid for by the token or by the
        // second of a machine.
        let by_second = self.second.filter(|_| used.machine_ms > 0);
        let image_price = self.image.or(self.output.or(by_second).map(|_| 0.0));
        let second_price = self.second.or(self.image.map(|_| 0.0));
        let parts = [
            (
                used.input_tokens - used.cached_tokens.min(used.input_tokens),
                self.input,
                MILLION,
            ),
            (used.cached_tokens, cached_price, MILLION),
            (used.output_tokens, output_price, MILLION),
            (used.images, image_price, 1.0),
            (used.machine_ms, second_price, 1_000.0),
        ];
        let mut dollars = 0.0;
        for (amount, price, unit) in parts.into_iter().filter(|(amount, ..)| *amount > 0) {
            dollars += float(amount) * price? / unit;
        }
        NanoDollars::from_dollars(dollars)
    }

    fn check(&self) -> anyhow::Result<()> {
        let name = format!("{} {}", self.provider, self.model);
        let prices = [
            self.input,
            self.cached_input,
            self.output,
            self.image,
            self.second,
        ];
        ensure!(
            prices
                .iter()
                .flatten()
                .all(|price| (0.0..=MILLION).contains(price)),
            "a price of {name} is negative or not a price"
        );
        if prices.iter().all(Option::is_none) {
            bail!("{name} has no price: give it `input` and `output`, `image`, or `second`");
        }
        ensure!(
            self.from
                .is_none_or(|from| from.date.is_some() && from.time.is_none()),
            "`from` of {name} must be a day, such as 2027-01-01"
        );
        Ok(())
    }
}

fn parse(text: &str) -> anyhow::Result<Vec<Entry>> {
    let file: File =
        toml::from_str(text).map_err(|error| anyhow::anyhow!("{}", error.message()))?;
    for entry in &file.price {
        entry.check()?;
    }
    Ok(file.price)
}

fn matches(pattern: &str, model: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => model.starts_with(start),
        None => model == pattern,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts are far below 2^52, and the table's prices are fractions anyway"
)]
pub fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(day: &str) -> i64 {
        let date: Date = day.parse().unwrap();
        date.to_zoned(TimeZone::UTC)
            .unwrap()
            .timestamp()
            .as_millisecond()
    }

    fn million() -> Quantity {
        Quantity {
            input_tokens: 1_000_000,
            output_tokens: 1_000_000,
            ..Quantity::default()
        }
    }

    fn dollars(prices: &Prices, model: &str, used: Quantity, day: &str) -> String {
        let (provider, model) = model.split_once('/').unwrap();
        let cost = prices.cost(&provider.into(), model, used, ms(day));
        cost.map_or_else(|| "unknown".into(), |cost| cost.to_string())
    }

    #[test]
    fn prices_of_models_are_known_at_their_date() {
        let prices = Prices::new(None).unwrap();
        let small = Quantity {
            input_tokens: 1_000,
            cached_tokens: 600,
            output_tokens: 100,
            ..Quantity::default()
        };
        for (provider, model, used, day, expected) in [
            // 400 × 0.10 + 600 × 0.01 + 100 × 0.50 dollars a million
            ("openai", "gpt-6-luna", small, "2026-11-21", "$0.000096"),
            (
                "mistral",
                "mistral-small-latest",
                million(),
                "2026-03-15",
                "$0.40",
            ),
            (
                "mistral",
                "mistral-small-latest",
                million(),
                "2026-03-17",
                "$0.75",
            ),
            ("xai", "grok-4.3", small, "2026-11-21", "$0.00087"),
            ("ollama", "llama3.2", million(), "2026-11-21", "$0"),
            ("openai", "gpt-99-nova", million(), "2026-11-21", "unknown"),
            ("acme-ai", "gpt-6-luna", million(), "2026-11-21", "unknown"),
            (
                "groq",
                "canopylabs/orpheus-arabic-saudi",
                million(),
                "2026-11-21",
                "unknown",
            ),
            (
                "runcomfy",
                "medium",
                Quantity {
                    machine_ms: 1,
                    ..Quantity::default()
                },
                "2026-11-21",
                "unknown",
            ),
            (
                "google",
                "gemini-3-pro-image",
                Quantity {
                    images: 2,
                    ..Quantity::default()
                },
                "2026-11-21",
                "$0.27",
            ),
        ] {
            assert_eq!(
                dollars(&prices, &format!("{provider}/{model}"), used, day),
                expected,
                "{model}"
            );
        }
    }

    #[test]
    fn pictures_are_priced_by_the_picture_or_by_their_tokens() {
        let prices = Prices::new(None).unwrap();
        for (provider, model, used, day, expected) in [
            (
                "comfyui",
                "text-to-image",
                Quantity {
                    images: 2,
                    machine_ms: 4_000,
                    ..Quantity::default()
                },
                "2026-11-21",
                "$0",
            ),
            (
                "openai",
                "gpt-image-2",
                Quantity {
                    input_tokens: 10,
                    output_tokens: 4_160,
                    images: 1,
                    ..Quantity::default()
                },
                "2026-11-21",
                "$0.13",
            ),
        ] {
            assert_eq!(
                dollars(&prices, &format!("{provider}/{model}"), used, day),
                expected,
                "{model}"
            );
        }
    }

    #[test]
    fn the_operators_file_wins_and_its_prices_have_dates() {
        let prices = Prices::new(Some(
            "[[price]]\nprovider = 'acme-ai'\nmodel = 'acme-*'\ninput = 1\noutput = 2\n\
             [[price]]\nprovider = 'acme-ai'\nmodel = 'acme-*'\nfrom = 2027-01-01\ninput = 3\noutput = 4\n\
             [[price]]\nprovider = 'openai'\nmodel = 'gpt-6-luna'\ninput = 0.05\noutput = 0.25\n\
             [[price]]\nprovider = 'runcomfy'\nmodel = 'medium'\nsecond = 0.0005\n",
        ))
        .unwrap();
        let hour = Quantity {
            images: 4,
            machine_ms: 3_600_000,
            ..Quantity::default()
        };
        for (provider, model, used, day, expected) in [
            ("acme-ai", "acme-large", million(), "2026-12-31", "$3.00"),
            ("acme-ai", "acme-large", million(), "2027-01-01", "$7.00"),
            ("openai", "gpt-6-luna", million(), "2026-11-21", "$0.30"),
            ("runcomfy", "medium", hour, "2026-11-21", "$1.80"),
            ("acme-ai", "other", million(), "2026-11-21", "unknown"),
        ] {
            assert_eq!(
                dollars(&prices, &format!("{provider}/{model}"), used, day),
                expected,
                "{model}"
            );
        }
    }

    #[test]
    fn a_call_never_costs_more_than_its_price_before() {
        let prices = Prices::new(None).unwrap();
        let at_ms = ms("2026-11-21");
        for (provider, model) in [
            ("openai", "gpt-6-luna"),
            ("anthropic", "claude-haiku-5-5"),
            ("ollama", "x"),
        ] {
            for (input_tokens, output_tokens) in
                [(1, 1), (999, 1_500), (150_000, 7), (300_000, 90_000)]
            {
                let most = Quantity {
                    input_tokens,
                    output_tokens,
                    ..Quantity::default()
                };
                let price = prices.price(&provider.into(), model, most, at_ms).unwrap();
                for used in [0, 1, output_tokens / 2, output_tokens] {
                    let used = Quantity {
                        output_tokens: used,
                        ..most
                    };
                    let cost = prices.cost(&provider.into(), model, used, at_ms).unwrap();
                    let held = price.base.0 + price.output_token.0 * used.output_tokens;
                    assert!(cost.0 <= held, "{model} {used:?}: {cost:?} above {held}");
                }
            }
        }
    }

    #[test]
    fn a_wrong_file_is_refused_by_name() {
        for (text, problem) in [
            (
                "[[price]]\nprovider = 'a'\nmodel = 'b'\n",
                "a b has no price: give it `input` and `output`, `image`, or `second`",
            ),
            (
                "[[price]]\nprovider = 'a'\nmodel = 'b'\ninput = -1\n",
                "a price of a b is negative or not a price",
            ),
            (
                "[[price]]\nprovider = 'a'\nmodel = 'b'\ninput = 1\nfrom = 07:00:00\n",
                "`from` of a b must be a day, such as 2027-01-01",
            ),
        ] {
            assert_eq!(Prices::new(Some(text)).err().unwrap().to_string(), problem);
        }
        assert!(Prices::new(Some("[[price]]\nmodle = 'b'\n")).is_err());
    }
}
