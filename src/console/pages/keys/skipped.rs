//! Lines of an import that hold no key which could be stored: each with the
//! reason while they are few, and together by reason where they are many.

use std::collections::BTreeMap;

use crate::app::{SkippedLine, WhySkipped};
use crate::console::markup::{Markup, html};
use crate::console::parts::money::{self, grouped};
use crate::console::trouble::Trouble;
use crate::console::words::{Names, describe_refusal};

/// How many lines have a row of their own.
const ROWS_MAX: usize = 60;
/// How many runs of lines are named for one reason.
const RUNS_MAX: usize = 100;

/// Lines that are left out for one reason.
struct LeftOut<'a> {
    lines: Vec<usize>,
    variable: Option<&'a str>,
    why: String,
}

/// The card that names the lines.
pub fn show(names: Names<'_>, skipped: &[SkippedLine]) -> Markup {
    html! {
        section.card aria-labelledby="skipped-h" {
            header {
                h2 #skipped-h { "Left out" }
                p { (money::count(skipped.len() as u64, "line")) }
            }
            table.table.tight.folds {
                caption.hidden { "Lines that hold no key" }
                thead { tr { th scope="col" { "Line" } th scope="col" { "Why" } } }
                tbody {
                    @for one in group(names, skipped) {
                        tr {
                            th scope="row" {
                                (name_lines(&one.lines))
                                @if let Some(variable) = one.variable {
                                    span.sub { code { (variable) } }
                                }
                            }
                            td.two data-label="Why" { (one.why) }
                        }
                    }
                }
            }
        }
    }
}

/// What has a row: each line, and where there are too many, those that are
/// about a provider's key by themselves and the others by reason.
fn group<'a>(names: Names<'_>, skipped: &'a [SkippedLine]) -> Vec<LeftOut<'a>> {
    let alone = |one: &'a SkippedLine| LeftOut {
        lines: vec![one.line],
        variable: one.variable.as_deref(),
        why: describe_why(names, &one.why),
    };
    if skipped.len() <= ROWS_MAX {
        return skipped.iter().map(alone).collect();
    }
    let (of_keys, others): (Vec<_>, Vec<_>) =
        skipped.iter().partition(|it| is_about_a_key(&it.why));
    let mut rows: Vec<LeftOut<'a>> = of_keys.iter().take(ROWS_MAX).copied().map(alone).collect();
    let mut together: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for one in of_keys.iter().skip(ROWS_MAX).chain(&others) {
        let why = describe_why(names, &one.why);
        together.entry(why).or_default().push(one.line);
    }
    rows.extend(together.into_iter().map(|(why, lines)| LeftOut {
        lines,
        variable: None,
        why,
    }));
    rows.sort_by_key(|row| row.lines.first().copied());
    rows
}

fn is_about_a_key(why: &WhySkipped) -> bool {
    !matches!(
        why,
        WhySkipped::Unread | WhySkipped::Empty | WhySkipped::AnotherSetting | WhySkipped::Binary
    )
}

/// Lines by their numbers, such as "3, 5 to 9, 12".
fn name_lines(lines: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for line in lines {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *line => *last = *line,
            _ => runs.push((*line, *line)),
        }
    }
    let named = runs.iter().take(RUNS_MAX).map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first} to {last}")
        }
    });
    let mut words = named.collect::<Vec<_>>().join(", ");
    let beyond = runs.iter().skip(RUNS_MAX);
    let others: usize = beyond.map(|(first, last)| last - first + 1).sum();
    if others > 0 {
        let last = lines.last().copied().unwrap_or_default();
        words = format!(
            "{words}, and {} more, up to line {last}",
            grouped(others as u64)
        );
    }
    words
}

fn describe_why(names: Names<'_>, why: &WhySkipped) -> String {
    match why {
        WhySkipped::Unread => "It is neither NAME=value nor a key.".to_owned(),
        WhySkipped::Empty => "It has no value.".to_owned(),
        WhySkipped::NameAlone => {
            "It is the name of a variable, without a key. Write NAME=key, and import this line \
             again."
                .to_owned()
        }
        WhySkipped::Repeats(provider, line) => format!(
            "The same {} key stands in line {line}. It is there once.",
            names.name(provider)
        ),
        WhySkipped::AnotherSetting => "It is another setting, and no provider’s key.".to_owned(),
        WhySkipped::Binary => {
            "It has zero bytes in it, as text in UTF-16 has. Save the file as UTF-8, or paste the \
             line."
                .to_owned()
        }
        WhySkipped::OneOfSeveral(of) => {
            let names: Vec<String> = of.iter().map(|id| names.name(id)).collect();
            format!(
                "Keys of {} begin so, and its name does not tell which. Add it by hand.",
                names.join(" and ")
            )
        }
        WhySkipped::NoKey(refusal) => {
            let trouble: Trouble = describe_refusal(names, refusal);
            format!("{}.", trouble.title)
        }
        WhySkipped::Lacks(provider, variable) => format!(
            "{} needs {variable} beside it. Add that line, and import again.",
            names.name(provider)
        ),
        WhySkipped::Reference(provider) => format!(
            "It tells where the {} key stands, in another variable or a vault, and is not the key. \
             Put the key itself there.",
            names.name(provider)
        ),
        WhySkipped::TooMany(provider) => format!(
            "A key for {}, and one too many: an import takes 40 keys. Import this line by itself.",
            names.name(provider)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_named_in_runs() {
        assert_eq!(name_lines(&[3]), "3");
        assert_eq!(name_lines(&[3, 5, 6, 7, 9, 10]), "3, 5 to 7, 9 to 10");
        let odd: Vec<usize> = (0..300).map(|at| 2 * at + 1).collect();
        let named = name_lines(&odd);
        assert!(
            named.ends_with("199, and 200 more, up to line 599"),
            "{named}"
        );
    }

    #[test]
    fn three_thousand_lines_take_few_rows() {
        let line = |line| SkippedLine {
            line,
            variable: Some("MADE_UP".to_owned()),
            why: if line == 7 {
                WhySkipped::Reference("openai".into())
            } else {
                WhySkipped::AnotherSetting
            },
        };
        let skipped: Vec<SkippedLine> = (1..=3_000).map(line).collect();
        let rows = group(Names::unknown(), &skipped);
        let told: Vec<String> = rows.iter().map(|row| name_lines(&row.lines)).collect();
        assert_eq!(told, ["1 to 6, 8 to 3000", "7"]);
        assert_eq!(group(Names::unknown(), &skipped[..60]).len(), 60);
    }
}
