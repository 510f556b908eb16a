//! Finds what must stay together or be closed again where a text is cut:
//! marks in pairs, links, mentions, code spans.
//!
//! It reads what Discord's clients read (`docs/discord.md` §3.5), which is
//! not what `CommonMark` says: `||` hides, `__` underlines.

use std::ops::Range;

/// The longest code span that is never cut, in bytes.
const CODE_BYTES_MAX: usize = 100;
/// The longest words of a link that are looked for, in bytes.
const WORDS_BYTES_MAX: usize = 1_000;
/// The longest link that is looked for, in bytes. None is cut but where it is
/// longer than a message.
const LINK_BYTES_MAX: usize = 8_000;
/// How many back-ticks delimit a block of code; more are a part of it.
const TICKS_MAX: usize = 3;

/// The marks of two characters before those of one, which they begin with.
const MARKS: [&str; 6] = ["**", "__", "~~", SPOILER, "*", "_"];
/// Hides what stands between two of it.
pub const SPOILER: &str = "||";

/// What stands between two equal marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub open: Range<usize>,
    pub close: Range<usize>,
}

/// What a running text holds.
#[derive(Debug, Default)]
pub struct Spans {
    /// What is never cut, in order.
    pub atoms: Vec<Range<usize>>,
    /// What is closed at a cut and opened again after it.
    pub pairs: Vec<Pair>,
    /// Marks that nothing closes.
    pub unclosed: Vec<Range<usize>>,
    /// Back-ticks that nothing closes: where the first stand, and how many.
    pub open_ticks: Option<(usize, usize)>,
    /// Whether a spoiler that began before the text ends nowhere in it.
    pub is_still_hidden: bool,
}

/// A mark that may be closed yet.
struct OpenMark {
    mark: &'static str,
    /// None for the spoiler that began before the text.
    at: Option<Range<usize>>,
}

/// Finds spans from the start of a text to its end.
struct Finder<'a> {
    text: &'a str,
    opened: Vec<OpenMark>,
    spans: Spans,
}

/// Finds the spans of a text, which begins inside a spoiler or not.
pub fn find_spans(text: &str, is_hidden: bool) -> Spans {
    let hidden = OpenMark {
        mark: SPOILER,
        at: None,
    };
    let mut finder = Finder {
        text,
        opened: is_hidden.then_some(hidden).into_iter().collect(),
        spans: Spans::default(),
    };
    let mut at = 0;
    while at < text.len() {
        at += finder.look_at(at);
    }
    let Finder {
        opened, mut spans, ..
    } = finder;
    spans.is_still_hidden = opened.iter().any(|it| it.at.is_none());
    spans.unclosed = opened.into_iter().filter_map(|it| it.at).collect();
    spans
}

impl Finder<'_> {
    /// Looks at what stands at a place; how long it is.
    fn look_at(&mut self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let ticks = leading(rest, '`');
        if let Some(length) = whole_length(self.text, at) {
            let end = at + length;
            if length > CODE_BYTES_MAX && ticks > 0 {
                let mark = ticks.min(TICKS_MAX);
                self.spans.pairs.push(Pair {
                    open: at..at + mark,
                    close: end - mark..end,
                });
            } else if length <= LINK_BYTES_MAX {
                self.spans.atoms.push(at..end);
            }
            return length;
        }
        if ticks > 0 {
            let open_ticks = &mut self.spans.open_ticks;
            *open_ticks = open_ticks.or(Some((at, ticks)));
            return ticks;
        }
        if let Some(mark) = mark_of(rest, self.opened.last()) {
            self.meet_mark(at, mark);
            return mark.len();
        }
        rest.chars().next().map_or(1, char::len_utf8)
    }

    /// Closes the pair that a mark ends, or opens one.
    fn meet_mark(&mut self, at: usize, mark: &'static str) {
        let range = at..at + mark.len();
        let before = self.text.get(..at).and_then(|it| it.chars().next_back());
        let after = self.text.get(range.end..).and_then(|it| it.chars().next());
        let is_spoiler = mark == SPOILER;
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let in_word = |c: Option<char>| mark.starts_with('_') && is_letter(c);
        let ends_word = is_spoiler || before.is_some_and(|c| !c.is_whitespace());
        let partner = self.opened.iter().rposition(|it| it.mark == mark);
        if let Some(partner) = partner.filter(|_| ends_word && !in_word(after)) {
            let open = self.opened.get(partner).and_then(|it| it.at.clone());
            // Marks that were opened inside the pair close nowhere.
            self.opened.truncate(partner);
            let pair = open.map(|open| Pair { open, close: range });
            self.spans.pairs.extend(pair);
            return;
        }
        let begins_word = after.is_some_and(|c| !c.is_whitespace());
        let follows_word = in_word(before) || is_spoiler && is_letter(before);
        if begins_word && !follows_word && partner.is_none() {
            let at = Some(range);
            self.opened.push(OpenMark { mark, at });
        }
    }
}

