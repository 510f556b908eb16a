//! What was refused, why, and what to type next.

mod access;
mod ask;
mod conversation;
mod key;
pub mod pasted;
mod picture;
mod provider_failure;
mod quota;
mod token;

use crate::bot::connection::wire::card::Card;
use crate::bot::words::speech::voice::Voice;
use crate::model::Refusal;

/// A refusal in words.
pub fn refusal(voice: Voice<'_>, refusal: &Refusal) -> Card {
    match refusal {
        Refusal::Key(refusal) => key::about_key(voice, refusal),
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
