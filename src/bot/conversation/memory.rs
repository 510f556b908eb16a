//! Memory: what was said before a message, in its chain of replies, its
//! thread, or the direct messages since they were forgotten. It is
//! Discord's own history, read when it is needed.

use std::collections::{HashMap, HashSet};

use serenity::all::{Message, MessageType};

use crate::bot::Bot;
use crate::bot::connection::calls::channel_calls::PAGE_MAX;
use crate::bot::conversation::channel_kinds::ChannelKind;
use crate::bot::conversation::files::refresh_files;
use crate::bot::conversation::heard_files::{HeardFiles, sounds_answered_by};
use crate::bot::conversation::message_text::{replied_to, says_nothing, words_of};
use crate::bot::conversation::sounds::{Sound, sounds_asked_about};
use crate::bot::conversation::turns::{Conversation, question_in, read_conversation};
use crate::model::LeftOut;

/// The messages before one, oldest first.
#[derive(Default)]
struct EarlierMessages {
    messages: Vec<Message>,
    /// There are older ones.
    more: bool,
    /// There may be others, which Discord did not hand out.
    unread: bool,
    /// What is replied to was deleted.
    replied_is_gone: bool,
}

/// What a model is told at the end of a question whose subject is gone.
const REPLIED_GONE: &str = "(This replies to a message that was deleted, and you are not told what \
     it said. Say so if it matters, and don't guess.)";

/// A message, and what was said before it.
pub struct Recalled {
    pub message: Message,
    earlier: EarlierMessages,
}

/// Reads the conversation that a message continues; without turns where the
/// message asks nothing.
pub async fn recall_conversation(bot: &Bot, message: &Message) -> Conversation {
    let recalled = Recalled::read(bot, message).await;
    recalled.tell(bot, HeardFiles::default()).await
}

impl Recalled {
    /// Reads the messages before one. Where Discord cannot be read, it stands
    /// alone, and what is left out says so.
    pub async fn read(bot: &Bot, message: &Message) -> Self {
        let (earlier, message) =
            tokio::join!(earlier_messages(bot, message), refresh_files(bot, message));
        let earlier = earlier.unwrap_or_else(|error| {
            note_unread(&error);
            EarlierMessages {
                unread: true,
                ..EarlierMessages::default()
            }
        });
        Self {
            message: whole_message(bot, message).await,
            earlier,
        }
    }

    /// Notes what was said in the sounds that the message asks about, where it
    /// stands above an earlier answer.
    pub async fn note_heard(&self, bot: &Bot, heard: &mut HeardFiles) {
        let asked: Vec<Sound<'_>> = sounds_asked_about(&self.message).collect();
        let messages: Vec<&Message> = self.earlier.messages.iter().collect();
        let is_own = |message: &&&Message| message.author.id.get() == bot.user_id();
        for answer in messages.iter().filter(is_own) {
            let answered = sounds_answered_by(answer, &messages);
            let is_new = answered.iter().any(|sound| {
                let is_asked = asked.iter().any(|it| it.file.id == sound.file.id);
                is_asked && heard.said_in(sound.file).is_none()
            });
            if is_new {
                let quote = question_in(bot, answer).await.unwrap_or_default();
                heard.note_quoted(answer, &quote, &answered);
            }
        }
    }

    /// Puts it together as a model is told it. Sounds stand there as they were
    /// heard.
    pub async fn tell(self, bot: &Bot, heard: HeardFiles) -> Conversation {
        let earlier = self.earlier;
        let mut messages = earlier.messages;
        messages.push(self.message);
        let mut conversation = read_conversation(bot, &messages, heard).await;
        if earlier.more {
            conversation.left_out.push(LeftOut::Older);
        }
        if earlier.unread {
            conversation.left_out.push(LeftOut::Unread);
        }
        if earlier.replied_is_gone {
            conversation.left_out.push(LeftOut::Deleted);
            if let Some(asked) = conversation.turns.last_mut() {
                let text = &mut asked.text.0;
                *text = format!("{text}\n{REPLIED_GONE}");
            }
        }
        conversation
    }
}

fn note_unread(error: &anyhow::Error) {
    tracing::warn!("could not read what was said before: {error:#}");
}

