//! What can be wrong with the database itself, apart from mistakes of the
//! program.
//!
//! Each database sorts its own errors: `sqlite/trouble.rs` and
//! `postgres/trouble.rs`. Whatever they do not know is a failure as any other.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;

/// How long a caller waits for the database at the most: for a turn, for
/// locks and for the answer, all together.
pub const WAIT_MAX: Duration = Duration::from_secs(5);

/// What is wrong with the database. A caller may try again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseTrouble {
    /// It cannot be reached, or the connection to it broke.
    #[error("the database is away")]
    Away,
    /// Others hold what is needed, or changed it at the same moment.
    #[error("the database is locked by others")]
    Locked,
    /// It did not answer within [`WAIT_MAX`]. What was sent to it may be done
    /// all the same.
    #[error("the database takes too long")]
    TooSlow,
    /// Its disk is full.
    #[error("the disk of the database is full")]
    Full,
    /// It can be read, and not written.
    #[error("the database is read-only")]
    ReadOnly,
    /// Its pages or its disk are damaged.
    #[error("the database is damaged")]
    Damaged,
}

impl DatabaseTrouble {
    /// The trouble that an error comes from; none where it is another failure.
    pub fn behind(error: &anyhow::Error) -> Option<Self> {
        let trouble = error.downcast_ref::<StoreError>();
        trouble.map(|error| error.trouble)
    }

    /// A word for metrics and for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Locked => "locked",
            Self::TooSlow => "too_slow",
            Self::Full => "full",
            Self::ReadOnly => "read_only",
            Self::Damaged => "damaged",
        }
    }

    /// When it is worth trying again.
    pub fn retry_after(self) -> Duration {
        Duration::from_secs(match self {
            Self::Locked => 1,
            Self::Away | Self::TooSlow => 5,
            Self::Full | Self::ReadOnly => 30,
            Self::Damaged => 60,
        })
    }
}

/// An error of the store that is the database's trouble, with what the
/// database said.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{trouble}: {said}")]
pub struct StoreError {
    pub trouble: DatabaseTrouble,
    said: Arc<str>,
}

impl StoreError {
    /// An error with the database's own words. They never have values of
    /// statements in them.
    pub fn new(trouble: DatabaseTrouble, said: impl Into<Arc<str>>) -> Self {
        Self {
            trouble,
            said: said.into(),
        }
    }

    /// The error where [`WAIT_MAX`] has passed.
    pub fn too_slow(waited_for: &str) -> Self {
        let said = format!("no {waited_for} within {} s", WAIT_MAX.as_secs());
        Self::new(DatabaseTrouble::TooSlow, said)
    }
}

/// Copies an error for one of several callers who share it. What is behind it
/// stays known.
pub fn copy_error(error: &anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<StoreError>() {
        Some(trouble) => trouble.clone().into(),
        None => anyhow!("{error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn trouble_is_found_behind_contexts_and_in_copies() {
        let full = StoreError::new(DatabaseTrouble::Full, "no space left");
        let error = Err::<(), _>(anyhow::Error::from(full))
            .context("could not write")
            .context("could not settle")
            .unwrap_err();
        for error in [&copy_error(&error), &error] {
            assert_eq!(DatabaseTrouble::behind(error), Some(DatabaseTrouble::Full));
        }
        assert_eq!(
            format!("{:#}", copy_error(&error)),
            "the disk of the database is full: no space left"
        );
        let mistake = anyhow!("no such column").context("could not read");
        assert_eq!(DatabaseTrouble::behind(&mistake), None);
        assert_eq!(
            format!("{:#}", copy_error(&mistake)),
            "could not read: no such column"
        );
    }
}
