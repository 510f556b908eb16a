//! What was said before: the reply chain, the thread, or the direct
//! messages since they were forgotten.

use std::collections::{HashMap, HashSet};

use serenity::all::Message;

use crate::bot::Bot;
use crate::bot::answers::message_renderer::{ANSWER_FILE, QUESTION_FILE};
use crate::bot::connection::channel_calls::PAGE_MAX;
use crate::bot::conversation::channel_kinds::Room;
use crate::bot::conversation::files::{self, Content, Reader};
use crate::bot::conversation::transcript;
use crate::model::{LeftOut, Role, Turn};

/// A conversation up to a message, and what is missing of it.
#[derive(Debug, Default)]
pub struct Memory {
    pub turns: Vec<Turn>,
    pub left_out: Vec<LeftOut>,
}

/// The messages of a conversation, oldest first.
#[derive(Default)]
pub struct Recall {
    pub messages: Vec<Message>,
    /// There are older ones.
    pub more: bool,
}

/// Reads the conversation that a message continues.
pub async fn recall(bot: &Bot, said: &Message) -> anyhow::Result<Memory> {
    let recalled = before(bot, said).await?;
    let mut messages = recalled.messages;
    messages.push(said.clone());
    let mut memory = conversation(bot, &messages).await;
    if recalled.more {
        memory.left_out.push(LeftOut::Older);
    }
    if memory
        .turns
        .last()
        .is_none_or(|turn| turn.role == Role::Model)
    {
        // Nothing is asked.
        memory.turns.clear();
    }
    Ok(memory)
}

async fn before(bot: &Bot, said: &Message) -> anyhow::Result<Recall> {
    let channel = said.channel_id.get();
    let most = bot.chat.memory_messages.saturating_sub(1);
    if said.guild_id.is_none() {
        return history(bot, said, most).await;
    }
    let room = bot.rooms.room(&bot.rest, channel).await?;
    let Room::Thread { parent } = room else {
        return chain(bot, said, most).await;
    };
    let mut recalled = history(bot, said, most).await?;
    if !recalled.more {
        // A thread that hangs under a message has that message's id.
        let starter = bot.rest.message(parent, channel).await?;
        recalled.messages.splice(0..0, starter);
    }
    Ok(recalled)
}

/// Everything in the channel, back to where it was forgotten.
async fn history(bot: &Bot, said: &Message, most: usize) -> anyhow::Result<Recall> {
    let channel = said.channel_id.get();
    let mut messages = bot
        .rest
        .messages_before(channel, said.id.get(), most)
        .await?;
    let mut more = messages.len() >= most.min(PAGE_MAX);
    if let Some(mark) = bot.app.forgotten_up_to(channel).await? {
        more &= messages.first().is_none_or(|oldest| oldest.id.get() > mark);
        messages.retain(|message| message.id.get() > mark);
    }
    Ok(Recall { messages, more })
}

