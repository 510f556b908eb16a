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
}

/// Reads the conversation that a message continues; without turns where the
/// message asks nothing.
pub async fn recall_conversation(bot: &Bot, message: &Message) -> anyhow::Result<Conversation> {
    let (earlier, message) =
        tokio::join!(earlier_messages(bot, message), refresh_files(bot, message));
    let earlier = earlier?;
    let mut messages = earlier.messages;
    messages.push(message);
    let mut conversation = read_question(bot, &messages).await;
    if earlier.more {
        conversation.left_out.push(LeftOut::Older);
    }
    let last = conversation.turns.last();
    if last.is_none_or(|turn| turn.role == Role::Model) {
        conversation.turns.clear();
    }
    Ok(conversation)
}

async fn earlier_messages(bot: &Bot, message: &Message) -> anyhow::Result<EarlierMessages> {
    let channel = message.channel_id.get();
    let most = bot.chat.memory_messages.saturating_sub(1);
    if message.guild_id.is_none() {
        return channel_history(bot, message, most).await;
    }
    let kind = bot.channel_kinds.kind_of(&bot.rest, channel).await?;
    let ChannelKind::Thread { parent } = kind else {
        return reply_chain(bot, message, most).await;
    };
    let mut earlier = channel_history(bot, message, most).await?;
    if !earlier.more {
        // A thread that hangs under a message has that message's id.
        let starter = bot.rest.message(parent, channel).await?;
        earlier.messages.splice(0..0, starter);
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
    Ok(EarlierMessages { messages, more })
}

/// The messages that each reply to the one before.
async fn reply_chain(bot: &Bot, message: &Message, most: usize) -> anyhow::Result<EarlierMessages> {
    let channel = message.channel_id.get();
    let mut near: Option<HashMap<u64, Message>> = None;
    let (mut messages, mut seen) = (Vec::new(), HashSet::from([message.id.get()]));
    let mut known = message.referenced_message.as_deref().cloned();
    let mut next = replied_to(message);
    let mut more = false;
    while let Some(id) = next.filter(|id| seen.insert(*id)) {
        if messages.len() >= most {
            more = true;
            break;
        }
        if known.is_none() && near.is_none() {
            // Most of a chain stands close together: one look finds it.
            let page = bot
                .rest
                .messages_before(channel, message.id.get(), PAGE_MAX);
            near = Some(page.await?.into_iter().map(|m| (m.id.get(), m)).collect());
        }
        let found = match known.take() {
            Some(known) => Some(known),
            None => match near.as_mut().and_then(|near| near.remove(&id)) {
                Some(found) => Some(found),
                None => bot.rest.message(channel, id).await?,
            },
        };
        // One that was deleted ends the chain.
        let Some(found) = found else { break };
        next = replied_to(&found);
        messages.push(found);
    }
    messages.reverse();
    Ok(EarlierMessages { messages, more })
}

/// The message that one replies to, in the same channel.
fn replied_to(message: &Message) -> Option<u64> {
    let reference = message.message_reference.as_ref()?;
    let here = reference.channel_id == message.channel_id;
    reference.message_id.filter(|_| here).map(MessageId::get)
}
