//! What programs do with stored keys: the same as people do in Discord, but
//! by a key's id and without forms.

use crate::model::{Caller, Key, KeyId, KeyRefusal, ProviderId, Scope};

use crate::providers::trim_secret;

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::add::{AddedKey, KeyDraft};
use crate::app::keys::stored::test::TestedKey;
use crate::app::names::name_to_keep;

impl Keys {
    /// Checks, seals and stores a key, in the place of the one for that
    /// provider if there is one.
    pub async fn put(&self, caller: &Caller, draft: KeyDraft) -> Result<AddedKey, Error> {
        self.require_byok()?;
        let provider = self.models.find_provider(draft.provider.as_str())?;
        self.require_own_keys(caller, draft.scope).await?;
        let draft = KeyDraft {
            provider: provider.id.clone(),
            name: name_to_keep(self.models.catalogue(), draft.name.as_deref())?,
            ..draft
        };
        self.store_key(caller, draft).await
    }

    /// Stores several keys, each in the place of the one for its provider, and
    /// removes those for which nothing is given. All are checked first: where
    /// one of them is refused, nothing is changed.
    pub async fn put_all(&self, caller: &Caller, drafts: Vec<KeyDraft>) -> Result<(), Error> {
        self.require_byok()?;
        let (mut ready, mut unwanted) = (Vec::new(), Vec::new());
        for draft in drafts {
            if trim_secret(&draft.typed.secret).is_none() {
                unwanted.push((self.owner_for(caller, draft.scope)?, draft.provider));
                continue;
            }
            self.require_own_keys(caller, draft.scope).await?;
            let checked = self.check_draft(caller, draft).await?;
            checked.refuse_loss()?;
            ready.push(checked);
        }
        for key in ready {
            self.store_ready(key, caller.person).await?;
        }
        for (owner, provider) in unwanted {
            self.store.remove_key(owner, &provider).await?;
        }
        Ok(())
    }

    /// An owner's keys, for whoever may act for the owner.
    pub async fn list_owned(&self, caller: &Caller, scope: Scope) -> Result<Vec<Key>, Error> {
        self.require_byok()?;
        let owner = self.owner_for(caller, scope)?;
        Ok(self.store.keys_of(owner).await?)
    }

    /// Finds one of the keys of an owner for whom the caller may act, by its
    /// id.
    pub async fn find(&self, caller: &Caller, scope: Scope, id: &str) -> Result<Key, Error> {
        let wanted = KeyId::parse(id).ok_or(KeyRefusal::UnknownKey)?;
        let keys = self.list_owned(caller, scope).await?;
        let found = keys.into_iter().find(|key| key.id == wanted);
        Ok(found.ok_or(KeyRefusal::UnknownKey)?)
    }

    /// Renames, pauses or resumes a key.
    pub async fn change(
        &self,
        caller: &Caller,
        key: &Key,
        name: Option<String>,
        paused: Option<bool>,
    ) -> Result<(), Error> {
        let owner = self.owner_for(caller, key.owner.scope())?;
        if let Some(name) = name {
            let name = name_to_keep(self.models.catalogue(), Some(&name))?;
            self.store
                .rename_key(owner, &key.provider, name.as_deref())
                .await?;
        }
        if let Some(paused) = paused {
            self.store.set_paused(owner, &key.provider, paused).await?;
        }
        Ok(())
    }

    /// Removes a key.
    pub async fn delete(&self, caller: &Caller, key: &Key) -> Result<(), Error> {
        let owner = self.owner_for(caller, key.owner.scope())?;
        self.store.remove_key(owner, &key.provider).await?;
        tracing::info!(key.id = %key.id, "removed key {}", key.id);
        Ok(())
    }

    /// Removes all of an owner's keys; which.
    pub async fn delete_all(
        &self,
        caller: &Caller,
        scope: Scope,
    ) -> Result<Vec<ProviderId>, Error> {
        let keys = self.list_owned(caller, scope).await?;
        for key in &keys {
            self.delete(caller, key).await?;
        }
        Ok(keys.into_iter().map(|key| key.provider).collect())
    }

    /// Asks a key's provider about it.
    pub async fn test_by_id(
        &self,
        caller: &Caller,
        scope: Scope,
        id: &str,
    ) -> Result<TestedKey, Error> {
        let key = self.find(caller, scope, id).await?;
        self.test(caller, key.provider.as_str(), scope).await
    }
}
