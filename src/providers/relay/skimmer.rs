//! Keeps, of an answer that passes, what is read of it: usage, names and
//! reasons. Long texts and long lists are left out, so that an answer of any
//! size takes the same memory.

use serde_json::{Value, json};

use crate::providers::lone_surrogates::replace_lone_surrogates;

/// The longest string that is kept.
const STRING_BYTES_MAX: usize = 1024;
/// The first so many items of each list are kept.
const ITEMS_MAX: usize = 64;
/// The most that is kept of an answer.
const KEPT_BYTES_MAX: usize = 256 * 1024;
/// The deepest nesting that is followed.
const DEPTH_MAX: usize = 64;
/// The field of an answer whose items are the pictures or vectors in it.
const ITEMS_FIELD: &str = "data";

/// Reads JSON piece by piece.
#[derive(Default)]
pub struct Skimmer {
    kept: Vec<u8>,
    open: Vec<Bracket>,
    string: Option<OpenString>,
    /// How many brackets were open where a list's further items began that
    /// are left out.
    leaves_out: Option<usize>,
    /// The last field of the outermost object.
    field: Option<String>,
    /// How many items its field `data` has.
    items: u64,
    /// How many bytes of strings have come since this was asked last.
    heard: u64,
    /// Whether those are words: of pictures and vectors none are.
    hears_words: bool,
    /// More than is kept, or deeper than is followed: nothing can be read.
    is_lost: bool,
}

/// A bracket that is still open.
struct Bracket {
    kind: BracketKind,
    is_empty: bool,
    commas: usize,
    /// Whether the next string is the name of a field.
    before_name: bool,
}

/// What a bracket begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BracketKind {
    Object,
    List,
    /// The list that the field `data` holds.
    Items,
}

/// A string that has begun.
struct OpenString {
    /// Where it begins in what is kept.
    kept_from: usize,
    length: usize,
    is_escaped: bool,
    is_name: bool,
}

impl Skimmer {
    /// Reads an answer of words, or of something else.
    pub fn for_words(hears_words: bool) -> Self {
        Self {
            hears_words,
            ..Self::default()
        }
    }

