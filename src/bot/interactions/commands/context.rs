//! A command as poise hands it over, and who runs it.

use std::sync::Arc;

use crate::bot::Bot;
use crate::bot::callers::raw_caller::RawCaller;
use crate::model::Caller;

pub type Command = poise::Command<Arc<Bot>, anyhow::Error>;
pub type Context<'a> = poise::ApplicationContext<'a, Arc<Bot>, anyhow::Error>;

/// Who runs a command, or types one that is to be completed.
pub async fn caller_of(ctx: Context<'_>) -> Caller {
    let raw = RawCaller::from_command(ctx.interaction);
    ctx.framework.user_data.complete_caller(raw).await
}
