//! What language models cost, by the tables of the `genai-prices` crate.
//!
//! The crate's whole table takes 17 MB of memory once it is parsed.
//! `assets/prices` has the parts that we use, one file for each provider,
//! which is parsed when somebody first asks for one of its models. When the
//! crate's version changes, make the files again from its `prices.json`:
//!
//! ```sh
//! jq -c --arg id openai -f assets/prices/select.jq prices.json > assets/prices/openai.json
//! ```
//!
//! Finding a model in a table takes some hundred comparisons, so the prices
//! that were found are cached for a minute: one for each class, in each tier
//! of the prompt's length. Prices change by the day, and those of some models
//! by the hour of the day.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use foldhash::HashMap;
use genai_prices::Calculator;

use crate::model::{PriceList, ProviderId, TtlCache, lock};

use crate::ledger::pricing::model_prices::{ModelPrices, Probe};
use crate::ledger::pricing::table_models::read_models;
use crate::ledger::pricing::tiers::tier_starts;
use crate::ledger::pricing::variants::NameRules;

const MINUTE_MS: i64 = 60_000;
/// How many models' prices are cached for each provider.
const MODELS_MAX: usize = 4_096;
/// How many providers have prices in the crate's table.
const PROVIDERS: usize = 16;
/// The crate's version, and the day of the newest check that its data names.
const LIST: (&str, &str) = ("genai-prices 0.2.1", "2026-10-26");

/// A provider whose prices the crate knows. A provider that the operator has
/// added has only the prices that the operator gives it.
struct PricedProvider {
    id: &'static str,
    /// The crate's name for it.
    name: &'static str,
    /// Its part of the crate's table.
    json: &'static str,
    parsed: OnceLock<Option<ParsedTable>>,
}

/// A provider's part of the table.
struct ParsedTable {
    calculator: Calculator,
    /// Of models whose prices depend on how long the prompt is: above how many
    /// tokens of it they change.
    tier_starts: HashMap<String, Vec<u64>>,
    names: NameRules,
}

macro_rules! priced_providers {
    ($($id:literal as $name:literal,)*) => {
        [$(PricedProvider {
            id: $id,
            name: $name,
            json: include_str!(concat!("../../../assets/prices/", $name, ".json")),
            parsed: OnceLock::new(),
        },)*]
    };
}

static PRICED_PROVIDERS: [PricedProvider; PROVIDERS] = priced_providers![
    "openai" as "openai",
    "anthropic" as "anthropic",
    "google" as "google",
    "deepseek" as "deepseek",
    "cerebras" as "cerebras",
    "openrouter" as "openrouter",
    "groq" as "groq",
    "mistral" as "mistral",
    "xai" as "x-ai",
    "together" as "together",
    "fireworks" as "fireworks",
    "perplexity" as "perplexity",
    "cohere" as "cohere",
    "moonshot" as "moonshotai",
    "minimax" as "minimax",
    "zai" as "zai",
];

/// The prices that were found lately.
#[derive(Debug)]
pub struct PriceTable {
    /// One cache for each of [`PRICED_PROVIDERS`], in their order.
    found: [Mutex<PricesByModel>; PROVIDERS],
}

/// Put at the minute that they are for, so that they are fresh for all of
/// that minute and for no other. None: no price is known.
type PricesByModel = TtlCache<String, Option<Arc<ModelPrices>>>;

impl Default for PriceTable {
    fn default() -> Self {
        let minute = Duration::from_mins(1);
        let empty = |_| Mutex::new(TtlCache::new(MODELS_MAX, minute));
        Self {
            found: std::array::from_fn(empty),
        }
    }
}

impl PriceTable {
    /// Parses the prices of a provider's models. It takes milliseconds, so
    /// that it is done before the provider's first call, and not on an async
    /// thread.
    pub fn warm(provider: &str) {
        if let Some((_, priced)) = PricedProvider::find(provider) {
            priced.parsed();
        }
    }

    /// Whether a provider's prices are parsed, or it has none.
    pub fn is_warm(provider: &str) -> bool {
        let found = PricedProvider::find(provider);
        found.is_none_or(|(_, priced)| priced.parsed.get().is_some())
    }

