//! What a model thought, in a conversation that goes on with another: nobody else
//! can be given it.

use super::neutral::{Content, NeutralRequest, Part, Thought};

impl NeutralRequest {
    /// Ignores thoughts, where there are any that are not kept.
    pub fn ignore_thoughts(&mut self, is_kept: impl Fn(&Thought) -> bool) {
        let mut parts = self.turns.iter().flat_map(|turn| &turn.parts);
        let is_lost =
            |part: &Part| matches!(&part.what, Content::Thought(thought) if !is_kept(thought));
        if parts.any(is_lost) {
            self.ignored.add("thinking");
        }
    }
}
