//! A text as it is searched for keys: without what people and programs put
//! inside one.

use crate::model::text::invisible::is_invisible;

/// Marks of Discord's that stand between letters and show nothing.
const MARKS: &[char] = &['`', '|', '~'];
/// The longest run of asterisks or underscores that formats wherever it stands;
/// behind a longer one of asterisks the rest of a key is hidden.
const FORMATTING_MAX: usize = 2;
/// As many asterisks format where they stand around a word.
const BOTH_STYLES: usize = 3;
/// The shortest second line of a key, in bytes.
const NEXT_LINE_BYTES_MIN: usize = 8;
/// How many digits it has at least.
const NEXT_LINE_DIGITS_MIN: usize = 2;

/// A text without some of its characters, and where each byte stood.
#[derive(Clone, Default)]
pub struct Scanned {
    pub text: String,
    places: Vec<usize>,
}

impl Scanned {
    /// A text without what nobody sees. Line breaks and tabs stay.
    pub fn visible(text: &str) -> Self {
        let mut scanned = Self::default();
        for (place, c) in text.char_indices() {
            if c.is_whitespace() || !is_invisible(c) {
                scanned.push(c, place);
            }
        }
        scanned
    }

    /// The same without formatting.
    pub fn unformatted(&self) -> Self {
        let mut plain = Self::default();
        let mut rest = self.text.chars().peekable();
        let (mut at, mut is_open) = (0, false);
        while let Some(c) = rest.next() {
            let mut run = 1;
            while matches!(c, '*' | '_') && rest.next_if_eq(&c).is_some() {
                run += 1;
            }
            let next = rest.peek().copied();
            let opens = !plain.text.ends_with(is_of_key) && next.is_some_and(is_of_key);
            let formats = match c {
                '\\' => next.is_some_and(|next| next.is_ascii_punctuation()),
                '*' if run == BOTH_STYLES && (opens || is_open) => {
                    is_open = opens;
                    true
                }
                '*' => run <= FORMATTING_MAX,
                '_' => run == FORMATTING_MAX,
                _ => MARKS.contains(&c),
            };
            for index in 0..run {
                if !formats {
                    plain.push(c, self.place(at + index));
                }
            }
            at += run * c.len_utf8();
        }
        plain
    }

    /// The same without the line breaks in words that go on in the next line
    /// with what no word has.
    pub fn unwrapped(&self) -> Self {
        let mut whole = Self::default();
        let mut at = 0;
        while let Some(c) = self.text.get(at..).and_then(|rest| rest.chars().next()) {
            let rest = self.text.get(at..).unwrap_or_default();
            let next = rest.trim_start();
            let skipped = rest.len() - next.len();
            let breaks = rest.get(..skipped).is_some_and(|it| it.contains('\n'));
            if breaks && whole.text.ends_with(is_of_key) && goes_on(next) {
                at += skipped;
                continue;
            }
            whole.push(c, self.place(at));
            at += c.len_utf8();
        }
        whole
    }

    /// Where a part of it stands in the text that it was made of: from its first
    /// byte to its last, which are ASCII.
    pub fn span(&self, start: usize, end: usize) -> (usize, usize) {
        (self.place(start), self.place(end.saturating_sub(1)) + 1)
    }

    fn place(&self, at: usize) -> usize {
        self.places.get(at).copied().unwrap_or_default()
    }

    fn push(&mut self, c: char, place: usize) {
        self.text.push(c);
        let bytes = (0..c.len_utf8()).map(|byte| place + byte);
        self.places.extend(bytes);
    }
}

fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// Whether a line begins as the rest of a key may: with letters and digits in
/// no order that words or names of models have.
fn goes_on(line: &str) -> bool {
    let first = line.split(|c| !is_of_key(c)).next().unwrap_or_default();
    let count = |fits: fn(&char) -> bool| first.chars().filter(fits).count();
    let (large, small) = (
        count(char::is_ascii_uppercase),
        count(char::is_ascii_lowercase),
    );
    let is_mixed = large > 0 && small > 0 || !first.contains(['-', '_']);
    first.len() >= NEXT_LINE_BYTES_MIN
        && count(char::is_ascii_digit) >= NEXT_LINE_DIGITS_MIN
        && large + small > 0
        && is_mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_inside_a_word_is_left_out() {
        for (text, plain) in [
            ("a\u{200b}b\u{feff}c\n\td", "abc\n\td"),
            ("**a**b_c_ __d__ ***e***", "ab_c_ d e"),
            ("a****b a***b a*** ____", "a****b a***b a*** ____"),
            ("`a`||b||~~c~~ \\_d\\n", "abc _d\\n"),
            ("日`本`", "日本"),
        ] {
            let scanned = Scanned::visible(text).unformatted();
            assert_eq!(scanned.text, plain, "{text}");
        }
    }

    #[test]
    fn a_word_goes_on_in_the_next_line_with_what_no_word_has() {
        for (text, whole) in [
            ("sk-Made\n0Up1Made0", "sk-Made0Up1Made0"),
            ("sk-Made \r\n  0Up1Made0 why", "sk-Made0Up1Made0 why"),
            ("sk-Made\nwhy not", "sk-Made\nwhy not"),
            ("key\npython3 app.py", "key\npython3 app.py"),
            ("key\ngpt-4o-2024-08-06", "key\ngpt-4o-2024-08-06"),
            (
                "key\nTypeError2 RateLimitError",
                "key\nTypeError2 RateLimitError",
            ),
        ] {
            let scanned = Scanned::visible(text).unwrapped();
            assert_eq!(scanned.text, whole, "{text}");
        }
    }

    #[test]
    fn a_part_is_found_again_where_it_stood() {
        let text = "日 a\u{200b}**b** c";
        let scanned = Scanned::visible(text).unformatted();
        assert_eq!(scanned.text, "日 ab c");
        let (start, end) = scanned.span(4, 6);
        assert_eq!(text.get(start..end), Some("a\u{200b}**b"));
    }
}
