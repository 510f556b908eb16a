//! What language models cost, read and reckoned by the `genai-prices` crate.
//!
//! Its whole table takes 17 MB to read. `assets/prices` has what we ask of
//! it, a file for each provider that is read when somebody first asks for
//! one of its models. Where the crate's version changes, they are made again
//! from its `prices.json`:
//!
//! ```sh
//! jq -c --arg id openai -f assets/prices/select.jq prices.json > assets/prices/openai.json
//! ```
//!
//! Finding a model takes some hundred comparisons, so that what a model's
//! tokens cost is remembered for a minute: prices change by the day, and for
//! some models by the hour of the day.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use foldhash::HashMap;
use genai_prices::{Calculator, PriceRequest, Usage as Counts, UsageKey};

use crate::model::{NanoDollars, ProviderId};

use crate::ledger::prices::{MILLION, Quantity, float};

const MINUTE_MS: i64 = 60_000;
/// How many models' rates are remembered.
const REMEMBERED_MAX: usize = 4_096;

/// A provider of which the crate knows prices. One of the operator's own has
/// only the prices that the operator gives it.
struct Known {
    id: &'static str,
    /// The crate's name for it.
    name: &'static str,
    /// Its part of the crate's table.
    json: &'static str,
    read: OnceLock<Option<Calculator>>,
}

macro_rules! known {
    ($($id:literal as $name:literal,)*) => {
        [$(Known {
            id: $id,
            name: $name,
            json: include_str!(concat!("../../assets/prices/", $name, ".json")),
            read: OnceLock::new(),
        },)*]
    };
}

static KNOWN: [Known; 9] = known![
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

/// What was looked up.
#[derive(Debug, Default)]
pub struct Table {
    /// By provider.
    rates: Mutex<HashMap<&'static str, Models>>,
}

/// By model: the minute in which it was looked up, and what was found.
type Models = HashMap<String, (i64, Rates)>;

/// What a model's tokens cost.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rates {
    Unknown,
    /// The same for each, however many there are.
    Flat(Flat),
    /// More for long prompts: it must be asked each time.
    Tiered,
}

/// Dollars: for a call, and for a million tokens of each kind.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Flat {
    call: f64,
    input: f64,
    cached: f64,
    output: f64,
}

impl Table {
    /// Reads what a provider's models cost. It takes milliseconds, so that it
    /// is done before the first call and not on an async thread.
    pub fn warm(provider: &str) {
        if let Some(known) = Known::of(provider) {
            known.calculator();
        }
    }

    /// Whether nothing has to be read any more to price a provider's models.
    pub fn is_warm(provider: &str) -> bool {
        Known::of(provider).is_none_or(|known| known.read.get().is_some())
    }

    /// How much a model can be told and say, in tokens, if anybody knows
    /// and it was read.
    pub fn context_tokens(provider: &ProviderId, model: &str) -> Option<u64> {
        let known = Known::of(provider.as_str())?;
        let calculator = known.read.get()?.as_ref()?;
        let provider = calculator.find_provider(Some(known.name), None).ok()??;
        let known = provider.models().find(|known| known.id() == model);
        known?.context_window()
    }

    /// What a call costs that is made at a moment; none if nobody knows.
    pub fn cost(
        &self,
        provider: &str,
        model: &str,
        used: Quantity,
        at_ms: i64,
    ) -> Option<NanoDollars> {
        let known = Known::of(provider)?;
        if used.images > 0 || used.machine_ms > 0 {
            return None;
        }
        let dollars = match self.rates(known, model, at_ms) {
            Rates::Unknown => return None,
            Rates::Flat(flat) => flat.of(used),
            Rates::Tiered => known.look_up(model, used, at_ms)?,
        };
        let used_something = used.input_tokens + used.output_tokens > 0;
        // A model that is priced by something else than tokens costs nothing
        // here, which is not true; one that is free says so in its name.
        if used_something && dollars <= 0.0 && !model.ends_with(":free") {
            return None;
        }
        NanoDollars::from_dollars(dollars)
    }

    fn rates(&self, known: &'static Known, model: &str, at_ms: i64) -> Rates {
        let minute = at_ms.div_euclid(MINUTE_MS);
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let models = rates.entry(known.id).or_default();
        match models.get(model) {
            Some((at, rates)) if *at == minute => *rates,
            _ => {
                if models.len() >= REMEMBERED_MAX {
                    models.clear();
                }
                let rates = Rates::of(known, model, at_ms);
                models.insert(model.to_owned(), (minute, rates));
                rates
            }
        }
    }
}

