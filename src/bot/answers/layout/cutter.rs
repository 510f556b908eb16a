//! Cuts an answer into messages, block by block.
//!
//! Cuts fall between blocks and lines, sentences or words, in that order,
//! and never into a link, a mention or what people see as one character,
//! unless that alone is longer than a message.
//! What is open at a cut, code, bold text or a spoiler, is closed there and
//! opened again in the next message.

use unicode_segmentation::GraphemeCursor;

use crate::bot::answers::layout::blocks::Block;
use crate::bot::answers::layout::fences::{FENCE, Fence};
use crate::bot::answers::layout::line_marks::list_mark_length;
use crate::bot::answers::layout::prose::{escape_small_print, quote_length};
use crate::bot::answers::layout::spans::{SPOILER, Spans, find_spans};
use crate::bot::answers::length::units;

/// Room for closing what is open at a cut, in UTF-16 units.
const CLOSING_UNITS: usize = 24;
/// Code is not begun in less room than this part of a message.
const CODE_ROOM: usize = 10;

/// Puts blocks into messages.
#[derive(Clone)]
pub struct Cutter {
    /// The longest message, in UTF-16 units.
    limit: usize,
    /// The message that is filled.
    piece: String,
    /// How long it is, in UTF-16 units.
    used: usize,
    /// How many lines end between it and what follows.
    gap: usize,
    code: Option<OpenCode>,
    /// Whether a spoiler is open that goes on over paragraphs.
    is_hidden: bool,
    /// What only opens something again at the head of the message.
    head_bytes: usize,
}

/// The code that is filled.
#[derive(Clone)]
struct OpenCode {
    fence: Fence,
    /// Whether it stands in the message yet; it waits for its first line.
    is_shown: bool,
}

/// How good a place is for a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Character,
    Word,
    Sentence,
    Line,
    /// A line that begins a new item, or is no part of a list.
    Item,
}