/// The mark that a text begins with. Of three stars, one is looked at first
/// where one was opened last.
fn mark_of(text: &str, last: Option<&OpenMark>) -> Option<&'static str> {
    let is_first = |mark: &&str| text.starts_with("***") && *mark == "*";
    if let Some(mark) = last.map(|it| it.mark).filter(is_first) {
        return Some(mark);
    }
    MARKS.into_iter().find(|mark| text.starts_with(mark))
}

/// How long the thing is that stands at a place and is no mark: an escaped
/// character, a code span, a link, an address, a mention.
pub fn whole_length(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    match rest.chars().next()? {
        '\\' => {
            let escaped = rest.chars().nth(1)?;
            escaped.is_ascii_punctuation().then_some(2)
        }
        '`' => code_span_length(rest),
        '<' => tag_length(rest),
        '[' => link_length(rest).map(|link| link.length),
        'h' if rest.starts_with("https://") || rest.starts_with("http://") => {
            let end = rest.find(|c: char| c.is_whitespace() || "<|*~".contains(c));
            Some(end.unwrap_or(rest.len()))
        }
        _ => None,
    }
}

/// The length of the code span that a text begins with: as many back-ticks
/// close it as opened it.
pub fn code_span_length(text: &str) -> Option<usize> {
    let ticks = leading(text, '`');
    if ticks == 0 {
        return None;
    }
    if ticks >= TICKS_MAX {
        let inside = text.get(TICKS_MAX..)?;
        let (name, below) = inside.split_once('\n').unwrap_or((inside, ""));
        let is_named = !name.is_empty() && name.chars().all(is_in_language);
        let end = is_named.then(|| block_end(below)).flatten();
        let end = end.map(|end| name.len() + 1 + end);
        return Some(TICKS_MAX + end.or_else(|| block_end(inside))?);
    }
    let mut at = ticks;
    loop {
        let found = text.get(at..)?.find('`')?;
        let run = leading(text.get(at + found..)?, '`');
        if run == ticks && found + at > ticks {
            return Some(at + found + run);
        }
        at += found + run;
    }
}

/// Where a block ends that began before a text: the next three back-ticks behind
/// something close it, wherever they stand.
fn block_end(text: &str) -> Option<usize> {
    let inside = text.trim_start_matches('\n');
    let first = inside.chars().next()?.len_utf8();
    let end = inside.get(first..)?.find("```")? + first + TICKS_MAX;
    Some(text.len() - inside.len() + end)
}

/// Whether a character can stand in the name of a block's language.
pub fn is_in_language(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+-.#".contains(c)
}

/// How often a text begins with a character of one byte.
pub fn leading(text: &str, c: char) -> usize {
    text.bytes()
        .take_while(|byte| char::from(*byte) == c)
        .count()
}

/// What Discord makes a mention, a time, an emoji or a bare link of.
fn tag_length(text: &str) -> Option<usize> {
    const STARTS: [&str; 8] = ["<@", "<#", "<:", "<a:", "<t:", "</", "<id:", "<http"];
    if !STARTS.iter().any(|start| text.starts_with(start)) {
        return None;
    }
    let end = text.find(['>', '\n'])?;
    text.get(end..)?.starts_with('>').then_some(end + 1)
}

/// A link with words, `[words](address)`.
pub struct Link<'a> {
    pub words: &'a str,
    pub address: &'a str,
    pub length: usize,
}

/// Reads the link that a text begins with.
pub fn link_length(text: &str) -> Option<Link<'_>> {
    let text = text.get(..text.floor_char_boundary(LINK_BYTES_MAX))?;
    let mut depth = 0_usize;
    let mut words = None;
    let most = text.floor_char_boundary(WORDS_BYTES_MAX);
    for (at, c) in text.get(..most)?.char_indices() {
        match c {
            '[' => depth += 1,
            ']' if depth == 1 => {
                words = Some(at);
                break;
            }
            ']' => depth -= 1,
            '\n' if text.get(at + 1..)?.starts_with('\n') => return None,
            _ => {}
        }
    }
    let end = words?;
    let words = text.get(1..end)?;
    let target = text.get(end + 1..)?.strip_prefix('(')?;
    let mut depth = 0_usize;
    for (at, c) in target.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => {
                let address = target.get(..at)?.split_whitespace().next()?;
                let length = end + 2 + at + 1;
                return Some(Link {
                    words,
                    address,
                    length,
                });
            }
            ')' => depth -= 1,
            '\n' | '[' => return None,
            _ => {}
        }
    }
    None
}

