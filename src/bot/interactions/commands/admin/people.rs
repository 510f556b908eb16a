//! `/admin tier`, and stopping people, servers and everybody.

use serenity::all::{CreateAutocompleteResponse, PartialChannel, Role, User};

use crate::app::parse_duration;
use crate::bot::interactions::commands::admin::server_names;
use crate::bot::interactions::commands::admin::target::parse_stopped;
use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::commands::options::block_target::block_target;
use crate::bot::interactions::commands::options::suggestions::suggest_texts;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;
use crate::model::{
    BlockTarget, Blocked, Caller, Contradiction, DurationOf, PersonId, QuotaRefusal, ServerId,
};

/// Give somebody a tier by hand, or take it back.
#[poise::command(slash_command)]
pub async fn tier(
    ctx: Context<'_>,
    #[description = "Who"] user: User,
    #[description = "Which; left out, it is taken back"]
    #[autocomplete = "complete_tier"]
    tier: Option<String>,
    #[description = "For how long, such as 30d; left out, for good"] during: Option<String>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let during = parse_duration(during.as_deref(), DurationOf::Tier)?;
        if tier.is_none() && during.is_some() {
            return Err(QuotaRefusal::Contradiction(Contradiction::DurationWithoutTier).into());
        }
        let person = PersonId(user.id.get());
        let until = app
            .people
            .give_tier(caller, person, tier.as_deref(), during)
            .await?;
        Ok(words::quotas::tier_given(
            voice,
            person,
            tier.as_deref(),
            until,
        ))
    })
    .await
}

/// Stop a person, a role or a channel from asking.
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
        let whom = block_target(user.as_ref(), role.as_ref(), channel.as_ref())?;
        let whom = anywhere(caller, whom);
        let until = app.people.block(caller, whom, during).await?;
        Ok(words::quotas::blocked(voice, caller, (whom, until)))
    })
    .await
}

/// Let a person, a role or a channel ask again.
#[poise::command(slash_command)]
pub async fn unblock(
    ctx: Context<'_>,
    #[description = "A person"] user: Option<User>,
    #[description = "Everybody with this role"] role: Option<Role>,
    #[description = "Everybody in this channel"] channel: Option<PartialChannel>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let whom = block_target(user.as_ref(), role.as_ref(), channel.as_ref())?;
        let whom = anywhere(caller, whom);
        let was = app.people.unblock(caller, whom).await?;
        Ok(words::quotas::was_unblocked(voice, whom, was))
    })
    .await
}

/// The kill switch: no asks in a server, or anywhere.
#[poise::command(slash_command)]
pub async fn stop(
    ctx: Context<'_>,
    #[description = "A server's id; left out, everybody"] server: Option<String>,
    #[description = "For how long, such as 30m, 12h, 7d; left out, until you resume"]
    during: Option<String>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let typed = during.as_deref().map(str::trim);
        let during = parse_duration(typed, DurationOf::Block)?;
        let whom = parse_stopped(server.as_deref())?;
        if whom == Blocked::Everyone {
            let button = app.people.begin_stop(caller, during).await?;
            return Ok(words::quotas::confirm_stop(voice, button, typed));
        }
        let until = app.people.block(caller, whom, during).await?;
        let names = server_names(ctx.framework.user_data, std::iter::once(whom)).await;
        Ok(words::quotas::was_blocked(
            voice.naming(&names),
            whom,
            until,
        ))
    })
    .await
}

/// Undo the kill switch.
#[poise::command(slash_command)]
pub async fn resume(
    ctx: Context<'_>,
    #[description = "A server's id; left out, everybody"] server: Option<String>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let whom = parse_stopped(server.as_deref())?;
        let was = app.people.unblock(caller, whom).await?;
        let view = app.people.operators_view(caller).await?;
        let blocks = view.rules.blocks.iter().map(|set| set.whom);
        let all = blocks.clone().chain(std::iter::once(whom));
        let names = server_names(ctx.framework.user_data, all).await;
        let voice = voice.naming(&names);
        let card = words::quotas::was_unblocked(voice, whom, was);
        Ok(words::quotas::with_still_stopped(voice, card, blocks))
    })
    .await
}

/// Whom the operator stops. The role that everybody in a server has is in
/// nobody's list of roles: it is the server.
fn anywhere(caller: &Caller, whom: BlockTarget) -> Blocked {
    match whom {
        BlockTarget::Person(person) => Blocked::Person(person),
        BlockTarget::Role(role) if caller.place.server() == Some(ServerId(role)) => {
            Blocked::Server(ServerId(role))
        }
        BlockTarget::Role(role) => Blocked::Role(role),
        BlockTarget::Channel(channel) => Blocked::Channel(channel),
    }
}

#[expect(clippy::unused_async, reason = "poise awaits it")]
async fn complete_tier(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let app = &ctx.framework.user_data.app;
    suggest_texts(app.people.tier_names(), typed)
}
