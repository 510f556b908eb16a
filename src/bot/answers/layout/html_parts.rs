//! Paragraphs, lists, headings and quotes that models write in HTML, as Markdown.
//!
//! Tags say where lines end, whatever the lines of the text are: a gap waits
//! for the next words, so that none stands at an end.

use std::sync::LazyLock;

use regex::Regex;

use crate::bot::answers::layout::code_spans::find_outside;
use crate::bot::answers::layout::html::{INNER_BYTES_MAX, attribute, pattern, tag};
use crate::bot::answers::layout::line_marks::{HEADING_MAX, is_rule};

/// The ends without which a list, an item or a heading is none.
static CLOSES: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)</(?:[uo]l|li|h[1-6])>"));
/// Tags that stand on lines of their own.
const APART: [&str; 3] = ["div", "center", "details"];
/// The largest number that a list begins with.
const NUMBER_MAX: usize = 999_999;

/// In which parts the words stand that come next.
#[derive(Default)]
pub struct Parts {
    /// The lists that are open; the next number of those that have numbers.
    lists: Vec<Option<usize>>,
    /// How many lines end before the next words.
    gap: usize,
    /// Whether a heading is open that Discord has no mark for.
    is_bold: bool,
}

/// What is quoted, and how long it is with its tags.
pub struct QuotedPart<'a> {
    pub inner: &'a str,
    pub length: usize,
}

impl Parts {
    /// Ends lines between the words that were written and the next.
    pub fn part(&mut self, lines: usize) {
        self.gap = self.gap.max(lines);
    }

    /// Ends a line where the text does.
    pub fn end_line(&self, shown: &mut String) {
        if self.gap == 0 {
            shown.push('\n');
        }
    }

    /// Leaves the gap before the next words, if they are any.
    pub fn begin(&mut self, shown: &mut String, words: &str) {
        if self.gap == 0 || words.trim().is_empty() {
            return;
        }
        let gap = std::mem::take(&mut self.gap);
        shown.truncate(shown.trim_end_matches([' ', '\t']).len());
        let there = shown.len() - shown.trim_end_matches('\n').len();
        if !shown.trim().is_empty() {
            shown.push_str(&"\n".repeat(gap.saturating_sub(there)));
        }
    }

    /// Takes away what was written for words that did not come.
    pub fn close(&self, shown: &mut String) {
        if self.gap > 0 {
            shown.truncate(shown.trim_end().len());
        }
    }

    /// Reads the tag that a text begins with, if it parts words from others;
    /// how long it is.
    pub fn meet_tag(&mut self, shown: &mut String, text: &str) -> Option<usize> {
        let (name, inside, length) = tag(text)?;
        let rest = text.get(length..)?;
        let end = rest.floor_char_boundary(INNER_BYTES_MAX);
        let rest = rest.get(..end)?;
        let is_closed = |name: &str| {
            // What stands in code closes nothing.
            let mut found = find_outside(&CLOSES, rest);
            found.any(|it| it.as_str().eq_ignore_ascii_case(&format!("</{name}>")))
        };
        match name.as_str() {
            "p" | "/p" => self.part(2),
            "ul" | "ol" if is_closed(&name) || is_closed("li") => {
                let first = attribute(inside, "start").and_then(|it| it.parse().ok());
                let first = first.filter(|number| *number <= NUMBER_MAX).unwrap_or(1);
                self.part(1);
                self.lists.push((name == "ol").then_some(first));
            }
            "/ul" | "/ol" => {
                self.lists.pop();
                self.part(if self.lists.is_empty() { 2 } else { 1 });
            }
            "li" if is_closed("li") || !self.lists.is_empty() => {
                self.begin_item(shown);
                let blanks = spaces(rest);
                let next = rest.get(blanks..).and_then(|rest| rest.lines().next());
                // Behind the mark of an item it would be none.
                let is_rule = next.is_some_and(is_rule);
                return Some(length + if is_rule { 0 } else { blanks });
            }
            "/li" | "/blockquote" => self.part(1),
            _ => {
                let bare = name.strip_prefix('/').unwrap_or(&name);
                if APART.contains(&bare) {
                    self.part(1);
                    return Some(length);
                }
                let level = bare.strip_prefix('h')?.parse::<usize>().ok()?;
                if !(1..=6).contains(&level) {
                    return None;
                }
                if bare != name {
                    self.end_heading(shown);
                } else if is_closed(&name) {
                    self.begin_heading(shown, level);
                    return Some(length + spaces(rest));
                } else {
                    return None;
                }
            }
        }
        Some(length)
    }

