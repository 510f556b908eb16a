//! Files of prices: the operator's, and `assets/prices.toml`.

use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::value::Datetime;

use crate::model::{ClassCounts, NanoDollars, PriceList, UsageClass};

use crate::ledger::pricing::model_prices::nano_dollars;
use crate::ledger::pricing::term_prices::{TermPrices, TermTable};

/// The largest price that is one, in dollars.
const PRICE_MAX: f64 = 1e6;
/// What ends a written name that may have a day behind it.
const DATED: &str = "[-date]";
/// Classes that a file names by another unit than receipts do: one picture,
/// and a second of a machine.
const OTHER_NAMES: [(&str, UsageClass); 2] = [
    ("image", UsageClass::Picture),
    ("second", UsageClass::Machine),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// As of which day the prices are.
    date: Option<Datetime>,
    #[serde(default)]
    price: Vec<toml::Table>,
    #[serde(default)]
    term: Vec<TermTable>,
}

/// A file of prices.
#[derive(Debug, Default)]
pub struct PriceFile {
    pub entries: Vec<Entry>,
    pub terms: TermPrices,
}

/// What one model costs, or all models whose names begin alike.
#[derive(Clone, Debug)]
pub struct Entry {
    pub list: PriceList,
    provider: String,
    model: String,
    /// From when on the entry applies.
    began_ms: i64,
    /// Nano-dollars for a unit of each class.
    prices: [Option<u64>; UsageClass::ALL.len()],
}

/// Parses a file of prices.
pub fn parse_prices(text: &str, name: &str) -> anyhow::Result<PriceFile> {
    let file: File =
        toml::from_str(text).map_err(|error| anyhow::anyhow!("{}", error.message()))?;
    let date = file.date.map(|date| {
        let day = read_day(date).context("`date` must be a day, such as 2027-01-01")?;
        anyhow::Ok(Arc::from(day.to_string()))
    });
    let list = PriceList {
        name: name.into(),
        date: date.transpose()?,
    };
    let entries = file.price.into_iter().map(|it| Entry::read(it, &list));
    Ok(PriceFile {
        entries: entries.collect::<anyhow::Result<_>>()?,
        terms: TermPrices::read(file.term)?,
    })
}

/// Whether a model's name is what is written, or begins with what stands before
/// a `*`. Behind what stands before `[-date]` there may be a day.
pub fn is_model(written: &str, model: &str) -> bool {
    if let Some(name) = written.strip_suffix(DATED) {
        let rest = model.strip_prefix(name);
        return rest.is_some_and(|rest| rest.is_empty() || is_day(rest));
    }
    match written.strip_suffix('*') {
        Some(start) => model.starts_with(start),
        None => model == written,
    }
}

/// Whether this is a day behind a hyphen, as vendors end the names of versions.
fn is_day(rest: &str) -> bool {
    let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let shape: String = rest.chars().map(digits).collect();
    matches!(shape.as_str(), "-0000-00-00" | "-00000000")
}

impl Entry {
    fn read(mut table: toml::Table, list: &PriceList) -> anyhow::Result<Self> {
        let mut text = |field: &str| {
            let value = table
                .remove(field)
                .context(format!("a price has no `{field}`"))?;
            let text = value.as_str().map(str::to_owned);
            text.with_context(|| format!("`{field}` of a price must be text"))
        };
        let (provider, model) = (text("provider")?, text("model")?);
        let name = format!("{provider} {model}");
        let began_ms = match table.remove("from") {
            None => i64::MIN,
            Some(from) => {
                let day = from.as_datetime().copied().and_then(read_day);
                let day = day.with_context(|| {
                    format!("`from` of {name} must be a day, such as 2027-01-01")
                })?;
                day.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond()
            }
        };
        let mut prices = [None; UsageClass::ALL.len()];
        for (field, value) in &table {
            let class = class_of(field);
            let class = class.with_context(|| format!("{name} has no price called `{field}`"))?;
            let dollars = value.as_float();
            let dollars =
                dollars.or_else(|| Some(f64::from(i32::try_from(value.as_integer()?).ok()?)));
            let dollars = dollars.filter(|dollars| (0.0..=PRICE_MAX).contains(dollars));
            let dollars =
                dollars.with_context(|| format!("a price of {name} is negative or not a price"))?;
            if let Some(price) = prices.get_mut(class as usize) {
                *price = Some(nano_dollars(dollars));
            }
        }
        if table.is_empty() {
            bail!("{name} has no price: give it `input` and `output`, `image`, or `second`");
        }
        ensure!(!provider.is_empty(), "a price has no provider");
        Ok(Self {
            list: list.clone(),
            provider,
            model,
            began_ms,
            prices,
        })
    }

