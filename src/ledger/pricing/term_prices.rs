//! What the terms on which a call was served do to the prices of its tokens: as
//! the operator's file says, or else `assets/prices.toml`.

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::model::{NanoDollars, ServiceTerm, ServiceTerms};

use crate::ledger::pricing::price_file::is_model;
use crate::ledger::pricing::prices::PricedModel;

/// The most that a term makes of a price.
const TIMES_MAX: f64 = 1e3;

/// What a term does to prices, as it is written in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermTable {
    provider: String,
    model: String,
    term: String,
    times: f64,
    up_to: Option<u64>,
}

/// What terms do to prices; of entries that are for one call, the first counts.
#[derive(Debug, Default)]
pub struct TermPrices(Vec<TermEntry>);

/// What a term does to the prices of one model's tokens, or of all models
/// whose names begin alike.
#[derive(Debug)]
struct TermEntry {
    term: ServiceTerm,
    times: PriceTimes,
    provider: String,
    model: String,
    /// The longest prompt that it is for, in tokens.
    up_to: Option<u64>,
}

/// How many times its list price something costs, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceTimes {
    numerator: u128,
    denominator: u128,
}

impl TermPrices {
    /// Reads what a file says of terms.
    pub fn read(tables: Vec<TermTable>) -> anyhow::Result<Self> {
        let entries = tables.into_iter().map(TermEntry::read);
        Ok(Self(entries.collect::<anyhow::Result<_>>()?))
    }

    /// Adds entries that count where none of these is for a call.
    pub fn add(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// How many times the list price the tokens of a call cost on these terms;
    /// none where one of the terms has no known price.
    pub fn times(
        &self,
        terms: ServiceTerms,
        model: PricedModel<'_>,
        input_tokens: u64,
    ) -> Option<PriceTimes> {
        let whole = PriceTimes::thousandths(1_000);
        terms.iter().try_fold(whole, |times, term| {
            let mut entries = self.0.iter();
            let entry = entries.find(|it| it.term == term && it.applies_to(model, input_tokens))?;
            Some(times.and(entry.times))
        })
    }
}

impl TermEntry {
    fn read(table: TermTable) -> anyhow::Result<Self> {
        let name = format!("{} {}", table.provider, table.model);
        let term = ServiceTerm::parse(&table.term);
        let term = term.with_context(|| {
            format!("`term` of {name} must be `priority`, `flex`, `batch`, `scale`, `performance`, `ultrafast`, `fast` or `us`")
        })?;
        ensure!(
            (0.0..=TIMES_MAX).contains(&table.times),
            "`times` of {name} must be from 0 to 1000"
        );
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is from 0 to 10^6"
        )]
        let thousandths = (table.times * 1e3).round() as u64;
        Ok(Self {
            term,
            times: PriceTimes::thousandths(thousandths),
            provider: table.provider,
            model: table.model,
            up_to: table.up_to,
        })
    }

    /// Whether the entry is for a call of a model, with a prompt of this length.
    fn applies_to(&self, model: PricedModel<'_>, input_tokens: u64) -> bool {
        self.provider == model.provider.as_str()
            && is_model(&self.model, model.model)
            && self.up_to.is_none_or(|most| input_tokens <= most)
    }
}

impl PriceTimes {
    /// So many thousandths of the price.
    fn thousandths(thousandths: u64) -> Self {
        Self {
            numerator: u128::from(thousandths),
            denominator: 1_000,
        }
    }

    fn and(self, more: Self) -> Self {
        Self {
            numerator: self.numerator.saturating_mul(more.numerator),
            denominator: self.denominator.saturating_mul(more.denominator),
        }
    }

