//! The words of pages for refusals and trouble: what happened, what to do,
//! and where to go.

mod access;
mod asks;
mod files;
mod once;
mod others;
mod pictures;
mod quotas;
mod skips;
mod tokens;

use crate::app::DatabaseTrouble;
use crate::model::Refusal;

use super::trouble::Trouble;

pub use files::{describe_left_out, describe_unread};
pub use skips::describe_passed_over;

/// The trouble that a refusal is.
pub fn describe_refusal(refusal: &Refusal) -> Trouble {
    match refusal {
        Refusal::Access(refusal) => access::describe_access(refusal),
        Refusal::Ask(refusal) => asks::describe_ask(refusal),
        Refusal::Picture(refusal) => pictures::describe_picture(refusal),
        Refusal::Quota(refusal) => quotas::describe_quota(refusal),
        Refusal::Key(key) => {
            once::describe_once(key).unwrap_or_else(|| others::describe_other(refusal))
        }
        Refusal::Token(refusal) => tokens::describe_token(refusal),
        Refusal::Conversation(_) => others::describe_other(refusal),
    }
}

/// What keeps the database from answering.
pub fn describe_trouble(trouble: DatabaseTrouble) -> &'static str {
    match trouble {
        DatabaseTrouble::Away => "the console cannot reach its database",
        DatabaseTrouble::Locked => "the database is locked by others",
        DatabaseTrouble::TooSlow => "the database takes too long to answer",
        DatabaseTrouble::Full => "the disk of the database is full",
        DatabaseTrouble::ReadOnly => "the database can only be read",
        DatabaseTrouble::Damaged => "the database or its disk is damaged",
    }
}
