//! What is offered while a provider is typed.

use serenity::all::{CreateAutocompleteResponse, ResolvedValue};

use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::interactions::commands::options::suggestions::suggest;
use crate::model::{ProviderId, Scope};

/// Completes any provider.
pub async fn complete_any(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    suggest(provider_names(ctx, |_| true), typed)
}

/// Completes providers that the chosen scope has a key for.
pub async fn complete_stored(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let app = &ctx.framework.user_data.app;
    let caller = caller_of(ctx).await;
    // Completion is a convenience: when the database is away, there is none.
    let stored = app
        .keys
        .list_providers(&caller, scope_so_far(ctx))
        .await
        .unwrap_or_default();
    suggest(provider_names(ctx, |id| stored.contains(id)), typed)
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

fn provider_names(ctx: Context<'_>, keep: impl Fn(&ProviderId) -> bool) -> Vec<(String, String)> {
    let providers = ctx.framework.user_data.app.providers();
    let kept = providers.iter().filter(|provider| keep(provider.id()));
    kept.map(|provider| (provider.name().to_owned(), provider.id().to_string()))
        .collect()
}
