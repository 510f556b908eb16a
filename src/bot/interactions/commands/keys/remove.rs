//! `/keys remove`: asks once. The buttons are answered in `bot/interactions/forms.rs`.

use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::commands::keys::completion::complete_stored;
use crate::bot::interactions::commands::options::scope::ScopeChoice;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;

/// Remove a key.
#[poise::command(slash_command)]
pub async fn remove(
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
        let (button, key) = app.keys.begin_remove(caller, &provider, scope).await?;
        Ok(words::keys::confirm_removal(voice, button, &key))
    })
    .await
}
