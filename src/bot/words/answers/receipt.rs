//! A receipt: each class of what was used with its price as a table, and what
//! there is to say of it in words.

use std::fmt::Display;

use crate::app::OwnAttempt;
use crate::bot::words::speech::formats::{cost, figures};
use crate::bot::words::speech::voice::Voice;
use crate::model::{NanoDollars, Receipt, ReceiptLine, ServiceTerm, UsageClass};

/// The lines of a receipt, under what an attempt used.
pub fn receipt_lines(voice: Voice<'_>, receipt: &Receipt, used: &OwnAttempt) -> Vec<String> {
    let lang = voice.lang;
    let mut lines = Vec::from_iter(table(voice, receipt));
    let sum = receipt
        .sum()
        .map_or_else(|| lang.words("unknown").to_owned(), |sum| lang.money(sum));
    let list = receipt.list.as_ref();
    lines.push(match list {
        None => lang
            .words("No list of prices knows this model. The bot's operator can add its price (`quota.prices_file`).")
            .to_owned(),
        Some(list) => {
            let name = list.name.to_string();
            let date = list.date.as_deref().unwrap_or_else(|| lang.words("an unknown day"));
            let values: &[(&str, &dyn Display)] = &[("sum", &sum), ("list", &name), ("date", &date)];
            lang.say("Sum: {sum}, by the prices of {list} as of {date}.", values)
        }
    });
    lines.extend(terms_line(voice, receipt));
    let booked = cost(voice, used.cost_nano.map(NanoDollars));
    let cut_cost = receipt.cut.and_then(|cut| cut.cost);
    match cut_cost.filter(|said| Some(said.0) != used.cost_nano) {
        Some(said) => lines.push(lang.say(
            "The provider itself says {said}, which is more than one call to this model can cost; {booked} is booked.",
            &[("said", &lang.money(said)), ("booked", &booked)],
        )),
        None if used.cost_reported => lines.push(lang.say(
            "The provider itself says {cost}, and that is what counts.",
            &[("cost", &booked)],
        )),
        None => {}
    }
    lines.extend(cut_tokens_line(voice, receipt, used));
    if used.overshoot {
        lines.push(
            lang.words("That is more than had been reserved for it; limits count all of it.")
                .to_owned(),
        );
    }
    lines
}

/// On which terms the call was served, where they were not the usual ones.
fn terms_line(voice: Voice<'_>, receipt: &Receipt) -> Option<String> {
    let terms: Vec<&str> = receipt.terms.iter().map(ServiceTerm::as_str).collect();
    let terms = voice.lang.list(&terms);
    (!terms.is_empty()).then(|| {
        voice.lang.say(
            "Served as {terms}, as the answer says; the prices are those of that.",
            &[("terms", &terms)],
        )
    })
}

/// What the provider counted, where not all of that is believed.
fn cut_tokens_line(voice: Voice<'_>, receipt: &Receipt, used: &OwnAttempt) -> Option<String> {
    let cut = receipt.cut?;
    let is_cut = cut.input_tokens > used.input_tokens || cut.output_tokens > used.output_tokens;
    is_cut.then(|| {
        let values: &[(&str, &dyn Display)] = &[
            ("input", &voice.lang.number(cut.input_tokens)),
            ("output", &voice.lang.number(cut.output_tokens)),
        ];
        voice.lang.say(
            "The provider reported {input} tokens in, {output} out, more than this model can do in one call; the most that it can do is booked.",
            values,
        )
    })
}

/// A row for each class; none where nothing was counted.
fn table(voice: Voice<'_>, receipt: &Receipt) -> Option<String> {
    let rows = receipt.lines.iter().map(|line| row(voice, line));
    let rows: Vec<Vec<String>> = rows.collect();
    (!rows.is_empty()).then(|| figures(&rows))
}

/// What was used of a class, and its price.
fn row(voice: Voice<'_>, line: &ReceiptLine) -> Vec<String> {
    let lang = voice.lang;
    let price = line.price.map_or_else(
        || lang.words("unknown").to_owned(),
        |price| {
            let unit = unit_name(voice, line.class);
            let price = lang.money_in_full(price);
            lang.say("{price} {unit}", &[("price", &price), ("unit", &unit)])
        },
    );
    vec![
        class_name(voice, line.class).to_owned(),
        lang.number(line.count),
        price,
    ]
}

fn unit_name(voice: Voice<'_>, class: UsageClass) -> &str {
    voice.lang.words(match class.unit() {
        1 => "each",
        1_000 if class == UsageClass::Machine => "per second",
        1_000 => "a thousand",
        _ => "a million",
    })
}

fn class_name(voice: Voice<'_>, class: UsageClass) -> &str {
    voice.lang.words(match class {
        UsageClass::Input => "tokens in",
        UsageClass::CachedInput => "tokens in from a cache",
        UsageClass::CachedAudio => "audio in from a cache",
        UsageClass::CachedImage => "pictures in from a cache",
        UsageClass::CacheWrite => "written to a cache",
        UsageClass::CacheWrite5m => "written to a cache, 5 min",
        UsageClass::CacheWrite1h => "written to a cache, 1 h",
        UsageClass::CacheWrite12h => "written to a cache, 12 h",
        UsageClass::ToolInput => "tokens in from its tools",
        UsageClass::InputAudio => "tokens of audio in",
        UsageClass::InputImage => "tokens of pictures in",
        UsageClass::InputVideo => "tokens of video in",
        UsageClass::Output => "tokens out",
        UsageClass::Reasoning => "tokens of reasoning",
        UsageClass::OutputAudio => "tokens of audio out",
        UsageClass::OutputImage => "tokens of pictures out",
        UsageClass::WebSearch => "web searches",
        UsageClass::FileSearch => "file searches",
        UsageClass::MapSearch => "answers from a map",
        UsageClass::ToolCall => "calls of the provider's tools",
        UsageClass::Container => "containers for tools",
        UsageClass::OtherModel => "tokens of another model",
        UsageClass::AudioSecond => "seconds of audio",
        UsageClass::Character => "characters read aloud",
        UsageClass::Search => "searches in documents",
        UsageClass::Job => "background jobs",
        UsageClass::Call => "call",
        UsageClass::Picture => "pictures",
        UsageClass::Machine => "ms of a machine",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::KnownProviders;
    use crate::bot::words::DEFAULT_LOCALE;
    use crate::bot::words::speech::formats::clip_name;
    use crate::bot::words::speech::phrasebook::LANGUAGES;
    use crate::providers::Catalogue;

    #[test]
    fn no_class_is_clipped_in_any_language() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let locales = LANGUAGES.iter().flat_map(|language| language.locales);
        for locale in locales.copied().chain([DEFAULT_LOCALE]) {
            let voice = Voice::to_a_member(locale, KnownProviders::new(&catalogue));
            for class in UsageClass::ALL {
                let name = class_name(voice, *class);
                assert_eq!(clip_name(name), name, "{locale}");
            }
        }
    }
}
