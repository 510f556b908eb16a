//! PostgreSQL's errors, sorted: what is the database's trouble, what may be
//! tried again, and what is a mistake of the program.
//!
//! The codes are those of PostgreSQL's documentation, appendix A.

use std::error::Error as _;

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::store::database::trouble::{DatabaseTrouble, StoreError};

/// Why a try did not succeed.
pub(super) struct Failure {
    pub error: anyhow::Error,
    /// Whether it may succeed a second time, with nothing of it done before.
    pub is_repeatable: bool,
    /// Whether the connection is of no use any more.
    pub is_broken: bool,
}

/// How far a try had come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing can have been committed.
    Uncommitted,
    /// The commit was sent. It is done or not.
    Committing,
}

impl Failure {
    /// A failure of the program's own, inside a transaction.
    pub(super) fn of_program(error: anyhow::Error) -> Self {
        Self {
            error,
            is_repeatable: false,
            is_broken: false,
        }
    }

    /// What PostgreSQL, or the connection to it, said.
    pub(super) fn of(error: Error, progress: Progress) -> Self {
        let trouble = trouble_behind(&error);
        let undone = progress == Progress::Uncommitted || was_rolled_back(&error);
        let may_pass = trouble == Some(DatabaseTrouble::Away) || has_lost_a_race(&error);
        Self {
            is_repeatable: undone && may_pass,
            is_broken: error.as_db_error().is_none() || trouble == Some(DatabaseTrouble::Away),
            error: sort_error(error, trouble),
        }
    }

    /// No connection could be had. The pool has looked at those that it has
    /// and made a new one, so that there is nothing to repeat.
    pub(super) fn of_pool(error: PoolError) -> Self {
        let error = match error {
            PoolError::Backend(error) => {
                // Whatever the reason, this process is not let in.
                let trouble = trouble_behind(&error).unwrap_or(DatabaseTrouble::Away);
                sort_error(error, Some(trouble))
            }
            error => StoreError::new(DatabaseTrouble::Away, error.to_string()).into(),
        };
        Self::of_program(error)
    }

    /// The time for it has passed. Whether it is done all the same, nobody knows.
    pub(super) fn of_time(waited_for: &str) -> Self {
        Self {
            error: StoreError::too_slow(waited_for).into(),
            is_repeatable: false,
            is_broken: true,
        }
    }
}

fn sort_error(error: Error, trouble: Option<DatabaseTrouble>) -> anyhow::Error {
    match trouble {
        Some(trouble) => StoreError::new(trouble, describe(&error)).into(),
        None => error.into(),
    }
}

/// What an error and its causes say.
fn describe(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

/// 40001 and 40P01: others were at the same rows.
fn has_lost_a_race(error: &Error) -> bool {
    matches!(
        error.code(),
        Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
    )
}

/// Whether PostgreSQL answered a commit with a no. When the connection ends
/// (class 57) or breaks instead, nobody knows.
fn was_rolled_back(error: &Error) -> bool {
    error
        .code()
        .is_some_and(|code| !code.code().starts_with("57P"))
}

fn trouble_behind(error: &Error) -> Option<DatabaseTrouble> {
    let Some(code) = error.code() else {
        let text = error.to_string();
        let is_connection = CONNECTION_ERRORS
            .iter()
            .any(|start| text.starts_with(start));
        return is_connection.then_some(DatabaseTrouble::Away);
    };
    Some(match *code {
        SqlState::DISK_FULL => DatabaseTrouble::Full,
        SqlState::READ_ONLY_SQL_TRANSACTION => DatabaseTrouble::ReadOnly,
        SqlState::QUERY_CANCELED | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => {
            DatabaseTrouble::TooSlow
        }
        SqlState::LOCK_NOT_AVAILABLE
        | SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED => DatabaseTrouble::Locked,
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => DatabaseTrouble::Damaged,
        SqlState::INVALID_CATALOG_NAME => DatabaseTrouble::Away,
        _ => match code.code().get(..2)? {
            // Errors of its disk.
            "58" => DatabaseTrouble::Damaged,
            // Connection exceptions, refused passwords, resources that ran out,
            // and what an administrator does.
            "08" | "28" | "53" | "57" => DatabaseTrouble::Away,
            _ => return None,
        },
    })
}

/// How errors of tokio-postgres begin that are about the connection, and have
/// no kind that we could ask for.
const CONNECTION_ERRORS: [&str; 5] = [
    "error communicating with the server",
    "error performing TLS handshake",
    "connection closed",
    "error connecting to server",
    "timeout waiting for server",
];
