//! `/admin limit` and `/admin unlimit`: what the bot default may be used
//! for, beside the tiers.

use serenity::all::User;

use crate::app::LimitSubject;
use crate::bot::interactions::commands::admin::server_names;
use crate::bot::interactions::commands::admin::target::parse_target;
use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::commands::options::amounts::{
    MetricChoice, PeriodChoice, WindowChoice, chosen_limit, chosen_limits,
};
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;
use crate::model::Blocked;

/// Limit what the bot default pays: for everybody together, a server, or a person.
#[poise::command(slash_command)]
pub async fn limit(
    ctx: Context<'_>,
    #[description = "What to limit"] what: MetricChoice,
    #[description = "How much: a whole number, or dollars such as 4.50"] amount: f64,
    #[description = "Over how long"] per: PeriodChoice,
    #[description = "This person; left out, everybody together"] user: Option<User>,
    #[description = "This server, by its id"] server: Option<String>,
    #[description = "calendar: begins anew each day, week, month (default); rolling: the last 24 hours, …"]
    window: Option<WindowChoice>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let whom = parse_target(user.as_ref(), server.as_deref())?;
        let limit = chosen_limit(what, amount, per, window)?;
        app.people.set_operators_limit(caller, whom, limit).await?;
        let rules = app.people.operators_view(caller).await?;
        let counted = rules.used_of(whom, limit);
        let server = match whom {
            LimitSubject::Server(server) => Some(Blocked::Server(server)),
            LimitSubject::Everyone | LimitSubject::Person(_) => None,
        };
        let names = server_names(ctx.framework.user_data, server.into_iter()).await;
        let voice = voice.naming(&names);
        Ok(words::quotas::operators_limit_set(
            voice, whom, limit, counted,
        ))
    })
    .await
}

/// Clear such limits.
#[poise::command(slash_command)]
pub async fn unlimit(
    ctx: Context<'_>,
    #[description = "Only limits on this"] what: Option<MetricChoice>,
    #[description = "This person's; left out, everybody's"] user: Option<User>,
    #[description = "This server's, by its id"] server: Option<String>,
    #[description = "Only limits over this time"] per: Option<PeriodChoice>,
    #[description = "Only limits that are counted so"] window: Option<WindowChoice>,
) -> anyhow::Result<()> {
    reply_privately(ctx, async |app, caller, voice| {
        let whom = parse_target(user.as_ref(), server.as_deref())?;
        let chosen = chosen_limits(None, what, per, window);
        let people = &app.people;
        let cleared = people.clear_operators_limits(caller, whom, chosen).await?;
        Ok(words::quotas::limits_cleared(voice, &cleared))
    })
    .await
}
