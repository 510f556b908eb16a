//! The answers and pictures that are in the making right now, and who may
//! stop them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use crate::bot::callers::raw_caller::RawCaller;
use crate::model::{PersonId, lock};

/// Whoever asked, and what stops their answer, by the answer's id.
type StopTokens = HashMap<String, (PersonId, CancellationToken)>;

/// Every answer that is in the making in this process.
#[derive(Default)]
pub struct RunningAnswers(Arc<Mutex<StopTokens>>);

/// An answer in the making.
pub struct RunningAnswer {
    id: String,
    pub stop: CancellationToken,
    all: Arc<Mutex<StopTokens>>,
}

/// What came of a press of Stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopOutcome {
    Stopped,
    /// It is not in the making any more, or never was in this process.
    NotRunning,
    /// It is somebody else's.
    NotYours,
}

impl RunningAnswers {
    /// Adds an answer, until the result is dropped. It stops by itself when
    /// what it depends on is gone.
    pub fn begin(&self, id: &str, asker: PersonId, gone: &CancellationToken) -> RunningAnswer {
        let stop = gone.child_token();
        lock(&self.0).insert(id.to_owned(), (asker, stop.clone()));
        RunningAnswer {
            id: id.to_owned(),
            stop,
            all: Arc::clone(&self.0),
        }
    }

    /// Whether an answer is in the making in this process.
    pub fn contains(&self, id: &str) -> bool {
        lock(&self.0).contains_key(id)
    }

    /// Stops an answer for whoever asked, or for who manages the server.
    pub fn stop(&self, id: &str, caller: &RawCaller) -> StopOutcome {
        match lock(&self.0).get(id) {
            None => StopOutcome::NotRunning,
            Some((asker, stop)) if *asker == caller.person || caller.manages_server => {
                stop.cancel();
                StopOutcome::Stopped
            }
            Some(_) => StopOutcome::NotYours,
        }
    }
}

impl Drop for RunningAnswer {
    fn drop(&mut self) {
        lock(&self.all).remove(&self.id);
    }
}
