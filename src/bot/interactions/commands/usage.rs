//! `/usage`.

use crate::app::{PeriodChoice, UsageScope};
use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;

/// How far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poise::ChoiceParameter)]
pub enum DaysChoice {
    #[name = "today"]
    Today,
    #[name = "7 days"]
    Week,
    #[name = "30 days"]
    Month,
    #[name = "365 days"]
    Year,
}

/// Whose usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poise::ChoiceParameter)]
pub enum UsageScopeChoice {
    #[name = "user"]
    User,
    #[name = "guild"]
    Guild,
    #[name = "bot"]
    Bot,
}

/// What was used and what it cost, with a chart and a table.
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn usage(
    ctx: Context<'_>,
    #[description = "How far back; left out, 30 days"] period: Option<DaysChoice>,
    #[description = "user: yours; guild: this server's key, for managers; bot: for the bot's operator"]
    scope: Option<UsageScopeChoice>,
) -> anyhow::Result<()> {
    let days = match period {
        Some(DaysChoice::Today) => 1,
        Some(DaysChoice::Week) => 7,
        Some(DaysChoice::Month) | None => 30,
        Some(DaysChoice::Year) => 365,
    };
    let scope = match scope {
        Some(UsageScopeChoice::User) | None => UsageScope::User,
        Some(UsageScopeChoice::Guild) => UsageScope::Guild,
        Some(UsageScopeChoice::Bot) => UsageScope::Bot,
    };
    reply_privately(ctx, async |app, caller, voice| {
        let period = app.quotas.period(PeriodChoice::LastDays(days), None)?;
        let report = app.quotas.report_usage(caller, scope, period.by_days());
        let report = report.await?;
        Ok(words::usage::report(voice, report).await?)
    })
    .await
}
