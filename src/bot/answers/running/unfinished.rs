//! Answers that an earlier process left unfinished, because it crashed.

use crate::bot::Bot;
use crate::bot::connection::calls::patience::Patience;
use crate::bot::connection::calls::rest::status_of;
use crate::bot::connection::wire::card::Card;
use crate::bot::conversation::transcript;
use crate::bot::words;
use crate::model::AnswerRecord;

/// Says in every answer that an earlier process left unfinished that it
/// ends there.
pub async fn close_unfinished(bot: &Bot) -> anyhow::Result<()> {
    for record in bot.app.asks.unfinished_answers().await? {
        if !bot.shards.serves(record.server) {
            continue;
        }
        if let Err(error) = mark_as_ended(bot, &record).await {
            tracing::info!("could not close an answer that was broken off: {error:#}");
            // What Discord's trouble prevented is done at the next connection.
            if status_of(&error).is_none_or(|status| status >= 500) {
                continue;
            }
        }
        bot.app.asks.close_answer(&record.id).await?;
    }
    Ok(())
}

async fn mark_as_ended(bot: &Bot, record: &AnswerRecord) -> anyhow::Result<()> {
    let voice = bot.voice_to(record.person, record.server);
    let Some(last) = record.last else {
        let Some(question) = record.reply_to else {
            return Ok(());
        };
        let card = Card {
            reply_to: Some(question),
            ..words::answers::ended_by_restart(voice, "", &record.id)
        };
        return bot
            .rest
            .post(record.channel, &card, Patience::last_post())
            .await
            .map(drop);
    };
    let shown = bot.rest.message(record.channel, last).await?;
    let text = shown.map(|message| message.content).unwrap_or_default();
    let card = words::answers::ended_by_restart(voice, words_of_answer(&text), &record.id);
    let card = Card {
        reply_to: record.reply_to,
        ..card
    };
    let ended = bot.rest.edit_or_replace(record.channel, last, &card);
    ended.await.map(drop)
}

/// What stays of a message that is broken off. A notice under the question,
/// such as how far a picture is, is no answer, and true no more.
fn words_of_answer(text: &str) -> &str {
    let (_, is_notice) = transcript::take_notice_mark(text);
    if !is_notice {
        return text;
    }
    let quoted = text.split_inclusive('\n');
    let length = quoted
        .take_while(|line| line.starts_with('>'))
        .map(str::len);
    text.split_at(length.sum()).0
}
