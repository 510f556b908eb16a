//! `/privacy …`: what is stored of somebody, theirs to read and to erase.

use crate::bot::answers::running::promise::find_before_form;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::explain_error;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;

/// What is stored about you: see it, take it, erase it.
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel",
    subcommands("show", "export", "erase")
)]
#[expect(clippy::unused_async, reason = "poise awaits it")]
pub async fn privacy(_: Context<'_>) -> anyhow::Result<()> {
    // Discord sends only the subcommands.
    Ok(())
}

/// What is stored about you, and what is not.
#[poise::command(slash_command)]
pub async fn show(ctx: Context<'_>) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let stored = app.people.stored_summary(caller).await?;
        Ok(words::privacy::stored(voice, &stored))
    })
    .await
}

/// All of it, as a JSON file.
#[poise::command(slash_command)]
pub async fn export(ctx: Context<'_>) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let all = app.people.export_data(caller).await?;
        Ok(words::privacy::exported(voice, &all))
    })
    .await
}

/// Erase all of it. You are asked to type a word first.
#[poise::command(slash_command)]
pub async fn erase(ctx: Context<'_>) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let caller = caller_of(ctx).await;
    let handle = InteractionHandle::from(ctx.interaction);
    let voice = bot.voice(&ctx.interaction.locale);
    // A form must be the first answer.
    match find_before_form(bot.app.people.begin_erase(&caller)).await {
        Ok(form) => {
            bot.rest
                .open_modal(&handle, &words::privacy::erase_form(voice, form))
                .await
        }
        Err(error) => bot.rest.reply(&handle, &explain_error(voice, &error)).await,
    }
}
