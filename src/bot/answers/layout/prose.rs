//! Writes a paragraph of a model's Markdown as Discord shows Markdown
//! (`docs/discord.md` §3.5): headings below three, rules, tasks, footnotes,
//! pictures, HTML and formulas have no form there.
//!
//! Code spans stay as they are. Nothing that a model writes becomes small
//! print, in which the bot says who paid.

use crate::bot::answers::layout::code_spans::{
    has_loose_fence, long_span, meets_later_block, without_fences,
};
use crate::bot::answers::layout::fences::FENCE;
use crate::bot::answers::layout::html::{self, HtmlForm};
use crate::bot::answers::layout::html_parts::{Parts, quoted_part};
use crate::bot::answers::layout::latex::{is_formula, readable, superscript};
use crate::bot::answers::layout::line_marks::{
    is_rule, list_mark_length, small_heading, underline_level,
};
use crate::bot::answers::layout::links::{form_of, written};
use crate::bot::answers::layout::spans::{Link, leading, link_length, whole_length};
use crate::bot::conversation::markup::SMALL_PRINT;

/// Stands for a rule: Discord draws none.
pub const RULE: &str = "──────────";
/// How deep HTML may stand in HTML; deeper tags stay as they are.
const DEPTH_MAX: usize = 8;
const QUOTED: &str = "> ";
/// Stands between two back-ticks that do not belong together: takes no room.
const APART: &str = "\u{200b}";

/// Writes a paragraph in Discord's Markdown.
pub fn discords_prose(paragraph: &str) -> String {
    let mut shown = Writer::new(0).write_lines(paragraph);
    if has_loose_fence(&shown) {
        let writer = Writer {
            escapes_fences: true,
            ..Writer::new(0)
        };
        shown = writer.write_lines(paragraph);
    }
    escape_small_print(&shown)
}

/// Escapes the mark of small print wherever Discord may read it as one: no
/// letter stands before it in its line. What begins with a back-tick there is
/// code, unless it is escaped.
pub fn escape_small_print(text: &str) -> String {
    let mark = SMALL_PRINT.trim_end();
    let mut escaped = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let found = line.match_indices(mark).find(|(at, _)| {
            let after = line.get(at + mark.len()..).unwrap_or_default();
            after.starts_with(char::is_whitespace)
        });
        let (before, rest) = line.split_at(found.map_or(0, |(at, _)| at));
        let read = before.replace("\\`", "");
        let is_start = !read.contains(|c: char| c.is_alphabetic() || c == '`');
        escaped.push_str(before);
        if found.is_some() && is_start && !before.ends_with('\\') {
            escaped.push('\\');
        }
        escaped.push_str(rest);
    }
    escaped
}

struct Writer {
    shown: String,
    depth: usize,
    parts: Parts,
    /// Whether no code between fences is written.
    escapes_fences: bool,
}

impl Writer {
    fn new(depth: usize) -> Self {
        Self {
            shown: String::new(),
            depth,
            parts: Parts::default(),
            escapes_fences: false,
        }
    }

    /// Writes what stands in what this one writes, so much deeper.
    fn inner(&self, deeper: usize) -> Self {
        Self {
            escapes_fences: self.escapes_fences,
            ..Self::new(self.depth + deeper)
        }
    }

