//! What can go wrong: a refusal, which a person can act on; trouble of the
//! database, after which they can try again; or a failure, which the operator
//! reads in the log.
//!
//! Refusals and trouble are turned into words at the edges, and only there.
//! Failures carry context but never a secret, and reach a person only as
//! "something went wrong here".

use crate::model::{
    AccessRefusal, AskRefusal, ConversationRefusal, KeyRefusal, PictureRefusal, QuotaRefusal,
    Refusal, Source, TokenRefusal,
};
use crate::store::DatabaseTrouble;
use crate::vault::SealError;

/// A refusal, trouble of the database, or a failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database's trouble, and the error that it was found behind.
    #[error("{1:#}")]
    Troubled(DatabaseTrouble, anyhow::Error),
    #[error(transparent)]
    Failed(anyhow::Error),
}

impl Error {
    /// Whether something is wrong with a key that was typed, so that another, or
    /// the same a while later, may be taken.
    pub(in crate::app) fn is_about_typed_key(&self) -> bool {
        match self {
            Self::Refused(Refusal::Key(refusal)) => matches!(
                refusal,
                KeyRefusal::MalformedKey { .. }
                    | KeyRefusal::SeveralKeys { .. }
                    | KeyRefusal::MalformedExtra { .. }
                    | KeyRefusal::NotAKey { .. }
                    | KeyRefusal::LooksLikeAnothers { .. }
                    | KeyRefusal::WhoseKey { .. }
                    | KeyRefusal::SecretAsName
                    | KeyRefusal::SecretAsModel
                    | KeyRefusal::NameTooLong { .. }
                    | KeyRefusal::UnknownLifetime
                    | KeyRefusal::KeyRefused { .. }
                    | KeyRefusal::TooManyChecks { .. }
                    | KeyRefusal::TooManyRefused { .. }
            ),
            Self::Refused(Refusal::Ask(AskRefusal::Provider { payer, .. })) => {
                *payer == Source::Request
            }
            Self::Refused(
                Refusal::Access(_)
                | Refusal::Ask(_)
                | Refusal::Conversation(_)
                | Refusal::Picture(_)
                | Refusal::Token(_)
                | Refusal::Quota(_),
            )
            | Self::Troubled(..)
            | Self::Failed(_) => false,
        }
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(error) => return error,
            Err(error) => error,
        };
        match DatabaseTrouble::behind(&error) {
            Some(trouble) => Self::Troubled(trouble, error),
            None => Self::Failed(error),
        }
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Refused(refusal) => Self::Refused(refusal),
            SealError::Failed(failure) => failure.into(),
        }
    }
}

/// Lets `?` and `into` take a refusal of any subject.
macro_rules! from_refusals {
    ($($refusal:ty),+) => {
        $(impl From<$refusal> for Error {
            fn from(refusal: $refusal) -> Self {
                Self::Refused(refusal.into())
            }
        })+
    };
}

from_refusals!(
    AccessRefusal,
    AskRefusal,
    ConversationRefusal,
    KeyRefusal,
    PictureRefusal,
    QuotaRefusal,
    TokenRefusal
);
