//! SQLite's errors, sorted: what is the trouble of the file and its disk, and
//! what is a mistake of the program.

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_WRITE;

use crate::store::database::trouble::{DatabaseTrouble, StoreError};

/// An error of SQLite's as one of the store's, if the database is in trouble.
pub(super) fn sort_error(error: anyhow::Error) -> anyhow::Error {
    let found = error
        .downcast_ref::<rusqlite::Error>()
        .and_then(|error| Some((trouble_behind(error)?, error.to_string())));
    match found {
        Some((trouble, said)) => StoreError::new(trouble, said).into(),
        None => error,
    }
}

/// Whether another connection holds the lock that was wanted.
pub(super) fn is_locked(error: &rusqlite::Error) -> bool {
    trouble_behind(error) == Some(DatabaseTrouble::Locked)
}

fn trouble_behind(error: &rusqlite::Error) -> Option<DatabaseTrouble> {
    let extended_code = error.sqlite_error().map(|error| error.extended_code);
    Some(match error.sqlite_error_code()? {
        // What a file may not grow by, for a quota or for the process's own limit
        // on files, is no `SQLITE_FULL`.
        ErrorCode::SystemIoFailure if extended_code == Some(SQLITE_IOERR_WRITE) => {
            DatabaseTrouble::Full
        }
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => DatabaseTrouble::Locked,
        ErrorCode::DiskFull => DatabaseTrouble::Full,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => DatabaseTrouble::ReadOnly,
        ErrorCode::CannotOpen => DatabaseTrouble::Away,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::SystemIoFailure => {
            DatabaseTrouble::Damaged
        }
        ErrorCode::OperationInterrupted => DatabaseTrouble::TooSlow,
        _ => return None,
    })
}
