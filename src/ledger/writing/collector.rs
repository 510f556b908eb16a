//! Collects operations for a commit: the more of them share one, the less each
//! costs.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::ledger::writing::writer::{BATCH_MAX, Operation};

/// How long operations that nobody waits for are collected before a commit,
/// which costs as much as many rows.
const COLLECT: Duration = Duration::from_millis(25);
/// How long operations that callers wait for are collected, if there are at
/// least [`WAITERS_MIN`] of them: together they wait for fewer commits.
const COLLECT_WITH_WAITERS: Duration = Duration::from_millis(1);
const WAITERS_MIN: usize = 4;

/// Collects the operations of a batch. It knows how many callers waited for
/// the batch before.
#[derive(Default)]
pub struct Collector {
    waiters_before: usize,
}

impl Collector {
    /// Waits for more operations: longer where no caller waits, shortly where
    /// many do, and not at all where few do.
    pub async fn collect(
        &mut self,
        queue: &mut mpsc::Receiver<Operation>,
        operations: &mut Vec<Operation>,
    ) {
        let began = tokio::time::Instant::now();
        let (mut seen, mut waiters) = (0, 0);
        while operations.len() < BATCH_MAX {
            let new = operations.get(seen..).unwrap_or_default();
            waiters += new.iter().filter(|it| it.has_waiter()).count();
            seen = operations.len();
            let longest = match waiters {
                0 => COLLECT,
                // As many callers as before are here: no more will come.
                _ if self.waiters_before < WAITERS_MIN || waiters >= self.waiters_before => break,
                _ => COLLECT_WITH_WAITERS,
            };
            let more = queue.recv_many(operations, BATCH_MAX - seen);
            if !matches!(
                tokio::time::timeout_at(began + longest, more).await,
                Ok(1..)
            ) {
                break;
            }
        }
        self.waiters_before = waiters;
    }
}
