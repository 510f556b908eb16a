//! Why a key does not pay.

use crate::bot::words::voice::Voice;
use crate::model::Skip;

/// Why a key does not pay, as the end of a sentence.
pub fn skip_reason(voice: Voice<'_>, skip: Skip) -> &str {
    voice.lang.words(match skip {
        Skip::AnotherServer(_) => "belongs to another server",
        Skip::DirectMessage => "does not pay in direct messages",
        Skip::NotInstalledHere => "does not pay, since this server has not added the bot",
        Skip::AnotherPerson => "belongs to somebody else",
        Skip::RequestHasItsOwn => "is not touched by an ask that brings its own key",
        Skip::Tier => {
            "is kept but not used, since your tier does not include keys of your own; \
             `/quota status` shows it"
        }
        Skip::Locked => "is locked, since its master key is not here",
        Skip::Paused => "is paused; `/keys resume` wakes it",
        Skip::Expired => "has expired; add it again with `/keys add`",
        Skip::Refused => "was refused by the provider; `/keys test` tries it again",
        Skip::OutOfCredit => "is out of credit; top it up and run `/keys test`",
        Skip::Limit => "has reached its limit; `/quota status` shows when it renews",
        Skip::UnknownPrice => {
            "does not pay, since its limit is in dollars and nobody knows this model's price; \
             name another model"
        }
        Skip::OwnKeyOnly => "does not pay for such a call; a key of your own does",
        Skip::OtherAddress => {
            "was stored for another address of this provider; add it again with `/keys add`"
        }
        Skip::NotSetUp => "lacks something that its provider needs; add it again with `/keys add`",
        Skip::ModelNotAllowed => "does not pay, since the operator does not allow the model",
        Skip::Blocked => "does not pay for you while you are blocked",
        Skip::Damaged => "is damaged, so that it can't be opened; add it again with `/keys add`",
    })
}
