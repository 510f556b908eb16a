//! `/admin …`: what the operator's listed people may do.

mod limit;
mod people;
mod target;

use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;

/// For the people whom the bot's operator listed.
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel",
    default_member_permissions = "ADMINISTRATOR",
    subcommands(
        "show",
        "people::tier",
        "people::block",
        "people::unblock",
        "people::stop",
        "people::resume",
        "limit::limit",
        "limit::unlimit"
    )
)]
#[expect(clippy::unused_async, reason = "poise awaits it")]
pub async fn admin(_: Context<'_>) -> anyhow::Result<()> {
    // Discord sends only the subcommands.
    Ok(())
}

/// Everything that is set: limits on the bot default, blocks, tiers; and its keys.
#[poise::command(slash_command)]
pub async fn show(ctx: Context<'_>) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let view = app.people.operators_view(caller).await?;
        let keys = app.keys.list_system(caller).await?;
        Ok(words::quotas::operators_view(
            voice,
            &view,
            &keys,
            app.now_ms(),
        ))
    })
    .await
}
