//! `/keys test`.

use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::commands::keys::completion::complete_stored;
use crate::bot::interactions::commands::options::scope::ScopeChoice;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;

/// Ask the provider whether a key works, free of charge.
#[poise::command(slash_command)]
pub async fn test(
    ctx: Context<'_>,
    #[description = "Whose key it is"]
    #[autocomplete = "complete_stored"]
    provider: String,
    #[description = "user: your own (left out, the same); guild: this server's"] scope: Option<
        ScopeChoice,
    >,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let scope = scope.unwrap_or(ScopeChoice::User).into();
        let tested = app.keys.test(caller, &provider, scope).await?;
        Ok(words::keys::tested(voice, &tested))
    })
    .await
}
