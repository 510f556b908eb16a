//! Takes out of an answer what its model thinks between tags
//! (`docs/providers.md` §7.5). Pure: however an answer is cut into pieces, the
//! same words are visible in the end.
//!
//! Only what an answer begins with is thinking. Where the tag that opens it
//! stands in the prompt already, the answer has only the one that closes it:
//! words that were visible by then are taken back.

const OPENING: [&str; 3] = ["<think>", "<thinking>", "<thought>"];
const CLOSING: [&str; 3] = ["</think>", "</thinking>", "</thought>"];
const FENCES: [&str; 2] = ["```", "~~~"];
const FENCE_BYTES: usize = 3;

/// Reads an answer as it comes.
#[derive(Default)]
pub struct ThinkingTags {
    place: Place,
    /// What may be the beginning of a tag.
    pending: String,
    /// Thinking has been found.
    has_thought: bool,
    /// Words are visible that were not taken back.
    has_shown: bool,
    line: Line,
}

/// The line that has not ended, as far as it is visible.
#[derive(Default)]
struct Line {
    /// What it begins with.
    start: String,
    is_in_span: bool,
    is_in_fence: bool,
}

/// Where in an answer the next of it stands.
#[derive(Clone, Copy, Default)]
enum Place {
    /// Before the first of its words.
    #[default]
    Start,
    Thinking,
    Words,
}

/// What a piece of an answer adds to what is visible.
#[derive(Debug, Default)]
pub struct VisibleWords {
    /// What was visible before was thinking.
    pub takes_back: bool,
    pub words: String,
    /// How many bytes were thinking.
    pub thought: usize,
}

/// What stands at the start of a text.
#[derive(Clone, Copy)]
enum TagStart {
    /// A tag of so many bytes.
    Tag(usize),
    /// What may become one.
    Part,
    Other,
}

impl ThinkingTags {
    /// Reads more of an answer.
    pub fn push(&mut self, piece: &str) -> VisibleWords {
        self.read(piece, false)
    }

    /// Reads the last of an answer.
    pub fn end(&mut self, piece: &str) -> VisibleWords {
        self.read(piece, true)
    }

    fn read(&mut self, piece: &str, is_ended: bool) -> VisibleWords {
        let mut text = std::mem::take(&mut self.pending);
        text.push_str(piece);
        let mut visible = VisibleWords::default();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let read = match self.place {
                Place::Start => self.read_start(rest, is_ended, &mut visible),
                Place::Thinking => self.read_thinking(rest, is_ended, &mut visible),
                Place::Words => self.read_words(rest, is_ended, &mut visible),
            };
            // The rest waits for more.
            let Some(bytes) = read else { break };
            rest = rest.get(bytes..).unwrap_or_default();
        }
        rest.clone_into(&mut self.pending);
        self.has_shown |= !visible.words.is_empty();
        visible
    }

    fn read_start(
        &mut self,
        rest: &str,
        is_ended: bool,
        visible: &mut VisibleWords,
    ) -> Option<usize> {
        let words = rest.trim_start();
        let blank = rest.len() - words.len();
        match find_tag(words, &OPENING) {
            TagStart::Tag(bytes) => {
                self.place = Place::Thinking;
                self.has_thought = true;
                visible.thought += blank + bytes;
                Some(blank + bytes)
            }
            TagStart::Part if !is_ended => None,
            _ => {
                self.place = Place::Words;
                let dropped = if self.has_thought { blank } else { 0 };
                visible.thought += dropped;
                Some(dropped)
            }
        }
    }

    fn read_thinking(
        &mut self,
        rest: &str,
        is_ended: bool,
        visible: &mut VisibleWords,
    ) -> Option<usize> {
        let mut read = rest.len();
        for (at, _) in rest.match_indices('<') {
            match find_tag(rest.get(at..).unwrap_or_default(), &CLOSING) {
                TagStart::Tag(bytes) => {
                    self.place = Place::Start;
                    read = at + bytes;
                    break;
                }
                TagStart::Part if !is_ended => {
                    read = at;
                    break;
                }
                _ => {}
            }
        }
        visible.thought += read;
        (read > 0).then_some(read)
    }

    fn read_words(
        &mut self,
        rest: &str,
        is_ended: bool,
        visible: &mut VisibleWords,
    ) -> Option<usize> {
        if self.has_thought {
            visible.words.push_str(rest);
            return Some(rest.len());
        }
        let read = match rest.find(['<', '\n']) {
            Some(0) if rest.starts_with('<') => match self.closes(rest, is_ended)? {
                0 => 1,
                bytes => {
                    self.take_back(visible);
                    visible.thought += bytes;
                    return Some(bytes);
                }
            },
            Some(0) => 1,
            Some(at) => at,
            None => rest.len(),
        };
        let words = rest.get(..read).unwrap_or_default();
        visible.words.push_str(words);
        self.line.follow(words);
        Some(read)
    }

    /// How long the tag is with which a text begins, if it ends thinking that
    /// no tag has opened: one that begins or ends its line, and is no code.
    /// None where that shows only when more has come.
    fn closes(&self, text: &str, is_ended: bool) -> Option<usize> {
        if self.line.is_in_fence || self.line.is_in_span {
            return Some(0);
        }
        let bytes = match find_tag(text, &CLOSING) {
            TagStart::Tag(bytes) => bytes,
            TagStart::Part if !is_ended => return None,
            _ => return Some(0),
        };
        let after = text.get(bytes..).unwrap_or_default();
        let (line, is_whole) = match after.split_once('\n') {
            Some((line, _)) => (line, true),
            None => (after, is_ended),
        };
        if self.line.start.trim().is_empty() {
            Some(bytes)
        } else if !line.trim().is_empty() {
            Some(0)
        } else {
            is_whole.then_some(bytes)
        }
    }

    /// Makes all that is visible thinking.
    fn take_back(&mut self, visible: &mut VisibleWords) {
        visible.thought += visible.words.len();
        visible.words.clear();
        visible.takes_back |= self.has_shown;
        self.place = Place::Start;
        self.has_thought = true;
        self.has_shown = false;
    }
}

