//! Refusals about conversations: what may be read of them, and how many are
//! answered at once.

/// Why something about a conversation was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConversationRefusal {
    #[error("too much is asked at once")]
    TooManyAtOnce,
    #[error("too much is asked at once here")]
    ChannelIsBusy,
    #[error("the answer is too old")]
    StaleAnswer,
    #[error("there is nothing in it to read")]
    NothingToRead,
    #[error("the bot is not in this server")]
    NotInThisServer,
    #[error("the person may not read this channel")]
    MayNotReadHere,
    /// A permission is missing, which whoever manages the server gives.
    #[error("the bot may not read this channel")]
    BotMayNotReadHere,
    /// The operator has not let it read along.
    #[error("the bot reads no messages")]
    BotReadsNothing,
    #[error("the bot is not in this conversation")]
    NotInThisConversation,
    #[error("Discord could not be read")]
    DiscordUnread,
    #[error("the question can no longer be read")]
    QuestionGone,
}
