//! `/server previews`: whether links in answers show their pages.

use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;
use crate::model::ChoiceKind;

/// Show previews of the pages that links in answers lead to, or hide them.
#[poise::command(slash_command)]
pub async fn previews(
    ctx: Context<'_>,
    #[description = "Whether they are shown"] shown: bool,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let scope = app.asks.choose_previews(caller, shown).await?;
        let kind = ChoiceKind::Previews;
        Ok(if shown {
            words::choices::chosen(voice, kind, scope, "")
        } else {
            words::choices::reset(voice, kind, scope)
        })
    })
    .await
}