impl Cutter {
    /// Begins with an empty piece; none becomes longer than the limit.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            piece: String::new(),
            used: 0,
            gap: 0,
            code: None,
            is_hidden: false,
            head_bytes: 0,
        }
    }

    /// Begins with a text that stands above the answer.
    pub fn put_heading(&mut self, heading: &str) {
        let lines = heading.trim_end_matches('\n');
        self.push(lines);
        self.gap = heading.len() - lines.len();
    }

    /// Adds a block; messages that are full go to `done`.
    pub fn add(&mut self, block: Block, done: &mut Vec<String>) {
        match block {
            Block::Blank => self.gap += usize::from(!self.is_empty()),
            Block::Prose { text, ends_line } => {
                self.add_prose(text, done);
                self.gap = usize::from(ends_line);
            }
            Block::Open(fence) => {
                self.code = Some(OpenCode {
                    fence,
                    is_shown: false,
                });
            }
            Block::Code { text, starts_line } => self.add_code(text, starts_line, done),
            Block::Close => self.close_code(),
            Block::Whole { fence, lines } => self.add_whole(fence, lines, done),
        }
    }

    /// The message that is filled, with everything closed; none if it says
    /// nothing.
    pub fn last_piece(&self) -> Option<String> {
        let mut last = self.clone();
        if last.is_empty() {
            return None;
        }
        last.close_open();
        let piece = last.piece.trim_end();
        (!piece.is_empty()).then(|| piece.to_owned())
    }

    /// Whether the message says nothing of its own yet.
    fn is_empty(&self) -> bool {
        let own = self.piece.get(self.head_bytes..).unwrap_or_default();
        own.trim().is_empty()
    }

    fn room(&self) -> usize {
        self.limit.saturating_sub(self.used + CLOSING_UNITS)
    }

    fn push(&mut self, text: &str) {
        self.piece.push_str(text);
        self.used += units(text);
    }

    /// Ends the line that was written last, if something stands there.
    fn push_gap(&mut self) {
        let gap = std::mem::take(&mut self.gap);
        if !self.is_empty() {
            self.push(&"\n".repeat(gap));
        }
    }

    /// Closes what is open at the end of the message.
    fn close_open(&mut self) {
        if let Some(code) = self.code.as_ref().filter(|code| code.is_shown) {
            let closing = format!("\n{}{FENCE}", code.fence.prefix);
            self.push(&closing);
        }
        if self.is_hidden {
            let kept = self.piece.trim_end_matches(' ').len();
            self.piece.truncate(kept);
            if self.piece.ends_with(SPOILER) && self.piece.len() == self.head_bytes {
                self.piece.clear();
            } else {
                // A mark that closes code stands alone in its line.
                let line = if self.piece.ends_with(FENCE) {
                    "\n"
                } else {
                    ""
                };
                self.piece.extend([line, SPOILER]);
            }
        }
    }

    /// Ends the message, and begins the next.
    fn flush(&mut self, done: &mut Vec<String>) {
        if !self.is_empty() {
            self.close_open();
            let piece = self.piece.trim_end();
            if !piece.is_empty() {
                done.push(piece.to_owned());
            }
        }
        self.piece.clear();
        self.used = 0;
        self.gap = 0;
        if let Some(code) = self.code.as_mut().filter(|code| code.is_shown) {
            code.is_shown = false;
            // What led to it stands in an earlier message.
            code.fence.lead.clone_from(&code.fence.prefix);
        }
        if self.is_hidden {
            self.push(SPOILER);
        }
        self.head_bytes = self.piece.len();
    }

    fn add_prose(&mut self, text: String, done: &mut Vec<String>) {
        let mut rest = text;
        loop {
            let length = units(&rest) + self.gap;
            let spans = find_spans(&rest, self.is_hidden);
            if length <= self.room() {
                self.push_gap();
                self.push(&rest);
                self.is_hidden = spans.is_still_hidden || opens_spoiler(&rest, &spans);
                return;
            }
            // How long the rest gets may not be known yet.
            if self.used > self.limit / 2 && !self.is_empty() {
                self.flush(done);
                continue;
            }
            let room = self.room().saturating_sub(self.gap);
            let found = best_cut(&rest, room, &spans);
            let is_bad = found.is_none_or(|(_, place)| place < Place::Sentence);
            if (is_bad && self.used > self.limit / 4 || found.is_none()) && !self.is_empty() {
                self.flush(done);
                continue;
            }
            let window = byte_at(&rest, room);
            let least = least_cut(&rest, window);
            let at = found.map(|(at, _)| at).filter(|at| *at >= least);
            let at = at.unwrap_or(window).max(least);
            rest = self.cut_prose(&rest, at, &spans, done);
            if rest.trim().is_empty() {
                return;
            }
        }
    }

    /// Puts the text up to a place into the message, and ends it; what is
    /// left of the text.
    fn cut_prose(
        &mut self,
        text: &str,
        at: usize,
        spans: &Spans,
        done: &mut Vec<String>,
    ) -> String {
        let (head, tail) = text.split_at(text.floor_char_boundary(at));
        let is_open = |open: usize, close: usize| open < at && at <= close;
        let mut open: Vec<_> = spans
            .pairs
            .iter()
            .filter(|pair| is_open(pair.open.end - 1, pair.close.start))
            .map(|pair| pair.open.clone())
            .collect();
        open.sort_by_key(|range| range.start);
        let mark = |range: &std::ops::Range<usize>| text.get(range.clone()).unwrap_or_default();
        let marks: Vec<&str> = open.iter().map(mark).collect();
        self.push_gap();
        self.push(head.trim_end());
        let in_code = marks.iter().any(|mark| mark.starts_with('`'));
        // More back-ticks than opened it would not close it.
        if in_code && self.piece.ends_with('`') {
            self.push(" ");
        }
        self.push(&marks.iter().rev().copied().collect::<String>());
        let head_spans = find_spans(head, self.is_hidden);
        let is_carried = self.is_hidden && head_spans.is_still_hidden;
        let opens = spans
            .unclosed
            .iter()
            .any(|it| mark(it) == SPOILER && it.end <= at);
        self.is_hidden = is_carried || opens;
        self.flush(done);
        let is_line_end = head.ends_with('\n') || tail.starts_with('\n');
        let (quote, tail) = if is_line_end {
            let tail = tail.trim_start_matches('\n');
            tail.split_at(quote_length(tail).unwrap_or(0))
        } else {
            let line = head.rsplit('\n').next().unwrap_or_default();
            let quote = quote_length(line).map_or("", |_| "> ");
            (quote, tail.trim_start())
        };
        if in_code {
            let gap = match tail.chars().next() {
                // The first line would be read as the name of a language.
                _ if marks.contains(&FENCE) => format!("\n{quote}"),
                Some('`') => " ".to_owned(),
                _ => String::new(),
            };
            return format!("{quote}{}{gap}{tail}", marks.concat());
        }
        if is_line_end {
            return format!("{quote}{}{tail}", marks.concat());
        }
        // It was in the middle of a line, and is read as the start of one.
        let is_mark = tail.starts_with(['#', '>']);
        let escape = if is_mark { "\\" } else { "" };
        let (line, rest) = tail.split_at(tail.find('\n').unwrap_or(tail.len()));
        let line = escape_small_print(line);
        format!("{quote}{}{escape}{line}{rest}", marks.concat())
    }

    fn add_code(&mut self, line: String, starts_line: bool, done: &mut Vec<String>) {
        let (mut rest, mut starts_line) = (line, starts_line);
        loop {
            let Some(code) = self.code.clone() else {
                return;
            };
            // Discord leaves them out, and shows no block of nothing else.
            let words = rest.strip_prefix(code.fence.prefix.as_str());
            if !code.is_shown && words.unwrap_or(&rest).trim().is_empty() {
                return;
            }
            let opening = format!("{}{FENCE}{}", code.fence.lead, code.fence.language);
            let before = if code.is_shown {
                1
            } else {
                units(&opening) + self.gap + 1
            };
            let needed = before + units(&rest) + units(&code.fence.prefix);
            let must_flush =
                needed > self.room() || !code.is_shown && self.room() < self.limit / CODE_ROOM;
            if must_flush && !self.is_empty() {
                self.flush(done);
                continue;
            }
            if !code.is_shown {
                self.push_gap();
                self.push(&opening);
                self.code = Some(OpenCode {
                    is_shown: true,
                    ..code.clone()
                });
                starts_line = true;
            }
            if starts_line {
                self.push("\n");
            }
            let room = self.room().saturating_sub(units(&code.fence.prefix));
            if units(&rest) <= room {
                self.push(&rest);
                return;
            }
            let window = byte_at(&rest, room);
            let word = rest
                .get(..window)
                .and_then(|text| text.rfind(' '))
                .map(|at| at + 1);
            let word = word.filter(|at| *at > window / 2 && *at < rest.len());
            let least = least_cut(&rest, window);
            let at = word.or_else(|| character_before(&rest, window));
            let at = at.filter(|at| *at >= least).unwrap_or(window);
            let at = rest.floor_char_boundary(at.max(least));
            let (head, tail) = rest.split_at(at);
            self.push(head);
            let is_quoted = code.fence.prefix.starts_with('>');
            rest = if is_quoted {
                format!("> {tail}")
            } else {
                tail.to_owned()
            };
            self.flush(done);
        }
    }

    fn close_code(&mut self) {
        let Some(code) = self.code.take() else {
            return;
        };
        if code.is_shown {
            self.push(&format!("\n{}{FENCE}", code.fence.prefix));
            self.gap = 1;
        }
    }

    fn add_whole(&mut self, fence: Fence, lines: Vec<String>, done: &mut Vec<String>) {
        let length: usize = lines.iter().map(|line| units(line) + 1).sum();
        let length = length + 2 * (FENCE.len() + fence.prefix.len()) + self.gap;
        if length > self.room() && length + CLOSING_UNITS <= self.limit {
            self.flush(done);
        }
        self.add(Block::Open(fence), done);
        for line in lines {
            self.add_code(line, true, done);
        }
        self.close_code();
    }
}

