//! `/keys list`.

use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::commands::options::scope::ScopeChoice;
use crate::bot::interactions::keys::key_target::PanelView;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;

/// Show your keys, and what you may see of this server's.
#[poise::command(slash_command)]
pub async fn list(
    ctx: Context<'_>,
    #[description = "Only yours, or only this server's"] scope: Option<ScopeChoice>,
) -> anyhow::Result<()> {
    let view = PanelView {
        scope: scope.map(Into::into),
        page: 0,
    };
    reply_privately(ctx, async |app, caller, voice| {
        let listing = app.keys.list(caller, view.scope).await?;
        Ok(words::keys::panel(voice, &listing, view, None))
    })
    .await
}
