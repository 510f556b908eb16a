//! Whether the program is well.

use crate::app::App;

impl App {
    /// Waits until the database's file is taken away; says what happened to
    /// it.
    pub async fn database_lost(&self) -> anyhow::Error {
        self.store.wait_for_loss().await
    }

    /// Asks the database whether it is there.
    pub async fn health(&self) -> anyhow::Result<()> {
        self.store.ping().await
    }
}
