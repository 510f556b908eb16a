//! Sweeps away what has expired, once a minute.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often expired rows are deleted.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

impl App {
    /// Starts the sweeping, at once and then again, until `stop`.
    pub fn start_upkeep(self: &Arc<Self>, stop: CancellationToken) {
        let app = Arc::clone(self);
        self.tasks.spawn(async move {
            loop {
                if let Err(error) = app.sweep().await {
                    tracing::warn!("could not sweep expired rows: {error:#}");
                }
                let pause = tokio::time::sleep(SWEEP_EVERY);
                if stop.run_until_cancelled(pause).await.is_none() {
                    return;
                }
            }
        });
    }

    /// Has each room delete what it no longer needs, and settle or give up
    /// what dead processes left behind.
    pub async fn sweep(&self) -> anyhow::Result<()> {
        let now_ms = self.clock.now_ms();
        self.pending.sweep(now_ms).await?;
        self.keys.sweep(now_ms).await?;
        self.people.sweep(now_ms).await?;
        self.programs.sweep(now_ms).await?;
        self.asks.sweep(now_ms).await?;
        self.pictures.sweep(now_ms).await?;
        self.quotas.sweep(now_ms).await?;
        // Last, since it waits for hosts.
        self.pictures.give_up_for_programs().await
    }
}
