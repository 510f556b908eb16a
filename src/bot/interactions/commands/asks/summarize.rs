//! `/summarize`: what was said in a channel.

use std::time::Duration;

use serenity::all::{CommandInteraction, Message, Permissions};

use crate::app::parse_duration;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::channel_calls::PAGE_MAX;
use crate::bot::connection::calls::interaction_calls::{InteractionHandle, ORIGINAL};
use crate::bot::connection::calls::rest::is_gone;
use crate::bot::conversation::heard_files::HeardFiles;
use crate::bot::conversation::turns::{Conversation, indent_lines};
use crate::bot::conversation::utterance::{Utterance, read_utterances};
use crate::bot::interactions::commands::asks::private_ask::ask_privately;
use crate::bot::interactions::commands::context::Context;
use crate::bot::{Bot, explain_error};
use crate::model::{ConversationRefusal, DurationOf, Place, Refusal, Role, Turn, snowflake};

/// How many messages are read where nobody says how many.
const MESSAGES: u32 = 50;

/// Summarize what was said in this channel, for your eyes only
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn summarize(
    ctx: Context<'_>,
    #[description = "How many messages to read back, up to 300; 50 if left out"]
    #[min = 2]
    #[max = 300]
    messages: Option<u32>,
    #[description = "How far back, such as 30m, 12h, 7d"]
    #[max_length = 20]
    since: Option<String>,
) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let since = may_read(bot, ctx.interaction)
        .and_then(|()| parse_duration(since.as_deref(), DurationOf::LookBack));
    let handle = InteractionHandle::from(ctx.interaction);
    let since = match since {
        Ok(since) => since,
        Err(refusal) => {
            let card = explain_error(bot.voice(&ctx.interaction.locale), &refusal.into());
            return bot.rest.reply(&handle, &card).await;
        }
    };
    // Reading may take longer than Discord waits.
    bot.rest.defer_ephemeral(&handle).await?;
    let most = messages.unwrap_or(if since.is_some() { 300 } else { MESSAGES });
    let mut messages = match read_back(bot, ctx.interaction, most, since).await {
        Ok(messages) => messages,
        Err(error) => {
            let refusal = reading_refusal(ctx.interaction, &error);
            let card = explain_error(bot.voice(&ctx.interaction.locale), &refusal.into());
            return bot.rest.edit(&handle, ORIGINAL, &card).await.map(drop);
        }
    };
    // Discord does not name the server of messages that are asked for.
    for message in &mut messages {
        message.guild_id = ctx.interaction.guild_id;
    }
    let conversation = turns_to_summarize(bot, &messages).await;
    ask_privately(ctx, "summarizer", conversation, Vec::new()).await
}

/// The channel's history is for whoever can read it, and the bot must be
/// able to as well.
fn may_read(bot: &Bot, interaction: &CommandInteraction) -> Result<(), Refusal> {
    let place = RawCaller::from_command(interaction).place;
    if let Place::VisitedServer(_) = place {
        return Err(Refusal::Conversation(ConversationRefusal::NotInThisServer));
    }
    if place == Place::Direct {
        return Ok(());
    }
    let needed = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
    let theirs = interaction
        .member
        .as_ref()
        .and_then(|member| member.permissions);
    let ours = interaction.app_permissions;
    if !theirs.is_some_and(|all| all.contains(needed)) {
        return Err(Refusal::Conversation(ConversationRefusal::MayNotReadHere));
    }
    if !ours.is_some_and(|all| all.contains(needed)) {
        return Err(Refusal::Conversation(
            ConversationRefusal::BotMayNotReadHere,
        ));
    }
    if !bot.reads_messages {
        return Err(Refusal::Conversation(ConversationRefusal::BotReadsNothing));
    }
    Ok(())
}

/// The newest messages before the command, oldest first.
async fn read_back(
    bot: &Bot,
    interaction: &CommandInteraction,
    most: u32,
    since: Option<Duration>,
) -> anyhow::Result<Vec<Message>> {
    let channel = interaction.channel_id.get();
    let most = usize::try_from(most).unwrap_or(PAGE_MAX);
    let oldest = since.map_or(0, |since| snowflake::id_before(interaction.id.get(), since));
    let mut all: Vec<Message> = Vec::new();
    let mut before = interaction.id.get();
    while all.len() < most {
        let wanted = (most - all.len()).min(PAGE_MAX);
        let mut page = bot.rest.messages_before(channel, before, wanted).await?;
        let is_last = page.len() < wanted;
        page.retain(|message| message.id.get() >= oldest);
        let Some(first) = page.first() else { break };
        before = first.id.get();
        all.splice(0..0, page);
        if is_last {
            break;
        }
    }
    Ok(all)
}

/// Why the channel could not be read.
fn reading_refusal(interaction: &CommandInteraction, error: &anyhow::Error) -> ConversationRefusal {
    tracing::info!("could not read a channel back: {error:#}");
    if !is_gone(error) {
        return ConversationRefusal::DiscordUnread;
    }
    match RawCaller::from_command(interaction).place {
        Place::Direct => ConversationRefusal::NotInThisConversation,
        _ => ConversationRefusal::BotMayNotReadHere,
    }
}

/// Makes a turn of each thing that was said, so that the oldest can be left
/// out, and asks for the summary last.
async fn turns_to_summarize(bot: &Bot, messages: &[Message]) -> Conversation {
    let read = read_utterances(bot, messages, HeardFiles::default()).await;
    let all_unread = read.all_unread();
    if !all_unread.is_empty() {
        return Conversation {
            all_unread,
            ..Conversation::default()
        };
    }
    let mut all = Conversation {
        left_out: read.left_out,
        ..Conversation::default()
    };
    for Utterance {
        message,
        speaker,
        mut turn,
        ..
    } in read
        .said
        .into_iter()
        .filter(|it| !it.is_unread || !it.unread.is_empty())
    {
        let written_at = clock(snowflake::time_ms(message));
        let text = indent_lines(&turn.text.0);
        turn.text.0 = format!("[{written_at}] {speaker}: {text}");
        turn.role = Role::Person;
        all.turns.push(turn);
    }
    if !all.turns.is_empty() {
        all.turns
            .push(Turn::person("Summarize the conversation above."));
    }
    all
}

/// Hours and minutes, UTC: enough to see what followed what.
fn clock(at_ms: u64) -> String {
    let minutes = at_ms / 60_000;
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_shows_hours_and_minutes() {
        assert_eq!(clock(3_600_000 * 25 + 60_000), "01:01");
    }
}
