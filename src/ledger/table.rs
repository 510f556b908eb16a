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
//! Finding a model in a table takes some hundred comparisons, so the rates
//! that were found are cached for a minute. Prices change by the day, and
//! those of some models by the hour of the day.

use std::sync::{Mutex, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use genai_prices::{Calculator, PriceRequest, Usage as Counts, UsageKey};

use crate::model::{NanoDollars, ProviderId, TtlCache, lock};

use crate::ledger::prices::{MILLION, Quantity, float};

const MINUTE_MS: i64 = 60_000;
/// How many models' rates are cached for each provider.
const MODELS_MAX: usize = 4_096;
/// How many providers there are in [`PRICED_PROVIDERS`].
const PROVIDERS: usize = 9;

/// A provider whose prices the crate knows. A provider that the operator has
/// added has only the prices that the operator gives it.
struct PricedProvider {
    id: &'static str,
    /// The crate's name for it.
    name: &'static str,
    /// Its part of the crate's table.
    json: &'static str,
    parsed: OnceLock<Option<Calculator>>,
}

macro_rules! priced_providers {
    ($($id:literal as $name:literal,)*) => {
        [$(PricedProvider {
            id: $id,
            name: $name,
            json: include_str!(concat!("../../assets/prices/", $name, ".json")),
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
];

/// The rates that were found lately.
#[derive(Debug)]
pub struct PriceTable {
    /// One cache for each of [`PRICED_PROVIDERS`], in their order.
    rates: [Mutex<RatesByModel>; PROVIDERS],
}

/// Put at the minute that they are for, so that they are fresh for all of
/// that minute and for no other.
type RatesByModel = TtlCache<String, Rates>;

/// What a model's tokens cost.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rates {
    Unknown,
    /// The same for each token, however many there are.
    Flat(FlatRates),
    /// More for long prompts, so that the table is asked each time.
    Tiered,
}

/// Dollars: for a call, and for a million tokens of each kind.
#[derive(Clone, Copy, Debug, PartialEq)]
struct FlatRates {
    call: f64,
    input: f64,
    cached: f64,
    output: f64,
}

impl Default for PriceTable {
    fn default() -> Self {
        let minute = Duration::from_mins(1);
        let empty = |_| Mutex::new(TtlCache::new(MODELS_MAX, minute));
        Self {
            rates: std::array::from_fn(empty),
        }
    }
}

impl PriceTable {
    /// Parses the prices of a provider's models. It takes milliseconds, so
    /// that it is done before the provider's first call, and not on an async
    /// thread.
    pub fn warm(provider: &str) {
        if let Some((_, priced)) = PricedProvider::find(provider) {
            priced.calculator();
        }
    }

    /// Whether a provider's prices are parsed, or it has none.
    pub fn is_warm(provider: &str) -> bool {
        let found = PricedProvider::find(provider);
        found.is_none_or(|(_, priced)| priced.parsed.get().is_some())
    }

    /// How many tokens a model can be told and say in all; none if that is
    /// unknown, or the provider's prices are not parsed yet.
    pub fn context_tokens(provider: &ProviderId, model: &str) -> Option<u64> {
        let (_, priced) = PricedProvider::find(provider.as_str())?;
        let calculator = priced.parsed.get()?.as_ref()?;
        let provider = calculator.find_provider(Some(priced.name), None).ok()??;
        let known = provider.models().find(|known| known.id() == model);
        known?.context_window()
    }

    /// What a call costs that is made at a moment; none if that is unknown.
    pub fn cost(
        &self,
        provider: &str,
        model: &str,
        used: Quantity,
        at_ms: i64,
    ) -> Option<NanoDollars> {
        let (number, priced) = PricedProvider::find(provider)?;
        if used.images > 0 || used.machine_ms > 0 {
            return None;
        }
        let rates = self.rates.get(number)?;
        let dollars = match find_rates(rates, priced, model, at_ms) {
            Rates::Unknown => return None,
            Rates::Flat(flat) => flat.dollars_for(used),
            Rates::Tiered => priced.dollars_for(model, used, at_ms)?,
        };
        let used_something = used.input_tokens + used.output_tokens > 0;
        // The table has a price of 0 for models that are paid for by
        // something else than tokens. Models that are free say so in their
        // names.
        if used_something && dollars <= 0.0 && !model.ends_with(":free") {
            return None;
        }
        NanoDollars::from_dollars(dollars)
    }
}

/// The rates of a model: cached, or from its provider's table.
fn find_rates(
    cache: &Mutex<RatesByModel>,
    priced: &PricedProvider,
    model: &str,
    at_ms: i64,
) -> Rates {
    if let Some(rates) = lock(cache).get(model, at_ms) {
        return *rates;
    }
    let rates = Rates::look_up(priced, model, at_ms);
    let minute_ms = at_ms - at_ms.rem_euclid(MINUTE_MS);
    lock(cache).put(model.to_owned(), rates, minute_ms);
    rates
}

impl Rates {
    /// Asks a provider's table what a million tokens of each kind cost, and
    /// whether each token of a small or a huge amount costs the same.
    fn look_up(priced: &PricedProvider, model: &str, at_ms: i64) -> Self {
        let dollars = |input_tokens, cached_tokens, output_tokens| {
            let used = Quantity {
                input_tokens,
                cached_tokens,
                output_tokens,
                ..Quantity::default()
            };
            Some((used, priced.dollars_for(model, used, at_ms)?))
        };
        let million = || {
            let (_, call) = dollars(0, 0, 0)?;
            let beyond_call = |(_, all)| all - call;
            Some(FlatRates {
                call,
                input: beyond_call(dollars(1_000_000, 0, 0)?),
                cached: beyond_call(dollars(1_000_000, 1_000_000, 0)?),
                output: beyond_call(dollars(0, 0, 1_000_000)?),
            })
        };
        let Some(flat) = million() else {
            return Self::Unknown;
        };
        let probes = [
            dollars(1, 0, 0),
            dollars(100, 50, 10),
            dollars(10_000_000, 0, 1),
            dollars(10_000_000, 5_000_000, 10_000_000),
        ];
        let is_flat = |(used, all): (Quantity, f64)| {
            NanoDollars::from_dollars(flat.dollars_for(used)) == NanoDollars::from_dollars(all)
        };
        if probes.into_iter().all(|probe| probe.is_some_and(is_flat)) {
            Self::Flat(flat)
        } else {
            Self::Tiered
        }
    }
}

impl FlatRates {
    fn dollars_for(self, used: Quantity) -> f64 {
        let cached = used.cached_tokens.min(used.input_tokens);
        let parts = [
            (used.input_tokens - cached, self.input),
            (cached, self.cached),
            (used.output_tokens, self.output),
        ];
        let tokens: f64 = parts
            .iter()
            .map(|(count, rate)| rate * float(*count) / MILLION)
            .sum();
        self.call + tokens
    }
}

impl PricedProvider {
    /// Finds a provider, and its place among the priced ones.
    fn find(provider: &str) -> Option<(usize, &'static Self)> {
        let mut all = PRICED_PROVIDERS.iter().enumerate();
        all.find(|(_, priced)| priced.id == provider)
    }

    fn calculator(&self) -> Option<&Calculator> {
        let parse = || Calculator::from_json(self.json).ok();
        self.parsed.get_or_init(parse).as_ref()
    }

    /// What a call costs by our part of the table, in dollars.
    fn dollars_for(&self, model: &str, used: Quantity, at_ms: i64) -> Option<f64> {
        self.calculate(self.calculator()?, model, used, at_ms)
    }

    /// What a call costs by a table, in dollars.
    fn calculate(
        &self,
        table: &Calculator,
        model: &str,
        used: Quantity,
        at_ms: i64,
    ) -> Option<f64> {
        let cached = used.cached_tokens.min(used.input_tokens);
        let counts = Counts::from([
            (UsageKey::INPUT_TOKENS, float(used.input_tokens)),
            (UsageKey::CACHE_READ_TOKENS, float(cached)),
            (UsageKey::OUTPUT_TOKENS, float(used.output_tokens)),
        ]);
        let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(at_ms).ok()?);
        let request = PriceRequest::new(model, &counts)
            .with_provider_id(self.name)
            .with_timestamp(at);
        Some(table.calculate(&request).ok()?.total_price)
    }
}

#[cfg(test)]
mod tests {
    use genai_prices::ModelInfo;

    use super::*;

    const HOUR_MS: i64 = 3_600_000;
    /// 2026-11-21 12:00 UTC.
    const NOON_MS: i64 = 1_795_262_400_000;

    fn quantities() -> [Quantity; 6] {
        [
            (0, 0, 0),
            (7, 3, 11),
            (1_234, 0, 567),
            (150_001, 99_999, 8_191),
            (250_000, 1, 64_000),
            (999_999, 999_999, 1),
        ]
        .map(|(input_tokens, cached_tokens, output_tokens)| Quantity {
            input_tokens,
            cached_tokens,
            output_tokens,
            ..Quantity::default()
        })
    }

    #[test]
    fn what_is_cached_is_what_the_table_says() {
        let (table, mut flat, mut tiered) = (PriceTable::default(), 0, 0);
        for (priced, model) in models() {
            let (number, _) = PricedProvider::find(priced.id).unwrap();
            let find = || find_rates(&table.rates[number], priced, model, NOON_MS);
            let rates = find();
            assert_eq!(find(), rates, "{model}");
            tiered += u32::from(rates == Rates::Tiered);
            let Rates::Flat(all) = rates else { continue };
            flat += 1;
            for used in quantities() {
                let told = priced.dollars_for(model, used, NOON_MS);
                assert_eq!(
                    NanoDollars::from_dollars(all.dollars_for(used)),
                    told.and_then(NanoDollars::from_dollars),
                    "{} {model} {used:?}",
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
            for at_ms in moments.into_iter().chain([NOON_MS - 365 * 24 * HOUR_MS]) {
                for used in quantities() {
                    let whole = priced.calculate(Calculator::bundled(), model, used, at_ms);
                    assert_eq!(
                        priced.dollars_for(model, used, at_ms),
                        whole,
                        "{model} {used:?}"
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
                windows(priced.calculator().unwrap()),
                windows(Calculator::bundled()),
                "assets/prices/{}.json is older than the crate: see the head of this file",
                priced.name
            );
        }
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
        let used = quantities()[2];
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
            let whole = priced.calculate(Calculator::bundled(), model, used, NOON_MS);
            assert!(whole > Some(0.0), "{model}");
            assert_eq!(priced.dollars_for(model, used, NOON_MS), whole, "{model}");
        }
    }

    #[test]
    fn a_price_that_changes_is_looked_up_again() {
        let table = PriceTable::default();
        let used = Quantity {
            input_tokens: 1_000_000,
            ..Quantity::default()
        };
        // 2026-03-15 and 2026-03-17; the price of this model rose between.
        let [before, after] = [1_773_532_800_000, 1_773_705_600_000]
            .map(|at_ms| table.cost("mistral", "mistral-small-latest", used, at_ms));
        assert!(before < after, "{before:?} {after:?}");
        assert_eq!(table.cost("acme-ai", "x", used, NOON_MS), None);
        assert_eq!(table.cost("openai", "gpt-99-nova", used, NOON_MS), None);
    }
}
