//! The answers that grow right now, and who may stop them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::bot::callers::raw_caller::RawCaller;
use crate::model::PersonId;

type Known = HashMap<String, (PersonId, CancellationToken)>;

/// Every answer that grows in this process.
#[derive(Default)]
pub struct Running(Arc<Mutex<Known>>);

/// An answer while it grows.
pub struct Run {
    id: String,
    pub stop: CancellationToken,
    known: Arc<Mutex<Known>>,
}

/// What came of a wish to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopping {
    Done,
    /// It grows no more, or never did here.
    NotRunning,
    /// It is somebody else's.
    NotYours,
}

impl Running {
    /// Notes an answer, until the result is dropped.
    pub fn begin(&self, id: &str, person: PersonId) -> Run {
        let stop = CancellationToken::new();
        lock(&self.0).insert(id.to_owned(), (person, stop.clone()));
        Run {
            id: id.to_owned(),
            stop,
            known: Arc::clone(&self.0),
        }
    }

    /// Whether an answer grows in this process.
    pub fn knows(&self, id: &str) -> bool {
        lock(&self.0).contains_key(id)
    }

    /// Stops an answer for whoever asked, or for who manages the server.
    pub fn stop(&self, id: &str, caller: &RawCaller) -> Stopping {
        match lock(&self.0).get(id) {
            None => Stopping::NotRunning,
            Some((asker, stop)) if *asker == caller.person || caller.manages_server => {
                stop.cancel();
                Stopping::Done
            }
            Some(_) => Stopping::NotYours,
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        lock(&self.known).remove(&self.id);
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