    fn write_lines(mut self, text: &str) -> String {
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            at += self.write_line_start(rest);
            at += self.write_to_line_end(text, at);
        }
        self.parts.close(&mut self.shown);
        self.shown
    }

    /// Writes what a line begins with: quotes, lists, headings. Returns how
    /// much of the text that was.
    fn write_line_start(&mut self, text: &str) -> usize {
        let line = text.lines().next().unwrap_or_default();
        if !line.trim_start().starts_with('<') {
            self.parts.begin(&mut self.shown, line);
        }
        let mut at = 0;
        if let Some(quote) = quote_length(line) {
            self.shown.push_str(QUOTED);
            at = quote;
        }
        let rest = line.get(at..).unwrap_or_default();
        if is_rule(rest) {
            self.shown.push_str(RULE);
            return line.len();
        }
        let indent = rest.len() - rest.trim_start().len();
        self.shown.push_str(rest.get(..indent).unwrap_or_default());
        at += indent;
        let rest = line.get(at..).unwrap_or_default();
        if underline_level(Some(rest)).is_some() {
            // It underlines nothing, and must not do so in what is shown.
            self.shown.push('\\');
        }
        if let Some(heading) = small_heading(rest) {
            let words = self.inner(0).write_inline(heading).replace("**", "");
            self.shown.extend(["**", &words, "**"]);
            return line.len();
        }
        let after = text
            .get(line.len()..)
            .and_then(|text| text.strip_prefix('\n'));
        if let Some(under) = after.and_then(|after| underline_level(after.lines().next()))
            && at == 0
            && !rest.is_empty()
            && !rest.starts_with('#')
            && list_mark_length(rest).is_none()
        {
            let words = self.inner(0).write_inline(rest.trim());
            self.shown.extend(["#".repeat(under).as_str(), " ", &words]);
            let underline = after.and_then(|after| after.lines().next());
            return line.len() + 1 + underline.map_or(0, str::len);
        }
        at + self.write_list_mark(rest)
    }

    /// Writes the mark of a list, and of a task in it.
    fn write_list_mark(&mut self, line: &str) -> usize {
        let Some(length) = list_mark_length(line) else {
            return 0;
        };
        let mark = line.get(..length).unwrap_or_default();
        let mark = mark
            .strip_prefix('+')
            .map_or(mark.to_owned(), |rest| format!("-{rest}"));
        self.shown.push_str(&mark);
        let rest = line.get(length..).unwrap_or_default();
        for (task, shown) in [("[ ] ", "☐ "), ("[x] ", "☑ "), ("[X] ", "☑ ")] {
            if rest.starts_with(task) {
                self.shown.push_str(shown);
                return length + task.len();
            }
        }
        // A list may stand in a list.
        length + self.write_list_mark(rest)
    }

    /// Writes from a place to the end of its line; a span may reach further.
    fn write_to_line_end(&mut self, text: &str, from: usize) -> usize {
        let mut at = from;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            // Models end lines with a backslash, too, which Discord would show.
            let mut ends = ["\n", "\\\n"].into_iter();
            if let Some(end) = ends.find(|end| rest.starts_with(end)) {
                self.parts.end_line(&mut self.shown);
                return at + end.len() - from;
            }
            at += self.write_next(text, at);
        }
        at - from
    }

    /// Writes a text that is on one line.
    fn write_inline(mut self, text: &str) -> String {
        let mut at = 0;
        while at < text.len() {
            at += self.write_next(text, at);
        }
        self.shown
    }

    /// Writes the next thing; returns how much of the text it was.
    fn write_next(&mut self, text: &str, at: usize) -> usize {
        let rest = text.get(at..).unwrap_or_default();
        let Some(c) = rest.chars().next() else {
            return 1;
        };
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let special = match c {
            '\\' => self.write_formula(rest, &[(r"\(", r"\)"), (r"\[", r"\]")]),
            '$' => self.write_dollars(rest, before),
            '<' => self.write_html(rest, before),
            '&' => html::read_entity(rest).map(|(shown, length)| {
                self.push(&shown.replace('`', "\\`"));
                length
            }),
            '!' if rest.starts_with("![") => rest.get(1..).and_then(link_length).map(|link| {
                self.push(&html::picture(link.words, link.address));
                link.length + 1
            }),
            '[' if rest.starts_with("[^") => self.write_footnote(rest),
            '[' => link_length(rest).and_then(|link| self.write_link(&link, rest)),
            _ => None,
        };
        if let Some(length) = special {
            return length;
        }
        if let Some((code, length)) = long_span(rest) {
            self.push_code(&code);
            return length;
        }
        let length = whole_length(text, at).filter(|length| {
            let whole = rest.get(..*length).unwrap_or(rest);
            let is_block = whole.starts_with(FENCE);
            !(meets_later_block(text, at, whole) || is_block && self.escapes_fences)
        });
        if let Some(length) = length {
            let whole = rest.get(..length).unwrap_or_default();
            if c == '`' {
                self.push_code(whole);
            } else {
                self.push(whole);
            }
            return length;
        }
        let ticks = leading(rest, '`');
        if ticks > 0 {
            // Discord would look for their end in what follows, and take for
            // code, or for none, what is not.
            self.push(&"\\`".repeat(ticks));
            return ticks;
        }
        let length = c.len_utf8();
        self.push(rest.get(..length).unwrap_or_default());
        length
    }

    fn push(&mut self, shown: &str) {
        self.parts.begin(&mut self.shown, shown);
        self.shown.push_str(shown);
    }

    /// Writes a link that Discord makes none of as it is.
    fn write_link(&mut self, link: &Link<'_>, rest: &str) -> Option<usize> {
        let form = form_of(link, rest.get(..link.length)?);
        let words = || self.inner(1).write_inline(link.words);
        let shown = written(link, form, words)?;
        self.push(&shown);
        Some(link.length)
    }

    /// Writes code that stands in a line. Its back-ticks make no fence with
    /// those before it.
    fn push_code(&mut self, code: &str) {
        if self.shown.ends_with('`') {
            self.push(APART);
        }
        self.push(&without_fences(code));
    }

    fn write_formula(&mut self, rest: &str, brackets: &[(&str, &str)]) -> Option<usize> {
        for (open, close) in brackets {
            let Some(inside) = rest.strip_prefix(open) else {
                continue;
            };
            let end = inside.find(close)?;
            let formula = inside.get(..end)?;
            self.push(&escaped(&readable(formula)));
            return Some(open.len() + end + close.len());
        }
        None
    }

    /// Writes the formula between dollars, if it is one.
    fn write_dollars(&mut self, rest: &str, before: Option<char>) -> Option<usize> {
        if rest.starts_with("$$") {
            return self.write_formula(rest, &[("$$", "$$")]);
        }
        if before.is_some_and(char::is_alphanumeric) {
            return None;
        }
        let inside = rest.get(1..)?;
        let end = inside
            .find(['$', '\n'])
            .filter(|end| inside.get(*end..).is_some_and(|it| it.starts_with('$')))?;
        let formula = inside.get(..end)?;
        let after = inside.get(end + 1..)?.chars().next();
        if after.is_some_and(|c| c.is_ascii_digit()) || !is_formula(formula) {
            return None;
        }
        self.push(&escaped(&readable(formula)));
        Some(end + 2)
    }

    fn write_html(&mut self, rest: &str, before: Option<char>) -> Option<usize> {
        if self.depth >= DEPTH_MAX {
            return None;
        }
        if let Some(part) = quoted_part(rest, before.is_none_or(|c| c == '\n')) {
            let inner = part.inner.trim_matches('\n');
            let lines = self.inner(1).write_lines(inner);
            self.parts.part(1);
            for line in lines.lines() {
                self.push(&format!("{QUOTED}{line}"));
                self.parts.part(1);
            }
            return Some(part.length);
        }
        if let Some(length) = self.parts.meet_tag(&mut self.shown, rest) {
            return Some(length);
        }
        let (shown, length) = html::read_tag(rest)?;
        match shown {
            HtmlForm::Break => self.push("\n"),
            HtmlForm::Rule => {
                let start = if self.shown.is_empty() || self.shown.ends_with('\n') {
                    ""
                } else {
                    "\n"
                };
                self.push(&format!("{start}{RULE}\n"));
            }
            HtmlForm::Text(text) => self.push(&text),
            HtmlForm::Code(code) => self.push_code(&format!("`{code}`")),
            HtmlForm::Marked { mark, inner } => {
                let words = self.inner(1).write_inline(&inner);
                self.push(&format!("{mark}{}{mark}", words.trim()));
            }
        }
        Some(length)
    }

    /// Writes a footnote's number raised, as where it is explained.
    fn write_footnote(&mut self, rest: &str) -> Option<usize> {
        let end = rest.find([']', '\n'])?;
        let name = rest.get(2..end).filter(|name| !name.is_empty())?;
        rest.get(end..)?.strip_prefix(']')?;
        let is_number = name.chars().all(|c| c.is_ascii_digit());
        if is_number {
            self.push(&superscript(name));
        } else {
            self.push(&format!("[{name}]"));
        }
        let is_explained = self
            .shown
            .rsplit('\n')
            .next()
            .is_some_and(|line| !line.contains(char::is_alphabetic));
        let colon = rest.get(end + 1..)?.starts_with(':') && is_explained && is_number;
        Some(end + 1 + usize::from(colon))
    }
}

