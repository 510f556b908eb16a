//! `/keys …`: everything about stored keys. Every answer is ephemeral.

mod add;
mod list;
mod pause;
mod remove;
mod resume;
mod status;
mod test;

use serenity::all::{CreateAutocompleteResponse, ResolvedValue};

use crate::bot::interactions::commands::choices;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::model::{ProviderId, Scope};

/// Your AI keys, and this server's.
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel",
    subcommands(
        "add::add",
        "list::list",
        "remove::remove",
        "test::test",
        "pause::pause",
        "resume::resume",
        "status::status"
    )
)]
#[expect(clippy::unused_async, reason = "poise awaits it")]
pub async fn keys(_: Context<'_>) -> anyhow::Result<()> {
    // Discord sends only the subcommands.
    Ok(())
}

/// Completes any provider.
async fn complete_any(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    choices(named(ctx, |_| true), partial)
}

/// Completes providers that the chosen scope has a key for.
async fn complete_stored(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    let app = &ctx.framework.user_data.app;
    let caller = caller_of(ctx).await;
    // Completion is a convenience: when the database is away, there is none.
    let stored = app
        .providers_with_keys(&caller, scope_so_far(ctx))
        .await
        .unwrap_or_default();
    choices(named(ctx, |id| stored.contains(id)), partial)
}

/// The scope option as far as it has been filled in.
fn scope_so_far(ctx: Context<'_>) -> Scope {
    let chosen = ctx
        .args
        .iter()
        .find_map(|option| match (option.name, &option.value) {
            ("scope", ResolvedValue::String(word)) => Scope::parse(word),
            ("scope", ResolvedValue::Integer(1)) => Some(Scope::Guild),
            _ => None,
        });
    chosen.unwrap_or(Scope::User)
}

fn named(ctx: Context<'_>, keep: impl Fn(&ProviderId) -> bool) -> Vec<(String, String)> {
    let catalogue = ctx.framework.user_data.app.catalogue();
    let kept = catalogue.iter().filter(|provider| keep(&provider.id));
    kept.map(|provider| (provider.name.clone(), provider.id.to_string()))
        .collect()
}
