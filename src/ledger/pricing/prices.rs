//! What a call costs: by the operator's file, or else by
//! `assets/prices.toml`, or else by [`PriceTable`].

use std::sync::Arc;

use anyhow::Context;

use crate::model::{
    ClassCounts, NanoDollars, ProviderId, Receipt, ReceiptLine, ServiceTerms, UsageClass,
};

use crate::ledger::pricing::model_prices::ModelPrices;
use crate::ledger::pricing::price_file::{Entry, PriceFile, parse_prices};
use crate::ledger::pricing::table::PriceTable;
use crate::ledger::pricing::term_prices::TermPrices;
use crate::ledger::writing::batch::Price;

/// Prices that the `genai-prices` crate lacks.
const OURS: &str = include_str!("../../../assets/prices.toml");

/// Every known price.
#[derive(Debug)]
pub struct Prices {
    entries: Vec<Entry>,
    /// What the terms of a call do to its prices.
    terms: TermPrices,
    table: PriceTable,
}

/// A model whose prices are asked for, and when it is called.
#[derive(Clone, Copy, Debug)]
pub struct PricedModel<'a> {
    pub provider: &'a ProviderId,
    pub model: &'a str,
    pub at_ms: i64,
}

/// What lists say of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListPrice {
    /// For a million tokens; none where nobody knows it.
    pub input: Option<NanoDollars>,
    pub output: Option<NanoDollars>,
    /// For a million tokens of the input that the provider still knew.
    pub cached_input: Option<NanoDollars>,
    /// For a million tokens of the input that the provider keeps, where that
    /// costs more than to read them.
    pub cache_write: Option<NanoDollars>,
    /// For one picture.
    pub picture: Option<NanoDollars>,
    /// How much it can be told and say in all.
    pub context_tokens: Option<u64>,
}

/// Where a model's prices stand.
enum PricePlace<'a> {
    Entry(&'a Entry),
    Table(Arc<ModelPrices>),
}

impl Prices {
    /// Parses our file of prices, and the operator's if there is one.
    pub fn new(operators: Option<&str>) -> anyhow::Result<Self> {
        let operators = operators.map(|text| parse_prices(text, "the operator's"));
        let PriceFile {
            mut entries,
            mut terms,
        } = operators.transpose()?.unwrap_or_default();
        let ours = parse_prices(OURS, "Latchkey").context("assets/prices.toml")?;
        entries.extend(ours.entries);
        terms.add(ours.terms);
        let table = PriceTable::default();
        Ok(Self {
            entries,
            terms,
            table,
        })
    }

    /// What a call costs; none if that is unknown.
    pub fn cost(&self, model: PricedModel<'_>, used: &ClassCounts) -> Option<NanoDollars> {
        self.receipt(model, used).sum()
    }

    /// What a call costs, line by line.
    pub fn receipt(&self, model: PricedModel<'_>, used: &ClassCounts) -> Receipt {
        write_receipt(self.find(model).as_ref(), model.model, used)
    }

    /// The same of a call that was served on terms of its own: tokens cost so
    /// many times their list price, or nobody knows what.
    pub fn receipt_on(
        &self,
        terms: ServiceTerms,
        model: PricedModel<'_>,
        used: &ClassCounts,
    ) -> Receipt {
        let mut receipt = self.receipt(model, used);
        receipt.terms = terms;
        if terms.is_empty() {
            return receipt;
        }
        let times = self.terms.times(terms, model, used.input_tokens());
        for line in &mut receipt.lines {
            let is_token = line.class.unit() == UsageClass::Input.unit();
            if let Some(price) = line.price.filter(|price| is_token && price.0 > 0) {
                line.price = times.and_then(|times| times.of(price));
            }
        }
        receipt
    }

    /// What a call costs at the most, apart for what is known before the
    /// call and for each token of the answer; none if that is unknown.
    pub fn price(&self, model: PricedModel<'_>, most: &ClassCounts) -> Option<Price> {
        let output = most.get(UsageClass::Output);
        let found = self.find(model)?;
        let most = found.at_dearest(*most);
        let without_output = most
            .with(UsageClass::Output, 0)
            .with(UsageClass::OutputImage, 0);
        let cost = |used| write_receipt(Some(&found), model.model, used).sum();
        let (base, all) = (cost(&without_output)?, cost(&most)?);
        Some(Price {
            base,
            output_token: NanoDollars(all.0.saturating_sub(base.0).div_ceil(output.max(1))),
        })
    }

    /// The same tokens, as those of pictures where they cost more: nobody knows
    /// beforehand what a model that makes pictures says in words. What goes in
    /// may be pictures where pictures are what is asked for.
    pub fn at_dearest(&self, model: PricedModel<'_>, most: ClassCounts) -> ClassCounts {
        self.find(model)
            .map_or(most, |found| found.at_dearest(most))
    }

