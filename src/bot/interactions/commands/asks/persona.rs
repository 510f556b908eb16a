//! `/persona`: as what the model answers.

use serenity::all::CreateAutocompleteResponse;

use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::commands::options::audience::AudienceChoice;
use crate::bot::interactions::commands::options::suggestions::suggest;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;
use crate::model::ChoiceKind;

/// Choose a persona: what the model is told it is
#[poise::command(
    slash_command,
    subcommands("list", "set", "reset"),
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
#[expect(clippy::unused_async, reason = "a group of commands is never run")]
pub async fn persona(_: Context<'_>) -> anyhow::Result<()> {
    Ok(())
}

/// List the personas, and the one that is chosen here
#[poise::command(slash_command)]
async fn list(ctx: Context<'_>) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let chosen = app.asks.list_choices(caller).await?;
        let all = app.asks.personas().iter();
        Ok(words::choices::personas(voice, all, &chosen))
    })
    .await
}

/// Choose a persona
#[poise::command(slash_command)]
async fn set(
    ctx: Context<'_>,
    #[description = "The persona"]
    #[autocomplete = "complete_persona"]
    #[max_length = 40]
    name: String,
    #[description = "For whom; everybody else's choice needs Manage Server"]
    #[rename = "for"]
    whom: Option<AudienceChoice>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let scope = whom.unwrap_or(AudienceChoice::Me).scope(caller)?;
        let name = app.asks.choose_persona(caller, scope, &name).await?;
        Ok(words::choices::chosen(
            voice,
            ChoiceKind::Persona,
            scope,
            &name,
        ))
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
            .reset_choice(caller, scope, ChoiceKind::Persona)
            .await?;
        Ok(words::choices::reset(voice, ChoiceKind::Persona, scope))
    })
    .await
}

/// Offers the personas that no command uses, with what each does.
pub async fn complete_persona(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let all = ctx.framework.user_data.app.asks.offered_personas(None);
    let all = all.map(|it| (format!("{}: {}", it.name, it.description), it.name.clone()));
    suggest(all, typed)
}