    /// Reads the prices of a provider, if they were not read before.
    pub async fn warm_for(provider: &ProviderId) -> anyhow::Result<()> {
        if Self::is_warm(provider.as_str()) {
            return Ok(());
        }
        let provider = provider.clone();
        let warm = move || Self::warm(provider.as_str());
        Ok(Box::pin(tokio::task::spawn_blocking(warm)).await?)
    }

    /// The table's name and day.
    pub fn list() -> PriceList {
        static THE_LIST: OnceLock<PriceList> = OnceLock::new();
        let make = || PriceList {
            name: LIST.0.into(),
            date: Some(LIST.1.into()),
        };
        THE_LIST.get_or_init(make).clone()
    }

    /// How many tokens a model can be told and say in all; none if that is
    /// unknown, or the provider's prices are not parsed yet.
    pub fn context_tokens(provider: &ProviderId, model: &str) -> Option<u64> {
        let (_, priced) = PricedProvider::find(provider.as_str())?;
        priced
            .parsed
            .get()?
            .as_ref()?
            .context_tokens(priced.name, model)
    }

    /// Finds what a model costs at a moment; none if that is unknown.
    pub fn find(&self, provider: &str, model: &str, at_ms: i64) -> Option<Arc<ModelPrices>> {
        let (number, priced) = PricedProvider::find(provider)?;
        let cache = self.found.get(number)?;
        if let Some(found) = lock(cache).get(model, at_ms) {
            return found.clone();
        }
        let found = priced.look_up(model, at_ms).map(Arc::new);
        let minute_ms = at_ms - at_ms.rem_euclid(MINUTE_MS);
        lock(cache).put(model.to_owned(), found.clone(), minute_ms);
        found
    }
}

/// The priced providers and their files.
#[cfg(test)]
pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    PRICED_PROVIDERS.iter().map(|it| (it.id, it.json))
}

impl PricedProvider {
    /// Finds a provider, and its place among the priced ones.
    fn find(provider: &str) -> Option<(usize, &'static Self)> {
        let mut all = PRICED_PROVIDERS.iter().enumerate();
        all.find(|(_, priced)| priced.id == provider)
    }

    fn parsed(&self) -> Option<&ParsedTable> {
        let parse = || ParsedTable::parse(self.json);
        self.parsed.get_or_init(parse).as_ref()
    }

    /// Asks the table what a unit of each class costs, in each tier.
    fn look_up(&self, model: &str, at_ms: i64) -> Option<ModelPrices> {
        let table = self.parsed()?;
        let probe = Probe {
            calculator: &table.calculator,
            provider: self.name,
            model,
            at: UNIX_EPOCH + Duration::from_millis(u64::try_from(at_ms).ok()?),
        };
        let id = probe.model_id()?;
        let id = Some(id).filter(|id| table.names.is_name_of(id, model))?;
        let starts = table.tier_starts.get(&id).map_or(&[][..], Vec::as_slice);
        let tiers = [0].iter().chain(starts).map(|above| probe.tier(*above));
        Some(ModelPrices {
            tiers: tiers.collect::<Option<_>>()?,
            context_tokens: table.context_tokens(self.name, &id),
        })
    }
}

impl ParsedTable {
    fn parse(json: &str) -> Option<Self> {
        let models = read_models(json)?;
        Some(Self {
            calculator: Calculator::from_json(json).ok()?,
            tier_starts: tier_starts(&models),
            names: NameRules::of(&models),
        })
    }

    fn context_tokens(&self, provider: &str, model: &str) -> Option<u64> {
        let provider = self.calculator.find_provider(Some(provider), None);
        let mut models = provider.ok()??.models();
        models.find(|known| known.id() == model)?.context_window()
    }
}

#[cfg(test)]
mod tests {
    use genai_prices::{ModelInfo, Usage as Counts};

    use super::*;
    use crate::ledger::pricing::model_prices::float;
    use crate::model::{
        ClassCounts, NanoDollars, Receipt, ReceiptLine, Usage, UsageClass, UsageDetails,
    };

    const HOUR_MS: i64 = 3_600_000;
    /// 2026-11-21 12:00 UTC.
    const NOON_MS: i64 = 1_795_262_400_000;

