//! Code spans that models write, so that Discord reads no fence in them.

use std::borrow::Cow;
use std::iter::once;

use regex::{Match, Regex};

use crate::bot::answers::layout::fences::{FENCE, opening_in_line};
use crate::bot::answers::layout::line_marks::{is_rule, underline_level};
use crate::bot::answers::layout::spans::{code_span_length, leading};

/// Two back-ticks that do not belong together.
const TICKS_APART: &str = "`\u{200b}`";

/// Whether Discord would read a fence in a text that nothing closes.
pub fn has_loose_fence(text: &str) -> bool {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(FENCE)) {
        at += found;
        let Some(length) = text.get(at..).and_then(code_span_length) else {
            return true;
        };
        at += length;
    }
    false
}

/// The code that more back-ticks than make a fence begin in a line, and as many
/// end there, as a shorter span; how long it is.
pub fn long_span(text: &str) -> Option<(String, usize)> {
    let ticks = leading(text, '`');
    if ticks <= FENCE.len() {
        return None;
    }
    let line = text.lines().next()?;
    let mut end = ticks;
    loop {
        end += line.get(end..)?.find('`')?;
        let run = leading(line.get(end..)?, '`');
        if run == ticks {
            let code = line.get(ticks..end)?.trim();
            let apart = if code.contains('`') { " " } else { "" };
            return (!code.is_empty()).then(|| (format!("`{apart}{code}{apart}`"), end + ticks));
        }
        end += run;
    }
}

/// Whether code that begins at a place of a text would reach into a later line that
/// has another fence, or over a rule or what underlines a heading: then its mark is
/// one that nothing closes, and the later line is what it looks like. So is the mark
/// of a block at the end of a line, for which the reader has found no end.
pub fn meets_later_block(text: &str, at: usize, whole: &str) -> bool {
    let Some((first, later)) = whole.split_once('\n').filter(|_| whole.starts_with('`')) else {
        return false;
    };
    let is_block = whole.starts_with(FENCE);
    let line_of = |at: usize| {
        let (before, behind) = text.split_at_checked(at).unwrap_or((text, ""));
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let end = at + behind.find('\n').unwrap_or(behind.len());
        text.get(start..end).unwrap_or_default()
    };
    let after = text.get(at + whole.len()..).unwrap_or_default();
    let last_line = after.lines().next().unwrap_or_default();
    let mut all = [first, later, last_line].into_iter();
    let is_loose = if is_block {
        opening_in_line(line_of(at)).is_some()
    } else {
        all.any(|it| it.contains(FENCE))
    };
    let mut later = later.lines();
    is_loose || later.any(|line| is_rule(line) || underline_level(Some(line)).is_some())
}

/// A code span in which no fence stands: three back-ticks are one for Discord
/// wherever they are. Such a span is delimited by two, and each back-tick in
/// it stands alone.
pub fn without_fences(span: &str) -> Cow<'_, str> {
    let ticks = leading(span, '`');
    let code = span.get(ticks..span.len().saturating_sub(ticks));
    match code.filter(|code| ticks < FENCE.len() && code.contains(FENCE)) {
        Some(code) => format!(
            "``{}``",
            code.replace("``", TICKS_APART).replace("``", TICKS_APART)
        )
        .into(),
        None => span.into(),
    }
}

/// What a pattern finds in HTML that stands in no code span of its line.
pub fn find_outside<'a>(pattern: &'a Regex, html: &'a str) -> impl Iterator<Item = Match<'a>> {
    let mut at = 0;
    pattern.find_iter(html).filter(move |found| {
        let (before, behind) = html.split_at(found.start());
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line_end = before.len() + behind.find('\n').unwrap_or(behind.len());
        at = at.max(line_start);
        while let Some(rest) = html.get(at..line_end).filter(|_| at < found.start()) {
            at += step_over_code(rest);
        }
        at == found.start()
    })
}

/// What stands before, between and behind what a pattern finds outside of code.
pub fn split_outside<'a>(pattern: &'a Regex, html: &'a str) -> impl Iterator<Item = &'a str> {
    let found = find_outside(pattern, html).map(|found| found.range());
    let end = html.len();
    let mut from = 0;
    found.chain(once(end..end)).map(move |found| {
        let part = html.get(from..found.start).unwrap_or_default();
        from = found.end;
        part
    })
}

/// How long the code span, the escaped back-tick or the character is that a text
/// begins with.
fn step_over_code(text: &str) -> usize {
    let escaped = text.starts_with("\\`").then_some(2);
    let whole = escaped.or_else(|| code_span_length(text));
    whole.unwrap_or_else(|| text.chars().next().map_or(1, char::len_utf8))
}
