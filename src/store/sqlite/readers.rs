//! The connections that read, and the threads that they run on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task;
use tokio::time::timeout;

use crate::model::lock;
use crate::store::database::trouble::{StoreError, WAIT_MAX};
use crate::store::sqlite::trouble::sort_error;
use crate::store::sqlite::{READER_CACHE_KB, configure};

/// How many reads run at once. Further ones wait, without taking a thread.
const READERS: usize = 2;
/// How long a reader waits for another process's lock, which is rare: in WAL
/// mode, those who write do not keep others from reading.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// How long a read waits for its turn, so that both are [`WAIT_MAX`].
const TURN_WAIT: Duration = WAIT_MAX
    .checked_sub(LOCK_WAIT)
    .expect("it is less than callers wait");

/// A few reading connections. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers {
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    path: Arc<PathBuf>,
}

impl Readers {
    /// Opens the first connection; the others are opened when they are needed.
    pub(super) fn open(path: PathBuf) -> anyhow::Result<Self> {
        let first = connect(&path)?;
        Ok(Self {
            turns: Arc::new(Semaphore::new(READERS)),
            idle: Arc::new(Mutex::new(vec![first])),
            path: Arc::new(path),
        })
    }

    /// Reads on the caller's own thread, after the runtime has moved its other
    /// tasks to another one: a lookup takes some 10 µs, which is less than
    /// waking another thread and being woken by it. A runtime with one worker
    /// would move all its tasks from thread to thread that way, and each
    /// thread would come to hold memory for all of them; there, a blocking
    /// thread reads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let turn = timeout(TURN_WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| StoreError::too_slow("turn to read"))??;
        let readers = self.clone();
        let work = move || {
            let connection = readers.take()?;
            let found = work(&connection).map_err(sort_error);
            lock(&readers.idle).push(connection);
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
        let idle = lock(&self.idle).pop();
        idle.map_or_else(|| connect(&self.path).map_err(sort_error), Ok)
    }
}

fn connect(path: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection, READER_CACHE_KB)?;
    connection.busy_timeout(LOCK_WAIT)?;
    Ok(connection)
}