/// Whether a spoiler begins that may go on in the next paragraph.
fn opens_spoiler(text: &str, spans: &Spans) -> bool {
    let mut unclosed = spans.unclosed.iter();
    unclosed.any(|range| text.get(range.clone()) == Some(SPOILER))
}

/// The best place for a cut within some UTF-16 units.
fn best_cut(text: &str, room: usize, spans: &Spans) -> Option<(usize, Place)> {
    let end = byte_at(text, room);
    let half = byte_at(text, room / 2);
    let in_atom = |at: usize| {
        let after = spans.atoms.partition_point(|atom| atom.end <= at);
        spans.atoms.get(after).is_some_and(|atom| atom.start < at)
    };
    let is_blank = |from: usize, to: usize| {
        let between = text.get(from..to);
        between.is_some_and(|text| text.chars().all(char::is_whitespace))
    };
    // A pair with nothing in it is read as other marks: `` and `` as a fence.
    let in_mark = |at: usize| {
        spans.pairs.iter().any(|pair| {
            pair.open.start < at
                && at < pair.close.end
                && (is_blank(pair.open.end.min(at), at) || is_blank(at, pair.close.start.max(at)))
        })
    };
    let good = places(text, end).filter(|at| *at > 0 && !in_atom(*at) && !in_mark(*at));
    // What is too early is good for a word at the most.
    let placed = good.map(|at| {
        let place = if at > half {
            place_at(text, at)
        } else {
            Place::Word
        };
        (place, at)
    });
    let best = placed.max().map(|(place, at)| (at, place));
    best.or_else(|| {
        let mut at = character_before(text, end)?;
        while in_atom(at) || in_mark(at) {
            at = character_before(text, at.checked_sub(1)?)?;
        }
        (at > 0).then_some((at, Place::Character))
    })
    .or_else(|| {
        // One thing that is longer than a message.
        let at = character_before(text, end).filter(|at| *at > 0)?;
        Some((at, Place::Character))
    })
}

