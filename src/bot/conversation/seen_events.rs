//! Which messages and interactions have come already: Discord delivers an event twice now and
//! then, and tells of more changes than a person makes: `docs/discord.md` §6.

use std::sync::Mutex;

use crate::model::{BoundedMap, lock};

/// How many messages and interactions are remembered. It outlasts the minutes
/// within which an event comes again.
const REMEMBERED_MAX: usize = 20_000;

/// What was done about a message when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reception {
    /// It was not meant for the bot.
    LeftAlone,
    Taken,
}

/// The messages and the interactions that have come, by their ids.
pub struct SeenEvents(Mutex<BoundedMap<u64, Reception>>);

impl Default for SeenEvents {
    fn default() -> Self {
        Self(Mutex::new(BoundedMap::new(REMEMBERED_MAX)))
    }
}

impl SeenEvents {
    /// Notes that something came; whether it is to be handled now, since it is
    /// meant for the bot and has not come before.
    pub fn take_first(&self, id: u64, is_for_bot: bool) -> bool {
        let mut seen = lock(&self.0);
        if seen.get(&id).is_some() {
            return false;
        }
        let reception = if is_for_bot {
            Reception::Taken
        } else {
            Reception::LeftAlone
        };
        seen.put(id, reception);
        is_for_bot
    }

    /// Notes that a message was changed so that it is meant for the bot;
    /// whether it is to be handled now. That needs to have seen it before:
    /// who knows what else was done about it.
    pub fn take_changed(&self, id: u64) -> bool {
        let mut seen = lock(&self.0);
        let changed = seen.get_mut(&id).filter(|it| **it == Reception::LeftAlone);
        changed.map(|it| *it = Reception::Taken).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_not_taken_again() {
        let seen = SeenEvents::default();
        assert!(seen.take_first(1, true));
        assert!(!seen.take_first(1, true));
        assert!(!seen.take_changed(1));
    }

    #[test]
    fn a_change_makes_a_message_one_for_the_bot_once() {
        let seen = SeenEvents::default();
        assert!(!seen.take_first(1, false));
        assert!(!seen.take_first(1, true));
        assert!(seen.take_changed(1));
        assert!(!seen.take_changed(1));
        // One that came before this process did.
        assert!(!seen.take_changed(2));
    }
}
