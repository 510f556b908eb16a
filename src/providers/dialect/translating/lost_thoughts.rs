//! What a model thought, in a conversation that goes on with another: nobody else
//! can be given it.

use super::neutral::{Content, NeutralRequest, Part, SealMaker, Thought};

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

impl Thought {
    /// Whether it is signed by this maker, who can read it.
    pub fn is_made_by(&self, maker: SealMaker) -> bool {
        self.seal.as_ref().is_some_and(|seal| seal.maker == maker)
    }
}
