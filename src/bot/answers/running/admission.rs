//! How many questions are answered at once: those of one person and those
//! of one channel each wait in a line.

use crate::app::Permit;
use crate::bot::Bot;
use crate::model::{ConversationRefusal, PersonId, Refusal};

/// A question's place in the line of its person and in that of its channel.
/// Both are given up when it is dropped.
pub struct Admission {
    of_person: Permit<PersonId>,
    in_channel: Permit<u64>,
}

impl Admission {
    /// Takes a place in both lines; refused where one is full.
    pub fn enter(bot: &Bot, person: PersonId, channel: u64) -> Result<Self, Refusal> {
        let of_person = bot.person_queue.acquire(person);
        let of_person = of_person.ok_or(ConversationRefusal::TooManyAtOnce)?;
        let in_channel = bot.channel_queue.acquire(channel);
        let in_channel = in_channel.ok_or(ConversationRefusal::ChannelIsBusy)?;
        Ok(Self {
            of_person,
            in_channel,
        })
    }

    /// Whether others come first.
    pub fn must_wait(&self) -> bool {
        self.of_person.must_wait() || self.in_channel.must_wait()
    }

    /// Waits until the question is first in both lines.
    pub async fn wait_turn(&mut self) {
        self.of_person.wait_turn().await;
        self.in_channel.wait_turn().await;
    }
}