/// A text that grows, with what closes its last marks for the moment.
pub fn closed_for_now(text: &str) -> String {
    let spans = find_spans(text, false);
    let code = spans.open_ticks.filter(|(_, ticks)| *ticks < 3);
    let code_from = code.map_or(text.len(), |(at, _)| at);
    let is_lone = |range: &Range<usize>| {
        let before = text
            .get(..range.start)
            .and_then(|text| text.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric()) && range.end < code_from
    };
    let shown = text.trim_end();
    let mut closed = shown.to_owned();
    if let Some((at, ticks)) = code.filter(|(at, ticks)| at + ticks < shown.len()) {
        debug_assert!(at < shown.len());
        closed.push_str(&"`".repeat(ticks));
    }
    for range in spans.unclosed.iter().rev().filter(|range| is_lone(range)) {
        // The cutter closes spoilers by itself.
        let mark = text.get((*range).clone()).unwrap_or_default();
        if mark != SPOILER && range.end < shown.len() {
            closed.push_str(mark);
        }
    }
    closed
}

/// A text without its marks, as it reads where nothing is formatted.
pub fn plain(text: &str) -> String {
    let spans = find_spans(text, false);
    let mut left_out: Vec<Range<usize>> = Vec::new();
    for pair in &spans.pairs {
        left_out.extend([pair.open.clone(), pair.close.clone()]);
    }
    for atom in &spans.atoms {
        let found = text.get(atom.clone()).unwrap_or_default();
        let ticks = leading(found, '`').min(TICKS_MAX);
        if ticks > 0 {
            left_out.extend([atom.start..atom.start + ticks, atom.end - ticks..atom.end]);
        } else if found.starts_with('\\') {
            left_out.push(atom.start..atom.start + 1);
        }
    }
    left_out.sort_by_key(|range| range.start);
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for range in left_out {
        shown.push_str(text.get(at..range.start).unwrap_or_default());
        at = at.max(range.end);
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<&str> {
        let mut pairs = find_spans(text, false).pairs;
        pairs.sort_by_key(|pair| pair.open.start);
        let whole = |pair: &Pair| text.get(pair.open.start..pair.close.end).unwrap();
        pairs.iter().map(whole).collect()
    }

    #[test]
    fn marks_are_found_in_pairs() {
        for (text, found) in [
            ("**a** b", vec!["**a**"]),
            ("||a **b**||", vec!["||a **b**||", "**b**"]),
            ("snake_case_name and _so_", vec!["_so_"]),
            ("2 * 3 * 4, a || b || c", vec![]),
            ("\\*no\\* *yes*", vec!["*yes*"]),
            ("`**code**` ~~old~~", vec!["~~old~~"]),
            ("[**w**](https://a.example/_x_)", vec![]),
            ("https://a.example/_x_ *y*", vec!["*y*"]),
            ("__a__ **b", vec!["__a__"]),
            ("***a***", vec!["***a***", "*a*"]),
        ] {
            assert_eq!(pairs(text), found, "{text}");
        }
    }

    #[test]
    fn a_spoiler_may_go_on_over_paragraphs() {
        let first = find_spans("The end: ||all", false);
        assert_eq!(first.unclosed.first(), Some(&(9..11)));
        assert!(find_spans("of it", true).is_still_hidden);
        assert!(!find_spans("of it|| and on", true).is_still_hidden);
    }

    #[test]
    fn what_grows_is_closed_for_the_moment() {
        for (text, closed) in [
            ("so **bold", "so **bold**"),
            ("so **bold and *more", "so **bold and *more***"),
            ("run `cargo b", "run `cargo b`"),
            ("run **", "run **"),
            ("2**3 is 8", "2**3 is 8"),
            ("done **now**", "done **now**"),
        ] {
            assert_eq!(closed_for_now(text), closed);
        }
    }

    #[test]
    fn what_is_formatted_reads_without_its_marks() {
        for (text, read) in [
            ("**Ann** and `x_y`", "Ann and x_y"),
            ("5 \\* 3", "5 * 3"),
            ("a_b *c*", "a_b c"),
        ] {
            assert_eq!(plain(text), read);
        }
    }
}
