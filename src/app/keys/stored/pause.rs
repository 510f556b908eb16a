//! Pausing and resuming a key: its owner's choice, apart from its health.

use crate::model::{Caller, Key, Scope};

use crate::app::Error;
use crate::app::keys::Keys;

impl Keys {
    /// Keeps a key from being used, without removing it.
    pub async fn pause(&self, caller: &Caller, provider: &str, scope: Scope) -> Result<Key, Error> {
        self.set_paused(caller, provider, scope, true).await
    }

    /// Lets a paused key be used again; as it was before.
    pub async fn resume(
        &self,
        caller: &Caller,
        provider: &str,
        scope: Scope,
    ) -> Result<Key, Error> {
        let before = self.own_key(caller, provider, scope).await?.0;
        self.set_paused(caller, provider, scope, false).await?;
        Ok(before)
    }

    async fn set_paused(
        &self,
        caller: &Caller,
        provider: &str,
        scope: Scope,
        paused: bool,
    ) -> Result<Key, Error> {
        let key = self.own_key(caller, provider, scope).await?.0;
        self.store
            .set_paused(key.owner, &key.provider, paused)
            .await?;
        Ok(Key { paused, ..key })
    }
}
