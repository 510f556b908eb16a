//! The table of language models that the `genai-prices` crate carries.
//!
//! Finding a model in it takes some hundred comparisons, so that what a
//! model's tokens cost is remembered for a minute: prices change by the day,
//! and for some models by the hour of the day.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use genai_prices::{Calculator, PriceRequest, Usage as Counts, UsageKey};

use crate::model::{NanoDollars, ProviderId};

use super::prices::{MILLION, Quantity, float};

/// Whether the table was read.
static WARM: AtomicBool = AtomicBool::new(false);
const MINUTE_MS: i64 = 60_000;
/// How many models' rates are remembered.
const REMEMBERED_MAX: usize = 4_096;

/// The crate's name for each of our providers. A provider of the
/// operator's own has only the prices that the operator gives it.
const NAMES: &[(&str, &str)] = &[
    ("openai", "openai"),
    ("anthropic", "anthropic"),
    ("google", "google"),
    ("deepseek", "deepseek"),
    ("cerebras", "cerebras"),
    ("openrouter", "openrouter"),
    ("groq", "groq"),
    ("mistral", "mistral"),
    ("xai", "x-ai"),
];

/// What was looked up in it.
#[derive(Debug, Default)]
pub struct Table {
    /// By the crate's name of the provider.
    known: Mutex<HashMap<&'static str, Models>>,
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
    /// Reads the table. It takes some tens of milliseconds and ten
    /// megabytes, so that only a process that is asked something does it.
    pub fn warm() {
        let _ = Calculator::bundled();
        WARM.store(true, Ordering::Release);
    }

    /// Whether the table was read.
    pub fn is_warm() -> bool {
        WARM.load(Ordering::Acquire)
    }

    /// How much a model can be told and say, in tokens, if anybody knows
    /// and the table was read.
    pub fn context_tokens(provider: &ProviderId, model: &str) -> Option<u64> {
        let name = name(provider.as_str())?;
        if !Self::is_warm() {
            return None;
        }
        let provider = Calculator::bundled()
            .find_provider(Some(name), None)
            .ok()??;
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
        let name = name(provider)?;
        if used.images > 0 || used.machine_ms > 0 {
            return None;
        }
        let dollars = match self.rates(name, model, at_ms) {
            Rates::Unknown => return None,
            Rates::Flat(flat) => flat.of(used),
            Rates::Tiered => look_up(name, model, used, at_ms)?,
        };
        let used_something = used.input_tokens + used.output_tokens > 0;
        // A model that is priced by something else than tokens costs nothing
        // here, which is not true; one that is free says so in its name.
        if used_something && dollars <= 0.0 && !model.ends_with(":free") {
            return None;
        }
        NanoDollars::from_dollars(dollars)
    }

    fn rates(&self, name: &'static str, model: &str, at_ms: i64) -> Rates {
        let minute = at_ms.div_euclid(MINUTE_MS);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let models = known.entry(name).or_default();
        match models.get(model) {
            Some((at, rates)) if *at == minute => *rates,
            _ => {
                if models.len() >= REMEMBERED_MAX {
                    models.clear();
                }
                let rates = Rates::of(name, model, at_ms);
                models.insert(model.to_owned(), (minute, rates));
                rates
            }
        }
    }
}

impl Rates {
    /// Asks the table for one million of each, and whether small and huge
    /// amounts cost the same for each token.
    fn of(name: &str, model: &str, at_ms: i64) -> Self {
        let dollars = |input_tokens, cached_tokens, output_tokens| {
            let used = Quantity {
                input_tokens,
                cached_tokens,
                output_tokens,
                ..Quantity::default()
            };
            Some((used, look_up(name, model, used, at_ms)?))
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

fn name(provider: &str) -> Option<&'static str> {
    let (_, name) = NAMES.iter().find(|(ours, _)| *ours == provider)?;
    Some(name)
}

fn look_up(name: &str, model: &str, used: Quantity, at_ms: i64) -> Option<f64> {
    let counts = Counts::from([
        (UsageKey::INPUT_TOKENS, float(used.input_tokens)),
        (
            UsageKey::CACHE_READ_TOKENS,
            float(used.cached_tokens.min(used.input_tokens)),
        ),
        (UsageKey::OUTPUT_TOKENS, float(used.output_tokens)),
    ]);
    let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(at_ms).ok()?);
    let request = PriceRequest::new(model, &counts)
        .with_provider_id(name)
        .with_timestamp(at);
    let price = Calculator::bundled().calculate(&request).ok()?;
    Some(price.total_price)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 12:00 UTC.
    const NOON_MS: i64 = 1_795_262_400_000;

    #[test]
    fn what_is_remembered_is_what_the_table_says() {
        let (table, mut flat, mut tiered) = (Table::default(), 0, 0);
        for (_, name) in NAMES {
            let provider = Calculator::bundled().find_provider(Some(name), None);
            for model in provider.unwrap().unwrap().models() {
                let rates = table.rates(name, model.id(), NOON_MS);
                flat += u32::from(matches!(rates, Rates::Flat(_)));
                tiered += u32::from(rates == Rates::Tiered);
                for (input_tokens, cached_tokens, output_tokens) in [
                    (0, 0, 0),
                    (7, 3, 11),
                    (1_234, 0, 567),
                    (150_001, 99_999, 8_191),
                    (250_000, 1, 64_000),
                    (999_999, 999_999, 1),
                ] {
                    let used = Quantity {
                        input_tokens,
                        cached_tokens,
                        output_tokens,
                        ..Quantity::default()
                    };
                    let Rates::Flat(flat) = rates else { continue };
                    assert_eq!(
                        NanoDollars::from_dollars(flat.of(used)),
                        look_up(name, model.id(), used, NOON_MS)
                            .and_then(NanoDollars::from_dollars),
                        "{name} {} {used:?}",
                        model.id()
                    );
                }
            }
        }
        assert!(flat > 500 && tiered > 5, "{flat} flat, {tiered} tiered");
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
