//! What stored keys have paid for.

use std::collections::BTreeMap;

use crate::model::{Caller, ProviderId, Scope};
use crate::store::Total;

use crate::app::Error;
use crate::app::keys::Keys;

/// What the keys of an owner have paid for, by provider: the keys that are
/// stored now, and those that they replaced.
pub type KeyUses = BTreeMap<ProviderId, Total>;

impl Keys {
    /// What the keys of an owner have paid for, for whoever may act for the
    /// owner.
    pub async fn uses(&self, caller: &Caller, scope: Scope) -> Result<KeyUses, Error> {
        let owner = caller.owner_for(scope)?;
        let days = 0..=i64::from(i32::MAX);
        Ok(self.store.key_uses(owner, days).await?)
    }
}
