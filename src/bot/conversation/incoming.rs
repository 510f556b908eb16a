//! Messages that come in: mentions, replies and direct messages are
//! answered.

use serenity::all::{Message, MessageType};

use crate::bot::Bot;
use crate::bot::answers::last_words;
use crate::bot::answers::streaming::{AnswerRequest, answer_request};
use crate::bot::answers::target::{Insistence, Part, Target};
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::card::Card;
use crate::bot::connection::rest::is_gone;
use crate::bot::conversation::memory;
use crate::bot::conversation::turns::Conversation;
use crate::bot::words;
use crate::bot::words::DEFAULT_LOCALE;
use crate::model::{Ask, Caller, Choices, PersonId};

/// A message, who asks with it, and what they chose.
pub struct MessageQuestion<'a> {
    pub message: &'a Message,
    pub caller: Caller,
    pub choices: Choices,
}

/// Answers a message, if it is meant for the bot.
pub async fn handle_message(bot: &Bot, message: Message) -> anyhow::Result<()> {
    if !is_for_bot(bot, &message) {
        return Ok(());
    }
    let caller = bot.complete_caller(RawCaller::from_message(&message)).await;
    let target = Target::Channel {
        channel: message.channel_id.get(),
        reply_to: message.id.get(),
        direct: message.guild_id.is_none(),
    };
    let question = MessageQuestion {
        message: &message,
        caller,
        choices: Choices::default(),
    };
    if is_hidden(question.message) {
        let hint = words::answers::hidden_question(bot.voice(DEFAULT_LOCALE));
        let person = question.caller.person;
        return say_instead(bot, &target, person, hint).await;
    }
    answer_message(bot, question, target).await
}

/// Answers what a message asks.
pub async fn answer_message(
    bot: &Bot,
    question: MessageQuestion<'_>,
    target: Target,
) -> anyhow::Result<()> {
    let (person, channel) = (question.caller.person, target.channel());
    // Where the bot may not write, nobody is asked or pays.
    if !bot.channel_access.may_write(question.message) {
        last_words::tell_place_is_closed(bot, person.0, channel).await;
        return Ok(());
    }
    // Reading files takes its time, so that it shows at once that an answer
    // will come.
    let promise = target.promise_answer(&bot.rest);
    let recall = memory::recall_conversation(bot, question.message);
    let (promised, conversation) = tokio::join!(promise, recall);
    if promised.is_err_and(|error| is_gone(&error)) {
        last_words::tell_place_is_closed(bot, person.0, channel).await;
        return Ok(());
    }
    let voice = bot.voice(DEFAULT_LOCALE);
    if bot.rest.is_banned() {
        let card = words::answers::discord_was_away(voice);
        return say_instead(bot, &target, person, card).await;
    }
    let Conversation {
        turns,
        left_out,
        all_unread,
    } = conversation;
    if turns.is_empty() {
        let card = match all_unread.as_slice() {
            [] => words::answers::how_to_ask(voice),
            unread => words::files::unread_files(voice, unread),
        };
        return say_instead(bot, &target, person, card).await;
    }
    let ask = Ask {
        caller: question.caller,
        choices: question.choices,
        turns,
        left_out,
        max_output_tokens: None,
        request_key: None,
    };
    let request = AnswerRequest {
        ask,
        quoted: None,
        is_promised: true,
        target,
        locale: DEFAULT_LOCALE,
    };
    Box::pin(answer_request(bot, request)).await
}

/// Says something in the place of an answer, without asking anybody.
async fn say_instead(
    bot: &Bot,
    target: &Target,
    person: PersonId,
    card: Card,
) -> anyhow::Result<()> {
    let part = Part {
        card: &card,
        insistence: Insistence::Last,
    };
    match target.send_first(&bot.rest, part).await {
        Ok(_) => Ok(()),
        Err(error) if is_gone(&error) => {
            last_words::tell_place_is_closed(bot, person.0, target.channel()).await;
            Ok(())
        }
        Err(error) => {
            last_words::count_unsaid("a question");
            Err(error)
        }
    }
}

/// Whether a message is a mention, a reply to one of the bot's messages, or
/// a direct message; from a person, and with something in it that the bot
/// may read.
fn is_for_bot(bot: &Bot, message: &Message) -> bool {
    let bot_user = bot.user_id();
    let from_a_person = !message.author.bot && message.webhook_id.is_none();
    let spoken = matches!(
        message.kind,
        MessageType::Regular | MessageType::InlineReply
    );
    let direct = message.guild_id.is_none();
    let mentioned = message
        .mentions
        .iter()
        .any(|user| user.id.get() == bot_user);
    let replies_to_bot = message
        .referenced_message
        .as_ref()
        .is_some_and(|answered| answered.author.id.get() == bot_user);
    // Without the intent what people say to each other is hidden, and is
    // none of the bot's business.
    let heard = bot.reads_messages || !is_hidden(message);
    from_a_person && spoken && (direct || mentioned || (replies_to_bot && heard))
}

/// Whether Discord hid what a message says: nobody can send one that says
/// nothing. It happens to mentions of the bot, too, where they reply to an
/// answer to a command (<https://github.com/discord/discord-api-docs/issues/5395>).
fn is_hidden(message: &Message) -> bool {
    message.content.is_empty()
        && message.attachments.is_empty()
        && message.embeds.is_empty()
        && message.sticker_items.is_empty()
        && message.components.is_empty()
        && message.message_snapshots.is_empty()
        && message.poll.is_none()
}
