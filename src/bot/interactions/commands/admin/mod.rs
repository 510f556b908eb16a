//! `/admin …`: what the operator's listed people may do.

mod limit;
mod people;
mod target;

use crate::app::MemberDirectory;
use crate::bot::Bot;
use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words::{self, KnownServers};
use crate::model::{Blocked, Bound, ServerId};

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

/// Everything that is set: limits on the bot default, blocks, tiers; and its keys.
#[poise::command(slash_command)]
pub async fn show(ctx: Context<'_>) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let view = app.people.operators_view(caller).await?;
        let keys = app.keys.list_system(caller).await?;
        let blocked = view.rules.blocks.iter().map(|block| block.whom);
        let limited = view.rules.limits.iter();
        let limited = limited.filter(|(_, set)| set.bound == Bound::BotInServer);
        let limited = limited.map(|(subject, _)| Blocked::Server(ServerId(*subject)));
        let names = server_names(ctx.framework.user_data, blocked.chain(limited)).await;
        Ok(words::quotas::operators_view(
            voice.naming(&names),
            &view,
            &keys,
            app.now_ms(),
        ))
    })
    .await
}

/// What the servers are called that are stopped or limited.
async fn server_names(bot: &Bot, whom: impl Iterator<Item = Blocked>) -> KnownServers {
    let mut names = KnownServers::new();
    for whom in whom {
        if let Blocked::Server(server) = whom
            && let Some(name) = MemberDirectory::server_name(bot, server).await
        {
            names.insert(server, name);
        }
    }
    names
}
