//! The connections that read, and where reading runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task;

use crate::store::sqlite::{READER_CACHE_KB, configure};

/// How many reads run at once; more wait without a thread.
const READERS: usize = 2;

/// A few connections. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers {
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    path: Arc<PathBuf>,
}

impl Readers {
    /// Opens the first; the others open when they are needed.
    pub(super) fn open(path: PathBuf) -> anyhow::Result<Self> {
        let first = connect(&path)?;
        Ok(Self {
            turns: Arc::new(Semaphore::new(READERS)),
            idle: Arc::new(Mutex::new(vec![first])),
            path: Arc::new(path),
        })
    }

    /// Reads where it was asked for, after the runtime has been told to go on
    /// elsewhere with everything else: a lookup takes some 10 µs, and to wake
    /// another thread and be woken by it takes longer. But where there is one
    /// worker, that would lead all work from thread to thread, and each would
    /// come to hold memory for all of it; there, a thread of its own reads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await?;
        let readers = self.clone();
        let work = move || {
            let connection = readers.take()?;
            let found = work(&connection);
            readers.idle().push(connection);
            drop(turn);
            found
        };
        if Handle::current().metrics().num_workers() > 1 {
            return task::block_in_place(work);
        }
        let found = task::spawn_blocking(work).await;
        found.context("the reading thread died")?
    }

    fn take(&self) -> anyhow::Result<Connection> {
        let idle = self.idle().pop();
        idle.map_or_else(|| connect(&self.path), Ok)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(path: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection, READER_CACHE_KB)?;
    Ok(connection)
}