/// The messages that each answer the one before.
async fn chain(bot: &Bot, said: &Message, most: usize) -> anyhow::Result<Recall> {
    let channel = said.channel_id.get();
    let mut near: Option<HashMap<u64, Message>> = None;
    let (mut messages, mut seen) = (Vec::new(), HashSet::from([said.id.get()]));
    let mut known = said.referenced_message.as_deref().cloned();
    let mut next = answered(said);
    while let Some(id) = next.filter(|id| seen.insert(*id)) {
        if messages.len() >= most {
            return Ok(Recall {
                messages: reversed(messages),
                more: true,
            });
        }
        if known.is_none() && near.is_none() {
            // Most of a chain stands close together: one look finds it.
            let page = bot.rest.messages_before(channel, said.id.get(), PAGE_MAX);
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
        next = answered(&found);
        messages.push(found);
    }
    Ok(Recall {
        messages: reversed(messages),
        more: false,
    })
}

fn reversed(mut messages: Vec<Message>) -> Vec<Message> {
    messages.reverse();
    messages
}

/// The message that one answers, in the same channel.
fn answered(message: &Message) -> Option<u64> {
    let reference = message.message_reference.as_ref()?;
    let here = reference.channel_id == message.channel_id;
    reference
        .message_id
        .filter(|_| here)
        .map(serenity::all::MessageId::get)
}

/// Turns messages into what the model is told.
pub async fn conversation(bot: &Bot, messages: &[Message]) -> Memory {
    let mut memory = Memory::default();
    let mut read = read_files(bot, messages, &mut memory.left_out).await;
    let me = bot.me();
    let mut speakers: Vec<u64> = Vec::new();
    let mut spoken: Vec<(Option<String>, Turn)> = Vec::new();
    for message in messages {
        let files = read.remove(&message.id.get()).unwrap_or_default();
        if message.author.id.get() == me {
            if !answers_somebody(message) {
                continue;
            }
            let (question, whole) = ours(files);
            if whole.is_some() {
                // What stands before it is its beginning.
                let part = |(_, turn): &(_, Turn)| turn.role == Role::Model;
                while spoken.pop_if(|last| part(last)).is_some() {}
            }
            let turns = match whole {
                Some(whole) => vec![Turn::model(whole)],
                None => with_question(transcript::first_turns(&message.content), question),
            };
            spoken.extend(turns.into_iter().map(|turn| (None, turn)));
            continue;
        }
        let turn = persons_turn(message, files, me);
        if turn.is_empty() {
            if message.content.is_empty() && message.attachments.is_empty() {
                memory.left_out.push(LeftOut::Hidden);
            }
            continue;
        }
        speakers.push(message.author.id.get());
        spoken.push((Some(transcript::name(message)), turn));
    }
    speakers.sort_unstable();
    speakers.dedup();
    memory.turns = joined(spoken, speakers.len() > 1);
    memory
}

/// Joins what one side said without a break, and says who spoke where there
/// are several people.
fn joined(spoken: Vec<(Option<String>, Turn)>, by_name: bool) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for (name, mut turn) in spoken {
        if let Some(name) = name.filter(|_| by_name) {
            turn.text.0 = format!("{name}: {}", turn.text.0);
        }
        match turns.last_mut() {
            Some(last) if last.role == turn.role => {
                last.text.0.push('\n');
                last.text.0.push_str(&turn.text.0);
                last.pictures.append(&mut turn.pictures);
            }
            _ => turns.push(turn),
        }
    }
    // Some providers want a person to speak first.
    if turns.first().is_some_and(|turn| turn.role == Role::Model) {
        turns.insert(0, Turn::person("(The conversation began before this.)"));
    }
    turns
}

/// Notices, such as that a key stopped working, are no part of a
/// conversation.
fn answers_somebody(message: &Message) -> bool {
    message.message_reference.is_some()
        || message.interaction_metadata.is_some()
        || message.webhook_id.is_some()
}

/// The question and the answer that became files of ours, if this message
/// carries them.
fn ours(files: Vec<(String, Content)>) -> (Option<String>, Option<String>) {
    let (mut question, mut whole) = (None, None);
    for (name, content) in files {
        match content {
            Content::Text(text) if name == ANSWER_FILE => whole = Some(text),
            Content::Text(text) if name == QUESTION_FILE => question = Some(text),
            _ => {}
        }
    }
    (question, whole)
}

/// Puts the whole question in the place of its excerpt.
fn with_question(mut turns: Vec<Turn>, question: Option<String>) -> Vec<Turn> {
    if let (Some(question), Some(first)) = (question, turns.first_mut()) {
        first.text.0 = question;
    }
    turns
}

/// The question that stands above an answer of ours, or beside it.
pub async fn question_of(bot: &Bot, message: &Message) -> Option<String> {
    let mut unread = Vec::new();
    let mut read = read_files(bot, std::slice::from_ref(message), &mut unread).await;
    let files = read.remove(&message.id.get()).unwrap_or_default();
    let (shown, _) = transcript::unquote(&message.content);
    ours(files)
        .0
        .or_else(|| shown.filter(|_| message.attachments.iter().all(is_picture)))
}

/// Pictures stand under what they were made from.
fn is_picture(file: &serenity::all::Attachment) -> bool {
    let kind = file.content_type.as_deref();
    kind.is_some_and(|kind| kind.starts_with("image/"))
}

fn persons_turn(message: &Message, files: Vec<(String, Content)>, me: u64) -> Turn {
    let mut turn = Turn::person(transcript::persons_words(message, me));
    for (name, content) in files {
        match content {
            Content::Text(text) => turn.text.0.push_str(&files::fenced(&name, &text)),
            Content::Picture(picture) => turn.pictures.push(picture),
        }
    }
    turn
}

/// Reads files, those of the newest messages first.
async fn read_files(bot: &Bot, messages: &[Message], left_out: &mut Vec<LeftOut>) -> files::Read {
    let mut reader = Reader::new(bot.app.http(), &bot.api_url, &bot.chat.limits);
    let mut read = files::Read::new();
    for message in messages.iter().rev() {
        for file in &message.attachments {
            match reader.read(file).await {
                Ok(content) => {
                    let name = file.filename.clone();
                    read.entry(message.id.get())
                        .or_default()
                        .push((name, content));
                }
                Err(why) => left_out.push(why),
            }
        }
    }
    read
}
