//! What interactions were promised, while they are handled: whether Discord
//! was answered at all, and whether "thinking" still shows. Whoever handles
//! an interaction looks at its end, so that no way out leaves it so.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use crate::model::lock;

/// How far the answer to an interaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromiseState {
    /// Nobody answered Discord.
    Unanswered,
    /// Somebody answered, and Discord may not have taken it.
    Attempted,
    /// Discord shows that an answer will come.
    Promised,
    /// Discord knows that the bot heard of it, and shows nothing.
    Acknowledged,
    /// Something stands where the answer belongs.
    Answered,
}

/// An interaction that is being handled.
struct Promise {
    state: PromiseState,
    /// When the bot heard of the interaction.
    heard_at: Instant,
}

/// The interactions that are being handled, by their ids.
#[derive(Default)]
pub struct Promises(Mutex<HashMap<u64, Promise>>);

impl Promises {
    /// Notes an interaction that is handled from now on.
    pub fn begin(&self, interaction: u64) {
        let promise = Promise {
            state: PromiseState::Unanswered,
            heard_at: Instant::now(),
        };
        lock(&self.0).insert(interaction, promise);
    }

    /// When the bot heard of an interaction; none where it is not being
    /// handled any more.
    pub fn heard_at(&self, interaction: u64) -> Option<Instant> {
        let promises = lock(&self.0);
        promises.get(&interaction).map(|promise| promise.heard_at)
    }

    /// Notes how far the answer is, where the interaction is being handled.
    pub fn note(&self, interaction: u64, state: PromiseState) {
        if let Some(known) = lock(&self.0).get_mut(&interaction) {
            known.state = state;
        }
    }

    /// Notes that Discord is about to be answered.
    pub fn note_attempt(&self, interaction: u64) {
        if let Some(known) = lock(&self.0).get_mut(&interaction)
            && known.state == PromiseState::Unanswered
        {
            known.state = PromiseState::Attempted;
        }
    }

    /// Notes that whoever waits for the answer knows what came of it.
    pub fn note_answered(&self, interaction: u64) {
        self.note(interaction, PromiseState::Answered);
    }

    /// Whether an interaction is being handled that nobody has answered.
    pub fn is_unanswered(&self, interaction: u64) -> bool {
        let promises = lock(&self.0);
        let known = promises.get(&interaction);
        known.is_some_and(|promise| promise.state == PromiseState::Unanswered)
    }

    /// Takes an interaction out; returns how far its answer is, unless it was
    /// taken out before.
    pub fn end(&self, interaction: u64) -> Option<PromiseState> {
        let ended = lock(&self.0).remove(&interaction);
        ended.map(|promise| promise.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_interaction_runs_from_when_it_was_heard_of() {
        let promises = Promises::default();
        assert_eq!(promises.heard_at(5), None);
        let before = Instant::now();
        promises.begin(5);
        let heard_at = promises.heard_at(5).unwrap();
        assert!(before <= heard_at && heard_at <= Instant::now());
        promises.note_attempt(5);
        promises.note(5, PromiseState::Promised);
        assert_eq!(promises.heard_at(5), Some(heard_at));
        assert_eq!(promises.end(5), Some(PromiseState::Promised));
        assert_eq!(promises.heard_at(5), None);
    }
}