/// Every place up to `end` where a word ends or a line does.
fn places(text: &str, end: usize) -> impl Iterator<Item = usize> {
    let window = text.get(..end).unwrap_or(text);
    window
        .char_indices()
        .filter(|(_, c)| c.is_whitespace())
        .map(|(at, c)| at + c.len_utf8())
}

/// How good a place behind a space is.
fn place_at(text: &str, at: usize) -> Place {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    if before.ends_with('\n') {
        let is_nested = after.starts_with([' ', '\t']);
        return if is_nested { Place::Line } else { Place::Item };
    }
    let words = before.trim_end();
    if words.ends_with(['.', '!', '?', '。', '！', '？', '…']) {
        return Place::Sentence;
    }
    Place::Word
}

/// The byte where `room` units end.
fn byte_at(text: &str, room: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > room {
            return at;
        }
    }
    text.len()
}

/// The last place up to `at` that is in no character as people see it.
fn character_before(text: &str, at: usize) -> Option<usize> {
    let at = text.floor_char_boundary(at);
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    match cursor.is_boundary(text, 0) {
        Ok(true) => Some(at),
        Ok(false) => cursor.prev_boundary(text, 0).ok().flatten(),
        Err(_) => None,
    }
}

/// The first place where a cut leaves less than there was, and more than a
/// mark in the message before it: marks of quotes and of what is open stand in
/// the next message again.
fn least_cut(text: &str, window: usize) -> usize {
    let bare = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
    let bare = list_mark_length(bare).map_or(bare, |mark| bare.get(mark..).unwrap_or(bare));
    let marks = text.len() - bare.len();
    if marks >= window {
        return first_character(text);
    }
    marks + first_character(bare)
}

fn first_character(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}
