//! `/help`.

use crate::bot::Bot;
use crate::bot::interactions::commands::context::Context;
use crate::bot::interactions::private_reply::reply_privately;
use crate::bot::words;
use crate::bot::words::help::Usable;
use crate::model::{Caller, Place};

/// What I do, and the commands that you can use here
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn help(ctx: Context<'_>) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    reply_privately(ctx, async |_, caller, voice| {
        let usable = find_usable(bot, caller);
        Ok(words::help::help(voice, &bot.command_links, usable))
    })
    .await
}

/// What a caller can use where they are.
fn find_usable(bot: &Bot, caller: &Caller) -> Usable {
    let is_in_server = matches!(caller.place, Place::Server(_));
    Usable {
        pictures: bot.app.pictures.are_made(),
        hears: match (caller.place, caller.channel) {
            (Place::Server(server), Some(channel)) => {
                bot.channel_access.may_write_in(server.0, channel)
            }
            (Place::Server(_) | Place::Direct, _) => true,
            (Place::VisitedServer(_), _) => false,
        },
        summaries: match caller.place {
            Place::Server(_) => bot.reads_messages,
            Place::Direct => true,
            Place::VisitedServer(_) => false,
        },
        tokens: bot.app.gateway_url().is_some(),
        manager: is_in_server && caller.manages_server,
        operator: bot.app.people.require_operator(caller).is_ok(),
    }
}