    /// Several usages of all classes that the table has, and how it is told.
    fn usages() -> Vec<Usage> {
        let amounts = [
            (0, 0, 0),
            (7, 3, 11),
            (1_234, 0, 567),
            (100_000, 50_000, 3),
            (150_001, 99_999, 8_191),
            (272_000, 272_000, 9),
            (272_001, 0, 9),
            (999_999, 999_999, 1),
        ];
        let mut usages: Vec<Usage> = amounts
            .map(|(input_tokens, cached_tokens, output_tokens)| Usage {
                input_tokens,
                cached_tokens,
                output_tokens,
                reasoning_tokens: output_tokens / 3,
                ..Usage::default()
            })
            .into();
        usages.extend([900, 300_000].map(|input_tokens| Usage {
            input_tokens,
            cached_tokens: 200,
            output_tokens: 500,
            details: UsageDetails {
                cache_write: 50,
                input_audio: 100,
                input_image: 30,
                cached_audio: 40,
                output_audio: 60,
                output_image: 70,
                ..UsageDetails::default()
            },
            ..Usage::default()
        }));
        usages
    }

    fn counts_for_the_table(usage: &Usage) -> Counts {
        let details = &usage.details;
        [
            ("input_tokens", usage.input_tokens),
            ("cache_read_tokens", usage.cached_tokens),
            ("cache_write_tokens", details.cache_write),
            ("input_audio_tokens", details.input_audio),
            ("input_image_tokens", details.input_image),
            ("cache_audio_read_tokens", details.cached_audio),
            ("cache_image_read_tokens", details.cached_image),
            ("cache_audio_write_tokens", 0),
            ("cache_image_write_tokens", 0),
            ("output_tokens", usage.output_tokens),
            ("output_reasoning_tokens", usage.reasoning_tokens),
            ("output_audio_tokens", details.output_audio),
            ("output_image_tokens", details.output_image),
        ]
        .into_iter()
        .map(|(key, count)| (key, float(count)))
        .collect()
    }

    fn sum(known: &ModelPrices, counts: &ClassCounts) -> Option<NanoDollars> {
        let fee = known.price(UsageClass::Call, 0).filter(|fee| fee.0 > 0);
        let fee = fee.map(|_| (UsageClass::Call, 1));
        let lines = counts.iter().chain(fee).map(|(class, count)| ReceiptLine {
            class,
            count,
            price: known.price(class, counts.input_tokens()),
        });
        let receipt = Receipt {
            list: Some(PriceTable::list()),
            lines: lines.collect(),
            ..Receipt::default()
        };
        receipt.sum()
    }

    impl PricedProvider {
        /// What the crate of the tables says that a call costs.
        fn told(
            &self,
            calculator: &Calculator,
            model: &str,
            usage: &Usage,
            at_ms: i64,
        ) -> Option<f64> {
            let probe = Probe {
                calculator,
                provider: self.name,
                model,
                at: UNIX_EPOCH + Duration::from_millis(u64::try_from(at_ms).unwrap()),
            };
            Some(probe.calculate(&counts_for_the_table(usage))?.total_price)
        }
    }

    #[test]
    fn the_lines_of_a_receipt_add_up_to_what_the_table_says() {
        let (table, mut flat, mut tiered) = (PriceTable::default(), 0, 0);
        for (priced, model) in models() {
            let find = || table.find(priced.id, model, NOON_MS);
            // Some are found by other names alone.
            let Some(known) = find() else { continue };
            assert_eq!(find().as_ref(), Some(&known), "{model}");
            if known.tiers.len() > 1 {
                tiered += 1;
            } else {
                flat += 1;
            }
            for usage in usages() {
                let calculator = &priced.parsed().unwrap().calculator;
                let told = priced.told(calculator, model, &usage, NOON_MS);
                assert_eq!(
                    sum(&known, &usage.counts()),
                    told.and_then(NanoDollars::from_dollars),
                    "{} {model} {usage:?}",
                    priced.id
                );
            }
        }
        assert!(flat > 500 && tiered > 5, "{flat} flat, {tiered} tiered");
    }

