//! Reads an answer block by block, while it grows: paragraphs, code, tables.
//!
//! Neither `pulldown-cmark` nor `comrak` can do this: they read a whole
//! document, so that a growing one would be read again and again; a fence
//! that closes in mid-line, as Discord reads it, is open to its end for them;
//! and both lose how the rest was written.

use crate::bot::answers::layout::Author;
use crate::bot::answers::layout::endings::{Fate, fate};
use crate::bot::answers::layout::fences::{
    Code, CodeLine, Fence, OpenFence, OpeningInLine, apart, is_line_end, opening, opening_in_line,
    without_controls,
};
use crate::bot::answers::layout::html_code::opening_of_html;
use crate::bot::answers::layout::html_table::{begins_table, read_table, table_in_line};
use crate::bot::answers::layout::prose::{discords_prose, quote_length};
use crate::bot::answers::layout::spans::{closed_for_now, leading};
use crate::bot::answers::layout::table::{self, Head};

/// The longest paragraph that is looked at as a whole, in bytes. Bounds what
/// is read again when an answer has grown.
pub const PARAGRAPH_BYTES_MAX: usize = 8_000;

/// A part of an answer, in Discord's Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Lines of running text, with whether the last of them ends here.
    Prose { text: String, ends_line: bool },
    /// An empty line.
    Blank,
    /// Code begins.
    Open(Fence),
    /// A line of code, or more of one that is long.
    Code { text: String, starts_line: bool },
    /// Code ends.
    Close,
    /// Code that should stand in one message.
    Whole { fence: Fence, lines: Vec<String> },
}

/// What was read of a text.
pub struct ReadBlocks {
    pub blocks: Vec<Block>,
    pub bytes: usize,
    /// Whether it is read for good, whatever follows.
    pub is_settled: bool,
}

/// Reads blocks one after the other.
#[derive(Clone)]
pub struct Reader {
    author: Author,
    /// The largest part of a table that stands in one message, in UTF-16
    /// units.
    table_units_max: usize,
    mode: Mode,
}

/// In what the reader is.
#[derive(Clone)]
enum Mode {
    Prose,
    Code(Code),
    Table(Head),
}

/// A line of a text.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub text: &'a str,
    /// Where the next line begins.
    pub next: usize,
    /// Whether it has ended.
    pub is_whole: bool,
}

/// What is read, and whether more of it will come.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub text: &'a str,
    pub is_ended: bool,
}

impl<'a> Source<'a> {
    /// The line that begins at a place; none at the end.
    pub fn line(&self, at: usize) -> Option<Line<'a>> {
        let rest = self.text.get(at..).filter(|rest| !rest.is_empty())?;
        let (text, end) = rest.split_at(rest.find(is_line_end).unwrap_or(rest.len()));
        let sign_bytes = if end.starts_with("\r\n") {
            2
        } else {
            end.chars().next().map_or(0, char::len_utf8)
        };
        // What follows a carriage return may still belong to it.
        let may_go_on = sign_bytes == 0 || end == "\r";
        Some(Line {
            text,
            next: at + text.len() + sign_bytes,
            is_whole: !may_go_on || self.is_ended,
        })
    }
}

impl Reader {
    /// Begins in prose. A table that is larger is read in parts.
    pub fn new(author: Author, table_units_max: usize) -> Self {
        Self {
            author,
            table_units_max,
            mode: Mode::Prose,
        }
    }

    /// Reads the next blocks; none at the end.
    pub fn read(&mut self, source: Source<'_>) -> Option<ReadBlocks> {
        if source.text.is_empty() {
            return None;
        }
        match std::mem::replace(&mut self.mode, Mode::Prose) {
            Mode::Prose => self.read_prose(source),
            Mode::Code(code) => self.read_code(code, source),
            Mode::Table(head) => Some(self.read_rows(&head, source, 0)),
        }
    }

    fn read_prose(&mut self, source: Source<'_>) -> Option<ReadBlocks> {
        let first = source.line(0)?;
        if first.text.trim().is_empty() {
            let blocks = vec![Block::Blank];
            return Some(ReadBlocks {
                blocks,
                bytes: first.next,
                is_settled: first.is_whole,
            });
        }
        if let Some((fence, code)) = opening(first.text) {
            return Some(self.open(Vec::new(), first, fence, code));
        }
        if let Some(head) = self.head_at(source, first) {
            let sides = source.line(first.next)?;
            return Some(self.read_rows(&head, source, sides.next));
        }
        if let Some(table) = self.html_table_at(source, first) {
            return Some(table);
        }
        let mut end = 0;
        let mut is_settled = source.is_ended;
        while let Some(line) = source.line(end) {
            let is_other = end > 0
                && (line.text.trim().is_empty()
                    || opening(line.text).is_some()
                    || self.is_html_table(line)
                    || self.head_at(source, line).is_some());
            if is_other {
                is_settled = line.is_whole;
                break;
            }
            if let Some(read) = self.code_in_line(source, end, line) {
                return Some(read);
            }
            if let Some(bytes) = self.table_in_line(source, end, line) {
                return Some(self.read_up_to(source.text.get(..bytes)?));
            }
            if line.next > PARAGRAPH_BYTES_MAX {
                return Some(self.read_part(source, end));
            }
            end = line.next;
        }
        let paragraph = source.text.get(..end).unwrap_or_default();
        let lines = without_line_end(paragraph);
        let prose = if is_settled {
            self.prose(lines, true)
        } else {
            self.prose(&closed_for_now(lines), true)
        };
        Some(ReadBlocks {
            blocks: vec![prose],
            bytes: end,
            is_settled,
        })
    }

