//! Blocks of code in an answer: what opens and closes them, and how they are
//! written.
//!
//! Code is read as models write it, which is mostly `CommonMark`, and written
//! as Discord reads it (`docs/discord.md` §3.5): three back-ticks open and
//! close a block wherever they stand, so that none may stand in the code.

use crate::bot::answers::layout::blocks::Block;
use crate::bot::answers::layout::html::decode;
use crate::bot::answers::layout::html_code;
use crate::bot::answers::layout::line_marks::list_mark_length;
use crate::bot::answers::layout::prose::quote_length;
use crate::bot::answers::layout::spans::{is_in_language, leading, whole_length};

/// The longest part of a line of code that is looked at as a whole, in bytes.
const LINE_BYTES_MAX: usize = 4_000;
/// The longest name of a language, in bytes.
const LANGUAGE_BYTES_MAX: usize = 20;
/// The longest indentation that code keeps where it is opened again, in spaces.
const INDENT_MAX: usize = 12;
pub const FENCE: &str = "```";
/// Keeps back-ticks in code from closing it: takes no room, joins nothing.
const APART: &str = "``\u{200b}`";

/// How a block of code is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    /// Stands before the mark that opens it: the mark of a list or a quote.
    pub lead: String,
    /// Stands before the mark that closes it.
    pub prefix: String,
    pub language: String,
}

/// The code that the reader is in.
#[derive(Clone)]
pub struct Code {
    /// The sign of its fence, and how many of them opened it. That of HTML is
    /// the one that tags begin with.
    pub sign: char,
    length: usize,
    pub is_quoted: bool,
    /// A part of the line was read before.
    pub is_in_line: bool,
    /// How far its fence is indented, by spaces or by the mark of a list.
    indent: String,
    /// How many blocks of code in the code are open, where it is Markdown.
    nested: Option<usize>,
}

/// What a line of code does.
pub enum CodeLine {
    Line,
    End,
    /// The code ends at a byte of the line, and at another the words behind
    /// its mark begin.
    EndInLine {
        before: usize,
        behind: usize,
    },
}

impl Code {
    /// Code that a tag of HTML opened.
    pub fn of_html(is_quoted: bool) -> Self {
        Self {
            sign: html_code::SIGN,
            length: 1,
            is_quoted,
            is_in_line: false,
            indent: String::new(),
            nested: None,
        }
    }

    fn is_html(&self) -> bool {
        self.sign == html_code::SIGN
    }

    /// A line of the code, as it stands in a message.
    pub fn line(&self, text: &str) -> Block {
        let quote = if self.is_quoted { "> " } else { "" };
        let text = if self.is_html() {
            decode(text)
        } else {
            text.to_owned()
        };
        let (starts_line, mut text) = (!self.is_in_line, apart(&text));
        // A line that is not indented would end the item of a list that the
        // code stands in, and the code with it.
        if starts_line && !text.starts_with([' ', '\t']) {
            text.insert_str(0, &self.indent);
        }
        let text = if starts_line {
            format!("{quote}{text}")
        } else {
            text
        };
        Block::Code { text, starts_line }
    }

    /// The first part of a line that is too long to be looked at as a whole.
    pub fn take_part(&mut self, line: &str) -> Option<(Block, usize)> {
        let is_quoted = self.is_quoted;
        if line.len() <= LINE_BYTES_MAX || is_quoted {
            return None;
        }
        let bytes = line.floor_char_boundary(LINE_BYTES_MAX);
        let part = self.line(line.get(..bytes)?);
        self.is_in_line = true;
        Some((part, bytes))
    }

    /// Looks at the next line of the code, and says whether the code ends there.
    pub fn look_at(&mut self, line: &str) -> CodeLine {
        if self.is_html() {
            return html_code::closing(line).map_or(CodeLine::Line, |closing| {
                CodeLine::EndInLine {
                    before: closing.start,
                    behind: closing.end,
                }
            });
        }
        let trimmed = line.trim();
        let run = leading(trimmed, self.sign);
        // A shorter fence is a line like others: it neither opens nor closes.
        let is_mark = run >= self.length;
        if is_mark && run == trimmed.len() {
            match &mut self.nested {
                Some(open) if *open > 0 => *open -= 1,
                _ => return CodeLine::End,
            }
        } else if is_mark && trimmed.get(run..).is_some_and(is_info) {
            if let Some(open) = self.nested.as_mut() {
                *open += 1;
            }
        } else if is_mark
            && self.nested.is_none_or(|open| open == 0)
            && trimmed
                .get(run..)
                .is_some_and(|behind| is_said(behind) || self.nested.is_none() && goes_on(behind))
        {
            let before = line.len() - line.trim_start().len();
            return CodeLine::EndInLine {
                before,
                behind: before + run,
            };
        } else if self.sign == '`'
            && self.length == 3
            && self.nested.is_none()
            && let Some(at) = end_in_line(line)
        {
            return CodeLine::EndInLine {
                before: at,
                behind: at + FENCE.len(),
            };
        }
        CodeLine::Line
    }

