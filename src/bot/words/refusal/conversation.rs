//! Words of refusals about conversations.

use crate::bot::words::speech::voice::Voice;
use crate::model::ConversationRefusal;

/// What a person reads when something about a conversation was refused.
pub fn about_conversation(voice: Voice<'_>, refusal: &ConversationRefusal) -> String {
    let lang = voice.lang;
    match refusal {
        ConversationRefusal::TooManyAtOnce => lang.say(
            "One of your questions is being answered and another waits. Ask again when \
             they are done, or press **Stop**.",
            &[],
        ),
        ConversationRefusal::ChannelIsBusy => lang.say(
            "Too much is being asked in this channel at once. Ask again in a moment, or \
             in another channel.",
            &[],
        ),
        ConversationRefusal::StaleAnswer => lang.say(
            "I keep nothing of that answer any more: it is too old, or whoever asked has erased what was stored of it. \
             Ask again with `/ask`, or by mentioning me.",
            &[],
        ),
        ConversationRefusal::NothingToRead => lang.say(
            "I found no words or pictures that I can read, so nothing was asked.",
            &[],
        ),
        ConversationRefusal::NotInThisServer => lang.say(
            "I am not in this server, so I can't read its channels. Right-click a \
             message and choose **Apps**, **Summarize** for a single one.",
            &[],
        ),
        ConversationRefusal::MayNotReadHere => lang.say(
            "You may not read this channel's history, so I don't read it to you. Whoever \
             manages the server can allow it (Read Message History). For a single message that \
             you see, right-click it and choose **Apps**, **Summarize**.",
            &[],
        ),
        ConversationRefusal::BotMayNotReadHere => lang.say(
            "I may not read this channel's history. Whoever manages the server can allow \
             it in the channel's permissions (View Channel, Read Message History). Right-click \
             a message and choose **Apps**, **Summarize** for a single one.",
            &[],
        ),
        ConversationRefusal::BotReadsNothing => lang.say(
            "Discord doesn't let me read what people say to each other. The operator can \
             turn that on (`discord.message_content`). Right-click a message and choose \
             **Apps**, **Summarize** for a single one.",
            &[],
        ),
        ConversationRefusal::NotInThisConversation => lang.say(
            "I am not in this conversation, so I can't read it. Right-click a message and \
             choose **Apps**, **Summarize** for a single one.",
            &[],
        ),
        ConversationRefusal::DiscordUnread => lang.say(
            "Discord did not let me read what was said here just now, so nothing was asked. \
             Try again in a minute.",
            &[],
        ),
        ConversationRefusal::QuestionGone => lang.say(
            "I can't read the question any more, and I keep no copy. Ask again with \
             `/ask`, or by mentioning me.",
            &[],
        ),
    }
}
