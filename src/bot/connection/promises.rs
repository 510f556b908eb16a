//! What interactions were promised, while they are handled: whether Discord
//! was answered at all, and whether "thinking" still shows. Whoever handles
//! an interaction looks at its end, so that no way out leaves it so.

use std::collections::HashMap;
use std::sync::Mutex;

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

/// The interactions that are being handled, by their ids.
#[derive(Default)]
pub struct Promises(Mutex<HashMap<u64, PromiseState>>);

impl Promises {
    /// Notes an interaction that is handled from now on.
    pub fn begin(&self, interaction: u64) {
        lock(&self.0).insert(interaction, PromiseState::Unanswered);
    }

    /// Notes how far the answer is, where the interaction is being handled.
    pub fn note(&self, interaction: u64, state: PromiseState) {
        if let Some(known) = lock(&self.0).get_mut(&interaction) {
            *known = state;
        }
    }

    /// Notes that Discord is about to be answered.
    pub fn note_attempt(&self, interaction: u64) {
        if let Some(known) = lock(&self.0).get_mut(&interaction)
            && *known == PromiseState::Unanswered
        {
            *known = PromiseState::Attempted;
        }
    }

    /// Notes that whoever waits for the answer knows what came of it.
    pub fn note_answered(&self, interaction: u64) {
        self.note(interaction, PromiseState::Answered);
    }

    /// Whether an interaction is being handled that nobody has answered.
    pub fn is_unanswered(&self, interaction: u64) -> bool {
        lock(&self.0).get(&interaction) == Some(&PromiseState::Unanswered)
    }

    /// Takes an interaction out; returns how far its answer is, unless it was
    /// taken out before.
    pub fn end(&self, interaction: u64) -> Option<PromiseState> {
        lock(&self.0).remove(&interaction)
    }
}