    /// Reads the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        if self.is_lost {
            self.heard += piece.len() as u64;
            return;
        }
        for byte in piece {
            match self.string {
                Some(_) => self.read_string(*byte),
                None => self.read_sign(*byte),
            }
        }
        self.is_lost |= self.kept.len() > KEPT_BYTES_MAX;
    }

    /// How many bytes of words have come since this was asked last.
    pub fn newly_heard(&mut self) -> u64 {
        let heard = std::mem::take(&mut self.heard);
        if self.hears_words { heard } else { 0 }
    }

    /// Whether what has come may be the beginning of JSON.
    pub fn may_be_json(&self) -> bool {
        matches!(self.kept.first(), None | Some(b'{' | b'['))
    }

    /// What was kept, with the number of items in `data` as `pictures`, once
    /// everything has come; none where it was no JSON. An answer too large to
    /// be kept says nothing.
    pub fn finish(self) -> Option<Value> {
        if self.is_lost {
            return Some(json!({}));
        }
        let mut value: Value = serde_json::from_slice(&replace_lone_surrogates(&self.kept)).ok()?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert("pictures".to_owned(), self.items.into());
        }
        Some(value)
    }

    fn read_string(&mut self, byte: u8) {
        let Some(string) = &mut self.string else {
            return;
        };
        self.heard += u64::from(!string.is_name);
        let ends = byte == b'"' && !string.is_escaped;
        string.is_escaped = byte == b'\\' && !string.is_escaped;
        string.length += 1;
        let (is_long, from) = (string.length > STRING_BYTES_MAX, string.kept_from);
        if ends {
            self.end_string(byte);
        } else if self.leaves_out.is_none() && !is_long {
            self.kept.push(byte);
        } else if self.leaves_out.is_none() {
            self.kept.truncate(from + 1);
        }
    }

    fn end_string(&mut self, quote: u8) {
        self.keep(quote);
        let Some(string) = self.string.take() else {
            return;
        };
        if string.is_name && self.open.len() == 1 {
            let name = self.kept.get(string.kept_from..).unwrap_or_default();
            self.field = serde_json::from_slice(name).ok();
        }
    }

    /// Reads what stands outside of strings.
    fn read_sign(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'{' | b'[' => {
                self.begin_value();
                let is_items = self.open.len() == 1 && self.field.as_deref() == Some(ITEMS_FIELD);
                self.open.push(Bracket {
                    kind: match byte {
                        b'{' => BracketKind::Object,
                        _ if is_items => BracketKind::Items,
                        _ => BracketKind::List,
                    },
                    is_empty: true,
                    commas: 0,
                    before_name: byte == b'{',
                });
                self.keep(byte);
                self.is_lost |= self.open.len() > DEPTH_MAX;
            }
            b'}' | b']' => {
                if self.leaves_out == Some(self.open.len()) {
                    self.leaves_out = None;
                }
                let closed = self.open.pop();
                if let Some(list) = closed.filter(|it| it.kind == BracketKind::Items) {
                    let items = list.commas + usize::from(!list.is_empty);
                    self.items = items as u64;
                }
                self.keep(byte);
            }
            b',' => self.read_comma(),
            b':' => {
                if let Some(object) = self.open.last_mut() {
                    object.before_name = false;
                }
                self.keep(byte);
            }
            b'"' => {
                self.begin_value();
                self.string = Some(OpenString {
                    kept_from: self.kept.len(),
                    length: 0,
                    is_escaped: false,
                    is_name: self.open.last().is_some_and(|it| it.before_name),
                });
                self.keep(byte);
            }
            _ => {
                self.begin_value();
                self.keep(byte);
            }
        }
    }

    fn read_comma(&mut self) {
        let depth = self.open.len();
        if let Some(bracket) = self.open.last_mut() {
            bracket.commas += 1;
            let is_list = bracket.kind != BracketKind::Object;
            bracket.before_name = !is_list;
            if is_list && bracket.commas >= ITEMS_MAX && self.leaves_out.is_none() {
                self.leaves_out = Some(depth);
            }
        }
        self.keep(b',');
    }

    fn begin_value(&mut self) {
        if let Some(bracket) = self.open.last_mut() {
            bracket.is_empty = false;
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.leaves_out.is_none() {
            self.kept.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is kept of a text that comes in pieces of this length.
    fn skim(text: &str, piece_bytes: usize) -> Option<Value> {
        let mut skimmer = Skimmer::for_words(true);
        for piece in text.as_bytes().chunks(piece_bytes) {
            skimmer.push(piece);
        }
        skimmer.finish()
    }

    #[test]
    fn what_is_short_is_kept_however_it_is_cut() {
        let text = r#" { "model" : "m\"\\" , "usage":{"in": 1.5e3,"list":[ ] },
            "data":[{"a":[1,2]}, {"b":"]},\u00e9\ud83d\ude00"} ,null], "x":{"data":[1]},"end":true}"#;
        let mut whole: Value = serde_json::from_str(text).unwrap();
        whole["pictures"] = json!(3);
        for piece_bytes in [1, 2, 3, 7, 1_000] {
            assert_eq!(
                skim(text, piece_bytes).as_ref(),
                Some(&whole),
                "{piece_bytes}"
            );
        }
        assert_eq!(skim("{\"data\":[]}", 4).unwrap()["pictures"], 0);
        assert_eq!(skim("[1]", 4), Some(json!([1])));
        for wrong in ["", "<html>", "{\"a\":1", "{\"a\":1}}", "{\"a\":\"x"] {
            assert_eq!(skim(wrong, 4), None, "{wrong}");
        }
    }

    #[test]
    fn long_texts_and_lists_are_left_out_and_counted() {
        let long = "é\\u00e9\\\"".repeat(100_000);
        let list = vec!["[0.25,{\"x\":\"y\"}]"; 10_000].join(",");
        let text = format!(
            r#"{{"data":[{list}],"text":"{long}","more":{{"l":[{list}],"z":1}},"usage":{{"n":7}}}}"#
        );
        let mut skimmer = Skimmer::for_words(true);
        for piece in text.as_bytes().chunks(16_384) {
            skimmer.push(piece);
        }
        assert!(skimmer.kept.len() < 4 * 1024, "{}", skimmer.kept.len());
        assert!(skimmer.newly_heard() >= long.len() as u64);
        let kept = skimmer.finish().unwrap();
        assert_eq!(
            (&kept["pictures"], &kept["usage"]),
            (&json!(10_000), &json!({"n": 7}))
        );
        assert_eq!((&kept["text"], &kept["more"]["z"]), (&json!(""), &json!(1)));
        assert_eq!(kept["data"].as_array().unwrap().len(), ITEMS_MAX);
    }

    #[test]
    fn what_is_large_in_another_way_is_passed_unread() {
        let fields = (0..100_000).map(|number| format!("\"f{number}\":{number}"));
        let wide = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        for text in [wide, deep, "1".repeat(KEPT_BYTES_MAX * 2)] {
            assert_eq!(skim(&text, 16_384), Some(json!({})));
        }
        for (text, may_be) in [
            (" {", true),
            ("", true),
            ("[1", true),
            ("xx", false),
            ("<", false),
        ] {
            let mut skimmer = Skimmer::for_words(true);
            skimmer.push(text.as_bytes());
            assert_eq!(skimmer.may_be_json(), may_be, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_small_value_reads_as_it_is(
            texts in prop::collection::vec("[ -~é\u{1f600}\"\\\\]{0,20}", 0..20),
            numbers in prop::collection::vec(any::<i64>(), 0..20),
            piece_bytes in 1..50_usize,
        ) {
            let value = json!({"texts": texts, "numbers": numbers, "in": {"texts": texts}});
            let mut expected = value.clone();
            expected["pictures"] = json!(0);
            prop_assert_eq!(skim(&value.to_string(), piece_bytes), Some(expected));
        }
    }
}
