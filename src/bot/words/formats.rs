//! Numbers, prices and times as replies write them.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::bot::words::lang::Plural;
use crate::bot::words::voice::Voice;
use crate::model::NanoDollars;

/// The longest name of a model that is shown.
const MODEL_CHARACTERS_MAX: usize = 80;

/// Less is not told apart, since nobody wants to count its zeros: a
/// hundredth of a cent.
const SMALL: u64 = 100_000;

/// The longest name in a column of figures: with two figures beside it, a line
/// fits a telephone.
const NAME_COLUMNS_MAX: usize = 26;

/// What an answer cost.
pub fn cost(voice: Voice<'_>, cost: Option<NanoDollars>) -> String {
    match cost {
        None => voice.lang.words("price unknown").to_owned(),
        Some(NanoDollars(0)) => voice.lang.words("free").to_owned(),
        Some(cost) => money(voice, cost),
    }
}

/// An amount of money, wherever a reply writes one. Prices, which are told for
/// a million of something, are written out.
pub fn money(voice: Voice<'_>, amount: NanoDollars) -> String {
    match amount {
        NanoDollars(1..SMALL) => {
            let small = voice.lang.decimal(&NanoDollars(SMALL).to_string());
            voice.lang.say("under {cost}", &[("cost", &small)])
        }
        amount => voice.lang.decimal(&amount.to_string()),
    }
}

/// Rows of figures that stand below each other: names on the left, clipped
/// where a telephone would wrap the line, and figures on the right.
pub fn figures(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let widths = cells.map(|cell| cell.width());
        let widest = widths.max().unwrap_or(0);
        if at == 0 {
            widest.min(NAME_COLUMNS_MAX)
        } else {
            widest
        }
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(at, (cell, &width))| match at {
            0 => {
                let name = clip(cell, width);
                let blanks = blanks(&name, width);
                name + &blanks
            }
            _ => blanks(cell, width) + cell,
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    let lines: Vec<String> = lines.map(|line| line.replace('`', "'")).collect();
    format!("```\n{}\n```", lines.join("\n"))
}

/// What a cell lacks to be as wide as its column, in which characters of East
/// Asia take two places.
fn blanks(cell: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(cell.width()))
}

/// A name in so many places at the most.
fn clip(name: &str, most: usize) -> String {
    if name.width() <= most {
        return name.to_owned();
    }
    let mut begun = String::new();
    for c in name.chars() {
        if begun.width() + c.width().unwrap_or(0) >= most {
            break;
        }
        begun.push(c);
    }
    format!("{begun}…")
}

/// A model's name as its provider gave it: hostile until shown otherwise.
pub fn plain_model(name: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-_.:/@+".contains(*c);
    name.chars()
        .filter(plain)
        .take(MODEL_CHARACTERS_MAX)
        .collect()
}

/// A time that is over or to come, which Discord counts by itself. Rounded
/// up, so that it never names a time before the moment.
pub fn relative_time(at_ms: i64) -> String {
    format!("<t:{}:R>", at_ms.div_euclid(1_000) + 1)
}

/// A date and time, in the reader's own time zone.
pub fn date_and_time(at_ms: i64) -> String {
    format!("<t:{}:f>", at_ms.div_euclid(1_000))
}

/// How long to wait, in the unit that reads best.
pub fn duration(voice: Voice<'_>, seconds: u64) -> String {
    match seconds {
        0..=1 => voice.lang.words("a second").into(),
        2..=119 => {
            let words = Plural("{n} second", "{n} seconds");
            voice.lang.say_count(seconds, words, &[])
        }
        120..=7_199 => {
            let words = Plural("{n} minute", "{n} minutes");
            voice.lang.say_count(seconds.div_ceil(60), words, &[])
        }
        _ => {
            let words = Plural("{n} hour", "{n} hours");
            voice.lang.say_count(seconds.div_ceil(3_600), words, &[])
        }
    }
}

/// How many there are, as sentences count.
pub fn count_of(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}

/// Text that somebody typed, so that it cannot end the code span that it
/// stands in.
pub fn in_code(typed: &str) -> String {
    typed.replace('`', "'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::KnownProviders;
    use crate::bot::words::DEFAULT_LOCALE;
    use crate::bot::words::phrasebook::LANGUAGES;
    use crate::model::Source;
    use crate::providers::Catalogue;

    #[test]
    fn a_providers_name_for_a_model_cannot_spoil_the_message() {
        assert_eq!(
            plain_model("openai/gpt-oss-120b:free"),
            "openai/gpt-oss-120b:free"
        );
        assert_eq!(plain_model("x\n# <@1> **big**"), "x@1big");
        assert_eq!(plain_model(&"x".repeat(5_000)).len(), MODEL_CHARACTERS_MAX);
    }

    #[test]
    fn who_pays_is_never_clipped() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let locales = LANGUAGES.iter().flat_map(|language| language.locales);
        for locale in locales.copied().chain([DEFAULT_LOCALE]) {
            let voice = Voice::to_a_member(locale, KnownProviders::new(&catalogue));
            for source in Source::ALL {
                let name = voice.source(source);
                assert_eq!(clip(name, NAME_COLUMNS_MAX), name, "{locale}");
            }
        }
    }

    #[test]
    fn figures_stand_below_each_other() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let table = figures(&[
            row(["OpenAI gpt-6-luna", "3", "under $0.0001"]),
            row(["Anthropic claude-haiku-5-5-20261001", "1,204", "$12.50"]),
            row(["ä`b", "20", "$0"]),
            row(["個人のキー", "1", "$0"]),
        ]);
        insta::assert_snapshot!(table, @"
        ```
        OpenAI gpt-6-luna               3  under $0.0001
        Anthropic claude-haiku-5-…  1,204         $12.50
        ä'b                            20             $0
        個人のキー                      1             $0
        ```
        ");
        assert!(
            table.lines().all(|line| line.chars().count() <= 48),
            "{table}"
        );
    }
}
