//! Replies that only the person who asked may see.

use serenity::all::ComponentInteraction;

use crate::app::{App, Error};
use crate::bot::answers::split;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::interaction_calls::{InteractionHandle, ORIGINAL};
use crate::bot::connection::calls::rest::status_of;
use crate::bot::connection::wire::card::Card;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::words::{self, Voice};
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
    show_privately(bot, &handle, words::with_offers(voice, card)).await
}

/// Answers a press for whoever pressed alone, with what `work` finds.
pub async fn answer_press(
    bot: &Bot,
    press: &ComponentInteraction,
    work: impl AsyncFnOnce(&Caller, Voice<'_>) -> Result<Card, Error>,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    bot.rest.defer_ephemeral(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let voice = bot.voice_for(&caller, &press.locale).await;
    let done = work(&caller, voice).await;
    let card = done.unwrap_or_else(|error| explain_error(voice, &error));
    show_privately(bot, &handle, words::with_offers(voice, card)).await
}

/// Shows what comes of a press where the button stood; what was refused is said
/// beside it.
pub async fn answer_in_place(
    bot: &Bot,
    press: &ComponentInteraction,
    work: impl AsyncFnOnce(&Caller, Voice<'_>) -> Result<Card, Error>,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    bot.rest.defer_update(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let voice = bot.voice_for(&caller, &press.locale).await;
    match work(&caller, voice).await {
        Ok(card) => show_privately(bot, &handle, words::with_offers(voice, card)).await,
        Err(error) => {
            let card = explain_error(voice, &error);
            bot.rest.follow_up_ephemeral(&handle, &card).await.map(drop)
        }
    }
}

/// Puts a card where an ephemeral reply was promised, in several messages
/// if it is long.
pub async fn show_privately(
    bot: &Bot,
    handle: &InteractionHandle,
    card: Card,
) -> anyhow::Result<()> {
    if let Some(shown) = show_panel(bot, handle, &card).await {
        return shown;
    }
    let mut parts = split::split(&card.text, split::LIMIT).into_iter();
    let panel = card.panel.clone();
    let mut first = Card {
        text: parts.next().unwrap_or_default(),
        panel: None,
        ..card
    };
    match bot.rest.edit(handle, ORIGINAL, &first).await {
        // Where a panel stands already, no text can.
        Err(error) if panel.is_some() && status_of(&error) == Some(400) => {
            first.panel = panel;
            return bot.rest.edit(handle, ORIGINAL, &first).await.map(drop);
        }
        shown => shown.map(drop)?,
    }
    for part in parts {
        let card = Card::text(part);
        bot.rest.follow_up_ephemeral(handle, &card).await?;
    }
    Ok(())
}

/// Shows a card as a panel. None where it is no panel, or Discord does not take
/// it, or fails at it as it does where it can't store so much
/// (`docs/discord.md` §3.6).
async fn show_panel(
    bot: &Bot,
    handle: &InteractionHandle,
    card: &Card,
) -> Option<anyhow::Result<()>> {
    card.panel.as_ref()?;
    match bot.rest.try_edit(handle, ORIGINAL, card).await {
        Err(error) if matches!(status_of(&error), Some(400 | 500..)) => {
            tracing::warn!("Discord takes no panel, so text is shown: {error:#}");
            None
        }
        shown => Some(shown.map(drop)),
    }
}
