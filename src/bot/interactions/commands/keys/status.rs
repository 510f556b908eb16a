//! `/keys status`.

use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::commands::keys::completion::complete_any;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;

/// Which key pays for what here, and why not the others.
#[poise::command(slash_command)]
pub async fn status(
    ctx: Context<'_>,
    #[description = "Only this provider"]
    #[autocomplete = "complete_any"]
    provider: Option<String>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let status = app.asks.read_status(caller, provider.as_deref()).await?;
        Ok(words::keys::status(voice, &status))
    })
    .await
}
