//! Testing a stored key, whatever its health: a refused one can revive.

use crate::model::{Caller, Check, CheckGoal, Health, Key, KeyRefusal, Refusal, Scope, Sealed};

use crate::app::Error;
use crate::app::keys::Keys;

/// A key and what its provider says of it now.
pub struct TestedKey {
    pub key: Key,
    pub check: Check,
    pub at_ms: i64,
    /// Whether the key was out of credit, and its provider accepts it without
    /// saying whether it still is.
    pub credit_is_unseen: bool,
}

impl Keys {
    /// Asks the provider about a stored key and notes what it says. When it
    /// says nothing, what was known before stands.
    pub async fn test(
        &self,
        caller: &Caller,
        provider: &str,
        scope: Scope,
    ) -> Result<TestedKey, Error> {
        let (mut key, sealed) = self.own_key(caller, provider, scope).await?;
        if !self.vault.can_open(&key.master_kid) {
            return Err(Refusal::Key(KeyRefusal::Locked {
                kid: key.master_kid,
            })
            .into());
        }
        let provider = self.models.provider(&key.provider)?;
        let Ok(credential) = self.payers.open_stored(&key, &sealed) else {
            let now_ms = self.clock.now_ms();
            self.store.demote(key.id, Health::Damaged, now_ms).await?;
            let provider = key.provider;
            return Err(KeyRefusal::Damaged { provider, scope }.into());
        };
        let check = self
            .limited_check(caller, provider, &credential, CheckGoal::Test)
            .await?;
        let credit_is_unseen = key.health == Health::OutOfCredit
            && check == Check::Valid
            && provider.check.credit.is_none();
        if !matches!(check, Check::Unknown(_)) {
            key.health = if credit_is_unseen {
                Health::Unverified
            } else {
                check.health()
            };
            let now_ms = self.clock.now_ms();
            self.store.set_health(key.id, key.health, now_ms).await?;
            key.checked_at_ms = Some(now_ms);
        }
        Ok(TestedKey {
            key,
            check,
            at_ms: self.clock.now_ms(),
            credit_is_unseen,
        })
    }

    /// A key that the caller may act on.
    pub(in crate::app) async fn own_key(
        &self,
        caller: &Caller,
        provider: &str,
        scope: Scope,
    ) -> Result<(Key, Sealed), Error> {
        self.require_byok()?;
        let provider = self.models.find_provider(provider)?.id.clone();
        let owner = self.owner_for(caller, scope)?;
        let found = self.store.key_of(owner, &provider).await?;
        Ok(found.ok_or(Refusal::Key(KeyRefusal::NoSuchKey { provider, scope }))?)
    }
}