    #[test]
    fn our_part_of_the_table_says_what_the_whole_says() {
        let moments = [0, 5, 30 * 24, 120 * 24].map(|hours| NOON_MS + hours * HOUR_MS);
        let mut asked = 0;
        for (priced, model) in models() {
            let ours = &priced.parsed().unwrap().calculator;
            for at_ms in moments.into_iter().chain([NOON_MS - 365 * 24 * HOUR_MS]) {
                for usage in usages() {
                    assert_eq!(
                        priced.told(ours, model, &usage, at_ms),
                        priced.told(Calculator::bundled(), model, &usage, at_ms),
                        "{model} {usage:?}"
                    );
                    asked += 1;
                }
            }
        }
        assert!(asked > 30_000, "{asked}");
        for priced in &PRICED_PROVIDERS {
            let windows = |table: &Calculator| {
                let provider = table.find_provider(Some(priced.name), None);
                let models = provider.unwrap().unwrap();
                let window = |model: ModelInfo<'_>| (model.id().to_owned(), model.context_window());
                models.models().map(window).collect::<Vec<_>>()
            };
            assert_eq!(
                windows(&priced.parsed().unwrap().calculator),
                windows(Calculator::bundled()),
                "assets/prices/{}.json is older than the crate: see the head of this file",
                priced.name
            );
        }
        let (name, version) = LIST.0.split_once(' ').unwrap();
        assert!(
            include_str!("../../../Cargo.lock")
                .contains(&format!("name = \"{name}\"\nversion = \"{version}\"")),
            "the price list has another version now: give it its day too"
        );
    }

    /// Every model of the crate's whole table.
    fn models() -> impl Iterator<Item = (&'static PricedProvider, &'static str)> {
        PRICED_PROVIDERS.iter().flat_map(|priced| {
            let provider = Calculator::bundled().find_provider(Some(priced.name), None);
            let models = provider.unwrap().unwrap().models();
            models.map(move |model| (priced, model.id()))
        })
    }

    #[test]
    fn models_are_found_by_their_other_names() {
        let (table, used) = (PriceTable::default(), usages()[2]);
        for (provider, model) in [
            ("anthropic", "claude-sonnet-4-5-20250929"),
            ("openai", "gpt-4o-2024-08-06"),
            ("openai", "GPT-4o"),
            ("google", "claude-sonnet-4-5@20250929"),
            ("google", "gemini-2.5-flash-preview-09-2025"),
            ("openrouter", "anthropic/claude-sonnet-4.5:beta"),
            ("mistral", "mistral-large-2411"),
        ] {
            let (_, priced) = PricedProvider::find(provider).unwrap();
            let whole = priced.told(Calculator::bundled(), model, &used, NOON_MS);
            assert!(whole > Some(0.0), "{model}");
            let known = table.find(provider, model, NOON_MS).unwrap();
            let whole = whole.and_then(NanoDollars::from_dollars);
            assert_eq!(sum(&known, &used.counts()), whole, "{model}");
        }
    }

    #[test]
    fn a_price_that_changes_is_looked_up_again() {
        let table = PriceTable::default();
        let input = |at_ms| {
            let known = table.find("mistral", "mistral-small-latest", at_ms)?;
            known.price(UsageClass::Input, 1)
        };
        // 2026-03-15 and 2026-03-17; the price of this model rose between.
        let [before, after] = [1_773_532_800_000, 1_773_705_600_000].map(input);
        assert!(before < after, "{before:?} {after:?}");
        assert_eq!(table.find("acme-ai", "x", NOON_MS), None);
        assert_eq!(table.find("openai", "gpt-99-nova", NOON_MS), None);
    }

    #[test]
    fn what_is_written_to_a_cache_for_long_has_its_own_price_or_none() {
        use UsageClass as C;
        let table = PriceTable::default();
        let price = |provider, model, class| {
            let known = table.find(provider, model, NOON_MS).unwrap();
            known.price(class, 1_000).map(|price| price.0 / 1_000_000)
        };
        for (class, expected) in [
            (C::Input, Some(5_000)),
            (C::CachedInput, Some(500)),
            (C::CacheWrite5m, Some(6_250)),
            (C::CacheWrite1h, Some(10_000)),
            (C::Output, Some(25_000)),
            (C::WebSearch, Some(10_000)),
            (C::FileSearch, None),
            (C::Picture, None),
        ] {
            let found = price("anthropic", "claude-opus-5", class);
            assert_eq!(found, expected, "{class:?}");
        }
        assert_eq!(price("openai", "gpt-6-luna", C::CacheWrite), Some(125));
        assert_eq!(price("openai", "gpt-6-luna", C::CacheWrite12h), None);
    }
}
