//! Where an answer goes: to an interaction, or into a channel.

use crate::bot::connection::card::Card;
use crate::bot::connection::interaction_calls::{InteractionHandle, ORIGINAL};
use crate::bot::connection::rest::Rest;

/// Where an answer goes.
#[derive(Clone)]
pub enum Target {
    /// The messages of an interaction, wherever the bot may be a guest.
    Interaction(InteractionHandle),
    /// The same, for the person's eyes only.
    Private(InteractionHandle),
    /// A channel that the bot is in, as a reply.
    Channel {
        channel: u64,
        reply_to: u64,
        /// It is a direct message: nobody else reads along.
        direct: bool,
    },
}

impl Target {
    /// Shows that an answer will come; returns the id of the message that
    /// shows it, where Discord names one.
    pub async fn promise_answer(&self, rest: &Rest) -> anyhow::Result<Option<u64>> {
        match self {
            Self::Interaction(handle) => rest.defer(handle).await,
            Self::Private(handle) => rest.defer_ephemeral(handle).await.map(|()| None),
            Self::Channel { channel, .. } => rest.show_typing(*channel).await.map(|()| None),
        }
    }

    /// Shows again that an answer will come, where that wears off.
    pub async fn renew_promise(&self, rest: &Rest) {
        if let Self::Channel { channel, .. } = self
            && let Err(error) = rest.show_typing(*channel).await
        {
            tracing::debug!("could not show that an answer will come: {error:#}");
        }
    }

    /// The channel that the answer goes to.
    pub fn channel(&self) -> u64 {
        match self {
            Self::Interaction(handle) | Self::Private(handle) => handle.channel,
            Self::Channel { channel, .. } => *channel,
        }
    }

    /// The message that is answered, where the question is one.
    pub fn reply_to(&self) -> Option<u64> {
        match self {
            Self::Channel { reply_to, .. } => Some(*reply_to),
            _ => None,
        }
    }

    /// Whether nobody but the person reads the answer.
    pub fn is_private(&self) -> bool {
        match self {
            Self::Interaction(_) => false,
            Self::Private(_) => true,
            Self::Channel { direct, .. } => *direct,
        }
    }

    /// Shows the first message; returns its id.
    pub async fn send_first(&self, rest: &Rest, card: &Card) -> anyhow::Result<String> {
        match self {
            Self::Interaction(handle) | Self::Private(handle) => {
                rest.edit(handle, ORIGINAL, card).await?;
                Ok(ORIGINAL.to_owned())
            }
            Self::Channel {
                channel, reply_to, ..
            } => post_reply(rest, *channel, card.reply_to.unwrap_or(*reply_to), card).await,
        }
    }

    /// Adds a message after another; returns its id.
    pub async fn send_next(&self, rest: &Rest, after: &str, card: &Card) -> anyhow::Result<String> {
        match self {
            Self::Interaction(handle) => rest.follow_up(handle, card).await,
            Self::Private(handle) => rest.follow_up_ephemeral(handle, card).await,
            // So that whoever replies to any part replies to the whole.
            Self::Channel { channel, .. } => {
                post_reply(rest, *channel, after.parse().unwrap_or(0), card).await
            }
        }
    }

    /// Changes a message that was shown.
    pub async fn edit_message(
        &self,
        rest: &Rest,
        message: &str,
        card: &Card,
    ) -> anyhow::Result<()> {
        match self {
            Self::Interaction(handle) | Self::Private(handle) => {
                rest.edit(handle, message, card).await
            }
            Self::Channel { channel, .. } => {
                let message = message.parse().unwrap_or(0);
                rest.edit_message(*channel, message, card).await
            }
        }
    }

    /// Tells one person something that is nobody else's business.
    pub async fn tell_privately(
        &self,
        rest: &Rest,
        person: u64,
        card: &Card,
    ) -> anyhow::Result<()> {
        match self {
            Self::Interaction(handle) | Self::Private(handle) => {
                rest.follow_up_ephemeral(handle, card).await.map(drop)
            }
            Self::Channel { .. } => rest.direct_message(person, card).await,
        }
    }
}

async fn post_reply(rest: &Rest, channel: u64, to: u64, card: &Card) -> anyhow::Result<String> {
    let card = Card {
        reply_to: Some(to),
        ..card.clone()
    };
    Ok(rest.post(channel, &card).await?.to_string())
}