    /// Whether a line that grows may become what closes the code.
    pub fn may_end(&self, line: &str) -> bool {
        let line = line.trim();
        if self.is_html() {
            return line.starts_with("</");
        }
        line.chars().all(|c| c == self.sign)
    }

    /// Whether a line would rather open a block than stand in this one.
    pub fn is_another(&self, line: &str) -> bool {
        let trimmed = line.trim();
        let run = leading(trimmed, self.sign);
        let may_hold = self.is_html() || self.nested.is_some();
        !may_hold && run >= self.length && trimmed.get(run..).is_some_and(is_info)
    }
}

/// Where the mark that ends code stands in a line of it: the only one, or one
/// right behind the code, with words after it that end in another.
fn end_in_line(line: &str) -> Option<usize> {
    let found = line.match_indices(FENCE).collect::<Vec<_>>();
    let at = match found.as_slice() {
        [(at, _)] => *at,
        [(at, _), (last, _)] => {
            let opens = line.trim_end().len() == last + FENCE.len();
            let follows_code = !line.get(..*at)?.ends_with(char::is_whitespace);
            (opens && follows_code).then_some(*at)?
        }
        _ => return None,
    };
    let (before, behind) = line.split_at_checked(at)?;
    ends_code(before, behind.get(FENCE.len()..)?).then_some(at)
}

/// How a fence is opened, with what stood beside its mark and is code.
pub struct OpenFence {
    pub fence: Fence,
    pub first_line: Option<String>,
}

/// The fence that a line opens, if it does nothing else.
pub fn opening(line: &str) -> Option<(OpenFence, Code)> {
    let quote = quote_length(line).unwrap_or(0);
    let rest = line.get(quote..)?;
    let indent = rest.len() - rest.trim_start().len();
    let mut lead = quote + indent;
    while let Some(mark) = line.get(lead..).and_then(list_mark_length) {
        lead += mark;
    }
    open_at(line, lead, quote > 0)
}

/// Code that begins behind the words of a line.
pub struct OpeningInLine {
    /// Where the words end.
    pub at: usize,
    /// Where the code begins.
    pub past: usize,
    pub fence: OpenFence,
    pub code: Code,
    /// Whether it is code even if nothing closes it.
    pub is_certain: bool,
}

/// The fence that a line opens behind its words.
pub fn opening_in_line(line: &str) -> Option<OpeningInLine> {
    let last = line.rfind(FENCE)? + FENCE.len();
    let at = line.get(..last)?.trim_end_matches('`').len();
    let before = line.get(..at)?;
    let language = line.get(last..)?.trim_end();
    let introduces = before.trim_end().ends_with(':');
    let named = before.ends_with(' ') && language.starts_with(|c: char| c.is_ascii_alphanumeric());
    let ends_span = last - at > FENCE.len() && before.contains(line.get(at..last)?);
    if before.trim().is_empty() || before.ends_with('\\') || ends_span || leaves_open(before) {
        return None;
    }
    if !language.is_empty() && !is_language(language) {
        return None;
    }
    let quoted = quote_length(line).is_some();
    let (mut fence, mut code) = open_at(line, at, quoted)?;
    let quote = if quoted { "> " } else { "" };
    quote.clone_into(&mut fence.fence.lead);
    quote.clone_into(&mut fence.fence.prefix);
    code.indent.clear();
    Some(OpeningInLine {
        at,
        past: line.len(),
        fence,
        code,
        is_certain: introduces || named,
    })
}

/// Whether a fence stands in a text, and in no code span, that the next one
/// closes.
fn leaves_open(text: &str) -> bool {
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let ticks = leading(text.get(at..).unwrap_or_default(), '`');
        let whole = whole_length(text, at);
        if whole.is_none() && ticks >= FENCE.len() {
            return true;
        }
        at += whole.unwrap_or(ticks.max(c.len_utf8()));
    }
    false
}