/// Reads a message once more where nothing of what it says has come along:
/// serenity drops some of it from events, and nothing from what is asked for.
pub async fn whole_message(bot: &Bot, message: Message) -> Message {
    if !says_nothing(&message) {
        return message;
    }
    let (channel, id) = (message.channel_id.get(), message.id.get());
    match bot.rest.message(channel, id).await {
        Ok(Some(mut found)) => {
            // Events alone tell the server and who its author is there.
            found.guild_id = message.guild_id;
            found.member = message.member;
            found
        }
        Ok(None) => message,
        Err(error) => {
            tracing::info!("could not read a message once more: {error:#}");
            message
        }
    }
}

async fn earlier_messages(bot: &Bot, message: &Message) -> anyhow::Result<EarlierMessages> {
    let channel = message.channel_id.get();
    let most = bot.chat.memory_messages.saturating_sub(1);
    if message.guild_id.is_none() {
        let mut earlier = channel_history(bot, message, most).await?;
        add_replied_to(bot, message, &mut earlier).await;
        return Ok(earlier);
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
                replied_is_gone: false,
            });
        }
    };
    let mut earlier = channel_history(bot, message, most).await?;
    // Where the bot may not read what was said, Discord hands out an empty
    // list, and refuses a message that is asked for by its id.
    if earlier.messages.is_empty() && channel != message.id.get() {
        let asked = bot.rest.existing_message(channel, message.id.get()).await;
        earlier.unread = asked.is_err();
    }
    let starts_thread = |message: &Message| {
        // The first message of a forum's post has the thread's own id.
        message.id.get() == channel
            || (message.kind == MessageType::ThreadStarterMessage && words_of(message).is_some())
    };
    if !earlier.more && !earlier.messages.iter().any(starts_thread) {
        // A thread that hangs under a message has that message's id.
        match bot.rest.message(parent, channel).await {
            Ok(starter) => {
                earlier.messages.splice(0..0, starter).for_each(drop);
            }
            Err(error) => {
                note_unread(&error);
                earlier.unread = true;
            }
        }
    }
    add_replied_to(bot, message, &mut earlier).await;
    Ok(earlier)
}

/// Adds the message that one replies to where it is not among those before
/// it: whoever replies means that one, however old it is.
async fn add_replied_to(bot: &Bot, message: &Message, earlier: &mut EarlierMessages) {
    let id = replied_to(message);
    let is_there = |id: &u64| earlier.messages.iter().any(|it| it.id.get() == *id);
    let Some(id) = id.filter(|id| !is_there(id)) else {
        return;
    };
    let known = message.referenced_message.as_deref();
    // What serenity drops from events is asked for.
    let found = if let Some(known) = known.filter(|known| !says_nothing(known)) {
        Ok(Some(known.clone()))
    } else {
        let channel = message.channel_id.get();
        bot.rest.existing_message(channel, id).await
    };
    match found {
        Ok(None) => earlier.replied_is_gone = true,
        Ok(found) => {
            let is_older = |it: &Message| it.id.get() < id;
            let at = earlier.messages.partition_point(is_older);
            earlier.messages.splice(at..at, found).for_each(drop);
        }
        Err(error) => {
            note_unread(&error);
            earlier.unread = true;
        }
    }
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
        replied_is_gone: false,
    })
}

/// The messages that each reply to the one before.
async fn reply_chain(bot: &Bot, message: &Message, most: usize) -> EarlierMessages {
    let mut near: Option<HashMap<u64, Message>> = None;
    let mut seen = HashSet::from([message.id.get()]);
    let known = message.referenced_message.as_deref().cloned();
    // What serenity drops from events is asked for.
    let mut known = known.filter(|known| !says_nothing(known));
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
        let found = match found {
            Ok(Some(found)) => found,
            // One that was deleted ends the chain.
            Ok(None) => {
                chain.replied_is_gone = chain.messages.is_empty();
                break;
            }
            Err(error) => {
                note_unread(&error);
                chain.unread = true;
                break;
            }
        };
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
        None => bot.rest.existing_message(channel, id).await,
    }
}
