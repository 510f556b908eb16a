//! The spool: a file with what is in no row yet. It takes attempts while the
//! disk is full or the database is locked, and settlements that the database
//! does not take; a process that ends or is killed leaves them in it.
//!
//! On SQLite, it lies beside the database. On PostgreSQL, each process has one in
//! a folder of its machine, and takes over those of processes that are gone.
//! Nothing that anybody said is in it, and no key.

use std::path::Path;

use crate::model::AttemptId;
use crate::store::accounts::journal::FinishedAttempt;
use crate::store::accounts::ledger::Booking;

mod lines;
mod slots;

use lines::{SpoolLine, format_booking, format_settlement};
use slots::SlotFile;

/// The suffix of the name of SQLite's.
pub const SPOOL_SUFFIX: &str = "-spool";
/// How many slots attempts that have not ended leave to settlements.
const SLOTS_FOR_SETTLEMENTS: usize = 8_192;
/// How many files one machine has at the most for processes on PostgreSQL.
const FILES_MAX: usize = 16;

/// What is in no row yet.
#[derive(Debug)]
pub struct Spool {
    /// Empty where none could be made: it takes nothing then.
    files: Vec<SlotFile>,
}

/// What an earlier process left in a spool.
#[derive(Debug, Default, PartialEq)]
pub struct LeftInSpool {
    /// Attempts that had not ended.
    pub bookings: Vec<Booking>,
    pub settlements: Vec<SpooledSettlement>,
}

/// A settlement that no row has yet, or that one has of which this was not
/// heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpooledSettlement {
    pub finished: FinishedAttempt,
    /// Whether limits counted it. In which counters, only its row says.
    pub is_limited: bool,
}

impl Spool {
    /// Opens or makes the one of a SQLite database, which has one process at a
    /// time. Where that fails, the spool takes nothing.
    pub fn open(path: &Path) -> (Self, LeftInSpool) {
        let mut left = LeftInSpool::default();
        let opened = SlotFile::open(path).and_then(|file| {
            left.read(&file)?;
            Ok(file)
        });
        let files = opened.inspect_err(|error| {
            let name = path.display();
            tracing::warn!("could not make {name}, so that every call waits for the disk: {error}");
        });
        let files = files.into_iter().collect();
        (Self { files }, left)
    }

    /// Claims those that processes on a database of PostgreSQL have left in a
    /// folder, or makes one. None where that fails.
    pub fn claim(folder: &Path, database: &str) -> Option<(Self, LeftInSpool)> {
        let (mut files, mut left) = (Vec::new(), LeftInSpool::default());
        let mut failed = None;
        for number in 0..FILES_MAX {
            let path = folder.join(format!("latchkey-{database}.spool-{number}"));
            if !files.is_empty() && !path.exists() {
                continue;
            }
            let claimed = SlotFile::open(&path).and_then(|file| {
                let is_ours = file.claim()?;
                if is_ours {
                    left.read(&file)?;
                }
                Ok(is_ours.then_some(file))
            });
            match claimed {
                Ok(claimed) => files.extend(claimed),
                Err(error) => failed = Some(error),
            }
        }
        if files.is_empty() {
            let folder = folder.display();
            let why = failed.map_or_else(String::new, |error| format!(": {error}"));
            tracing::warn!(
                "could not make a spool in {folder}, so that settlements which PostgreSQL does not take before this process ends are lost; name a folder that can be written in `store.spool_folder`{why}"
            );
            return None;
        }
        Some((Self { files }, left))
    }

    /// Puts an attempt in that has not ended. False where there is no room, or the
    /// file cannot be written.
    pub fn put(&self, booking: &Booking) -> bool {
        let (id, line) = (booking.attempt.id, format_booking(booking));
        let mut files = self.files.iter();
        files.any(|file| file.put(id, &line, SLOTS_FOR_SETTLEMENTS))
    }

    /// Puts settlements in, and returns when they are on the disk: how many found
    /// no room.
    pub fn put_settlements(&self, settlements: &[FinishedAttempt]) -> usize {
        let put = |finished: &&FinishedAttempt| {
            let (id, line) = (finished.booking.attempt.id, format_settlement(finished));
            self.files.iter().any(|file| file.put(id, &line, 0))
        };
        let put = settlements.iter().filter(put).count();
        let is_synced = self.files.iter().all(|file| file.sync().is_ok());
        if is_synced {
            settlements.len() - put
        } else {
            settlements.len()
        }
    }

    /// Forgets attempts that are in rows by now, and leaves nothing of them in
    /// the files.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers make the iterator for this"
    )]
    pub fn forget(&self, attempts: impl Iterator<Item = AttemptId> + Clone) {
        for file in &self.files {
            file.forget(attempts.clone());
        }
    }
}

impl LeftInSpool {
    fn read(&mut self, file: &SlotFile) -> std::io::Result<()> {
        file.read(|line| {
            let line = SpoolLine::parse(line)?;
            let id = line.id();
            match line {
                SpoolLine::Booking(booking) => self.bookings.push(booking),
                SpoolLine::Settlement(settlement) => self.settlements.push(settlement),
            }
            Some(id)
        })
    }
}

#[cfg(test)]
mod tests;
