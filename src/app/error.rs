//! What can go wrong: a refusal, which a person can act on, or a failure,
//! which the operator reads in the log.
//!
//! Refusals are turned into words at the edges, and only there. Failures
//! carry context but never a secret, and reach a person only as "something
//! went wrong here".

use crate::model::{
    AccessRefusal, AskRefusal, ConversationRefusal, KeyRefusal, PictureRefusal, QuotaRefusal,
    Refusal, TokenRefusal,
};
use crate::vault::SealError;

/// A refusal or a failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Refused(refusal) => Self::Refused(refusal),
            SealError::Failed(failure) => Self::Failed(failure),
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
