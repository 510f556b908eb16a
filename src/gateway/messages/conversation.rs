//! Messages to programs for refusals about conversations.

use crate::gateway::messages::Message;
use crate::model::ConversationRefusal;

/// The message for a refusal about a conversation.
pub fn about_conversation(refusal: &ConversationRefusal) -> Message {
    let text = |text: &str| text.to_owned();
    match refusal {
        ConversationRefusal::TooManyAtOnce => (
            429,
            "too_many_at_once",
            text(
                "One of your questions is being answered and another waits. Ask again when they are done.",
            ),
        ),
        ConversationRefusal::ChannelIsBusy => (
            429,
            "channel_is_busy",
            text("Too much is being asked in this channel at once. Ask again in a moment."),
        ),
        ConversationRefusal::StaleAnswer => (
            404,
            "no_such_answer",
            text("There is no such answer any more. Ask again."),
        ),
        ConversationRefusal::NothingToRead => (
            400,
            "nothing_to_read",
            text("No words or pictures were found that can be read, so nothing was asked."),
        ),
        ConversationRefusal::NotInThisServer => (
            403,
            "not_in_server",
            text("The bot is not in that server, so it can't read its channels."),
        ),
        ConversationRefusal::MayNotReadHere => (
            403,
            "may_not_read",
            text(
                "You may not read that channel's history. Whoever manages the server can allow it.",
            ),
        ),
        ConversationRefusal::BotMayNotReadHere => (
            403,
            "bot_may_not_read",
            text(
                "The bot may not read that channel's history. Whoever manages the server can allow it.",
            ),
        ),
        ConversationRefusal::BotReadsNothing => (
            403,
            "bot_cannot_read",
            text(
                "Discord doesn't let the bot read messages. The operator can turn that on with `discord.message_content`.",
            ),
        ),
        ConversationRefusal::NotInThisConversation => (
            403,
            "not_in_conversation",
            text("The bot is not in that conversation, so it can't read it."),
        ),
        ConversationRefusal::DiscordUnread => (
            503,
            "discord_unread",
            text("Discord could not be read just now. Try again in a minute."),
        ),
        ConversationRefusal::QuestionGone => (
            404,
            "question_gone",
            text("The question can't be read any more, and no copy is kept. Ask it again."),
        ),
    }
}
