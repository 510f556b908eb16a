//! Conversations that start afresh. They are Discord's own messages, so
//! all that is kept is from where on they are read.

use crate::model::PersonId;

use crate::app::Error;
use crate::app::asks::Asks;

impl Asks {
    /// Forgets what was said in a channel up to a message.
    pub async fn forget_conversation(
        &self,
        person: PersonId,
        channel: u64,
        message: u64,
    ) -> Result<(), Error> {
        Ok(self.store.forget(channel, person, message).await?)
    }

    /// The last message that was forgotten in a channel.
    pub async fn forgotten_up_to(&self, channel: u64) -> anyhow::Result<Option<u64>> {
        self.store.forgotten_up_to(channel).await
    }
}
