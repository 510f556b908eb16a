//! The buttons under an answer, and answers that a crash broke off.

use serenity::all::{ComponentInteraction, ComponentInteractionDataKind, Message};

use crate::app::Error;
use crate::bot::answers::running_answers::Stopping;
use crate::bot::answers::streaming::{self, Question};
use crate::bot::answers::target::Target;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::card::Card;
use crate::bot::connection::interaction_calls::InteractionHandle;
use crate::bot::conversation::{self, Asking};
use crate::bot::words::{self, Voice};
use crate::bot::{Bot, explain};
use crate::model::{
    AccessRefusal, AnswerRecord, Ask, Caller, Choices, ConversationRefusal, Place, Refusal,
};

/// Stops an answer that grows.
pub async fn stop(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let voice = bot.voice(&press.locale);
    match bot.running.stop(id, &RawCaller::from_button(press)) {
        Stopping::Done => bot.rest.defer_update(&handle).await,
        Stopping::NotYours => {
            bot.rest
                .reply(
                    &handle,
                    &refused(voice, Refusal::Access(AccessRefusal::NotYours)),
                )
                .await
        }
        Stopping::NotRunning => {
            // It ended a moment ago, or in a process that is gone.
            let record = bot.app.answer_record(id).await;
            if record.is_ok_and(|record| record.ended_at_ms.is_some()) {
                return bot.rest.defer_update(&handle).await;
            }
            let card = words::ends_here(voice, &press.message.content, id);
            bot.rest.update(&handle, &card).await
        }
    }
}

/// Gives an answer again, with whoever pressed as the one who asks.
pub async fn again(
    bot: &Bot,
    press: &ComponentInteraction,
    id: &str,
    other_model: Option<String>,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let voice = bot.voice(&press.locale);
    let who = bot.complete_caller(RawCaller::from_button(press)).await;
    let found = bot.app.answer_record(id).await;
    // Buttons are pressed where they stand.
    let found = found.and_then(|record| {
        if record.channel == handle.channel {
            Ok(record)
        } else {
            Err(Error::Refused(Refusal::Conversation(
                ConversationRefusal::StaleAnswer,
            )))
        }
    });
    let record = match found {
        Ok(record) => record,
        Err(error) => return bot.rest.reply(&handle, &explain(voice, &error)).await,
    };
    let mut choices = record.choices.clone();
    if let Some(model) = other_model {
        choices = Choices {
            provider: None,
            model: Some(model),
            ..choices
        };
    }
    match record.reply_to {
        Some(question) => again_in_channel(bot, &handle, voice, who, (question, choices)).await,
        None => again_by_interaction(bot, press, &handle, who, (&record, choices)).await,
    }
}

/// The question is a message: it is read again, as it stands now.
async fn again_in_channel(
    bot: &Bot,
    handle: &InteractionHandle,
    voice: Voice<'_>,
    who: Caller,
    (question, choices): (u64, Choices),
) -> anyhow::Result<()> {
    bot.rest.defer_update(handle).await?;
    let found = bot.rest.message(handle.channel, question).await?;
    let Some(mut said) = found else {
        let gone = refused(
            voice,
            Refusal::Conversation(ConversationRefusal::QuestionGone),
        );
        return bot.rest.follow_up_ephemeral(handle, &gone).await.map(drop);
    };
    // Discord does not name the server of a message that is asked for.
    said.guild_id = who.place.server().map(|server| server.0.into());
    let target = Target::Channel {
        channel: handle.channel,
        reply_to: question,
        direct: who.place == Place::Direct,
    };
    let asking = Asking {
        said: &said,
        caller: who,
        choices,
    };
    conversation::answer(bot, asking, target).await
}

/// The question stands above the answer, or in a file beside it.
async fn again_by_interaction(
    bot: &Bot,
    press: &ComponentInteraction,
    handle: &InteractionHandle,
    who: Caller,
    (record, choices): (&AnswerRecord, Choices),
) -> anyhow::Result<()> {
    let voice = bot.voice(&press.locale);
    let first = first_message(bot, press, record).await;
    let Some(question) = conversation::question_of(bot, &first).await else {
        return bot
            .rest
            .reply(
                handle,
                &refused(
                    voice,
                    Refusal::Conversation(ConversationRefusal::QuestionGone),
                ),
            )
            .await;
    };
    let ask = Ask::of(who, question.as_str(), choices);
    let question = Question {
        asked: Some(question),
        promised: false,
        ask,
        target: Target::Interaction(handle.clone()),
        locale: &press.locale,
    };
    Box::pin(streaming::answer(bot, question)).await
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
pub async fn details(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let voice = bot.voice(&press.locale);
    let who = bot.complete_caller(RawCaller::from_button(press)).await;
    let found = bot.app.answer_details(&who, id).await;
    let card = match found {
        Ok((record, attempt)) => words::details(voice, &record, attempt.as_ref()),
        Err(error) => explain(voice, &error),
    };
    bot.rest.reply(&handle, &card).await
}

/// Offers the models that the keys here can use.
pub async fn offer_models(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let voice = bot.voice(&press.locale);
    let who = bot.complete_caller(RawCaller::from_button(press)).await;
    let card = match bot.app.models_for(&who).await {
        Ok(models) => words::choose_model(voice, id, &models),
        Err(error) => explain(voice, &error),
    };
    bot.rest.reply(&handle, &card).await
}

/// The model that was picked from what [`offer_models`] offers.
pub fn picked(press: &ComponentInteraction) -> Option<String> {
    match &press.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => values.first().cloned(),
        _ => None,
    }
}

/// Says in every answer that an earlier process left unfinished that it
/// ends there.
pub async fn close_unfinished(bot: &Bot) -> anyhow::Result<()> {
    for record in bot.app.unfinished_answers().await? {
        if !bot.shards.serves(record.server) {
            continue;
        }
        if let Err(error) = close(bot, &record).await {
            tracing::info!("could not close an answer that was broken off: {error:#}");
        }
        bot.app.close_answer(&record.id).await?;
    }
    Ok(())
}

async fn close(bot: &Bot, record: &AnswerRecord) -> anyhow::Result<()> {
    let voice = bot.voice(conversation::LOCALE);
    let Some(last) = record.last else {
        let Some(question) = record.reply_to else {
            return Ok(());
        };
        let card = Card {
            reply_to: Some(question),
            ..words::ends_here(voice, "", &record.id)
        };
        return bot.rest.post(record.channel, &card).await.map(drop);
    };
    let shown = bot.rest.message(record.channel, last).await?;
    let text = shown.map(|message| message.content).unwrap_or_default();
    let card = words::ends_here(voice, &text, &record.id);
    bot.rest.edit_message(record.channel, last, &card).await
}

fn refused(voice: Voice<'_>, refusal: Refusal) -> Card {
    explain(voice, &Error::Refused(refusal))
}