    /// Where a table in HTML begins behind the words of a line.
    fn table_in_line(&self, source: Source<'_>, from: usize, line: Line<'_>) -> Option<usize> {
        if self.author == Author::Bot {
            return None;
        }
        let rest = source.text.get(from..)?;
        let bytes_max = PARAGRAPH_BYTES_MAX.saturating_sub(from);
        Some(from + table_in_line(rest, line.text, bytes_max)?)
    }

    /// Reads the words before a table.
    fn read_up_to(&self, words: &str) -> ReadBlocks {
        let prose = self.prose(words.trim_end(), true);
        let is_shown = |it: &Block| matches!(it, Block::Prose { text, .. } if !text.is_empty());
        ReadBlocks {
            blocks: Some(prose).filter(is_shown).into_iter().collect(),
            bytes: words.len(),
            is_settled: true,
        }
    }

    /// Reads the words before code that begins in a line of a paragraph.
    fn code_in_line(
        &mut self,
        source: Source<'_>,
        from: usize,
        line: Line<'_>,
    ) -> Option<ReadBlocks> {
        if !line.is_whole {
            return None;
        }
        let of_html = || opening_of_html(line.text).filter(|_| self.author == Author::Model);
        let opening = opening_in_line(line.text).or_else(of_html)?;
        let (at, past) = (from + opening.at, from + opening.past);
        let is_line_over = source.text.get(past..line.next)?.trim().is_empty();
        let past = if is_line_over { line.next } else { past };
        let fate = if opening.is_certain {
            Fate::Ended
        } else {
            fate(&opening, source, past)
        };
        let paragraph = source.text.get(..at)?.trim_end();
        let prose = (!paragraph.is_empty()).then(|| self.prose(paragraph, true));
        let mut blocks: Vec<Block> = prose.into_iter().collect();
        let OpeningInLine { fence, code, .. } = opening;
        match fate {
            Fate::NeverEnded => None,
            Fate::Ended => {
                let opened = self.open(blocks, line, fence, code);
                Some(ReadBlocks {
                    bytes: past,
                    ..opened
                })
            }
            Fate::Unknown => {
                let mut reader = self.clone();
                blocks = reader.open(blocks, line, fence, code).blocks;
                let rest = Source {
                    text: source.text.get(past..)?,
                    ..source
                };
                blocks.extend(reader.read_for_now(rest));
                Some(ReadBlocks {
                    blocks,
                    bytes: source.text.len(),
                    is_settled: false,
                })
            }
        }
    }

    /// All blocks of a text, as far as it has come.
    fn read_for_now(mut self, source: Source<'_>) -> Vec<Block> {
        let (mut blocks, mut at) = (Vec::new(), 0);
        while let Some(rest) = source.text.get(at..) {
            let Some(read) = self.read(Source {
                text: rest,
                ..source
            }) else {
                break;
            };
            blocks.extend(read.blocks);
            if !read.is_settled {
                break;
            }
            at += read.bytes;
        }
        blocks
    }

    /// Reads the first part of a paragraph that is too long to be looked at
    /// as a whole: the lines up to a place, or a part of the first.
    fn read_part(&self, source: Source<'_>, end: usize) -> ReadBlocks {
        let text = source.text;
        let mut bytes = end;
        if end == 0 {
            let most = text.floor_char_boundary(PARAGRAPH_BYTES_MAX);
            let words = text.get(..most).and_then(|text| text.rfind(' '));
            bytes = words.filter(|at| *at > 0).unwrap_or(most);
        }
        let part = text.get(..bytes).unwrap_or_default();
        let lines = without_line_end(part);
        ReadBlocks {
            blocks: vec![self.prose(lines, end > 0)],
            bytes,
            is_settled: true,
        }
    }

    fn prose(&self, text: &str, ends_line: bool) -> Block {
        let text = match self.author {
            Author::Model => discords_prose(&without_controls(text)),
            Author::Bot => text.to_owned(),
        };
        Block::Prose { text, ends_line }
    }

    fn open(
        &mut self,
        mut blocks: Vec<Block>,
        line: Line<'_>,
        fence: OpenFence,
        code: Code,
    ) -> ReadBlocks {
        blocks.push(Block::Open(fence.fence));
        blocks.extend(fence.first_line.map(|line| code.line(&line)));
        self.mode = Mode::Code(code);
        ReadBlocks {
            blocks,
            bytes: line.next,
            is_settled: line.is_whole,
        }
    }

