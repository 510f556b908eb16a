//! What was refused, why, and what to type next.

mod access;
mod ask;
mod conversation;
mod key;
mod picture;
mod quota;
mod token;

use crate::bot::connection::card::Card;
use crate::bot::words::Voice;
use crate::model::{Refusal, Skip};

/// A refusal in words.
pub fn refusal(voice: Voice<'_>, refusal: &Refusal) -> Card {
    match refusal {
        Refusal::Key(refusal) => Card::text(key::about_key(voice, refusal)),
        Refusal::Access(refusal) => Card::text(access::about_access(voice, refusal)),
        Refusal::Ask(refusal) => Card::text(ask::about_ask(voice, refusal)),
        Refusal::Conversation(refusal) => {
            Card::text(conversation::about_conversation(voice, refusal))
        }
        Refusal::Picture(refusal) => Card::text(picture::about_picture(voice, refusal)),
        Refusal::Token(refusal) => Card::text(token::about_token(voice, refusal)),
        Refusal::Quota(refusal) => quota::about_quota(voice, refusal),
    }
}

/// Text that somebody typed, so that it cannot end the code span that it
/// stands in.
fn in_code(typed: &str) -> String {
    typed.replace('`', "'")
}

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
    })
}

/// Where a provider hands out keys.
pub fn page(voice: Voice<'_>, provider: &crate::model::ProviderId) -> String {
    // In angle brackets, so that Discord shows no preview.
    voice
        .catalogue
        .get(provider)
        .map_or_else(String::new, |provider| format!("<{}>", provider.key_page))
}

fn wait(voice: Voice<'_>, seconds: u64) -> String {
    match seconds {
        0..=1 => voice.lang.words("a second").into(),
        2..=119 => voice.lang.say("{n} seconds", &[("n", &seconds)]),
        120..=7_199 => voice
            .lang
            .say("{n} minutes", &[("n", &seconds.div_ceil(60))]),
        _ => voice
            .lang
            .say("{n} hours", &[("n", &seconds.div_ceil(3_600))]),
    }
}
