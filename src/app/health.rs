//! Whether the program is well.

use crate::app::App;

impl App {
    /// Asks the database whether it is there.
    pub async fn health(&self) -> anyhow::Result<()> {
        self.store.ping().await
    }
}