    /// A price so many times, rounded up.
    pub fn of(self, price: NanoDollars) -> Option<NanoDollars> {
        let whole = u128::from(price.0).checked_mul(self.numerator)?;
        let nano = whole.div_ceil(self.denominator);
        u64::try_from(nano).ok().map(NanoDollars)
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::pricing::prices::{PricedModel, Prices};
    use crate::model::{ClassCounts, ServiceTerms, UsageClass as C};

    /// 2026-11-21 12:00 UTC.
    const NOON_MS: i64 = 1_795_262_400_000;

    fn sum(prices: &Prices, model: &str, terms: &str, used: &[(C, u64)]) -> String {
        let (provider, model) = model.split_once('/').unwrap();
        let model = PricedModel {
            provider: &provider.into(),
            model,
            at_ms: NOON_MS,
        };
        let mut counts = ClassCounts::default();
        for (class, count) in used {
            counts.set(*class, *count);
        }
        let terms = if terms.is_empty() {
            ServiceTerms::default()
        } else {
            ServiceTerms::parse(terms).unwrap()
        };
        let receipt = prices.receipt_on(terms, model, &counts);
        assert_eq!(receipt.terms, terms);
        let sum = receipt.sum();
        sum.map_or_else(|| "unknown".into(), |sum| sum.to_string())
    }

    #[test]
    fn terms_cost_what_their_vendors_say_or_nobody_knows() {
        let prices = Prices::new(None).unwrap();
        let used = [(C::Input, 1_000_000), (C::Output, 1_000_000)];
        let short = [(C::Input, 100_000), (C::Output, 100_000)];
        let long = [(C::Input, 400_000), (C::Output, 100_000)];
        let searched = [(C::Input, 1_000_000), (C::WebSearch, 1_000)];
        for (model, terms, used, expected) in [
            ("openai/gpt-6-luna", "", &short[..], "$0.06"),
            ("openai/gpt-6-luna", "flex", &short, "$0.03"),
            ("openai/gpt-6-luna", "batch", &short, "$0.03"),
            ("openai/gpt-6-luna", "priority", &short, "$0.12"),
            ("openai/gpt-6-luna", "ultrafast", &short, "unknown"),
            ("openai/gpt-6-luna", "other", &short, "unknown"),
            // 400,000 at $0.20 and 100,000 at $0.75, twice.
            ("openai/gpt-6-luna", "priority", &long, "$0.31"),
            ("openai/gpt-5.4", "priority", &short, "$3.50"),
            // That page names no price of long prompts.
            ("openai/gpt-5.4", "priority", &long, "unknown"),
            ("anthropic/claude-opus-5-5", "", &used, "$24.00"),
            ("anthropic/claude-opus-5-5", "fast", &used, "$48.00"),
            ("anthropic/claude-opus-5-5", "us", &used, "$26.40"),
            ("anthropic/claude-opus-5-5", "fast+us", &used, "$52.80"),
            ("anthropic/claude-opus-5-5", "batch", &used, "$12.00"),
            // Bought beforehand, at a price that each contract has.
            ("anthropic/claude-opus-5-5", "priority", &used, "unknown"),
            ("anthropic/claude-sonnet-5-5", "fast", &used, "unknown"),
            // Searches cost what they cost.
            ("anthropic/claude-opus-5-5", "us", &searched, "$14.40"),
            ("google/gemini-3.1-flash-lite", "flex", &used, "$0.88"),
            ("google/gemini-3.1-flash-lite", "priority", &used, "unknown"),
            ("groq/openai/gpt-oss-20b", "flex", &used, "$0.38"),
            ("groq/openai/gpt-oss-20b", "performance", &used, "unknown"),
            // What costs nothing costs nothing on any terms.
            ("ollama/llama3.2", "priority", &used, "$0.00"),
        ] {
            assert_eq!(
                sum(&prices, model, terms, used),
                expected,
                "{model} {terms}"
            );
        }
    }

    #[test]
    fn the_operators_terms_win() {
        let text =
            |entry: &str| format!("[[term]]\nprovider = 'openai'\nmodel = 'gpt-6-*'\n{entry}");
        let operators = text("term = 'priority'\ntimes = 3\nup_to = 1000000\n");
        let prices = Prices::new(Some(&operators)).unwrap();
        let used = [(C::Input, 100_000), (C::Output, 100_000)];
        assert_eq!(
            sum(&prices, "openai/gpt-6-luna", "priority", &used),
            "$0.18"
        );
        assert_eq!(sum(&prices, "openai/gpt-6-luna", "flex", &used), "$0.03");
        for wrong in [
            "term = 'soon'\ntimes = 1",
            "term = 'flex'\ntimes = -1",
            "term = 'flex'\ntimes = 1001",
            "term = 'flex'",
            "term = 'flex'\ntimes = 1\nelse = 1",
        ] {
            assert!(Prices::new(Some(&text(wrong))).is_err(), "{wrong}");
        }
    }
}
