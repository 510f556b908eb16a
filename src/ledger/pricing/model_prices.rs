//! What one model costs, by the tables of the `genai-prices` crate: the crate
//! tells what whole calls cost, and is asked here for the price of each class.

use std::time::SystemTime;

use genai_prices::{Calculator, PriceCalculation, PriceRequest, Usage as Counts};

use crate::model::{NanoDollars, UsageClass};

/// How many of a class that is no part of a prompt a price is looked up with.
const PROBED: f64 = 1e6;

/// What a model costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPrices {
    /// The first is for short prompts.
    pub tiers: Vec<PriceTier>,
    /// How many tokens the model can be told and say in all.
    pub context_tokens: Option<u64>,
}

/// What a model costs with a prompt of more than so many tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTier {
    above: u64,
    /// Nano-dollars for a unit of each class.
    prices: [Option<u64>; UsageClass::ALL.len()],
}

impl ModelPrices {
    /// What a unit of a class costs in a call with so much input; none if that
    /// is unknown.
    pub fn price(&self, class: UsageClass, input_tokens: u64) -> Option<NanoDollars> {
        let mut tiers = self.tiers.iter().rev();
        let tier = tiers.find(|tier| input_tokens > tier.above || tier.above == 0)?;
        tier.prices.get(class as usize)?.map(NanoDollars)
    }
}

/// Asks a table what a model costs, by the price of made-up calls.
pub struct Probe<'a> {
    pub calculator: &'a Calculator,
    /// The crate's name for it.
    pub provider: &'a str,
    pub model: &'a str,
    pub at: SystemTime,
}

impl Probe<'_> {
    /// What a call costs that used this.
    pub fn calculate(&self, counts: &Counts) -> Option<PriceCalculation> {
        let request = PriceRequest::new(self.model, counts)
            .with_provider_id(self.provider)
            .with_timestamp(self.at);
        self.calculator.calculate(&request).ok()
    }

    /// The table's own name for the model.
    pub fn model_id(&self) -> Option<String> {
        Some(self.calculate(&Counts::new())?.model_id)
    }

    /// What a call costs that used this, in dollars.
    fn dollars(&self, counts: &[(&str, f64)]) -> Option<f64> {
        let counts = counts.iter().copied().collect();
        Some(self.calculate(&counts)?.total_price)
    }

    /// What each class costs beside a prompt of more than so many tokens.
    pub fn tier(&self, above: u64) -> Option<PriceTier> {
        let prompt = float(above + 1);
        let call = self.dollars(&[])?;
        let with_prompt = self.dollars(&[("input_tokens", prompt)]);
        let mut tier = PriceTier {
            above,
            prices: [None; UsageClass::ALL.len()],
        };
        for class in UsageClass::ALL {
            let dollars = match class {
                UsageClass::Call => Some(call * float(class.unit())),
                // A class of the input is the prompt; all others stand beside one.
                class if class.is_input() => self.unit(*class, prompt, Some(call)),
                _ => self.unit(*class, prompt, with_prompt),
            };
            tier.set(*class, dollars.map(nano_dollars));
        }
        tier.forget_missing();
        Some(tier)
    }

    /// What a unit of a class costs beside a prompt, in dollars; none where the
    /// table has no such class. `before` is what all but the class costs.
    fn unit(&self, class: UsageClass, prompt: f64, before: Option<f64>) -> Option<f64> {
        let keys = keys_of(class)?;
        let (mut with, probed) = if class.is_input() {
            (Vec::new(), prompt)
        } else {
            (vec![("input_tokens", prompt)], PROBED)
        };
        with.extend(keys.iter().map(|key| (*key, probed)));
        let dollars = self.dollars(&with)? - before?;
        Some(dollars / probed * float(class.unit()))
    }
}

impl PriceTier {
    fn get(&self, class: UsageClass) -> Option<u64> {
        self.prices.get(class as usize).copied().flatten()
    }

    fn set(&mut self, class: UsageClass, price: Option<u64>) {
        if let Some(known) = self.prices.get_mut(class as usize) {
            *known = price;
        }
    }

    /// The table prices what it has no price for as what it is a part of, and
    /// what is no part of anything as nothing. Neither is so for fees, and
    /// for what is written to a cache for long.
    fn forget_missing(&mut self) {
        for fee in UsageClass::ALL.iter().filter(|class| class.is_fee()) {
            self.set(*fee, self.get(*fee).filter(|price| *price > 0));
        }
        let short = self.get(UsageClass::CacheWrite);
        let is_free = short == Some(0);
        let hour = self.get(UsageClass::CacheWrite1h);
        self.set(
            UsageClass::CacheWrite1h,
            hour.filter(|_| is_free || hour != short),
        );
        self.set(UsageClass::CacheWrite12h, short.filter(|_| is_free));
    }
}

/// The table's names for what a token of a class is; none where it has no
/// such class.
fn keys_of(class: UsageClass) -> Option<&'static [&'static str]> {
    use UsageClass as C;
    Some(match class {
        C::Input => &["input_tokens"],
        C::CachedInput => &["input_tokens", "cache_read_tokens"],
        C::CachedAudio => &[
            "input_tokens",
            "cache_read_tokens",
            "input_audio_tokens",
            "cache_audio_read_tokens",
        ],
        C::CachedImage => &[
            "input_tokens",
            "cache_read_tokens",
            "input_image_tokens",
            "cache_image_read_tokens",
        ],
        C::CacheWrite => &["input_tokens", "cache_write_tokens"],
        C::CacheWrite5m => &[
            "input_tokens",
            "cache_write_tokens",
            "cache_write_5m_tokens",
        ],
        C::CacheWrite1h => &[
            "input_tokens",
            "cache_write_tokens",
            "cache_write_1h_tokens",
        ],
        C::ToolInput => &["input_tokens", "input_tool_tokens"],
        C::InputAudio => &["input_tokens", "input_audio_tokens"],
        C::InputImage => &["input_tokens", "input_image_tokens"],
        C::InputVideo => &["input_tokens", "input_video_tokens"],
        C::Output => &["output_tokens"],
        C::Reasoning => &["output_tokens", "output_reasoning_tokens"],
        C::OutputAudio => &["output_tokens", "output_audio_tokens"],
        C::OutputImage => &["output_tokens", "output_image_tokens"],
        C::WebSearch => &["web_searches"],
        C::FileSearch => &["storage_searches"],
        C::AudioSecond => &["audio_seconds"],
        C::Character => &["input_characters"],
        C::CacheWrite12h
        | C::MapSearch
        | C::ToolCall
        | C::Container
        | C::OtherModel
        | C::Search
        | C::Job
        | C::Call
        | C::Picture
        | C::Machine => return None,
    })
}

/// Dollars as whole nano-dollars.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "prices are from 0 to 10^6 dollars"
)]
pub fn nano_dollars(dollars: f64) -> u64 {
    (dollars * 1e9).round() as u64
}

/// A count as a number that prices are multiplied by.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts are far below 2^52, and the table's prices are fractions anyway"
)]
pub fn float(count: u64) -> f64 {
    count as f64
}
