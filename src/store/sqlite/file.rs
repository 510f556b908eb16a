//! The file of the database. One process claims it, and notices when somebody
//! takes it away.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use rustix::fs::{Access, access};

/// The suffix of the file that is locked for a claim. SQLite locks the database
/// file itself, and loses its locks when the same process opens and closes that
/// file beside it.
const CLAIM_SUFFIX: &str = "-claim";
/// How often the files are checked.
const WATCH_EVERY: Duration = Duration::from_secs(2);
/// The longest process id, in bytes, that is read from a claim.
const PROCESS_ID_BYTES_MAX: u64 = 20;

/// A database file that this process alone uses, until the claim is dropped.
#[derive(Debug)]
pub struct FileClaim {
    _locked: File,
}

impl FileClaim {
    /// Claims a database file. Fails where another process has claimed it.
    pub fn take(database: &Path) -> anyhow::Result<Self> {
        check_folder(database)?;
        let path = beside(database, CLAIM_SUFFIX);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("could not open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "{} is used by another running Latchkey{}; stop that first, or let both use one PostgreSQL database (`store.url`)",
                database.display(),
                describe_holder(&mut file)
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("could not lock {}", path.display()));
            }
        }
        // The id is only for the error that another process shows; the lock is
        // what counts.
        let _ = file
            .set_len(0)
            .and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { _locked: file })
    }

    /// Whether a process has claimed a database file. Makes nothing.
    pub fn is_held(database: &Path) -> bool {
        let file = File::open(beside(database, CLAIM_SUFFIX));
        let tried = file.map(|file| file.try_lock_shared());
        matches!(tried, Ok(Err(TryLockError::WouldBlock)))
    }
}

/// Checks that a database's files can be made in its folder.
pub fn check_folder(database: &Path) -> anyhow::Result<()> {
    let folder = database.parent().filter(|it| *it != Path::new(""));
    let may_write = Access::WRITE_OK | Access::EXEC_OK;
    let Err(error) = access(folder.unwrap_or(Path::new(".")), may_write) else {
        return Ok(());
    };
    let state = if database.exists() {
        "can't be used"
    } else {
        "is not there yet and can't be made"
    };
    bail!(
        "{} {state}, since its folder can't be written ({}); make the folder, give it to the user who runs Latchkey, \
         or change `store.url`",
        database.display(),
        std::io::Error::from(error).kind()
    )
}

/// Describes the process that holds a claim; empty if it is unknown.
fn describe_holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(PROCESS_ID_BYTES_MAX).read_to_string(&mut text));
    match (read, text.parse::<u32>()) {
        (Ok(_), Ok(id)) => format!(" (process {id})"),
        _ => String::new(),
    }
}

/// The files of a database, as they were when they were opened.
#[derive(Clone, Debug)]
pub(super) struct OpenFiles {
    database: Arc<PathBuf>,
    database_id: FileId,
    /// Set once the write-ahead log is seen, which SQLite creates with the first
    /// transaction.
    log_id: Arc<OnceLock<FileId>>,
}

/// What identifies a file whatever its name is: device and inode.
type FileId = (u64, u64);

impl OpenFiles {
    /// Identifies the files of a database that was just opened.
    pub(super) fn identify(database: &Path) -> anyhow::Result<Self> {
        let found = std::fs::metadata(database)?;
        Ok(Self {
            database: Arc::new(database.to_owned()),
            database_id: (found.dev(), found.ino()),
            log_id: Arc::default(),
        })
    }

    /// The database itself.
    pub(super) fn database(&self) -> &Path {
        &self.database
    }

    /// Waits until a file was removed, emptied or replaced; the error says which.
    pub(super) async fn wait_for_loss(&self) -> anyhow::Error {
        loop {
            if let Some(what) = self.find_loss().await {
                return anyhow!(
                    "{what} while the program ran, so that nothing more is stored; put the database back from a backup, and start again"
                );
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }

    /// Describes what happened to a file; none if nothing did.
    async fn find_loss(&self) -> Option<String> {
        let name = self.database.display();
        match tokio::fs::metadata(&*self.database).await {
            Ok(found) if (found.dev(), found.ino()) != self.database_id => {
                return Some(format!("{name} was replaced"));
            }
            Ok(found) if found.len() == 0 => return Some(format!("{name} was emptied")),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Some(format!("{name} was removed"));
            }
            // The disk fails for a moment; the file may still be there.
            Err(_) => {}
        }
        let log = beside(&self.database, "-wal");
        match (tokio::fs::metadata(&log).await, self.log_id.get()) {
            (Ok(found), Some(known)) if (found.dev(), found.ino()) != *known => {
                Some(format!("{} was replaced", log.display()))
            }
            (Ok(found), _) => {
                let _ = self.log_id.set((found.dev(), found.ino()));
                None
            }
            (Err(error), Some(_)) if error.kind() == std::io::ErrorKind::NotFound => {
                Some(format!("{} was removed", log.display()))
            }
            (Err(_), _) => None,
        }
    }
}

pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_claimed_by_one_and_free_again_when_that_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("latchkey.db");
        let claim = FileClaim::take(&database).unwrap();
        let second = FileClaim::take(&database).unwrap_err().to_string();
        let own = format!("(process {})", std::process::id());
        assert!(
            second.contains("used by another running Latchkey"),
            "{second}"
        );
        assert!(second.contains(&own), "{second}");
        drop(claim);
        FileClaim::take(&database).unwrap();
    }

    #[tokio::test]
    async fn a_file_that_is_removed_emptied_or_replaced_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let log = "latchkey.db-wal";
        let changes: [(&str, &str, FileChange); 5] = [
            ("latchkey.db", "removed", remove),
            ("latchkey.db", "emptied", empty),
            ("latchkey.db", "replaced", replace),
            (log, "removed", remove),
            (log, "replaced", replace),
        ];
        for (name, what, change) in changes {
            let database = folder.path().join("latchkey.db");
            std::fs::write(&database, "pages").unwrap();
            std::fs::write(folder.path().join(log), "").unwrap();
            let files = OpenFiles::identify(&database).unwrap();
            assert_eq!(files.find_loss().await, None);
            change(&folder.path().join(name));
            let lost = files.find_loss().await.unwrap();
            assert!(lost.ends_with(&format!("{name} was {what}")), "{lost}");
        }
    }

    type FileChange = fn(&Path);

    fn remove(path: &Path) {
        std::fs::remove_file(path).unwrap();
    }

    fn empty(path: &Path) {
        File::create(path).unwrap();
    }

    fn replace(path: &Path) {
        let other = path.with_extension("other");
        std::fs::write(&other, "pages").unwrap();
        std::fs::rename(other, path).unwrap();
    }
}