    fn begin_item(&mut self, shown: &mut String) {
        let indent = "  ".repeat(self.lists.len().saturating_sub(1));
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number += 1;
                mark
            }
            _ => "- ".to_owned(),
        };
        self.part(1);
        self.begin(shown, &mark);
        shown.extend([indent, mark]);
    }

    fn begin_heading(&mut self, shown: &mut String, level: usize) {
        self.is_bold = level > HEADING_MAX;
        let mark = if self.is_bold {
            "**".to_owned()
        } else {
            format!("{} ", "#".repeat(level))
        };
        self.part(2);
        self.begin(shown, &mark);
        shown.push_str(&mark);
    }

    fn end_heading(&mut self, shown: &mut String) {
        if std::mem::take(&mut self.is_bold) {
            shown.truncate(shown.trim_end().len());
            shown.push_str("**");
        }
        self.part(1);
    }
}

/// What a text that begins with the tag of a quote quotes: up to the end of the
/// quote, or of the text where the tag begins a line.
pub fn quoted_part(text: &str, begins_line: bool) -> Option<QuotedPart<'_>> {
    let (_, _, length) = tag(text).filter(|(name, _, _)| name == "blockquote")?;
    let rest = text.get(length..)?;
    let closing = "</blockquote>";
    if let Some(end) = rest.to_ascii_lowercase().find(closing) {
        return Some(QuotedPart {
            inner: rest.get(..end)?,
            length: length + end + closing.len(),
        });
    }
    begins_line.then_some(QuotedPart {
        inner: rest,
        length: text.len(),
    })
}

/// How many blanks a text begins with.
fn spaces(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

#[cfg(test)]
mod tests {
    use crate::bot::answers::layout::prose::discords_prose;

    #[test]
    fn html_is_written_as_the_markdown_that_means_it() {
        for (html, shown) in [
            ("three<p>four</p>five", "three\n\nfour\n\nfive"),
            ("<p>one</p>\n<p>two</p>", "one\n\ntwo"),
            ("<div>one</div><div>two</div>", "one\ntwo"),
            (
                "So:\n<ul>\n  <li>one</li>\n  <li><b>two</b></li>\n</ul>\nDone.",
                "So:\n- one\n- **two**\n\nDone.",
            ),
            (
                "So:<ul><li>one<li>two</ul>Done.",
                "So:\n- one\n- two\n\nDone.",
            ),
            (
                "<ol start=\"3\"><li>three<ul><li>deep</li></ul></li><li>four</li></ol>",
                "3. three\n  - deep\n4. four",
            ),
            ("<OL><LI>\n  one\n</LI></OL>", "1. one"),
            ("<h2>Title</h2>text", "## Title\ntext"),
            ("so <h4>Small</h4>\ntext", "so\n\n**Small**\ntext"),
            (
                "He said:<blockquote>one<br>two</blockquote>and left",
                "He said:\n> one\n> two\nand left",
            ),
            ("<blockquote>\n<p>one</p>\n</blockquote>", "> one"),
            ("`<ul>` and `<h2>`", "`<ul>` and `<h2>`"),
            (
                "<li> needs `</li>` behind it",
                "<li> needs `</li>` behind it",
            ),
            ("<h2> needs `</h2>`", "<h2> needs `</h2>`"),
            ("<h2>a `</h2>`</h2>b", "## a `</h2>`\nb"),
            ("a <h2> and a <ul> are tags", "a <h2> and a <ul> are tags"),
            ("<p>-# no</p>", "\\-# no"),
        ] {
            assert_eq!(discords_prose(html), shown, "{html}");
        }
    }
}
