//! What a line of Markdown begins with, or consists of: rules, headings, items
//! of lists.

use crate::bot::answers::layout::spans::leading;

/// The lowest heading that Discord knows.
pub const HEADING_MAX: usize = 3;

/// Whether a line is a rule: three or more of one sign, and nothing else.
pub fn is_rule(line: &str) -> bool {
    let signs: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    let all = |sign: char| signs.chars().all(|c| c == sign);
    signs.len() >= 3 && ['-', '*', '_'].into_iter().any(all)
}

/// The words of a heading that is too low for Discord.
pub fn small_heading(line: &str) -> Option<&str> {
    let level = leading(line, '#');
    let words = line.get(level..)?;
    let is_low = level > HEADING_MAX && level <= 6 && words.starts_with(' ');
    let words = words.trim().trim_end_matches('#').trim();
    (is_low && !words.is_empty()).then_some(words)
}

/// The level of the heading that a line makes of the line above it.
pub fn underline_level(line: Option<&str>) -> Option<usize> {
    let line = line?.trim();
    let all = |sign: char| line.len() >= 3 && line.chars().all(|c| c == sign);
    if all('=') {
        return Some(1);
    }
    all('-').then_some(2)
}

/// Whether what is written next stands right below words.
pub fn is_below_words(shown: &str) -> bool {
    let above = shown.trim_end_matches(' ').strip_suffix('\n');
    above.is_some_and(|above| !above.is_empty() && !above.ends_with('\n'))
}

/// How long the mark of a list is that a line begins with.
pub fn list_mark_length(line: &str) -> Option<usize> {
    let digits = leading_digits(line);
    let mark = if digits > 0 {
        let rest = line.get(digits..)?;
        rest.starts_with(['.', ')']).then_some(digits + 1)?
    } else {
        line.starts_with(['-', '*', '+']).then_some(1)?
    };
    let rest = line.get(mark..)?;
    let spaces = leading(rest, ' ');
    (spaces > 0).then_some(mark + spaces)
}

fn leading_digits(line: &str) -> usize {
    line.bytes().take_while(u8::is_ascii_digit).take(9).count()
}
