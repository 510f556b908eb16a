//! What can go wrong: a refusal, which a person can act on, or a failure,
//! which the operator reads in the log.
//!
//! Refusals are turned into words at the edges, and only there. Failures
//! carry context but never a secret, and reach a person only as "something
//! went wrong here".

use crate::model::Refusal;
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
