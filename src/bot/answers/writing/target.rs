//! Where an answer goes: to an interaction, or into a channel.

use crate::bot::connection::calls::interaction_calls::{InteractionHandle, ORIGINAL};
use crate::bot::connection::calls::patience::Patience;
use crate::bot::connection::calls::rest::{MESSAGE_GONE, Rest, code_of, refuses_edit};
use crate::bot::connection::wire::card::Card;

/// Discord's code for a reply where the bot may not read what was said.
const NO_HISTORY: u64 = 160_002;
/// Discord's code for a body that it does not take, such as a reply to one of
/// its own notices.
const INVALID_FORM: u64 = 50_035;

/// Where an answer goes.
#[derive(Clone)]
pub enum Target {
    /// The messages of an interaction, wherever the bot may be a guest.
    Interaction(InteractionHandle),
    /// The messages of an interaction, for the person's eyes only.
    Private(InteractionHandle),
    /// A channel that the bot is in, as a reply.
    Channel {
        channel: u64,
        reply_to: u64,
        /// It is a direct message: nobody else reads along.
        direct: bool,
    },
}

/// Whether what is shown is the last word, or made up for by the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insistence {
    Growing,
    Last,
}

/// A message of an answer that stands there.
#[derive(Clone, Debug)]
pub struct StandingMessage {
    /// What its interaction, or its channel, calls it.
    pub name: String,
    /// Its id, if that is known.
    pub id: Option<u64>,
    /// The text that Discord says it has, where it was posted in a channel.
    pub text: Option<String>,
}

/// What is to stand in a message.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    pub card: &'a Card,
    pub insistence: Insistence,
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

    /// Shows the first message.
    pub async fn send_first(&self, rest: &Rest, part: Part<'_>) -> anyhow::Result<StandingMessage> {
        match self {
            Self::Interaction(handle) | Self::Private(handle) => {
                let id = match change(rest, handle, ORIGINAL, part).await {
                    // The first that follows a promise fills it.
                    Err(error)
                        if part.insistence == Insistence::Last
                            && refuses_edit(&error)
                            && !self.has_lost(rest, None).await =>
                    {
                        return self.send_next(rest, None, part).await;
                    }
                    changed => changed?,
                };
                Ok(StandingMessage {
                    name: ORIGINAL.to_owned(),
                    id,
                    text: None,
                })
            }
            Self::Channel {
                channel, reply_to, ..
            } => {
                let reply_to = part.card.reply_to.unwrap_or(*reply_to);
                post_reply(rest, *channel, Some(reply_to), part).await
            }
        }
    }

    /// Adds a message after another, if there is one.
    pub async fn send_next(
        &self,
        rest: &Rest,
        after: Option<u64>,
        part: Part<'_>,
    ) -> anyhow::Result<StandingMessage> {
        let name = match self {
            Self::Interaction(handle) => rest.follow_up(handle, part.card).await?,
            Self::Private(handle) => rest.follow_up_ephemeral(handle, part.card).await?,
            // So that whoever replies to any part replies to the whole.
            Self::Channel { channel, .. } => {
                return post_reply(rest, *channel, after, part).await;
            }
        };
        Ok(StandingMessage {
            id: name.parse().ok(),
            name,
            text: None,
        })
    }

    /// Changes a message that stands there.
    pub async fn edit_message(
        &self,
        rest: &Rest,
        message: &StandingMessage,
        part: Part<'_>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Interaction(handle) | Self::Private(handle) => {
                change(rest, handle, &message.name, part).await.map(drop)
            }
            Self::Channel { channel, .. } => {
                let id = message.id.unwrap_or(0);
                match part.insistence {
                    Insistence::Growing => rest.edit_message_growing(*channel, id, part.card).await,
                    Insistence::Last => rest.edit_message(*channel, id, part.card).await,
                }
            }
        }
    }

    /// Whether a message is gone, as far as Discord says; without one, that
    /// which promised the answer.
    pub async fn has_lost(&self, rest: &Rest, message: Option<&StandingMessage>) -> bool {
        let found = match (self, message) {
            (Self::Interaction(handle) | Self::Private(handle), _) => {
                let name = message.map_or(ORIGINAL, |message| message.name.as_str());
                rest.has_answer(handle, name).await
            }
            (Self::Channel { channel, .. }, Some(StandingMessage { id: Some(id), .. })) => {
                let found = rest.existing_message(*channel, *id).await;
                found.map(|found| found.is_some())
            }
            (Self::Channel { .. }, _) => return true,
        };
        !found.unwrap_or(false)
    }

    /// Takes a message away: as the interaction's own, or with the bot's token
    /// where it may write in the channel.
    pub async fn delete_message(
        &self,
        rest: &Rest,
        message: &StandingMessage,
    ) -> anyhow::Result<()> {
        let (Self::Interaction(handle) | Self::Private(handle)) = self else {
            let id = message.id.unwrap_or(0);
            return rest.delete_message(self.channel(), id).await;
        };
        match (rest.delete_answer(handle, &message.name).await, message.id) {
            (Err(error), Some(id)) if code_of(&error) != Some(MESSAGE_GONE) => {
                rest.delete_message(handle.channel, id).await
            }
            (deleted, _) => deleted,
        }
    }

    /// Tells one person something that is nobody else's business: beside the
    /// answer where it is one of an interaction, or else directly.
    pub async fn tell_privately(
        &self,
        rest: &Rest,
        person: u64,
        card: &Card,
    ) -> anyhow::Result<()> {
        if let Self::Interaction(handle) | Self::Private(handle) = self {
            match rest.follow_up_ephemeral(handle, card).await {
                Ok(_) => return Ok(()),
                Err(error) => tracing::info!("could not tell somebody beside an answer: {error:#}"),
            }
        }
        rest.direct_message(person, card).await
    }
}

async fn change(
    rest: &Rest,
    handle: &InteractionHandle,
    message: &str,
    part: Part<'_>,
) -> anyhow::Result<Option<u64>> {
    match part.insistence {
        Insistence::Growing => rest.edit_growing(handle, message, part.card).await,
        Insistence::Last => rest.edit(handle, message, part.card).await,
    }
}

/// Posts a reply, or a plain message where Discord takes no reply.
pub async fn post_reply(
    rest: &Rest,
    channel: u64,
    to: Option<u64>,
    part: Part<'_>,
) -> anyhow::Result<StandingMessage> {
    let patience = match part.insistence {
        Insistence::Growing => Patience::growing(),
        Insistence::Last => Patience::last_post(),
    };
    let reply = Card {
        reply_to: to,
        ..part.card.clone()
    };
    let posted = match rest.post(channel, &reply, patience).await {
        Err(error)
            if to.is_some() && matches!(code_of(&error), Some(NO_HISTORY | INVALID_FORM)) =>
        {
            let plain = Card {
                reply_to: None,
                ..part.card.clone()
            };
            rest.post(channel, &plain, patience).await?
        }
        posted => posted?,
    };
    Ok(StandingMessage {
        name: posted.id.to_string(),
        id: Some(posted.id),
        text: Some(posted.text),
    })
}
