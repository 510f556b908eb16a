//! Numbers, prices and times as replies write them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;
use crate::model::NanoDollars;

/// The longest name of a model that is shown.
const MODEL_CHARACTERS_MAX: usize = 80;

/// The longest line of a table: code is as wide as that on a telephone of 390
/// points, where it breaks what is longer.
const LINE_COLUMNS_MAX: usize = 32;

/// What an answer cost.
pub fn cost(voice: Voice<'_>, cost: Option<NanoDollars>) -> String {
    match cost {
        None => voice.lang.words("price unknown").to_owned(),
        Some(NanoDollars(0)) => voice.lang.words("free").to_owned(),
        Some(cost) => voice.lang.money(cost),
    }
}

/// Rows of figures that stand below each other: names on the left, and figures
/// on the right, those of money with their points below each other. What a
/// telephone would break has its figures on a line of their own.
pub fn figures(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let columns: Vec<Vec<String>> = (1..columns).map(|at| column(rows, at)).collect();
    let figures_of = |at: usize| {
        let cells = columns.iter().filter_map(|column| column.get(at));
        let cells: Vec<&str> = cells.map(String::as_str).collect();
        format!("  {}", cells.join("  "))
    };
    let width = figures_of(0).width();
    if width > LINE_COLUMNS_MAX {
        return stacked_figures(rows);
    }
    let room = LINE_COLUMNS_MAX - width;
    let name_of = |row: &Vec<String>| clip_name(row.first().map_or("", String::as_str));
    let names: Vec<String> = rows.iter().map(name_of).collect();
    let fitting = names.iter().filter(|name| name.width() <= room);
    let width = widest(fitting.map(String::as_str));
    let lines = names.iter().enumerate().map(|(at, name)| {
        let figures = figures_of(at);
        if name.width() <= room || figures.trim().is_empty() {
            format!("{name}{}{figures}", blanks(name, width))
        } else {
            format!("{name}\n{}{figures}", blanks("", width))
        }
    });
    in_fences(lines)
}

/// The same where figures alone are wider than a telephone: each on a line of its
/// own, behind what stands above its column.
fn stacked_figures(rows: &[Vec<String>]) -> String {
    // Above names stands nothing.
    let is_head = |row: &&Vec<String>| row.first().is_some_and(String::is_empty);
    let head = rows.first().filter(is_head);
    let heads: Vec<&str> = head.into_iter().flatten().map(String::as_str).collect();
    let width = widest(heads.iter().copied());
    let lines = rows
        .iter()
        .skip(usize::from(head.is_some()))
        .flat_map(|row| {
            let figures = row.iter().enumerate().skip(1).map(|(at, figure)| {
                let head = heads.get(at).copied().unwrap_or_default();
                format!("    {head}{}  {figure}", blanks(head, width))
            });
            let name = row.first().map_or("", String::as_str);
            std::iter::once(clip_name(name)).chain(figures)
        });
    in_fences(lines)
}

/// Lines as code, in which nothing is read as Markdown.
fn in_fences(lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines
        .map(|line| line.trim_end().replace('`', "'"))
        .collect();
    format!("```\n{}\n```", lines.join("\n"))
}

/// The figures of a column, all of one width.
fn column(rows: &[Vec<String>], at: usize) -> Vec<String> {
    let cells = rows.iter();
    let cells = cells.map(|row| row.get(at).map_or("", String::as_str));
    let after = widest(cells.clone().map(after_point));
    let aligned = cells.map(|cell| match after_point(cell) {
        "" => cell.to_owned(),
        fraction => format!("{cell}{}", blanks(fraction, after)),
    });
    let aligned: Vec<String> = aligned.collect();
    let width = widest(aligned.iter().map(String::as_str));
    let filled = aligned.iter().map(|cell| blanks(cell, width) + cell);
    filled.collect()
}

/// What stands behind the point of an amount of money; nothing of what is none.
fn after_point(cell: &str) -> &str {
    let is_money = cell.contains('$');
    let digits = cell.find(|c: char| c.is_ascii_digit()).filter(|_| is_money);
    let (_, amount) = digits.map_or(("", ""), |start| cell.split_at(start));
    let is_in_it = |c: char| c.is_ascii_digit() || ".,\u{a0}".contains(c);
    let length = amount.find(|c| !is_in_it(c)).unwrap_or(amount.len());
    let (digits, _) = amount.split_at(length);
    let point = digits.rfind(['.', ',']);
    point.map_or("", |point| amount.split_at(point).1)
}

fn widest<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    cells.map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// What a cell lacks to be as wide as its column, in which characters of East
/// Asia take two places.
fn blanks(cell: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(cell.width()))
}

/// A name on one line.
pub fn clip_name(name: &str) -> String {
    if name.width() <= LINE_COLUMNS_MAX {
        return name.to_owned();
    }
    let mut begun = String::new();
    for c in name.chars() {
        if begun.width() + c.width().unwrap_or(0) >= LINE_COLUMNS_MAX {
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

/// A time of day to the second, in the reader's own time zone.
pub fn time_of_day(at_ms: i64) -> String {
    format!("<t:{}:T>", at_ms.div_euclid(1_000))
}

/// A day of the calendar, which is the same one in every time zone but the farthest.
pub fn day(date: Date) -> String {
    let noon = date.at(12, 0, 0, 0).to_zoned(TimeZone::UTC);
    format!(
        "<t:{}:D>",
        noon.map_or(0, |noon| noon.timestamp().as_second())
    )
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
    use crate::bot::words::speech::phrasebook::LANGUAGES;
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
                assert_eq!(clip_name(name), name, "{locale}");
            }
        }
    }

    #[test]
    fn figures_stand_below_each_other() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let table = figures(&[
            row(["", "used", "paid"]),
            row(["OpenAI gpt-6-luna", "3", "< $0.0001"]),
            row(["Anthropic claude-haiku-5-5-20261001", "1,204", "$12.50 + ?"]),
            row(["ä`b", "20", "$0.00"]),
            row(["個人のキー", "1", "$0.00"]),
        ]);
        insta::assert_snapshot!(table, @"
        ```
                     used         paid
        OpenAI gpt-6-luna
                        3  < $0.0001
        Anthropic claude-haiku-5-5-2026…
                    1,204   $12.50 + ?
        ä'b            20    $0.00
        個人のキー      1    $0.00
        ```
        ");
        for (cell, fraction) in [
            ("1,204", ""),
            ("?", ""),
            ("US$\u{a0}1.234,50", ",50"),
            ("1\u{a0}234,50\u{a0}$US", ",50\u{a0}$US"),
            ("$0.10 ／1,000", ".10 ／1,000"),
        ] {
            assert_eq!(after_point(cell), fraction, "{cell}");
        }
        assert!(
            table.lines().all(|line| line.width() <= LINE_COLUMNS_MAX),
            "{table}"
        );
    }

    #[test]
    fn figures_that_are_wider_than_a_telephone_stand_on_lines_of_their_own() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let most = "9,007,199,254,740,991";
        let table = figures(&[
            row(["", "used", "limit", "left"]),
            vec!["Output tokens".to_owned()],
            row(["  in 24 hours", "12", most, most]),
        ]);
        insta::assert_snapshot!(table, @"
        ```
        Output tokens
          in 24 hours
            used   12
            limit  9,007,199,254,740,991
            left   9,007,199,254,740,991
        ```
        ");
    }
}
