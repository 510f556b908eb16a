//! The buttons under an answer.

use serenity::all::{ComponentInteraction, ComponentInteractionDataKind, Message};

use crate::app::{Error, ModelChoice};
use crate::bot::answers::running::running_answers::StopOutcome;
use crate::bot::answers::writing::streaming::{AnswerRequest, answer_request};
use crate::bot::answers::writing::target::Target;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::conversation::heard_files::HeardFiles;
use crate::bot::conversation::incoming::{MessageQuestion, answer_message};
use crate::bot::conversation::sounds::{Sound, sounds_asked_about};
use crate::bot::conversation::transcript;
use crate::bot::conversation::turns::question_in;
use crate::bot::{Bot, explain_error, words};
use crate::model::{
    AccessRefusal, AnswerRecord, Ask, Caller, Choices, ConversationRefusal, Place, Refusal,
};

/// For how long after an answer's end its button may still be pressed: later
/// it stands there only because the end could not be shown.
const JUST_ENDED_MS: i64 = 10_000;

/// A press of a button under an answer, by whoever asks again with it, and what
/// they choose.
struct RepeatPress<'a> {
    press: &'a ComponentInteraction,
    handle: InteractionHandle,
    caller: Caller,
    choices: Choices,
}

/// Stops an answer that grows.
pub async fn stop_answer(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let caller = RawCaller::from_button(press);
    match bot.running_answers.stop(id, &caller) {
        StopOutcome::Stopped => bot.rest.defer_update(&handle).await,
        StopOutcome::NotYours => {
            let refusal = AccessRefusal::NotYours.into();
            reply_refusal(bot, press, refusal).await
        }
        StopOutcome::NotRunning => {
            // It ended a moment ago, or in a process that is gone.
            let record = bot.app.asks.answer_record(id).await;
            let now_ms = bot.app.now_ms();
            let ended = record.ok().and_then(|record| record.ended_at_ms);
            if ended.is_some_and(|ended_ms| now_ms - ended_ms < JUST_ENDED_MS) {
                return bot.rest.defer_update(&handle).await;
            }
            let voice = bot.voice(&press.locale);
            let card = words::answers::ended_by_restart(voice, &press.message.content, id);
            bot.rest.update(&handle, &card).await
        }
    }
}

/// Answers a question again, with whoever pressed as the one who asks, and
/// with another model if one is named.
pub async fn repeat_answer(
    bot: &Bot,
    press: &ComponentInteraction,
    id: &str,
    other_model: Option<String>,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let found = bot.app.asks.answer_record(id).await;
    // Buttons are pressed where they stand.
    let found = found.and_then(|record| {
        if record.channel == handle.channel {
            Ok(record)
        } else {
            Err(ConversationRefusal::StaleAnswer.into())
        }
    });
    let record = match found {
        Ok(record) => record,
        Err(error) => return reply_error(bot, press, &error).await,
    };
    let mut choices = record.choices.clone();
    if let Some(model) = other_model {
        choices.provider = None;
        choices.model = Some(model);
    }
    let repeat = RepeatPress {
        press,
        handle,
        caller,
        choices,
    };
    match record.reply_to {
        Some(question) => Box::pin(repeat_from_message(bot, repeat, &record, question)).await,
        None => repeat_from_answer(bot, repeat, &record).await,
    }
}

/// Answers again where the question is a message: it is read again, as it
/// stands now. What was said in its sounds stands above the answer.
async fn repeat_from_message(
    bot: &Bot,
    repeat: RepeatPress<'_>,
    record: &AnswerRecord,
    question: u64,
) -> anyhow::Result<()> {
    let RepeatPress {
        press,
        handle,
        caller,
        choices,
    } = repeat;
    bot.rest.defer_update(&handle).await?;
    let found = match bot.rest.message(handle.channel, question).await {
        Ok(found) => found.ok_or(ConversationRefusal::QuestionGone),
        Err(error) => {
            tracing::info!("could not read a question again: {error:#}");
            Err(ConversationRefusal::DiscordUnread)
        }
    };
    let mut message = match found {
        Ok(message) => message,
        Err(refusal) => {
            let card = explain_error(bot.voice(&press.locale), &refusal.into());
            return bot.rest.follow_up_ephemeral(&handle, &card).await.map(drop);
        }
    };
    // Discord does not name the server of a message that is asked for.
    message.guild_id = caller.place.server().map(|server| server.0.into());
    let target = Target::Channel {
        channel: handle.channel,
        reply_to: message.id.get(),
        direct: caller.place == Place::Direct,
    };
    let heard = heard_before(bot, press, record, &message).await;
    let question = MessageQuestion {
        message: &message,
        caller,
        choices,
        heard,
        is_repeated: true,
    };
    answer_message(bot, question, target).await
}

