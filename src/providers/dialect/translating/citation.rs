//! Where what an answer says stands: a source, and the words that it is for.
//! `OpenAI` counts those in characters of the text, Google in bytes of a part,
//! and Anthropic gives them a block of their own; `docs/providers.md` §12.

use std::ops::Range;

/// A source of something that was said.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Citation {
    pub url: String,
    pub title: String,
    /// The words that it is for, in characters of all that the answer says.
    pub place: Option<Range<usize>>,
}

/// What an answer has said so far.
#[derive(Default)]
pub struct SaidText {
    text: String,
}

impl SaidText {
    /// Adds to it.
    pub fn add(&mut self, more: &str) {
        self.text.push_str(more);
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The characters of these bytes; none where it has no such bytes, or a
    /// character is cut.
    pub fn characters_of(&self, bytes: Range<usize>) -> Option<Range<usize>> {
        let start = self.text.get(..bytes.start)?.chars().count();
        let length = self.text.get(bytes)?.chars().count();
        Some(start..start + length)
    }

    /// The bytes of these characters; none where it has no such characters.
    pub fn bytes_of(&self, characters: &Range<usize>) -> Option<Range<usize>> {
        let start = byte_at(&self.text, characters.start)?;
        let end = byte_at(&self.text, characters.end)?;
        (start <= end).then_some(start..end)
    }

    /// The text of these bytes.
    pub fn text_of(&self, bytes: &Range<usize>) -> &str {
        self.text.get(bytes.clone()).unwrap_or_default()
    }
}

/// A block of text, of which part is cited, in pieces: each with the sources
/// that are for all of it. `start` is how many characters were said before it.
/// What is for words before it or behind it is for all of it.
pub fn cut_by_source(
    text: &str,
    start: usize,
    citations: &[Citation],
) -> Vec<(String, Vec<Citation>)> {
    let end = start + text.chars().count();
    let is_inside =
        |place: &&Range<usize>| start <= place.start && place.start < place.end && place.end <= end;
    let place_of = |it: &Citation| it.place.clone().filter(|place| is_inside(&place));
    let places = citations.iter().filter_map(place_of);
    let mut cuts: Vec<usize> = places.flat_map(|it| [it.start, it.end]).collect();
    cuts.extend([start, end]);
    cuts.sort_unstable();
    cuts.dedup();
    let pieces = cuts.windows(2).map(|cut| {
        let covers = |it: &&Citation| {
            let place = place_of(it).unwrap_or(start..end);
            place.start <= cut[0] && cut[1] <= place.end
        };
        let said = text.chars().skip(cut[0] - start).take(cut[1] - cut[0]);
        (
            said.collect(),
            citations.iter().filter(covers).cloned().collect(),
        )
    });
    pieces.collect()
}

fn byte_at(text: &str, character: usize) -> Option<usize> {
    let starts = text.char_indices().map(|(at, _)| at);
    starts.chain([text.len()]).nth(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited(url: &str, place: Option<Range<usize>>) -> Citation {
        Citation {
            url: url.to_owned(),
            title: String::new(),
            place,
        }
    }

    #[test]
    fn bytes_and_characters_are_told_apart() {
        let mut said = SaidText::default();
        said.add("Käse ");
        said.add("🧀!");
        assert_eq!(said.bytes(), 11);
        assert_eq!(said.characters_of(6..10), Some(5..6));
        assert_eq!(said.bytes_of(&(5..6)), Some(6..10));
        assert_eq!(said.text_of(&(6..10)), "🧀");
        // What a vendor counts wrongly is no place.
        assert_eq!(said.characters_of(2..3), None);
        assert_eq!(said.characters_of(0..90), None);
        assert_eq!(said.bytes_of(&(5..90)), None);
    }

    #[test]
    fn a_text_is_cut_where_its_sources_begin_and_end() {
        let sources = [
            cited("a", Some(12..14)),
            cited("b", Some(13..16)),
            cited("c", Some(2..3)),
        ];
        let cut = cut_by_source("äbcdef", 10, &sources);
        let cut: Vec<String> = cut
            .iter()
            .map(|(text, of)| {
                let urls: Vec<&str> = of.iter().map(|it| it.url.as_str()).collect();
                format!("{text}:{}", urls.join("+"))
            })
            .collect();
        assert_eq!(cut, ["äb:c", "c:a+c", "d:a+b+c", "ef:b+c"]);
        assert_eq!(cut_by_source("ab", 0, &[cited("a", None)]).len(), 1);
        assert!(cut_by_source("", 4, &[cited("a", None)]).is_empty());
    }
}
