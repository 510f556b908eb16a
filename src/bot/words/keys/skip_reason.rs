//! Why a key does not pay.

use crate::bot::words::speech::voice::{OwnKeys, Voice};
use crate::model::{Skip, Source};

/// Why a key does not pay, as the end of a sentence. What helps is said of
/// the person's own keys; a server's are for whoever manages it.
pub fn skip_reason(voice: Voice<'_>, source: Source, skip: Skip) -> String {
    let why = voice.say(describe(skip), &[]);
    let helps = match source {
        Source::Personal if voice.own_keys == OwnKeys::Stored => help_own(skip),
        Source::Server => help_servers(skip),
        _ => None,
    };
    match helps {
        Some(helps) => voice.lang.clauses(&[why, voice.say(helps, &[])]),
        None => why,
    }
}

/// Why a payer was skipped, without what helps, where that is said beside it.
pub fn bare_reason(voice: Voice<'_>, skip: Skip) -> String {
    voice.say(describe(skip), &[])
}

fn describe(skip: Skip) -> &'static str {
    match skip {
        Skip::AnotherServer(_) => "belongs to another server",
        Skip::DirectMessage => "does not pay in direct messages",
        Skip::NotInstalledHere => "does not pay, since {this} server has not added the bot",
        Skip::AnotherPerson => "belongs to somebody else",
        Skip::RequestHasItsOwn => "is not touched by an ask that brings its own key",
        Skip::Tier => {
            "is kept but not used, since your tier does not include keys of your own; \
             `/quota status` shows it"
        }
        Skip::Locked => "is locked, since its master key is not at hand",
        Skip::Paused => "is paused",
        Skip::Expired => "has expired",
        Skip::Refused => "was refused by the provider",
        Skip::OutOfCredit => "is out of credit",
        Skip::Limit => "has reached its limit; `/quota status` shows when it renews",
        Skip::UnknownPrice => {
            "does not pay, since its limit is in dollars and nobody knows this model's price; \
             name another model"
        }
        Skip::OwnKeyOnly => "does not pay for such a call; a key of your own does",
        Skip::OtherAddress => "was stored for another address of this provider",
        Skip::Restricted => "may not do this, as its provider says",
        Skip::NotSetUp => "lacks something that its provider needs",
        Skip::ModelNotAllowed => "does not pay, since the operator does not allow the model",
        Skip::Blocked => "does not pay for you while you are blocked",
        Skip::Damaged => "is damaged, so that it can't be opened",
    }
}

fn help_own(skip: Skip) -> Option<&'static str> {
    match skip {
        Skip::Paused => Some("`/keys resume` wakes it"),
        Skip::Refused => Some("`/keys test` tries it again"),
        Skip::OutOfCredit => Some("top it up and run `/keys test`"),
        Skip::Restricted => Some("check its permissions there"),
        Skip::Expired | Skip::OtherAddress | Skip::NotSetUp | Skip::Damaged => {
            Some("add it again with `/keys add`")
        }
        _ => None,
    }
}

fn help_servers(skip: Skip) -> Option<&'static str> {
    match skip {
        Skip::Paused => Some("whoever manages {this} server can wake it"),
        Skip::Refused
        | Skip::OutOfCredit
        | Skip::Restricted
        | Skip::Expired
        | Skip::OtherAddress
        | Skip::NotSetUp
        | Skip::Damaged => Some("whoever manages {this} server can mend or replace it"),
        _ => None,
    }
}