impl Rates {
    /// Asks the table for one million of each, and whether small and huge
    /// amounts cost the same for each token.
    fn of(known: &Known, model: &str, at_ms: i64) -> Self {
        let dollars = |input_tokens, cached_tokens, output_tokens| {
            let used = Quantity {
                input_tokens,
                cached_tokens,
                output_tokens,
                ..Quantity::default()
            };
            Some((used, known.look_up(model, used, at_ms)?))
        };
        let million = || {
            let (_, call) = dollars(0, 0, 0)?;
            let of = |(_, all)| all - call;
            Some(Flat {
                call,
                input: of(dollars(1_000_000, 0, 0)?),
                cached: of(dollars(1_000_000, 1_000_000, 0)?),
                output: of(dollars(0, 0, 1_000_000)?),
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
            NanoDollars::from_dollars(flat.of(used)) == NanoDollars::from_dollars(all)
        };
        if probes.into_iter().all(|probe| probe.is_some_and(is_flat)) {
            Self::Flat(flat)
        } else {
            Self::Tiered
        }
    }
}

impl Flat {
    fn of(self, used: Quantity) -> f64 {
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

impl Known {
    fn of(provider: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.id == provider)
    }

    fn calculator(&self) -> Option<&Calculator> {
        let read = || Calculator::from_json(self.json).ok();
        self.read.get_or_init(read).as_ref()
    }

    fn look_up(&self, model: &str, used: Quantity, at_ms: i64) -> Option<f64> {
        self.ask(self.calculator()?, model, used, at_ms)
    }

    /// What a call costs by a table, in dollars.
    fn ask(&self, table: &Calculator, model: &str, used: Quantity, at_ms: i64) -> Option<f64> {
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
    fn what_is_remembered_is_what_the_table_says() {
        let (table, mut flat, mut tiered) = (Table::default(), 0, 0);
        for (known, model) in models() {
            let rates = table.rates(known, model, NOON_MS);
            tiered += u32::from(rates == Rates::Tiered);
            let Rates::Flat(all) = rates else { continue };
            flat += 1;
            for used in quantities() {
                let told = known.look_up(model, used, NOON_MS);
                assert_eq!(
                    NanoDollars::from_dollars(all.of(used)),
                    told.and_then(NanoDollars::from_dollars),
                    "{} {model} {used:?}",
                    known.id
                );
            }
        }
        assert!(flat > 500 && tiered > 5, "{flat} flat, {tiered} tiered");
    }

    #[test]
    fn our_part_of_the_table_says_what_the_whole_says() {
        let moments = [0, 5, 30 * 24, 120 * 24].map(|hours| NOON_MS + hours * HOUR_MS);
        let mut asked = 0;
        for (known, model) in models() {
            for at_ms in moments.into_iter().chain([NOON_MS - 365 * 24 * HOUR_MS]) {
                for used in quantities() {
                    let whole = known.ask(Calculator::bundled(), model, used, at_ms);
                    assert_eq!(known.look_up(model, used, at_ms), whole, "{model} {used:?}");
                    asked += 1;
                }
            }
        }
        assert!(asked > 30_000, "{asked}");
        for known in &KNOWN {
            let windows = |table: &Calculator| {
                let provider = table.find_provider(Some(known.name), None);
                let models = provider.unwrap().unwrap();
                let window = |model: ModelInfo<'_>| (model.id().to_owned(), model.context_window());
                models.models().map(window).collect::<Vec<_>>()
            };
            assert_eq!(
                windows(known.calculator().unwrap()),
                windows(Calculator::bundled()),
                "assets/prices/{}.json is older than the crate: see the head of this file",
                known.name
            );
        }
    }

    /// Every model of the crate's whole table.
    fn models() -> impl Iterator<Item = (&'static Known, &'static str)> {
        KNOWN.iter().flat_map(|known| {
            let provider = Calculator::bundled().find_provider(Some(known.name), None);
            let models = provider.unwrap().unwrap().models();
            models.map(move |model| (known, model.id()))
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
            let known = Known::of(provider).unwrap();
            let whole = known.ask(Calculator::bundled(), model, used, NOON_MS);
            assert!(whole > Some(0.0), "{model}");
            assert_eq!(known.look_up(model, used, NOON_MS), whole, "{model}");
        }
    }

    #[test]
    fn a_price_that_changes_is_looked_up_again() {
        let table = Table::default();
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
