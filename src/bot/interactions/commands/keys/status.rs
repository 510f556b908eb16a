//! `/keys status`.

use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::commands::keys::complete_any;
use crate::bot::interactions::private_reply;
use crate::bot::words;

/// Which key pays for what here, and why not the others.
#[poise::command(slash_command)]
pub async fn status(
    ctx: Context<'_>,
    #[description = "Only this provider"]
    #[autocomplete = "complete_any"]
    provider: Option<String>,
) -> anyhow::Result<()> {
    private_reply::answer(ctx, async |app, caller, voice| {
        let status = app.key_status(caller, provider.as_deref()).await?;
        Ok(words::status(voice, &status))
    })
    .await
}