    /// The head of the table that begins with a line.
    fn head_at(&self, source: Source<'_>, line: Line<'_>) -> Option<Head> {
        if self.author == Author::Bot || !line.text.contains('|') {
            return None;
        }
        let sides = source.line(line.next).filter(|sides| sides.is_whole)?;
        Head::read(line.text, sides.text)
    }

    fn is_html_table(&self, line: Line<'_>) -> bool {
        self.author == Author::Model && begins_table(line.text)
    }

    /// Reads the table in HTML that begins with a line. While it grows, its whole
    /// rows are shown.
    fn html_table_at(&self, source: Source<'_>, line: Line<'_>) -> Option<ReadBlocks> {
        if !self.is_html_table(line) {
            return None;
        }
        let table = read_table(source.text, source.is_ended)?;
        let mut parts: Vec<Vec<Vec<String>>> = vec![Vec::new()];
        for row in table.rows {
            let part = parts
                .last_mut()
                .expect("there is one from the beginning on");
            part.push(row);
            if part.len() > 1 && table.head.size(part) > self.table_units_max {
                let row = part.pop();
                parts.push(row.into_iter().collect());
            }
        }
        let caption = (!table.caption.is_empty()).then(|| self.prose(&table.caption, true));
        let tables = parts.iter().map(|rows| table_block(&table.head, rows));
        Some(ReadBlocks {
            blocks: caption.into_iter().chain(tables).collect(),
            bytes: table.end.unwrap_or(source.text.len()),
            is_settled: table.is_over || source.is_ended,
        })
    }

    /// Reads rows from a place on, as many as stand in one message.
    fn read_rows(&mut self, head: &Head, source: Source<'_>, from: usize) -> ReadBlocks {
        let (mut rows, mut end, mut is_settled) = (Vec::new(), from, source.is_ended);
        while let Some(line) = source.line(end) {
            let row = head
                .read_row(line.text)
                .filter(|_| opening(line.text).is_none());
            let Some(row) = row else {
                is_settled = line.is_whole;
                break;
            };
            rows.push(row);
            if rows.len() > 1 && head.size(&rows) > self.table_units_max {
                rows.pop();
                is_settled = true;
                self.mode = Mode::Table(head.clone());
                break;
            }
            end = line.next;
        }
        let is_shown = from > 0 || !rows.is_empty();
        let block = is_shown.then(|| table_block(head, &rows));
        ReadBlocks {
            blocks: block.into_iter().collect(),
            bytes: end,
            is_settled,
        }
    }

    fn read_code(&mut self, mut code: Code, source: Source<'_>) -> Option<ReadBlocks> {
        let line = source.line(0)?;
        if let Some((part, bytes)) = code.take_part(line.text) {
            self.mode = Mode::Code(code);
            return Some(ReadBlocks {
                blocks: vec![part],
                bytes,
                is_settled: true,
            });
        }
        let quote = quote_length(line.text).filter(|_| code.is_quoted);
        if code.is_quoted && quote.is_none() {
            return Some(ReadBlocks {
                blocks: vec![Block::Close],
                bytes: 0,
                is_settled: line.is_whole,
            });
        }
        let start = quote.unwrap_or(0);
        let text = line.text.get(start..).unwrap_or_default();
        let mut read = ReadBlocks {
            blocks: Vec::new(),
            bytes: line.next,
            is_settled: line.is_whole,
        };
        let met = if code.is_in_line {
            CodeLine::Line
        } else {
            code.look_at(text)
        };
        match met {
            CodeLine::End => {
                read.blocks.push(Block::Close);
                return Some(read);
            }
            CodeLine::EndInLine { before, behind } => {
                let last = text.get(..before).filter(|last| !last.trim().is_empty());
                read.blocks.extend(last.map(|last| code.line(last)));
                read.blocks.push(Block::Close);
                if !text.get(behind..)?.trim().is_empty() {
                    read.bytes = start + behind;
                    read.bytes += leading(text.get(behind..)?, ' ');
                }
                return Some(read);
            }
            CodeLine::Line => {
                let is_mark = code.may_end(text);
                // What may become the mark that closes it is not shown yet.
                if line.is_whole || text.trim().is_empty() || !is_mark {
                    read.blocks.push(code.line(text));
                }
            }
        }
        code.is_in_line = false;
        self.mode = Mode::Code(code);
        Some(read)
    }
}

/// A table with these rows, as Discord shows it.
fn table_block(head: &Head, rows: &[Vec<String>]) -> Block {
    let prefix = head.prefix.clone();
    let line = |line: &String| format!("{prefix}{}", apart(line));
    match head.show(rows) {
        table::TableForm::Code(lines) => Block::Whole {
            lines: lines.iter().map(line).collect(),
            fence: Fence {
                lead: prefix.clone(),
                prefix,
                language: String::new(),
            },
        },
        table::TableForm::List(text) => Block::Prose {
            text,
            ends_line: true,
        },
    }
}

/// Lines without the end of the last.
fn without_line_end(lines: &str) -> &str {
    let shorter = lines.strip_suffix("\r\n");
    let shorter = shorter.or_else(|| lines.strip_suffix(is_line_end));
    shorter.unwrap_or(lines)
}