/// What was said in the sounds of a question that was answered, as it stands above
/// the answer.
async fn heard_before(
    bot: &Bot,
    press: &ComponentInteraction,
    record: &AnswerRecord,
    question: &Message,
) -> HeardFiles {
    let mut heard = HeardFiles::default();
    let sounds: Vec<Sound<'_>> = sounds_asked_about(question).collect();
    if !sounds.is_empty() {
        let first = first_message(bot, press, record).await;
        let quote = question_in(bot, &first).await;
        heard.note_quoted(&first, &quote.unwrap_or_default(), &sounds);
    }
    heard
}

/// Answers again where the question stands above the answer, or in a file
/// beside it.
async fn repeat_from_answer(
    bot: &Bot,
    repeat: RepeatPress<'_>,
    record: &AnswerRecord,
) -> anyhow::Result<()> {
    let press = repeat.press;
    let first = first_message(bot, press, record).await;
    let Some(question) = question_in(bot, &first).await else {
        return reply_refusal(bot, press, ConversationRefusal::QuestionGone.into()).await;
    };
    let told = transcript::told_question(&question);
    let request = AnswerRequest {
        ask: Ask::of(repeat.caller, &told, repeat.choices),
        quoted: Some(question),
        heard: Vec::new(),
        is_promised: false,
        target: Target::Interaction(repeat.handle),
        locale: &press.locale,
    };
    Box::pin(answer_request(bot, request)).await
}

/// The message that an answer begins with. The one with the buttons is its
/// last, and often the same.
async fn first_message(bot: &Bot, press: &ComponentInteraction, record: &AnswerRecord) -> Message {
    let pressed = press.message.as_ref();
    let first = record.first.filter(|first| *first != pressed.id.get());
    let found = match first {
        Some(first) => bot.rest.message(record.channel, first).await.ok().flatten(),
        None => None,
    };
    found.unwrap_or_else(|| pressed.clone())
}

/// Shows who could have paid for an answer, and what it used.
pub async fn show_details(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let (record, attempt) = match bot.app.asks.answer_details(&caller, id).await {
        Ok(found) => found,
        Err(error) => return reply_error(bot, press, &error).await,
    };
    let voice = bot.voice_for(&caller, &press.locale).await;
    let card = words::answers::details(voice, &record, attempt.as_ref());
    bot.rest.reply(&press.into(), &card).await
}

/// Offers the models that the keys here can use.
pub async fn offer_models(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let models = match list_others(bot, &caller, id).await {
        Ok(models) => models,
        Err(error) => return reply_error(bot, press, &error).await,
    };
    let voice = bot.voice_for(&caller, &press.locale).await;
    let card = words::choices::model_menu(voice, id, &models);
    bot.rest.reply(&press.into(), &card).await
}

/// The models that could answer in the place of an answer that is kept.
async fn list_others(bot: &Bot, caller: &Caller, id: &str) -> Result<Vec<ModelChoice>, Error> {
    let asks = &bot.app.asks;
    asks.answer_record(id).await?;
    asks.refuse_blocked(caller).await?;
    asks.list_models(caller).await
}

/// The model that was picked from what [`offer_models`] offers.
pub fn picked_model(press: &ComponentInteraction) -> Option<String> {
    match &press.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => values.first().cloned(),
        _ => None,
    }
}

async fn reply_refusal(
    bot: &Bot,
    press: &ComponentInteraction,
    refusal: Refusal,
) -> anyhow::Result<()> {
    reply_error(bot, press, &Error::Refused(refusal)).await
}

async fn reply_error(bot: &Bot, press: &ComponentInteraction, error: &Error) -> anyhow::Result<()> {
    let card = explain_error(bot.voice(&press.locale), error);
    bot.rest.reply(&press.into(), &card).await
}
