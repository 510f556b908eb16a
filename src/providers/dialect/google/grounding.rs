//! The sources of an answer in Google's words: a list of them, and of the bytes
//! of a part that each is for; `docs/providers.md` §12.

use std::collections::HashSet;
use std::ops::Range;

use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::translating::citation::{Citation, SaidText};

/// Reads sources. `starts` is where each part of a whole answer begins, in bytes
/// of all that it says; in a stream, nobody tells one part from another.
pub fn read_sources(grounding: &Json, said: &SaidText, starts: &[usize]) -> Vec<Citation> {
    let sources = grounding["groundingChunks"].items();
    let mut read = Vec::new();
    let mut placed = HashSet::new();
    for support in grounding["groundingSupports"].items() {
        let place = read_segment(&support["segment"], said, starts);
        let indices = support["groundingChunkIndices"].items().iter();
        for index in indices.filter_map(|it| usize::try_from(it.as_u64()?).ok()) {
            let cited = sources
                .get(index)
                .and_then(|it| read_source(it, place.clone()));
            placed.extend(cited.is_some().then_some(index));
            read.extend(cited);
        }
    }
    let others = sources.iter().enumerate();
    let others = others.filter(|(index, _)| !placed.contains(index));
    read.extend(others.filter_map(|(_, source)| read_source(source, None)));
    read
}

fn read_source(source: &Json, place: Option<Range<usize>>) -> Option<Citation> {
    let web = &source["web"];
    Some(Citation {
        url: web["uri"].as_str()?.to_owned(),
        title: web["title"].as_str().unwrap_or_default().to_owned(),
        place,
    })
}

/// The words of a segment. Google leaves a 0 out.
fn read_segment(segment: &Json, said: &SaidText, starts: &[usize]) -> Option<Range<usize>> {
    let number = |name: &str| usize::try_from(segment[name].as_u64().unwrap_or(0)).ok();
    let part = number("partIndex")?;
    let before = starts.get(part).copied().unwrap_or(0);
    let (start, end) = (number("startIndex")?, number("endIndex")?);
    let place = said.characters_of(before.checked_add(start)?..before.checked_add(end)?)?;
    (!place.is_empty()).then_some(place)
}

/// The sources of an answer that is written.
#[derive(Default)]
pub struct Sources {
    pub said: SaidText,
    /// The addresses and the titles of all, each once.
    listed: Vec<(String, String)>,
    /// Bytes that are cited, and which sources are for them.
    supports: Vec<(Range<usize>, Vec<usize>)>,
    /// Where parts begin: their numbers, and the bytes said before them.
    parts: Vec<(usize, usize)>,
}

impl Sources {
    /// Notes that a part of a whole answer begins.
    pub fn begin_part(&mut self, number: usize) {
        self.parts.push((number, self.said.bytes()));
    }

    /// Adds one.
    pub fn add(&mut self, citation: Citation) {
        let listed = (citation.url, citation.title);
        let at = self.listed.iter().position(|it| *it == listed);
        let at = at.unwrap_or_else(|| {
            self.listed.push(listed);
            self.listed.len() - 1
        });
        let Some(bytes) = citation.place.and_then(|it| self.said.bytes_of(&it)) else {
            return;
        };
        match self.supports.iter_mut().find(|(it, _)| *it == bytes) {
            Some((_, sources)) => sources.push(at),
            None => self.supports.push((bytes, vec![at])),
        }
    }

    /// All of them; none where there are none.
    pub fn write(&self) -> Option<Json> {
        if self.listed.is_empty() {
            return None;
        }
        let chunks = self.listed.iter().map(|(url, title)| {
            let web = object([
                ("uri", url.as_str().into()),
                ("title", title.as_str().into()),
            ]);
            object([("web", web)])
        });
        let chunks: Vec<Json> = chunks.collect();
        let mut written = object([("groundingChunks", chunks.into())]);
        let supports: Vec<Json> = self
            .supports
            .iter()
            .map(|it| self.write_support(it))
            .collect();
        if !supports.is_empty() {
            written.set("groundingSupports", supports);
        }
        Some(written)
    }

    fn write_support(&self, (bytes, sources): &(Range<usize>, Vec<usize>)) -> Json {
        let mut begun = self
            .parts
            .iter()
            .filter(|(_, before)| *before <= bytes.start);
        let (part, before) = begun.next_back().copied().unwrap_or_default();
        let mut segment = object([
            ("startIndex", (bytes.start - before).into()),
            ("endIndex", (bytes.end - before).into()),
            ("text", self.said.text_of(bytes).into()),
        ]);
        if part > 0 {
            segment.set("partIndex", part);
        }
        let indices: Vec<Json> = sources.iter().map(|at| (*at).into()).collect();
        object([
            ("segment", segment),
            ("groundingChunkIndices", indices.into()),
        ])
    }
}
