//! Words for refusals about conversations.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::ConversationRefusal;

/// The trouble that a refusal about a conversation is.
pub fn describe_conversation(refusal: &ConversationRefusal) -> Trouble {
    let (status, title, words) = match refusal {
        ConversationRefusal::TooManyAtOnce => (
            StatusCode::TOO_MANY_REQUESTS,
            "Two at once are enough",
            "One of your questions is being answered and another waits. Ask again when they are \
             done, or stop one.",
        ),
        ConversationRefusal::ChannelIsBusy => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too much at once",
            "Too much is being asked here at once. Ask again in a moment.",
        ),
        ConversationRefusal::StaleAnswer => (
            StatusCode::GONE,
            "Nothing is kept of that answer",
            "It is too old, or what was stored of it was erased. Ask anew.",
        ),
        ConversationRefusal::NothingToRead => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Nothing to read",
            "There are no words or pictures in it that can be read, so nothing was asked. Type \
             a question, or choose other files.",
        ),
        ConversationRefusal::NotInThisServer => (
            StatusCode::FORBIDDEN,
            "The bot is not in that server",
            "The bot can’t read channels of a server that has not added it. Paste what is meant \
             into the playground.",
        ),
        ConversationRefusal::MayNotReadHere => (
            StatusCode::FORBIDDEN,
            "You may not read that channel",
            "Discord does not let you read that channel’s history, so it is not read to you. \
             Whoever manages the server can allow it (Read Message History).",
        ),
        ConversationRefusal::BotMayNotReadHere => (
            StatusCode::FORBIDDEN,
            "The bot may not read that channel",
            "The bot needs View Channel and Read Message History there; whoever manages the server \
             can allow it. Paste what is meant into the playground.",
        ),
        ConversationRefusal::BotReadsNothing => (
            StatusCode::FORBIDDEN,
            "The bot can’t read messages",
            "Discord does not let the bot read what people say. The operator can turn that on \
             (discord.message_content). Paste what is meant into the playground.",
        ),
        ConversationRefusal::NotInThisConversation => (
            StatusCode::FORBIDDEN,
            "The bot is not in that conversation",
            "The bot can’t read conversations that it is not in. Paste what is meant into the \
             playground.",
        ),
        ConversationRefusal::DiscordUnread => (
            StatusCode::BAD_GATEWAY,
            "Discord did not answer",
            "Discord did not let the bot read what was said just now, so nothing was asked. Try \
             again in a minute.",
        ),
        ConversationRefusal::QuestionGone => (
            StatusCode::GONE,
            "The question is gone",
            "The question can’t be read any more, and no copy is kept. Ask it anew.",
        ),
    };
    Trouble::new(status, title, words).way("/playground", "Go to the playground")
}