/// How long the marks are by which a line is quoted.
pub fn quote_length(line: &str) -> Option<usize> {
    let marks = line.len() - line.trim_start_matches([' ', '>']).len();
    let last = line.get(..marks)?.rfind('>')? + 1;
    let space = line.get(last..)?.starts_with(' ');
    Some(last + usize::from(space))
}

/// A text whose signs Discord does not read as marks.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '_' | '~' | '|' | '`' | '\\' | '<' | '[') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_discord_does_not_know_becomes_what_it_knows() {
        for (written, shown) in [
            ("#### Result", "**Result**"),
            ("###### **So** it `is` ##", "**So it `is`**"),
            ("### Kept", "### Kept"),
            ("---", RULE),
            ("* * *", RULE),
            ("Title\n=====\ntext", "# Title\ntext"),
            ("Title\n---", "## Title"),
            ("- a\n---", "- a\n──────────"),
            ("- a\n===", "- a\n\\==="),
            ("  ====", "  \\===="),
            (
                "- a <p>b</p>c``d\n---\n``e",
                "- a\n\nb\n\nc\\`\\`d\n──────────\n\\`\\`e",
            ),
            ("- [ ] milk\n- [x] tea", "- ☐ milk\n- ☑ tea"),
            ("+ one\n+ two", "- one\n- two"),
            (">>> all", "> all"),
            (">tight\n> > deep", "> tight\n> deep"),
            ("so[^1].\n[^1]: why", "so¹.\n¹ why"),
            ("see[^a]", "see[a]"),
            (
                "![a cat](https://a.example/c.png)",
                "[a cat](https://a.example/c.png)",
            ),
            ("![](https://a.example/c.png)", "https://a.example/c.png"),
            ("one<br>two<br/>three", "one\ntwo\nthree"),
            ("H<sub>2</sub>O &amp; <b>more</b>", "H₂O & **more**"),
            ("<name> and `<br>`", "<name> and `<br>`"),
            (r"so \( x^2 \) is", "so x² is"),
            (r"$$\frac{1}{2}$$", "1/2"),
            ("$x$ costs $5 or $6", "x costs $5 or $6"),
            (r"\[ a \cdot b \]", "a · b"),
            (r"$a_{foo}$", "a\\_(foo)"),
            ("a\\\nb\\\\\nc", "a\nb\\\\\nc"),
            ("see ``` there", "see \\`\\`\\` there"),
            ("don`t", "don\\`t"),
            ("``a` b", "\\`\\`a\\` b"),
            ("```npm install```", "```npm install```"),
            ("` ``` ` opens", "`` `\u{200b}`\u{200b}` `` opens"),
            (
                "`a````b``c`",
                "``a`\u{200b}`\u{200b}`\u{200b}`b`\u{200b}`c``",
            ),
            ("\\```a``", "\\`\u{200b}``a``"),
            ("&#96;&#96;&#96;", "\\`\\`\\`"),
            ("<kbd>a</kbd><kbd>b</kbd>", "`a`\u{200b}`b`"),
            ("<code>a&#96;b</code>", "<code>a\\`b</code>"),
            (
                "<@1> <t:5:R> <https://a.example>",
                "<@1> <t:5:R> <https://a.example>",
            ),
        ] {
            assert_eq!(discords_prose(written), shown, "{written}");
        }
    }

    #[test]
    fn small_print_of_a_models_is_escaped() {
        for (answer, shown) in [
            ("-# OpenAI · free", "\\-# OpenAI · free"),
            ("Yes.\n-# OpenAI · free", "Yes.\n\\-# OpenAI · free"),
            ("Yes.\n  -# one\n-# two\n", "Yes.\n  \\-# one\n\\-# two\n"),
            ("a -# b\n-#c\n- # d", "a -# b\n-#c\n- # d"),
            ("*-# free*", "*\\-# free*"),
            ("**-# free**", "**\\-# free**"),
            ("||-# free||", "||\\-# free||"),
            ("> -# free", "> \\-# free"),
            ("- -# free", "- \\-# free"),
            ("1. -# free", "1. \\-# free"),
            ("` *-# free*", "\\` *\\-# free*"),
            ("Yes.<br>-# free", "Yes.\n\\-# free"),
            ("Yes.<br><b>-# free</b>", "Yes.\n**\\-# free**"),
            ("`-# code`", "`-# code`"),
            ("#### -# free", "**\\-# free**"),
            ("#### -**# free**", "**\\-# free**"),
            ("-# free\n---", "## \\-# free"),
            ("&#45;# free", "\\-# free"),
            ("-<!-- x --># free", "\\-# free"),
            ("-<span># free", "\\-# free"),
            ("-#&#32;free", "\\-# free"),
            ("$\\text{-# free}$", "\\-# free"),
            ("- `\n-# free `", "- `\n\\-# free `"),
            ("[a\n-# free](x)", "[a\n\\-# free](x)"),
            ("<sup>a\n-# free</sup>", "^(a\n\\-# free)"),
            ("\\-# free", "\\-# free"),
        ] {
            assert_eq!(discords_prose(answer), shown, "{answer}");
        }
    }

    #[test]
    fn good_text_stays_as_it_is() {
        for text in [
            "# One\n## Two\n- a\n  - b\n1. c",
            "**a** *b* __c__ ~~d~~ ||e|| `f` [g](https://a.example)",
            "> quoted\n> more",
            "a_b * c, $5, 3 < 4 & 5 > 2, C:\\dir",
            "line\n\nother",
        ] {
            assert_eq!(discords_prose(text), text);
        }
    }
}