    /// How many tokens a model can be told and say in all; none if no list
    /// knows that.
    pub fn context_tokens(&self, model: PricedModel<'_>) -> Option<u64> {
        let known = self
            .table
            .find(model.provider.as_str(), model.model, model.at_ms)?;
        known.context_tokens
    }

    /// What a million tokens into a model and out of it cost, and its window, as
    /// far as lists know. Longer prompts and other classes may cost more.
    pub fn list_price(&self, model: PricedModel<'_>) -> ListPrice {
        let found = self.find(model);
        let of = |class| found.as_ref()?.price(class, &ClassCounts::default());
        let (input, output) = (of(UsageClass::Input), of(UsageClass::Output));
        // What an entry does not say of writing to a cache is a guess.
        let is_listed = matches!(found, Some(PricePlace::Table(_)));
        // The table has 0 for what is paid for by something else than tokens.
        let is_free = model.model.ends_with(":free");
        let known = |price: Option<NanoDollars>| price.filter(|it| it.0 > 0 || is_free);
        // What an entry has tokens for costs nothing by the picture.
        let is_free_picture =
            matches!(found, Some(PricePlace::Entry(_))) && known(output).is_none();
        ListPrice {
            input: known(input),
            output: known(output),
            cached_input: known(of(UsageClass::CachedInput)),
            cache_write: known(
                of(UsageClass::CacheWrite).filter(|it| is_listed && Some(*it) > input),
            ),
            picture: of(UsageClass::Picture).filter(|price| price.0 > 0 || is_free_picture),
            context_tokens: self.context_tokens(model),
        }
    }

    fn find(&self, model: PricedModel<'_>) -> Option<PricePlace<'_>> {
        let provider = model.provider.as_str();
        let entry = self.entry(provider, model.model, model.at_ms);
        entry.map(PricePlace::Entry).or_else(|| {
            let known = self.table.find(provider, model.model, model.at_ms)?;
            Some(PricePlace::Table(known))
        })
    }

    /// The entry that applies to a model: the first that matches it. Of those
    /// with the same pattern, the one that began last.
    fn entry(&self, provider: &str, model: &str, at_ms: i64) -> Option<&Entry> {
        let matching = |entry: &&Entry| entry.matches(provider, model);
        let first = self.entries.iter().find(matching)?;
        let same = |entry: &&Entry| matching(entry) && entry.is_for_the_same(first);
        let begun = |entry: &&Entry| entry.began_ms() <= at_ms;
        let entries = self.entries.iter().filter(same).filter(begun);
        entries.max_by_key(|entry| entry.began_ms())
    }
}

impl PricePlace<'_> {
    fn price(&self, class: UsageClass, used: &ClassCounts) -> Option<NanoDollars> {
        match self {
            Self::Entry(entry) => entry.price(class, used),
            Self::Table(known) => known.price(class, used.input_tokens()),
        }
    }

    fn at_dearest(&self, most: ClassCounts) -> ClassCounts {
        let most = self.move_where_dearer(most, [UsageClass::Output, UsageClass::OutputImage]);
        if most.get(UsageClass::Picture) == 0 {
            return most;
        }
        self.move_where_dearer(most, [UsageClass::Input, UsageClass::InputImage])
    }

    /// What is used at the most, with the tokens of one class in another where
    /// they cost more there.
    fn move_where_dearer(&self, most: ClassCounts, [from, to]: [UsageClass; 2]) -> ClassCounts {
        if self.price(to, &most) <= self.price(from, &most) {
            return most;
        }
        let all = most.get(to).saturating_add(most.get(from));
        most.with(from, 0).with(to, all)
    }

    fn list(&self) -> crate::model::PriceList {
        match self {
            Self::Entry(entry) => entry.list.clone(),
            Self::Table(_) => PriceTable::list(),
        }
    }
}

/// What a call of a model costs by the prices that were found for it, line by line.
fn write_receipt(found: Option<&PricePlace<'_>>, model: &str, used: &ClassCounts) -> Receipt {
    let mut lines: Vec<ReceiptLine> = Vec::with_capacity(4);
    let fee = found.and_then(|found| found.price(UsageClass::Call, used));
    let fee = fee.filter(|fee| fee.0 > 0).map(|_| (UsageClass::Call, 1));
    for (class, count) in used.iter().chain(fee) {
        let price = found.and_then(|found| found.price(class, used));
        lines.push(ReceiptLine {
            class,
            count,
            price,
        });
    }
    if let Some(PricePlace::Table(_)) = found {
        forget_nothing_for_something(model, &mut lines);
    }
    // Pictures and machines that something else pays for are no lines.
    let pays = |line: &ReceiptLine| line.price.is_none_or(|price| price.0 > 0);
    if lines.iter().any(pays) {
        let is_token =
            |line: &ReceiptLine| !matches!(line.class, UsageClass::Picture | UsageClass::Machine);
        lines.retain(|line| is_token(line) || pays(line));
    }
    Receipt {
        list: found.map(PricePlace::list),
        lines,
        ..Receipt::default()
    }
}

