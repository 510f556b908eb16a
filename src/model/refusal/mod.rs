//! A refusal is a no that a person can act on. Here it is a fact; the words
//! for Discord are in `bot/words/refusal`, those for programs in
//! `gateway/messages`.

mod access;
mod ask;
mod conversation;
mod key;
mod picture;
mod quota;
mod token;

pub use access::AccessRefusal;
pub use ask::AskRefusal;
pub use conversation::ConversationRefusal;
pub use key::{CheckGoal, KeptKey, KeyRefusal};
pub use picture::PictureRefusal;
pub use quota::{Contradiction, DurationOf, OwnKeyWay, QuotaRefusal};
pub use token::TokenRefusal;

/// What was refused, by its subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    #[error(transparent)]
    Access(#[from] AccessRefusal),
    #[error(transparent)]
    Ask(#[from] AskRefusal),
    #[error(transparent)]
    Conversation(#[from] ConversationRefusal),
    #[error(transparent)]
    Picture(#[from] PictureRefusal),
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    #[error(transparent)]
    Quota(#[from] QuotaRefusal),
}