fn open_at(line: &str, at: usize, is_quoted: bool) -> Option<(OpenFence, Code)> {
    let mark = line.get(at..)?;
    let sign = mark.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = leading(mark, sign);
    let info = mark.get(length..)?.trim();
    if length < 3 || info.contains(sign) {
        return None;
    }
    let (language, first_line) = language(info);
    let lead = line.get(..at)?;
    let marks = lead.trim_start_matches([' ', '>']).chars().count();
    let spaces = if is_quoted {
        marks
    } else {
        lead.chars().count()
    };
    let indent = " ".repeat(spaces.min(INDENT_MAX));
    let quote = if is_quoted { "> " } else { "" };
    let prefix = format!("{quote}{indent}");
    let lead = if is_quoted {
        format!("> {}", lead.trim_start_matches([' ', '>']))
    } else {
        lead.to_owned()
    };
    let is_markdown = matches!(language.as_str(), "md" | "markdown" | "mdx");
    let code = Code {
        sign,
        length,
        is_quoted,
        is_in_line: false,
        indent,
        nested: is_markdown.then_some(0),
    };
    let fence = Fence {
        lead,
        prefix,
        language,
    };
    Some((OpenFence { fence, first_line }, code))
}

/// The language that stands beside a fence's mark; or else what stands there
/// is the first line of the code.
fn language(info: &str) -> (String, Option<String>) {
    let end = info.find(|c| !is_in_language(c)).unwrap_or(info.len());
    let (name, rest) = info.split_at_checked(end).unwrap_or((info, ""));
    let is_attribute = rest.trim_start().starts_with([',', '{', ':']) || rest.contains('=');
    if name.len() > LANGUAGE_BYTES_MAX || !(rest.is_empty() || is_attribute) {
        return (String::new(), Some(info.to_owned()));
    }
    (name.to_owned(), None)
}

/// Whether what stands beside a mark makes it one that opens a block: a
/// language, perhaps with attributes, and not words.
fn is_info(beside: &str) -> bool {
    let (name, rest) = language(beside);
    rest.is_none() && !name.is_empty() && !beside.ends_with('.') && !beside.contains(": ")
}

/// Whether words behind a mark at the start of a line are said, and are no
/// more of the code: the end of a text in it, or another mark.
fn is_said(behind: &str) -> bool {
    let is_code = behind.starts_with(['"', '\'', '\\', ')', ']', '}']);
    !is_code && !behind.contains(FENCE) && !behind.contains("~~~")
}

/// Whether words follow a mark at the start of a line, and perhaps more marks.
fn goes_on(behind: &str) -> bool {
    let words = behind.trim_start();
    words.len() < behind.len() && words.starts_with(char::is_alphanumeric)
}

/// Whether a mark behind code ends it: nothing stands behind the mark, or
/// something that begins as a sentence goes on or begins.
fn ends_code(before: &str, behind: &str) -> bool {
    let mut characters = behind.chars();
    let Some(first) = characters.next() else {
        return true;
    };
    if first.is_whitespace() || first == '|' {
        return true;
    }
    // In the middle of a text of the code's own.
    if before.ends_with(['"', '\'', '\\', '(']) {
        return false;
    }
    let ends_line_of_code = before.ends_with(|c: char| !c.is_whitespace())
        && before.contains(char::is_alphanumeric)
        && first.is_alphanumeric();
    if ends_line_of_code {
        return true;
    }
    let goes_on = ".,;:!?".contains(first) && characters.next().is_none_or(char::is_whitespace);
    let begins = first.is_uppercase() || (first.is_alphabetic() && !first.is_ascii());
    goes_on || (begins && (behind.contains(' ') || !first.is_ascii()))
}

/// Whether a word can be the name of a language.
fn is_language(word: &str) -> bool {
    let is_short = word.len() <= LANGUAGE_BYTES_MAX;
    is_short && word.starts_with(char::is_alphanumeric) && word.chars().all(is_in_language)
}

/// A line of code in which nothing closes the code.
pub fn apart(line: &str) -> String {
    let line = without_controls(line).replace('\n', " ");
    // Of a run of five or more, the first pass leaves three together.
    line.replace(FENCE, APART).replace(FENCE, APART)
}

/// A text without the signs that Discord drops before it reads a text, and
/// with one sign for the end of a line.
pub fn without_controls(text: &str) -> String {
    let is_dropped = |c: char| c.is_control() && c != '\t' && !is_line_end(c);
    let text = text.replace("\r\n", "\n");
    let kept = text.chars().filter(|c| !is_dropped(*c));
    kept.map(|c| if is_line_end(c) { '\n' } else { c })
        .collect()
}

/// Whether Discord ends a line at a sign.
pub fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
