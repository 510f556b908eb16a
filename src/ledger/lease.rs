//! Keeps this process's lease, and settles what others left whose lease has
//! ended.
//!
//! ```text
//! SQLite       one process at a time, which proves with its claim on the file
//!              that all others are dead: what they left is settled at the start
//! PostgreSQL   each process renews its lease every 2 s, for 10 s; whoever
//!              finds one that has ended settles what its process left
//! ```
//!
//! After a time in which the database was away, every lease has ended. So a
//! process settles nothing of others before it has renewed its own lease
//! without a gap for as long as a lease lasts: by then whoever lives has renewed
//! theirs.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::ledger::Ledger;
use crate::ledger::lost::LostAttempts;
use crate::model::lock;

/// For how long a lease lasts that is not renewed, and how often it is renewed.
pub const LEASE: Duration = Duration::from_secs(10);
const RENEWED_EVERY: Duration = Duration::from_secs(2);
/// How long a process tries at its end to give up its lease.
const GIVEN_UP_WITHIN: Duration = Duration::from_millis(500);

/// How long leases last. Tests have shorter ones.
#[derive(Clone, Copy, Debug)]
pub struct LeaseTimes {
    pub lasts: Duration,
    pub renewed_every: Duration,
}

impl Default for LeaseTimes {
    fn default() -> Self {
        Self {
            lasts: LEASE,
            renewed_every: RENEWED_EVERY,
        }
    }
}

/// A lease that is renewed until this is dropped or given up.
pub struct KeptLease {
    stop: CancellationToken,
    keeping: AbortOnDropHandle<()>,
}

impl Ledger {
    /// Takes this process's lease, before any call is made. What earlier
    /// processes of this machine could not write is written when this returns:
    /// settlements first, so that nothing is estimated that is known. On SQLite,
    /// everything that they left held is settled too. On PostgreSQL, the lease is
    /// renewed from now on, and what others leave is settled when theirs has
    /// ended.
    pub async fn take_lease(&self) -> anyhow::Result<()> {
        let (lasts, now_ms) = (self.leases.lasts, self.clock.now_ms());
        self.store.renew_lease(lasts, now_ms).await?;
        if !self.store.is_ours_alone() {
            let kept = KeptLease::start(self.lost(), self.leases);
            *lock(&self.lease) = Some(kept);
        }
        let unended = self.take_over_spool().await?;
        if self.store.is_ours_alone() {
            self.lost().settle_left().await?;
        }
        self.settle_unended(unended).await
    }
}

impl KeptLease {
    /// Starts to renew the lease of this process, which it has.
    pub fn start(lost: LostAttempts, times: LeaseTimes) -> Self {
        let stop = CancellationToken::new();
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends after the writer, in `Ledger::close`"
        )]
        let keeping = tokio::spawn(keep(lost, times, stop.clone()));
        Self {
            stop,
            keeping: AbortOnDropHandle::new(keeping),
        }
    }

    /// Gives the lease up, so that nobody waits until it ends.
    pub async fn give_up(self) {
        self.stop.cancel();
        // An error means that it panicked, which the log has.
        let _ = self.keeping.await;
    }
}

async fn keep(lost: LostAttempts, times: LeaseTimes, stop: CancellationToken) {
    let (mut renewed, mut steady_since) = (Instant::now(), Instant::now());
    loop {
        let pause = tokio::time::sleep(times.renewed_every);
        if stop.run_until_cancelled(pause).await.is_none() {
            break;
        }
        let began = Instant::now();
        let renewing = timeout(times.lasts, lost.store.renew_lease(times.lasts, 0));
        match stop.run_until_cancelled(renewing).await {
            None => break,
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error))) => {
                tracing::warn!("could not renew this process's lease: {error:#}");
                continue;
            }
            Some(Err(_)) => {
                tracing::warn!("could not renew this process's lease: no answer");
                continue;
            }
        }
        if began - renewed >= times.lasts {
            steady_since = began;
        }
        renewed = began;
        if began - steady_since < times.lasts {
            continue;
        }
        let settling = lost.settle_left();
        if let Some(Err(error)) = stop.run_until_cancelled(settling).await {
            tracing::warn!("could not settle what a dead process left: {error:#}");
        }
    }
    let given_up = timeout(GIVEN_UP_WITHIN, lost.store.give_up_lease());
    if !matches!(given_up.await, Ok(Ok(()))) {
        tracing::warn!("could not give up this process's lease; it ends by itself");
    }
}
