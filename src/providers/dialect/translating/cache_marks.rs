//! Marks up to which a prompt is cached, where callers put them and providers
//! have no place for them.

use super::neutral::{CacheMark, Content, NeutralRequest, Part, Speaker, Turn};
use crate::providers::dialect::bodies::json::{Json, object};

impl CacheMark {
    /// The mark in Anthropic's words, which others have too.
    pub fn written(self) -> Json {
        let mut written = object([("type", "ephemeral".into())]);
        written.set_some("ttl", self.is_for_an_hour.then_some("1h"));
        written
    }
}

impl NeutralRequest {
    /// Puts a mark inside a tool's result on the result: the cache knows no place
    /// within one.
    pub fn lift_cache_marks(&mut self) {
        for part in self.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
            if let Content::Result(result) = &part.what {
                let inside = result.parts.iter().rev().find_map(|inner| inner.cache);
                part.cache = part.cache.or(inside);
            }
        }
    }

    /// Ignores the marks of whatever is neither an instruction nor said by the
    /// person.
    pub fn ignore_other_marks(&mut self) {
        let is_other = |turn: &Turn, part: &Part| {
            turn.speaker == Speaker::Model || matches!(part.what, Content::Result(_))
        };
        let is_lost = |turn: &Turn| {
            let mut marked = turn.parts.iter().filter(|part| part.cache.is_some());
            marked.any(|part| is_other(turn, part))
        };
        let has_marked_tool = self.tools.iter().any(|tool| tool.cache.is_some());
        if has_marked_tool || self.cache.is_some() || self.turns.iter().any(is_lost) {
            self.ignored.add("cache_control (but for what is said)");
        }
    }

    /// Ignores the marks of whatever is neither a text nor what a tool gave back.
    pub fn ignore_marks_but_of_texts(&mut self) {
        let mut parts = self.turns.iter().flat_map(|turn| &turn.parts);
        let has_other = parts.any(|part| {
            part.cache.is_some() && !matches!(part.what, Content::Text(_) | Content::Result(_))
        });
        if has_other {
            self.ignored.add("cache_control (but of texts)");
        }
    }

    /// Ignores what marks parts for a cache, where there is none that is asked
    /// for, and takes the marks away.
    pub fn ignore_cache_marks(&mut self) {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        let mut marks = self.system.iter().chain(parts).map(|part| part.cache);
        let is_marked = self.cache.is_some() || marks.any(|mark| mark.is_some());
        if is_marked || self.tools.iter().any(|tool| tool.cache.is_some()) {
            self.ignored.add("cache_control");
        }
        self.cache = None;
        let parts = self.turns.iter_mut().flat_map(|turn| &mut turn.parts);
        let parts = self.system.iter_mut().chain(parts);
        parts.for_each(|part| part.cache = None);
        self.tools.iter_mut().for_each(|tool| tool.cache = None);
    }
}
