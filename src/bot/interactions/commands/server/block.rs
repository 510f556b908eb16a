//! `/server block`, `/server unblock` and `/server blocks`.

use serenity::all::{PartialChannel, Role, User};

use crate::app::parse_duration;
use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::commands::options::block_target::block_target;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;
use crate::model::DurationOf;

/// Stop a person, a role or a channel from asking in this server.
#[poise::command(slash_command)]
pub async fn block(
    ctx: Context<'_>,
    #[description = "A person"] user: Option<User>,
    #[description = "Everybody with this role"] role: Option<Role>,
    #[description = "Everybody in this channel"] channel: Option<PartialChannel>,
    #[description = "For how long, such as 30m, 12h, 7d; left out, until you lift it"]
    during: Option<String>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let during = parse_duration(during.as_deref(), DurationOf::Block)?;
        let inside = block_target(user.as_ref(), role.as_ref(), channel.as_ref())?;
        let done = app.people.block_here(caller, inside, during).await?;
        Ok(words::quotas::blocked(voice, caller, done))
    })
    .await
}

/// Let a person, a role or a channel ask again in this server.
#[poise::command(slash_command)]
pub async fn unblock(
    ctx: Context<'_>,
    #[description = "A person"] user: Option<User>,
    #[description = "Everybody with this role"] role: Option<Role>,
    #[description = "Everybody in this channel"] channel: Option<PartialChannel>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let inside = block_target(user.as_ref(), role.as_ref(), channel.as_ref())?;
        let (whom, was) = app.people.unblock_here(caller, inside).await?;
        Ok(words::quotas::was_unblocked(voice, whom, was))
    })
    .await
}

/// List whom this server has stopped from asking.
#[poise::command(slash_command, rename = "blocks")]
pub async fn list(ctx: Context<'_>) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let blocks = app.people.blocks_here(caller).await?;
        Ok(words::quotas::server_blocks(voice, &blocks))
    })
    .await
}
