//! `/keys add`: opens the form. What comes back is in `bot/interactions/forms.rs`.

use crate::app::KeyChoices;
use crate::bot::answers::running::promise::find_before_form;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::explain_error;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::interactions::commands::keys::completion::complete_any;
use crate::bot::interactions::commands::options::scope::ScopeChoice;
use crate::bot::interactions::keys::key_target::KeyPlace;
use crate::bot::words;
use crate::model::{Lifetime, ProviderId};

/// Add or replace a key. It is typed into a form that only you see.
#[poise::command(slash_command)]
pub async fn add(
    ctx: Context<'_>,
    #[description = "Whose key it is"]
    #[autocomplete = "complete_any"]
    provider: Option<String>,
    #[description = "user: pays for you everywhere; guild: pays for everybody in this server"]
    scope: Option<ScopeChoice>,
    #[description = "What to call it"]
    #[max_length = 40]
    name: Option<String>,
) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let caller = caller_of(ctx).await;
    let handle = InteractionHandle::from(ctx.interaction);
    let voice = bot.voice_for(&caller, &ctx.interaction.locale).await;
    // A form must be the first answer, so nothing slow may come before it.
    let choices = KeyChoices {
        provider: provider.as_deref().map(ProviderId::from),
        scope: scope.unwrap_or(ScopeChoice::User).into(),
        name,
        lifetime: Lifetime::AsBefore,
        scopes: Vec::new(),
    };
    let beginning = bot.app.keys.begin_add(&caller, choices);
    match find_before_form(beginning).await {
        Ok(form) => {
            bot.rest
                .open_modal(
                    &handle,
                    &words::keys::add_form(voice, &form, KeyPlace::Reply),
                )
                .await
        }
        Err(error) => bot.rest.reply(&handle, &explain_error(voice, &error)).await,
    }
}
