//! `/quota status`.

use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;

/// What you may still use here.
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel",
    subcommands("status")
)]
#[expect(clippy::unused_async, reason = "poise awaits it")]
pub async fn quota(_: Context<'_>) -> anyhow::Result<()> {
    // Discord sends only the subcommands.
    Ok(())
}

/// Every limit that applies to you here, and which key would pay now.
#[poise::command(slash_command)]
pub async fn status(ctx: Context<'_>) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let status = app.quotas.read_status(caller).await?;
        Ok(words::quotas::status(voice, &status))
    })
    .await
}
