//! `/token …`: tokens with which programs use one's keys.

use serenity::all::CreateAutocompleteResponse;

use crate::app::parse_duration;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::interactions::commands::options::suggestions::{suggest, suggest_texts};
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;
use crate::model::{AccessRefusal, DurationOf, Scopes, TokenRefusal};

/// Tokens for programs that use your keys.
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel",
    subcommands("create", "list", "revoke")
)]
#[expect(clippy::unused_async, reason = "poise awaits it")]
pub async fn token(_: Context<'_>) -> anyhow::Result<()> {
    // Discord sends only the subcommands.
    Ok(())
}

/// Make a token, shown once.
#[poise::command(slash_command)]
pub async fn create(
    ctx: Context<'_>,
    #[description = "What you call it, such as laptop"]
    #[max_length = 40]
    name: Option<String>,
    #[description = "How long it works, such as 30d; left out, 90 days"] expires: Option<String>,
    #[description = "What it may do: chat keys:read keys:write usage:read; left out, chat"]
    #[autocomplete = "complete_scopes"]
    scopes: Option<String>,
    #[description = "Whether this server's keys may pay, and be managed if you manage the server"]
    here: Option<bool>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let mut scopes = match scopes.as_deref() {
            None => Scopes::CHAT,
            Some(typed) => Scopes::parse(typed).ok_or(TokenRefusal::BadScopes)?,
        };
        if here == Some(true) {
            scopes.server = Some(caller.place.server().ok_or(AccessRefusal::NeedsServer)?);
        }
        let lasts = parse_duration(expires.as_deref(), DurationOf::Token)?;
        let (token, secret) = app
            .people
            .create_token(caller, name.as_deref(), lasts, scopes)
            .await?;
        Ok(words::tokens::created(
            voice,
            &token,
            &secret,
            app.gateway_url(),
        ))
    })
    .await
}

/// Your tokens, never shown again.
#[poise::command(slash_command)]
pub async fn list(ctx: Context<'_>) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let tokens = app.people.list_tokens(caller).await?;
        Ok(words::tokens::list(voice, &tokens, app.now_ms()))
    })
    .await
}

/// End a token now.
#[poise::command(slash_command)]
pub async fn revoke(
    ctx: Context<'_>,
    #[description = "Which"]
    #[autocomplete = "complete_token"]
    token: String,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let revoked = app.people.revoke_token(caller, &token).await?;
        Ok(words::tokens::revoked(voice, &revoked))
    })
    .await
}

/// Offers what programs usually need.
#[expect(clippy::unused_async, reason = "poise awaits it")]
async fn complete_scopes(_: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let usual = [
        "chat",
        "chat usage:read",
        "chat keys:read usage:read",
        "chat keys:read keys:write usage:read",
    ];
    suggest_texts(usual, typed)
}

async fn complete_token(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let caller = caller_of(ctx).await;
    // Completion is a convenience: when the database is away, there is none.
    let tokens = ctx
        .framework
        .user_data
        .app
        .people
        .list_tokens(&caller)
        .await
        .unwrap_or_default();
    let named = tokens.into_iter().map(|token| {
        let id = token.id.to_string();
        let label = token
            .name
            .map_or_else(|| id.clone(), |name| format!("{name} ({id})"));
        (label, id)
    });
    suggest(named, typed)
}
