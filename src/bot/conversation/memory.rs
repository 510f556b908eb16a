//! Memory: what was said before a message, in its chain of replies, its
//! thread, or the direct messages since they were forgotten. It is
//! Discord's own history, read when it is needed.

use std::collections::{HashMap, HashSet};

use serenity::all::{Message, MessageId};

use crate::bot::Bot;
use crate::bot::connection::channel_calls::PAGE_MAX;
use crate::bot::conversation::channel_kinds::ChannelKind;
use crate::bot::conversation::files::refresh_files;
use crate::bot::conversation::turns::{Conversation, read_question};
use crate::model::{LeftOut, Role};

/// The messages before one, oldest first.
#[derive(Default)]
struct EarlierMessages {
    messages: Vec<Message>,
    /// There are older ones.
    more: bool,
    /// There may be others, which Discord did not hand out.
    unread: bool,
}

/// Reads the conversation that a message continues; without turns where the
/// message asks nothing. Where Discord cannot be read, the message stands
/// alone, and what is left out says so.
pub async fn recall_conversation(bot: &Bot, message: &Message) -> Conversation {
    let (earlier, message) =
        tokio::join!(earlier_messages(bot, message), refresh_files(bot, message));
    let earlier = earlier.unwrap_or_else(|error| {
        note_unread(&error);
        EarlierMessages {
            unread: true,
            ..EarlierMessages::default()
        }
    });
    let mut messages = earlier.messages;
    messages.push(message);
    let mut conversation = read_question(bot, &messages).await;
    if earlier.more {
        conversation.left_out.push(LeftOut::Older);
    }
    if earlier.unread {
        conversation.left_out.push(LeftOut::Unread);
    }
    let last = conversation.turns.last();
    if last.is_none_or(|turn| turn.role == Role::Model) {
        conversation.turns.clear();
    }
    conversation
}

fn note_unread(error: &anyhow::Error) {
    tracing::warn!("could not read what was said before: {error:#}");
}

async fn earlier_messages(bot: &Bot, message: &Message) -> anyhow::Result<EarlierMessages> {
    let channel = message.channel_id.get();
    let most = bot.chat.memory_messages.saturating_sub(1);
    if message.guild_id.is_none() {
        return channel_history(bot, message, most).await;
    }
    let parent = match bot.channel_kinds.kind_of(&bot.rest, channel).await {
        Ok(ChannelKind::Thread { parent }) => parent,
        Ok(ChannelKind::Channel) => return Ok(reply_chain(bot, message, most).await),
        Err(error) => {
            note_unread(&error);
            return Ok(EarlierMessages {
                // What came with the message itself is known.
                messages: message
                    .referenced_message
                    .as_deref()
                    .cloned()
                    .into_iter()
                    .collect(),
                more: false,
                unread: true,
            });
        }
    };
    let mut earlier = channel_history(bot, message, most).await?;
    if !earlier.more {
        // A thread that hangs under a message has that message's id.
        match bot.rest.message(parent, channel).await {
            Ok(starter) => {
                earlier.messages.splice(0..0, starter);
            }
            Err(error) => {
                note_unread(&error);
                earlier.unread = true;
            }
        }
    }
    Ok(earlier)
}

/// Everything in the channel, back to where it was forgotten.
async fn channel_history(
    bot: &Bot,
    message: &Message,
    most: usize,
) -> anyhow::Result<EarlierMessages> {
    let channel = message.channel_id.get();
    let before = message.id.get();
    let mut messages = bot.rest.messages_before(channel, before, most).await?;
    let mut more = messages.len() >= most.min(PAGE_MAX);
    if let Some(mark) = bot.app.asks.forgotten_up_to(channel).await? {
        more &= messages.first().is_none_or(|oldest| oldest.id.get() > mark);
        messages.retain(|message| message.id.get() > mark);
    }
    Ok(EarlierMessages {
        messages,
        more,
        unread: false,
    })
}

/// The messages that each reply to the one before.
async fn reply_chain(bot: &Bot, message: &Message, most: usize) -> EarlierMessages {
    let mut near: Option<HashMap<u64, Message>> = None;
    let mut seen = HashSet::from([message.id.get()]);
    let mut known = message.referenced_message.as_deref().cloned();
    let mut next = replied_to(message);
    let mut chain = EarlierMessages::default();
    while let Some(id) = next.filter(|id| seen.insert(*id)) {
        if chain.messages.len() >= most {
            chain.more = true;
            break;
        }
        let found = match known.take() {
            Some(known) => Ok(Some(known)),
            None => find_in_chain(bot, message, id, &mut near).await,
        };
        let found = found.unwrap_or_else(|error| {
            note_unread(&error);
            chain.unread = true;
            None
        });
        // One that was deleted ends the chain.
        let Some(found) = found else { break };
        next = replied_to(&found);
        chain.messages.push(found);
    }
    chain.messages.reverse();
    chain
}

/// Finds one message of a chain. Most of a chain stands close together: one
/// look finds it.
async fn find_in_chain(
    bot: &Bot,
    message: &Message,
    id: u64,
    near: &mut Option<HashMap<u64, Message>>,
) -> anyhow::Result<Option<Message>> {
    let channel = message.channel_id.get();
    let near = if let Some(near) = near {
        near
    } else {
        let before = message.id.get();
        let page = bot.rest.messages_before(channel, before, PAGE_MAX).await?;
        near.insert(page.into_iter().map(|m| (m.id.get(), m)).collect())
    };
    match near.remove(&id) {
        Some(found) => Ok(Some(found)),
        None => bot.rest.message(channel, id).await,
    }
}

/// The message that one replies to, in the same channel.
fn replied_to(message: &Message) -> Option<u64> {
    let reference = message.message_reference.as_ref()?;
    let here = reference.channel_id == message.channel_id;
    reference.message_id.filter(|_| here).map(MessageId::get)
}
