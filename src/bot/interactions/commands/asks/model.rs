//! `/model`: which model answers.

use serenity::all::{CreateAutocompleteResponse, ResolvedValue};

use crate::app::{Error, ModelChoice};
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::interactions::commands::options::audience::AudienceChoice;
use crate::bot::interactions::commands::options::suggestions::suggest;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;
use crate::bot::words::choices::UsableModels;
use crate::model::ChoiceKind;

/// Choose the model that answers you, this channel or this server
#[poise::command(
    slash_command,
    subcommands("show", "set", "reset"),
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
#[expect(clippy::unused_async, reason = "a group of commands is never run")]
pub async fn model(_: Context<'_>) -> anyhow::Result<()> {
    Ok(())
}

/// Show which models are chosen here, and which you can use
#[poise::command(slash_command)]
async fn show(ctx: Context<'_>) -> anyhow::Result<()> {
    let app = std::sync::Arc::clone(&ctx.framework.user_data.app);
    reply_privately(ctx, async |_, caller, voice| {
        let chosen = app.asks.list_choices(caller).await?;
        let usable = match app.asks.refuse_blocked(caller).await {
            Ok(()) => Ok(UsableModels {
                models: app.asks.list_models(caller).await?,
                partial: app.asks.read_status(caller, None).await?.partial(),
            }),
            Err(Error::Refused(blocked)) => Err(blocked),
            Err(failed) => return Err(failed),
        };
        Ok(words::choices::models(voice, &chosen, usable))
    })
    .await
}

/// Choose a model
#[poise::command(slash_command)]
async fn set(
    ctx: Context<'_>,
    #[description = "The model, as provider/model"]
    #[autocomplete = "complete_model"]
    #[max_length = 200]
    model: String,
    #[description = "For whom; everybody else's choice needs Manage Server"]
    #[rename = "for"]
    whom: Option<AudienceChoice>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let scope = whom.unwrap_or(AudienceChoice::Me).scope(caller)?;
        let chosen = app.asks.choose_model(caller, scope, &model).await?;
        Ok(words::choices::chosen_model(voice, scope, &chosen))
    })
    .await
}

/// Take a choice back
#[poise::command(slash_command)]
async fn reset(
    ctx: Context<'_>,
    #[description = "For whom; everybody else's choice needs Manage Server"]
    #[rename = "for"]
    whom: Option<AudienceChoice>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let scope = whom.unwrap_or(AudienceChoice::Me).scope(caller)?;
        app.asks
            .reset_choice(caller, scope, ChoiceKind::Model)
            .await?;
        Ok(words::choices::reset(voice, ChoiceKind::Model, scope))
    })
    .await
}

/// Offers the models that the keys present here can use: of the provider that
/// is named already, if one is.
pub async fn complete_model(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = ctx.framework.user_data;
    let caller = caller_of(ctx).await;
    // Nothing to offer is no reason to fail.
    let models = bot.app.asks.list_models(&caller).await.unwrap_or_default();
    let voice = bot.voice(&ctx.interaction.locale);
    let provider = typed_option(ctx, "provider");
    let provider = provider.and_then(|typed| voice.providers.find(typed));
    let fits = |model: &&ModelChoice| provider.is_none_or(|it| *it.id() == model.provider);
    let all = models.iter().filter(fits).map(|model| {
        let full = voice.providers.full_name(model);
        (words::choices::model_name(voice, model), full)
    });
    suggest(all, typed)
}

/// What stands in another option of the command that is being typed.
fn typed_option<'a>(ctx: Context<'a>, name: &str) -> Option<&'a str> {
    let option = ctx.args.iter().find(|option| option.name == name)?;
    match option.value {
        ResolvedValue::String(typed) => Some(typed),
        _ => None,
    }
}