impl Line {
    /// Takes in more of it, or its end.
    fn follow(&mut self, words: &str) {
        if words == "\n" {
            let start = std::mem::take(&mut self.start);
            self.is_in_fence ^= FENCES.iter().any(|it| start.trim_start().starts_with(it));
            self.is_in_span = false;
            return;
        }
        self.is_in_span ^= words.matches('`').count() % 2 == 1;
        if self.start.trim_start().len() < FENCE_BYTES {
            self.start.push_str(words);
        }
    }
}

fn find_tag(text: &str, tags: &[&str]) -> TagStart {
    let begins = |tag: &&&str| {
        let bytes = tag.len().min(text.len());
        let (text, tag) = (text.as_bytes().get(..bytes), tag.as_bytes().get(..bytes));
        text.zip(tag)
            .is_some_and(|(text, tag)| text.eq_ignore_ascii_case(tag))
    };
    let found = tags.iter().filter(begins).map(|tag| tag.len());
    match found.min() {
        None => TagStart::Other,
        Some(bytes) if bytes <= text.len() => TagStart::Tag(bytes),
        Some(_) => TagStart::Part,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is visible in the end of an answer that comes in pieces.
    fn read(pieces: &[&str]) -> String {
        let mut tags = ThinkingTags::default();
        let mut read: Vec<VisibleWords> = pieces.iter().map(|it| tags.push(it)).collect();
        read.push(tags.end(""));
        let (mut visible, mut counted) = (String::new(), 0);
        for more in read {
            if more.takes_back {
                visible.clear();
            }
            visible.push_str(&more.words);
            counted += more.words.len() + more.thought;
        }
        let all: usize = pieces.iter().map(|it| it.len()).sum();
        assert_eq!(counted, all, "{pieces:?}");
        visible
    }

    fn letters(text: &str) -> Vec<&str> {
        text.split_inclusive(|_: char| true).collect()
    }

    #[test]
    fn thinking_in_tags_is_not_visible() {
        for (answer, visible) in [
            ("<think>\nHm.\n</think>\n\nYes.", "Yes."),
            ("\n <THINK>Hm.</Think>Yes.", "Yes."),
            ("<thinking>Hm.</thinking> Yes.", "Yes."),
            ("<thought>Hm.</thought>\nYes.", "Yes."),
            ("<think>a < b, so </ and </th</thinking>Yes.", "Yes."),
            ("<think></think>\n<think>Hm.</think>\nYes.", "Yes."),
            ("<think>```\nlet x\n</think>\nYes.", "Yes."),
            // Nothing else was said.
            ("<think>Hm.", ""),
            ("<think>Hm.</think>\n", ""),
            ("<think>Hm.</thin", ""),
            // Only the tag that closes it.
            ("Hm.\nSo.\n</think>\n\nYes.", "Yes."),
            ("Hm. So.</think>\n\nYes.", "Yes."),
            ("Hm.\n</THOUGHT>Yes.", "Yes."),
            ("</think>\nYes.", "Yes."),
            ("Hm.\n```\nlet x\n```\n</think>\nYes.", "Yes."),
            ("Hm.\n</think>", ""),
        ] {
            assert_eq!(read(&[answer]), visible, "{answer}");
            assert_eq!(read(&letters(answer)), visible, "{answer}, by letters");
        }
    }

    #[test]
    fn tags_in_an_answer_are_its_words() {
        for answer in [
            "",
            "\n",
            " Yes.",
            "a < b",
            "<",
            "<thin",
            "<thinker>Yes.",
            "<b>Yes.</b>",
            "Write <think>Hm.</think> first.",
            "Write:\n<think>",
            "`</think>`\nends it.",
            "It ends with `</think>`",
            "```\n</think>\n```\nends it.",
            "~~~html\n<think>\n</think>\n~~~",
            "Between <think> and </think> it thinks.",
            "`<think>` opens it.",
            "```\n<think>\nHm.\n</think>\n```",
        ] {
            assert_eq!(read(&[answer]), answer);
            assert_eq!(read(&letters(answer)), answer);
        }
        let answer = "<think>Hm.</think>Models write:\n<think>Hm.\n</think>\nYes.";
        let visible = "Models write:\n<think>Hm.\n</think>\nYes.";
        assert_eq!(read(&[answer]), visible);
    }

    /// Answers with what tags are made of, in pieces.
    fn pieces() -> impl Strategy<Value = Vec<String>> {
        let bits = [
            "<think>",
            "</think>",
            "<THOUGHT>",
            "</Thinking>",
            "<th",
            "</",
            "ink>",
            "<",
            ">",
            "\n",
            " ",
            "\r\n",
            "`",
            "```",
            "~~~",
            "Hm.",
            "日本",
        ];
        let bit = prop::sample::select(bits.to_vec());
        let piece = prop::collection::vec(bit, 0..4).prop_map(|bits| bits.concat());
        prop::collection::vec(piece, 0..8)
    }

    proptest! {
        #[test]
        fn pieces_change_nothing(pieces in pieces()) {
            let whole = pieces.concat();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let visible = read(&[&whole]);
            prop_assert_eq!(&read(&pieces), &visible);
            prop_assert_eq!(&read(&letters(&whole)), &visible);
            prop_assert!(whole.ends_with(&visible));
        }
    }
}
