//! `/keys …`: everything about stored keys. Every answer is ephemeral.

mod add;
mod completion;
mod import;
mod list;
mod pause;
mod remove;
mod resume;
mod status;
mod test;

use crate::bot::interactions::commands::context::Context;

/// Your AI keys, and this server's.
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel",
    subcommands(
        "add::add",
        "import::import",
        "list::list",
        "remove::remove",
        "test::test",
        "pause::pause",
        "resume::resume",
        "status::status"
    )
)]
#[expect(clippy::unused_async, reason = "poise awaits it")]
pub async fn keys(_: Context<'_>) -> anyhow::Result<()> {
    // Discord sends only the subcommands.
    Ok(())
}
