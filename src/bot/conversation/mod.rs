//! Conversations: mentions, replies and direct messages.
//!
//! Memory is Discord's own history, read when it is needed; nothing that
//! people say is kept here.

mod channel_kinds;
mod files;
mod memory;
mod transcript;

pub use channel_kinds::{Room, Rooms};
pub use files::{Content, Limits, Reader as FileReader};
pub use memory::{Memory, conversation, question_of};
pub use transcript::{excerpt, name, quote};

use serenity::all::{Message, MessageType};

use crate::bot::Bot;
use crate::bot::answers::streaming::{self, Question};
use crate::bot::answers::target::Target;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::rest::is_gone;
use crate::bot::words;
use crate::model::{Ask, Caller, Choices};

/// How conversations are led.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many messages are read back at the most.
    pub memory_messages: usize,
    /// How many messages an answer fills before it becomes a file. Where
    /// only the person installed the app, Discord allows six.
    pub answer_messages: usize,
    pub limits: Limits,
    /// How many questions of one person, and in one channel, are answered
    /// at once.
    pub asks_per_person: usize,
    pub asks_per_channel: usize,
    /// How many pictures of one person are made at once.
    pub pictures_per_person: usize,
}

/// A message, who asks with it, and what they chose.
pub struct Asking<'a> {
    pub said: &'a Message,
    pub caller: Caller,
    pub choices: Choices,
}

/// The language of whoever writes a message: Discord does not say it.
pub const LOCALE: &str = "en-US";

/// Answers a message, if it is meant for the bot.
pub async fn heard(bot: &Bot, said: Message) -> anyhow::Result<()> {
    if !is_for_us(bot, &said) {
        return Ok(());
    }
    let caller = bot.complete_caller(RawCaller::from_message(&said)).await;
    let target = Target::Channel {
        channel: said.channel_id.get(),
        reply_to: said.id.get(),
        direct: said.guild_id.is_none(),
    };
    let asking = Asking {
        said: &said,
        caller,
        choices: Choices::default(),
    };
    answer(bot, asking, target).await
}

/// Answers what a message asks.
pub async fn answer(bot: &Bot, asking: Asking<'_>, target: Target) -> anyhow::Result<()> {
    // Reading files takes its time, so that it shows at once that an answer
    // will come. Where the bot may not write, nobody is asked or pays.
    let promise = target.promise(&bot.rest);
    let (promised, memory) = tokio::join!(promise, memory::recall(bot, asking.said));
    if promised.is_err_and(|error| is_gone(&error)) {
        tracing::info!("was asked in a channel in which the bot may not write");
        return Ok(());
    }
    let memory = memory?;
    let Memory { turns, left_out } = memory;
    if turns.is_empty() {
        let help = words::how_to_talk(bot.voice(LOCALE));
        return target.first(&bot.rest, &help).await.map(drop);
    }
    let ask = Ask {
        caller: asking.caller,
        choices: asking.choices,
        turns,
        left_out,
        max_output_tokens: None,
        request_key: None,
    };
    let question = Question {
        ask,
        target,
        locale: LOCALE,
        asked: None,
        promised: true,
    };
    Box::pin(streaming::answer(bot, question)).await
}

/// A mention, a reply to one of our messages, or a direct message; from a
/// person, and with something in it that we may read.
fn is_for_us(bot: &Bot, said: &Message) -> bool {
    let me = bot.me();
    let from_a_person = !said.author.bot && said.webhook_id.is_none();
    let spoken = matches!(said.kind, MessageType::Regular | MessageType::InlineReply);
    let direct = said.guild_id.is_none();
    let mentioned = said.mentions.iter().any(|user| user.id.get() == me);
    let answers_us = said
        .referenced_message
        .as_ref()
        .is_some_and(|answered| answered.author.id.get() == me);
    let readable = !said.content.is_empty() || !said.attachments.is_empty();
    from_a_person && spoken && (direct || mentioned || (answers_us && readable))
}
