//! `/server …`: what managers settle for their server.

mod block;
mod budget;
mod previews;

use crate::bot::interactions::commands::context::Context;

/// Settings of this server, for whoever manages it.
#[poise::command(
    slash_command,
    install_context = "Guild",
    interaction_context = "Guild",
    default_member_permissions = "MANAGE_GUILD",
    subcommands(
        "budget::budget",
        "block::block",
        "block::unblock",
        "block::list",
        "previews::previews"
    )
)]
#[expect(clippy::unused_async, reason = "poise awaits it")]
pub async fn server(_: Context<'_>) -> anyhow::Result<()> {
    // Discord sends only the subcommands.
    Ok(())
}
