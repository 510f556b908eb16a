//! Whether the program is well.

use super::App;

impl App {
    /// Asks the database whether it is there.
    pub async fn health(&self) -> anyhow::Result<()> {
        self.store.ping().await
    }
}