    /// Whether the entry is for a model.
    pub fn matches(&self, provider: &str, model: &str) -> bool {
        self.provider == provider && is_model(&self.model, model)
    }

    /// Whether both entries are for the same models.
    pub fn is_for_the_same(&self, other: &Self) -> bool {
        self.model == other.model
    }

    /// From when on the entry applies.
    pub fn began_ms(&self) -> i64 {
        self.began_ms
    }

    /// What a unit of a class costs; none if the entry lacks a price for it.
    /// Where a class has no price of its own, it costs what the class costs
    /// that it is a part of.
    pub fn price(&self, class: UsageClass, used: &ClassCounts) -> Option<NanoDollars> {
        use UsageClass as C;
        let own = |class: C| self.prices.get(class as usize).copied().flatten();
        // Where pictures have a price, the output tokens are the pictures and
        // cost nothing more.
        let output = || own(C::Output).or(own(C::Picture).map(|_| 0));
        // Where no token has a price, what goes in costs nothing more either.
        let input = || own(C::Input).or_else(|| self.price_of_free_input());
        let times =
            |hundredths: u64| own(C::Input).map(|input| input.saturating_mul(hundredths) / 100);
        // Pictures whose tokens are counted are paid for by the token.
        let by_token =
            class == C::Picture && own(C::OutputImage).is_some() && used.get(C::OutputImage) > 0;
        let own_price = if by_token { Some(0) } else { own(class) };
        let price = own_price.or_else(|| match class {
            C::Input
            | C::CachedInput
            | C::ToolInput
            | C::InputAudio
            | C::InputImage
            | C::InputVideo => input(),
            C::CachedAudio => own(C::InputAudio).or(own(C::CachedInput)).or_else(input),
            C::CachedImage => own(C::InputImage).or(own(C::CachedInput)).or_else(input),
            // What the vendors ask who have such prices: `docs/providers.md` §16.
            C::CacheWrite => times(125),
            C::CacheWrite5m => own(C::CacheWrite).or(times(125)),
            C::CacheWrite1h => times(200),
            // No vendor says what it asks; what is free costs nothing either.
            C::CacheWrite12h => own(C::Input).filter(|input| *input == 0),
            C::Output | C::Reasoning | C::OutputAudio | C::OutputImage => output(),
            C::WebSearch
            | C::FileSearch
            | C::MapSearch
            | C::ToolCall
            | C::Container
            | C::OtherModel
            | C::AudioSecond
            | C::Character
            | C::Search
            | C::Job => None,
            C::Call => Some(0),
            C::Picture => self.price_of_unpriced_picture(used),
            C::Machine => own(C::Picture).map(|_| 0),
        });
        price.map(NanoDollars)
    }
}

impl Entry {
    /// A model that is paid for by the picture or by the second of a machine
    /// alone asks nothing for the words that it makes pictures of.
    fn price_of_free_input(&self) -> Option<u64> {
        use UsageClass as C;
        let has = |class: C| self.prices.get(class as usize).is_some_and(Option::is_some);
        let has_tokens = has(C::Output) || has(C::OutputImage);
        let is_whole = has(C::Picture) || has(C::Machine);
        (is_whole && !has_tokens).then_some(0)
    }

    /// Where pictures have no price, they are paid for by the token or by the
    /// second of a machine, so that a picture itself costs nothing.
    fn price_of_unpriced_picture(&self, used: &ClassCounts) -> Option<u64> {
        let own = |class: UsageClass| self.prices.get(class as usize).copied().flatten();
        // Before a machine has run, nobody knows for how long it will.
        let is_known = |second: &u64| *second == 0 || used.get(UsageClass::Machine) > 0;
        let by_second = own(UsageClass::Machine).filter(is_known);
        own(UsageClass::Output).or(by_second).map(|_| 0)
    }
}

/// The class that a field of an entry prices.
fn class_of(field: &str) -> Option<UsageClass> {
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == field);
    let is_other = |class: &UsageClass| OTHER_NAMES.iter().any(|(_, other)| other == class);
    let named = UsageClass::parse(field).filter(|class| !is_other(class));
    other.map(|(_, class)| *class).or(named)
}

