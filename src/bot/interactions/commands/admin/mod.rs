//! `/admin …`: what the operator's listed people may do.

mod limit;
mod people;

use serenity::all::User;

use crate::app::Whom;
use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::private_reply;
use crate::bot::words;
use crate::model::{PersonId, QuotaRefusal, Refusal, ServerId};

/// For the people whom the bot's operator listed.
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel",
    default_member_permissions = "ADMINISTRATOR",
    subcommands(
        "show",
        "people::tier",
        "people::block",
        "people::unblock",
        "people::stop",
        "people::resume",
        "limit::limit",
        "limit::unlimit"
    )
)]
#[expect(clippy::unused_async, reason = "poise awaits it")]
pub async fn admin(_: Context<'_>) -> anyhow::Result<()> {
    // Discord sends only the subcommands.
    Ok(())
}

/// Everything that is set: limits on the bot default, blocks, tiers.
#[poise::command(slash_command)]
pub async fn show(ctx: Context<'_>) -> anyhow::Result<()> {
    private_reply::answer(ctx, async |app, caller, voice| {
        let view = app.operators_view(caller).await?;
        Ok(words::operators_view(voice, &view))
    })
    .await
}

/// Whom an option means: a person, a server by its id, or everybody.
fn whom(user: Option<&User>, server: Option<&str>) -> Result<Whom, Refusal> {
    match (user, server.map(str::trim)) {
        (Some(user), _) => Ok(Whom::Person(PersonId(user.id.get()))),
        (None, Some(id)) => id
            .parse()
            .map(|id| Whom::Server(ServerId(id)))
            .map_err(|_| Refusal::Quota(QuotaRefusal::BadServer)),
        (None, None) => Ok(Whom::Everyone),
    }
}
