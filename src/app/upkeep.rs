//! Sweeps away what has expired, once a minute, and forgets attempts that are
//! too old to keep.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often expired rows are deleted.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// How often all old attempts are looked through, for those that were still
/// held when the others of their time went. In between only new ones are: where
/// rows were deleted a moment ago, PostgreSQL is slow to find others.
const LOOK_THROUGH_EVERY_MS: i64 = 60 * 60 * 1_000;

impl App {
    /// Takes this process's lease, before anything is served. On SQLite, what
    /// an earlier process left is settled, and its calls may be made again,
    /// when this returns.
    pub async fn take_lease(&self) -> anyhow::Result<()> {
        let taken = self.ledger.take_lease().await;
        taken.context("could not settle what an earlier process left")
    }

    /// Starts the sweeping and the forgetting, at once and then again, until
    /// `stop`.
    pub fn start_upkeep(self: &Arc<Self>, stop: CancellationToken) {
        let (app, sweeping) = (Arc::clone(self), stop.clone());
        self.tasks.spawn(async move {
            loop {
                match sweeping.run_until_cancelled(app.sweep_rows()).await {
                    None => return,
                    Some(Ok(())) => {}
                    Some(Err(error)) => tracing::warn!("could not sweep expired rows: {error:#}"),
                }
                if let Err(error) = app.pictures.give_up_for_programs().await {
                    tracing::warn!("could not give up pictures of programs: {error:#}");
                }
                let pause = tokio::time::sleep(SWEEP_EVERY);
                if sweeping.run_until_cancelled(pause).await.is_none() {
                    return;
                }
            }
        });
        let app = Arc::clone(self);
        self.tasks.spawn(async move {
            // Half-way through is as good a place to stop as any.
            stop.run_until_cancelled(app.forget_attempts_for_ever())
                .await;
        });
    }

    /// Deletes attempts that are too old to keep, as they become so.
    async fn forget_attempts_for_ever(&self) {
        let (mut since_ms, mut all_at_ms) = (None, i64::MIN);
        loop {
            let now_ms = self.clock.now_ms();
            if all_at_ms <= now_ms - LOOK_THROUGH_EVERY_MS {
                (since_ms, all_at_ms) = (None, now_ms);
            }
            match self.quotas.forget_attempts(since_ms, now_ms).await {
                Ok(deleted) => {
                    metrics::counter!("latchkey_attempts_forgotten_total").increment(deleted);
                    since_ms = Some(now_ms);
                }
                Err(error) => tracing::warn!("could not forget old attempts: {error:#}"),
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }

    /// Has each room delete what it no longer needs, and settle or give up
    /// what dead processes left behind.
    #[cfg(test)]
    pub async fn sweep(&self) -> anyhow::Result<()> {
        self.sweep_rows().await?;
        self.pictures.give_up_for_programs().await
    }

    /// The part of it that waits for the database alone.
    async fn sweep_rows(&self) -> anyhow::Result<()> {
        let now_ms = self.clock.now_ms();
        self.pending.sweep(now_ms).await?;
        self.keys.sweep(now_ms).await?;
        self.people.sweep(now_ms).await?;
        self.programs.sweep(now_ms).await?;
        self.asks.sweep(now_ms).await?;
        self.pictures.sweep(now_ms).await?;
        self.quotas.sweep(now_ms).await
    }
}