fn read_day(date: Datetime) -> Option<Date> {
    let day = date.date.filter(|_| date.time.is_none())?;
    let year = i16::try_from(day.year).ok()?;
    let month = i8::try_from(day.month).ok()?;
    Date::new(year, month, i8::try_from(day.day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_name_means_no_other_model() {
        for (written, model, is_meant) in [
            ("gpt-image-2", "gpt-image-2", true),
            ("gpt-image-2", "gpt-image-2-2026-04-21", false),
            ("gpt-image-2[-date]", "gpt-image-2", true),
            ("gpt-image-2[-date]", "gpt-image-2-2026-04-21", true),
            ("gpt-image-2[-date]", "gpt-image-2-20260421", true),
            ("gpt-image-2[-date]", "gpt-image-2.5-sunburst", false),
            (
                "gpt-image-2[-date]",
                "gpt-image-2.5-flare-2026-09-08",
                false,
            ),
            ("gpt-image-2[-date]", "gpt-image-2-pro", false),
            ("gpt-image-2[-date]", "gpt-image-2-2026-04-21-pro", false),
            ("gpt-image-2[-date]", "gpt-image-20260421", false),
            ("gpt-image-2[-date]", "gpt-image-2-", false),
            ("gpt-6-sol[-date]", "gpt-6-sol-pro", false),
            ("gpt-image-2*", "gpt-image-2.5-sunburst", true),
            ("*", "anything", true),
        ] {
            assert_eq!(is_model(written, model), is_meant, "{written} {model}");
        }
    }

    /// Names that the vendors have, and names of other models that begin alike.
    #[test]
    fn our_own_list_has_versions_of_its_models_and_no_other_models() {
        let ours = parse_prices(include_str!("../../../assets/prices.toml"), "ours").unwrap();
        let all = |provider: &str, names: &[&str]| {
            let is_priced = |name: &&&str| ours.entries.iter().any(|it| it.matches(provider, name));
            let priced: Vec<&str> = names.iter().filter(is_priced).copied().collect();
            priced.join(" ")
        };
        let openai = [
            "gpt-image-2",
            "gpt-image-2-2026-04-21",
            "gpt-image-2.5-flare",
            "gpt-image-2.5-sunburst-2026-09-08",
            "gpt-image-2.5-pro",
            "gpt-image-2.6-sunburst",
            "gpt-image-1.5-2025-12-16",
            "gpt-image-1-mini",
            "omni-moderation-latest",
            "omni-moderation-2024-09-26",
            "omni-moderation-pro",
        ];
        insta::assert_snapshot!(all("openai", &openai), @"gpt-image-2 gpt-image-2-2026-04-21 gpt-image-2.5-flare gpt-image-2.5-sunburst-2026-09-08 gpt-image-1.5-2025-12-16 gpt-image-1-mini omni-moderation-latest omni-moderation-2024-09-26");
        let google = [
            "gemini-3.1-flash-image",
            "gemini-3.1-flash-image-preview",
            "gemini-3.1-flash-image-ultra",
            "gemini-3-pro-image-preview",
            "gemini-3-pro-image-hd",
            "gemini-2.5-flash-image",
            "gemini-2.5-flash-image-preview",
        ];
        insta::assert_snapshot!(all("google", &google), @"gemini-3.1-flash-image gemini-3.1-flash-image-preview gemini-3-pro-image-preview gemini-2.5-flash-image gemini-2.5-flash-image-preview");
        let routed = google.map(|name| format!("google/{name}"));
        let routed: Vec<&str> = routed.iter().map(String::as_str).collect();
        insta::assert_snapshot!(all("openrouter", &routed), @"google/gemini-3.1-flash-image google/gemini-3.1-flash-image-preview google/gemini-3-pro-image-preview google/gemini-2.5-flash-image google/gemini-2.5-flash-image-preview");
        // What else a service charges for them is another price.
        let free = [
            "google/gemini-2.5-flash-image-preview:free",
            "google/gemini-3.1-flash-lite-image-20260630",
        ];
        insta::assert_snapshot!(all("openrouter", &free), @"google/gemini-3.1-flash-lite-image-20260630");
    }

    /// What a unit of each of these classes costs by an entry, in thousandths
    /// of a dollar.
    fn prices(entry: &str, classes: &[UsageClass]) -> String {
        let text = format!("[[price]]\nprovider = 'a'\nmodel = 'b'\n{entry}");
        let PriceFile { entries, .. } = parse_prices(&text, "a list").unwrap();
        let used = ClassCounts::default();
        let price = |class: &UsageClass| match entries[0].price(*class, &used) {
            Some(price) => (price.0 / 1_000_000).to_string(),
            None => "?".into(),
        };
        classes.iter().map(price).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_class_costs_what_it_is_a_part_of_unless_it_has_a_price_of_its_own() {
        use UsageClass as C;
        let input = [
            C::Input,
            C::CachedInput,
            C::ToolInput,
            C::InputAudio,
            C::CachedAudio,
        ];
        assert_eq!(prices("input = 2\n", &input), "2000 2000 2000 2000 2000");
        assert_eq!(
            prices("input = 2\ncached_input = 0.5\ninput_audio = 9\n", &input),
            "2000 500 2000 9000 9000"
        );
        for (entry, expected) in [
            ("image = 0.04\n", "0 0 0 0 0"),
            ("second = 0.001\n", "0 0 0 0 0"),
            ("image = 0.04\ninput = 2\n", "2000 2000 2000 2000 2000"),
            ("image = 0.04\noutput_image = 30\n", "? ? ? ? ?"),
            ("output = 2\n", "? ? ? ? ?"),
            ("call = 2\n", "? ? ? ? ?"),
        ] {
            assert_eq!(prices(entry, &input), expected, "{entry}");
        }
        let writes = [
            C::CacheWrite,
            C::CacheWrite5m,
            C::CacheWrite1h,
            C::CacheWrite12h,
        ];
        assert_eq!(prices("input = 2\n", &writes), "2500 2500 4000 ?");
        assert_eq!(
            prices("input = 2\ncache_write = 3\ncache_write_1h = 7\n", &writes),
            "3000 3000 7000 ?"
        );
        assert_eq!(prices("input = 0\n", &writes), "0 0 0 0");
        assert_eq!(
            prices("input = 2\ncache_write_12h = 6\n", &writes),
            "2500 2500 4000 6000"
        );
        let output = [C::Output, C::Reasoning, C::OutputAudio, C::OutputImage];
        assert_eq!(
            prices("output = 4\noutput_image = 30\n", &output),
            "4000 4000 4000 30000"
        );
        let pieces = [C::WebSearch, C::FileSearch, C::Call, C::Picture, C::Machine];
        assert_eq!(prices("input = 1\noutput = 1\n", &pieces), "? ? 0 0 ?");
        assert_eq!(
            prices("image = 0.04\nweb_search = 10\ncall = 5\n", &pieces),
            "10000 ? 5000 40 0"
        );
    }

    /// A hold needs the price of everything that the call may use.
    #[test]
    fn what_is_paid_by_the_picture_or_the_second_costs_nothing_more_for_its_words() {
        use UsageClass as C;
        let most = [
            C::Input,
            C::CachedInput,
            C::InputImage,
            C::Output,
            C::Picture,
        ];
        assert_eq!(prices("image = 0\n", &most), "0 0 0 0 0");
        assert_eq!(prices("image = 0.02\n", &most), "0 0 0 0 20");
        // What a machine costs that runs is known once it ran.
        let most = [C::Input, C::Picture, C::Machine];
        assert_eq!(prices("second = 0\n", &most), "0 0 0");
        assert_eq!(prices("second = 0.001\n", &most), "0 ? 1");
        assert_eq!(prices("input = 2\nimage = 0.02\n", &most), "2000 20 0");
    }

    #[test]
    fn pictures_whose_tokens_are_counted_are_paid_for_once() {
        let text = "[[price]]\nprovider = 'a'\nmodel = 'b'\noutput_image = 120\nimage = 0.134\n";
        let PriceFile { entries, .. } = parse_prices(text, "a list").unwrap();
        let picture = |used: &ClassCounts| entries[0].price(UsageClass::Picture, used).unwrap().0;
        assert_eq!(picture(&ClassCounts::default()), 134_000_000);
        let counted = ClassCounts::default().with(UsageClass::OutputImage, 1_120);
        assert_eq!(picture(&counted), 0);
    }

    #[test]
    fn a_list_says_as_of_which_day_it_is() {
        let entry = "[[price]]\nprovider = 'a'\nmodel = 'b'\ninput = 1\n";
        let list = |head: &str| {
            let PriceFile { entries, .. } =
                parse_prices(&format!("{head}{entry}"), "a list").unwrap();
            entries[0].list.to_string()
        };
        assert_eq!(list(""), "- a list");
        assert_eq!(list("date = 2027-01-31\n"), "2027-01-31 a list");
        for wrong in ["date = 07:00:00\n", "date = 'soon'\n", "dated = 1\n"] {
            assert!(
                parse_prices(&format!("{wrong}{entry}"), "a list").is_err(),
                "{wrong}"
            );
        }
        let wrong = format!("{entry}speech = 1\n");
        let refused = parse_prices(&wrong, "a list").unwrap_err().to_string();
        assert_eq!(refused, "a b has no price called `speech`");
    }
}
