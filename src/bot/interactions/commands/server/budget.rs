//! `/server budget …`: what this server's key may be used for.

use serenity::all::Role;

use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::commands::options::amounts::{
    MetricChoice, PeriodChoice, WindowChoice, chosen_limit, chosen_limits,
};
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;
use crate::model::{Bound, Contradiction, QuotaRefusal, Refusal};

/// Whose use a limit bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poise::ChoiceParameter)]
pub enum WhoChoice {
    #[name = "everybody together"]
    Together,
    #[name = "each member"]
    Member,
}

/// Limits on this server's key.
#[poise::command(slash_command, subcommands("set", "show", "clear", "exempt"))]
#[expect(clippy::unused_async, reason = "poise awaits it")]
pub async fn budget(_: Context<'_>) -> anyhow::Result<()> {
    // Discord sends only the subcommands.
    Ok(())
}

/// Set a limit, in place of the one for the same period.
#[poise::command(slash_command)]
pub async fn set(
    ctx: Context<'_>,
    #[description = "What to limit"] what: MetricChoice,
    #[description = "How much: a whole number, or dollars such as 4.50"] amount: f64,
    #[description = "Over how long"] per: PeriodChoice,
    #[description = "Whom; left out, everybody together"] who: Option<WhoChoice>,
    #[description = "Each member with this role, in place of the limit for each member"]
    role: Option<Role>,
    #[description = "calendar: begins anew each day, week, month (default); rolling: the last 24 hours, …"]
    window: Option<WindowChoice>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let bound = bound(who, role.as_ref())?.unwrap_or(Bound::ServerKey);
        let limit = chosen_limit(what, amount, per, window)?;
        app.quotas.set_budget(caller, bound, limit).await?;
        let budget = app.quotas.read_budget(caller).await?;
        Ok(words::quotas::budget_set(voice, (bound, limit), &budget))
    })
    .await
}

/// Show the limits, and what is used of them.
#[poise::command(slash_command)]
pub async fn show(ctx: Context<'_>) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let budget = app.quotas.read_budget(caller).await?;
        Ok(words::quotas::budget(voice, &budget))
    })
    .await
}

/// Clear limits: those that you name, or all, after asking.
#[poise::command(slash_command)]
pub async fn clear(
    ctx: Context<'_>,
    #[description = "Only limits on this"] what: Option<MetricChoice>,
    #[description = "Only limits on these"] who: Option<WhoChoice>,
    #[description = "Only limits on this role"] role: Option<Role>,
    #[description = "Only limits over this time"] per: Option<PeriodChoice>,
    #[description = "Only limits that are counted so"] window: Option<WindowChoice>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let bound = bound(who, role.as_ref())?;
        let chosen = chosen_limits(bound, what, per, window);
        if chosen.is_all() {
            let (button, limits) = app.quotas.begin_clear_budget(caller).await?;
            return Ok(words::quotas::confirm_clearing(voice, button, &limits));
        }
        let cleared = app.quotas.clear_budget(caller, chosen).await?;
        Ok(words::quotas::limits_cleared(voice, &cleared))
    })
    .await
}

/// Free a role from the limits on members, or bind it again.
#[poise::command(slash_command)]
pub async fn exempt(
    ctx: Context<'_>,
    #[description = "The role"] role: Role,
    #[description = "False: its members are bound again"] exempt: bool,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        app.quotas
            .exempt_role(caller, role.id.get(), exempt)
            .await?;
        Ok(words::quotas::role_exempted(voice, role.id.get(), exempt))
    })
    .await
}

fn bound(who: Option<WhoChoice>, role: Option<&Role>) -> Result<Option<Bound>, Refusal> {
    Ok(match (role, who) {
        (Some(_), Some(WhoChoice::Together)) => {
            return Err(QuotaRefusal::Contradiction(Contradiction::RoleAndTogether).into());
        }
        (Some(role), _) => Some(Bound::Role(role.id.get())),
        (None, Some(WhoChoice::Member)) => Some(Bound::Member),
        (None, Some(WhoChoice::Together)) => Some(Bound::ServerKey),
        (None, None) => None,
    })
}
