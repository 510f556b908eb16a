//! `/keys import`: opens the form. What comes back is in
//! `bot/interactions/keys/key_imports.rs`.

use crate::bot::answers::running::promise::find_before_form;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::explain_error;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::interactions::commands::options::scope::ScopeChoice;
use crate::bot::words;

/// Add several keys at once, from lines or a .env file.
#[poise::command(slash_command)]
pub async fn import(
    ctx: Context<'_>,
    #[description = "user: pays for you everywhere; guild: pays for everybody in this server"]
    scope: Option<ScopeChoice>,
) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let caller = caller_of(ctx).await;
    let handle = InteractionHandle::from(ctx.interaction);
    let voice = bot.voice_for(&caller, &ctx.interaction.locale).await;
    let scope = scope.unwrap_or(ScopeChoice::User).into();
    match find_before_form(bot.app.keys.open_import(&caller, scope)).await {
        Ok(form) => {
            let modal = words::keys::import_form(voice, &form);
            bot.rest.open_modal(&handle, &modal).await
        }
        Err(error) => bot.rest.reply(&handle, &explain_error(voice, &error)).await,
    }
}
