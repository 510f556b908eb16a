//! Marks up to which a prompt is cached, where callers put them and providers
//! have no place for them.

use super::neutral::{Content, NeutralRequest};

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

    /// Ignores what marks parts for a cache, where there is none that is asked
    /// for.
    pub fn ignore_cache_marks(&mut self) {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        let mut marks = self.system.iter().chain(parts).map(|part| part.cache);
        let is_marked = marks.any(|mark| mark.is_some());
        if is_marked || self.tools.iter().any(|tool| tool.cache.is_some()) {
            self.ignored.add("cache_control");
        }
    }
}
