//! `/forget`.

use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::conversation::channel_kinds::ChannelKind;
use crate::bot::explain_error;
use crate::bot::interactions::commands::context::Context;
use crate::bot::words;
use crate::model::{ConversationRefusal, Place};

/// Start this conversation afresh: I stop reading what was said here before
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn forget(ctx: Context<'_>) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let handle = InteractionHandle::from(ctx.interaction);
    let caller = RawCaller::from_command(ctx.interaction);
    let voice = bot.voice(&ctx.interaction.locale);
    let channel = ctx.interaction.channel_id.get();
    let remembers = match caller.place {
        Place::Direct => true,
        Place::VisitedServer(_) => false,
        Place::Server(_) => {
            let room = bot.channel_kinds.kind_of(&bot.rest, channel).await;
            let Ok(room) =
                room.inspect_err(|error| tracing::info!("could not read a channel: {error:#}"))
            else {
                let unread = ConversationRefusal::DiscordUnread.into();
                return bot
                    .rest
                    .reply(&handle, &explain_error(voice, &unread))
                    .await;
            };
            matches!(room, ChannelKind::Thread { .. })
        }
    };
    if !remembers {
        return bot
            .rest
            .reply(&handle, &words::answers::nothing_to_forget(voice))
            .await;
    }
    // Ids grow with time, so everything before this command is below it.
    let mark = ctx.interaction.id.get();
    let card = match bot
        .app
        .asks
        .forget_conversation(caller.person, channel, mark)
        .await
    {
        Ok(()) => words::answers::forgotten(voice),
        Err(error) => explain_error(voice, &error),
    };
    bot.rest.reply(&handle, &card).await
}
