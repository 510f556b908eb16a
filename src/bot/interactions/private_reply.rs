//! Replies that only the person who asked may see.

use crate::app::{App, Error};
use crate::bot::answers::split;
use crate::bot::connection::card::Card;
use crate::bot::connection::interaction_calls::{InteractionHandle, ORIGINAL};
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::words::Voice;
use crate::bot::{Bot, explain_error};
use crate::model::Caller;

/// Acknowledges a command at once, does the work, and shows its result.
pub async fn reply_privately(
    ctx: Context<'_>,
    work: impl AsyncFnOnce(&App, &Caller, Voice<'_>) -> Result<Card, Error>,
) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let handle = InteractionHandle::from(ctx.interaction);
    bot.rest.defer_ephemeral(&handle).await?;
    let caller = caller_of(ctx).await;
    let voice = bot.voice_for(&caller, &ctx.interaction.locale).await;
    let done = work(&bot.app, &caller, voice).await;
    let card = done.unwrap_or_else(|error| explain_error(voice, &error));
    show_privately(bot, &handle, card).await
}

/// Puts a card where an ephemeral reply was promised, in several messages
/// if it is long.
pub async fn show_privately(
    bot: &Bot,
    handle: &InteractionHandle,
    card: Card,
) -> anyhow::Result<()> {
    let mut parts = split::split(&card.text, split::LIMIT).into_iter();
    let first = Card {
        text: parts.next().unwrap_or_default(),
        ..card
    };
    bot.rest.edit(handle, ORIGINAL, &first).await?;
    for part in parts {
        let card = Card::text(part);
        bot.rest.follow_up_ephemeral(handle, &card).await?;
    }
    Ok(())
}
