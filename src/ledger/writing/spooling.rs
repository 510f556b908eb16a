//! What the writer does with settlements that it cannot write at once: it puts
//! them into the spool.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::ledger::QUEUE_MAX;
use crate::ledger::writing::outage::LATE_AFTER;
use crate::ledger::writing::writer::{Operation, Writer};
use crate::model::Outcome;
use crate::store::FinishedAttempt;

/// How long the writer waits until settlements are in the spool.
const SPOOLED_WITHIN: Duration = Duration::from_millis(500);

impl Writer {
    /// Waits for work. Once it is late, it looks at what comes meanwhile, and puts
    /// settlements of it into the spool.
    pub(super) async fn spool_meanwhile(
        &self,
        working: impl Future<Output = ()>,
        queue: &mut mpsc::Receiver<Operation>,
        operations: &mut Vec<Operation>,
    ) {
        let mut working = std::pin::pin!(working);
        if timeout(LATE_AFTER, &mut working).await.is_ok() {
            return;
        }
        loop {
            let seen = operations.len();
            let room = QUEUE_MAX.saturating_sub(seen);
            tokio::select! {
                biased;
                () = &mut working => return,
                1.. = queue.recv_many(operations, room), if room > 0 => {
                    let new = operations.iter().skip(seen);
                    self.spool(new.filter_map(Operation::settled)).await;
                }
            }
        }
    }

    /// Puts settlements that are not written into the spool, where they outlast
    /// this process. An estimate can be made again.
    pub(super) async fn spool<'a>(&self, settled: impl Iterator<Item = &'a FinishedAttempt>) {
        let known = settled.filter(|it| it.settlement.outcome != Outcome::Lost);
        let known: Vec<_> = known.cloned().collect();
        if known.is_empty() || self.spool.get().is_none() {
            return;
        }
        let spool = Arc::clone(&self.spool);
        let put = move || spool.get().map_or(0, |spool| spool.put_settlements(&known));
        let put = timeout(SPOOLED_WITHIN, tokio::task::spawn_blocking(put)).await;
        if !matches!(put, Ok(Ok(0))) {
            tracing::error!(
                "the spool did not take every settlement; what the database does not take before the process ends is settled at an estimate"
            );
        }
    }
}
