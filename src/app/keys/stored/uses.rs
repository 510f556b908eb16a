//! What stored keys have paid for.

use std::collections::BTreeMap;

use crate::model::{Caller, KeyId, Scope};
use crate::store::Total;

use crate::app::Error;
use crate::app::keys::Keys;

/// What each of an owner's keys has paid for.
pub type KeyUses = BTreeMap<KeyId, Total>;

impl Keys {
    /// What the keys of an owner have paid for, for whoever may act for the
    /// owner.
    pub async fn uses(&self, caller: &Caller, scope: Scope) -> Result<KeyUses, Error> {
        let owner = self.owner_for(caller, scope)?;
        Ok(self.store.key_uses(owner).await?)
    }
}