/// Takes the prices out of lines that cost nothing together. The table has a
/// price of 0 for models that are paid for by something else than tokens.
/// Models that are free say so in their names.
fn forget_nothing_for_something(model: &str, lines: &mut [ReceiptLine]) {
    let is_free = |line: &ReceiptLine| line.price.is_some_and(|price| price.0 == 0);
    if !lines.is_empty() && lines.iter().all(is_free) && !model.ends_with(":free") {
        for line in lines {
            line.price = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::UsageClass as C;

    fn counts(amounts: &[(C, u64)]) -> ClassCounts {
        let mut counts = ClassCounts::default();
        for (class, amount) in amounts {
            counts.set(*class, *amount);
        }
        counts
    }

    fn ms(day: &str) -> i64 {
        let date: Date = day.parse().unwrap();
        date.to_zoned(TimeZone::UTC)
            .unwrap()
            .timestamp()
            .as_millisecond()
    }

    fn million() -> ClassCounts {
        counts(&[(C::Input, 1_000_000), (C::Output, 1_000_000)])
    }

    fn dollars(prices: &Prices, model: &str, used: ClassCounts, day: &str) -> String {
        let (provider, model) = model.split_once('/').unwrap();
        let model = PricedModel {
            provider: &provider.into(),
            model,
            at_ms: ms(day),
        };
        let cost = prices.cost(model, &used);
        cost.map_or_else(|| "unknown".into(), NanoDollars::in_full)
    }

    #[test]
    fn prices_of_models_are_known_at_their_date() {
        let prices = Prices::new(None).unwrap();
        let small = counts(&[(C::Input, 400), (C::CachedInput, 600), (C::Output, 100)]);
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
            ("ollama", "llama3.2", million(), "2026-11-21", "$0.00"),
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
                counts(&[(C::Machine, 1)]),
                "2026-11-21",
                "unknown",
            ),
            (
                "google",
                "gemini-3-pro-image",
                counts(&[(C::Picture, 2)]),
                "2026-11-21",
                "$0.268",
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
                counts(&[(C::Picture, 2), (C::Machine, 4_000)]),
                "2026-11-21",
                "$0.00",
            ),
            (
                "openai",
                "gpt-image-2",
                counts(&[(C::Input, 10), (C::OutputImage, 4_160), (C::Picture, 1)]),
                "2026-11-21",
                "$0.12485",
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
        let hour = counts(&[(C::Picture, 4), (C::Machine, 3_600_000)]);
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
                let most = counts(&[(C::Input, input_tokens), (C::Output, output_tokens)]);
                let model = PricedModel {
                    provider: &provider.into(),
                    model,
                    at_ms,
                };
                let price = prices.price(model, &most).unwrap();
                for output in [0, 1, output_tokens / 2, output_tokens] {
                    let used = most.with(C::Output, output);
                    let cost = prices.cost(model, &used).unwrap();
                    let held = price.base.0 + price.output_token.0 * output;
                    assert!(cost.0 <= held, "{used:?}: {cost:?} above {held}");
                }
            }
        }
    }

    #[test]
    fn pictures_are_held_at_the_price_of_their_tokens() {
        let prices = Prices::new(None).unwrap();
        let at_ms = ms("2026-11-21");
        for (provider, model, output_token) in [
            ("openai", "gpt-image-2", 30_000),
            ("openai", "gpt-image-2.5-flare", 30_000),
            ("openai", "gpt-image-1.5", 32_000),
            ("openai", "chatgpt-image-latest", 32_000),
            ("openai", "gpt-image-1", 40_000),
            ("openai", "gpt-image-1-mini", 8_000),
            ("openrouter", "google/gemini-3.1-flash-image", 60_000),
            ("openrouter", "google/gemini-3-pro-image", 120_000),
        ] {
            let most = counts(&[(C::Input, 1_000), (C::Output, 7_000), (C::Picture, 1)]);
            let provider = provider.into();
            let call = PricedModel {
                provider: &provider,
                model,
                at_ms,
            };
            let held = prices.price(call, &most).unwrap();
            assert_eq!(held.output_token.0, output_token, "{model}");
            let used = counts(&[
                (C::InputImage, 1_000),
                (C::OutputImage, 7_000),
                (C::Picture, 1),
            ]);
            let cost = prices.cost(call, &used).unwrap();
            assert!(cost.0 <= held.base.0 + 7_000 * output_token, "{model}");
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
