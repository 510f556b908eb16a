//! Why a key does not pay, in the words of pages.

use crate::model::{Skip, Source};

/// Whose key it is, in the middle of a sentence.
pub fn name_payer(source: Source) -> &'static str {
    match source {
        Source::Request => "the key for this once",
        Source::Personal => "your key",
        Source::Server => "the server’s key",
        Source::BotDefault => "the bot default",
        Source::Demo => "the demo",
    }
}

/// Why a key does not pay, as the end of a sentence about it.
pub fn describe_skip(skip: Skip) -> &'static str {
    match skip {
        Skip::AnotherServer(_) => "belongs to another server",
        Skip::DirectMessage => "does not pay in direct messages",
        Skip::NotInstalledHere => "does not pay, since the server has not added the bot",
        Skip::AnotherPerson => "belongs to somebody else",
        Skip::RequestHasItsOwn => "is not touched by a question that brings its own key",
        Skip::Tier => "is kept but not used in your tier",
        Skip::Locked => "is locked, since its master key is not at hand",
        Skip::Paused => "is paused",
        Skip::Expired => "has expired",
        Skip::Refused => "was refused by the provider",
        Skip::OutOfCredit => "is out of credit",
        Skip::Limit => "has reached its limit",
        Skip::UnknownPrice => "has a limit in dollars, and nobody knows the model’s price",
        Skip::OwnKeyOnly => "does not pay for this; a key of your own does",
        Skip::OtherAddress => "was stored for another address of this provider",
        Skip::NotSetUp => "lacks something that its provider needs",
        Skip::Restricted => "may not do this, as its provider says",
        Skip::ModelNotAllowed => "does not pay, since the operator does not allow the model",
        Skip::Blocked => "does not pay for you while you are blocked",
        Skip::Damaged => "is damaged and can’t be opened",
    }
}
