//! What programs do with keys: the same as people do in Discord, but by a
//! key's id and without forms.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::model::{
    Answer, Caller, Choices, Credential, Key, KeyId, KeyRefusal, ProviderId, Scope,
};

use crate::app::keys::RequestKey;
use crate::app::keys::add::AddedKey;
use crate::app::keys::test::TestedKey;
use crate::app::{App, AskOutcome, Error};

impl App {
    /// Checks, seals and stores a key, in the place of the one for that
    /// provider if there is one.
    pub async fn put_key(
        &self,
        caller: &Caller,
        scope: Scope,
        provider: &str,
        name: Option<String>,
        (secret, extras): (SecretString, BTreeMap<String, SecretString>),
    ) -> Result<AddedKey, Error> {
        self.require_byok()?;
        let provider = self.models.find_provider(provider)?.id.clone();
        self.require_own_keys(caller, scope).await?;
        self.keep_key(
            caller,
            scope,
            (provider, Self::key_name(name)),
            (secret, extras),
        )
        .await
    }

    /// A key that came with an ask, for the one provider that the ask names.
    pub fn key_for_ask(&self, choices: &Choices, key: RequestKey) -> Result<Credential, Error> {
        let named = self
            .models
            .read_chat_model(choices.provider.as_ref(), choices.model.as_deref())?;
        let provider = named.only_provider().ok_or(KeyRefusal::OnceNeedsProvider)?;
        Ok(key.into_credential(provider, named.names_provider)?)
    }

    /// What came of an ask. Owners of keys and budgets are told what they
    /// should know.
    pub fn told(&self, asked: AskOutcome) -> Result<Answer, Error> {
        self.tell_owners(asked.demoted, asked.notices);
        asked.result
    }

    /// An owner's keys, for whoever may act for the owner.
    pub async fn keys_in(&self, caller: &Caller, scope: Scope) -> Result<Vec<Key>, Error> {
        self.require_byok()?;
        let owner = Self::owner(caller, scope)?;
        Ok(self.store.keys_of(owner).await?)
    }

    /// One of them, by its id.
    pub async fn key_by_id(&self, caller: &Caller, scope: Scope, id: &str) -> Result<Key, Error> {
        let wanted = KeyId::parse(id).ok_or(KeyRefusal::UnknownKey)?;
        let keys = self.keys_in(caller, scope).await?;
        let found = keys.into_iter().find(|key| key.id == wanted);
        Ok(found.ok_or(KeyRefusal::UnknownKey)?)
    }

    /// Renames, pauses or resumes a key.
    pub async fn change_key(
        &self,
        caller: &Caller,
        key: &Key,
        name: Option<String>,
        paused: Option<bool>,
    ) -> Result<(), Error> {
        let owner = Self::owner(caller, key.owner.scope())?;
        if let Some(name) = name {
            let name = Self::key_name(Some(name));
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
    pub async fn delete_key(&self, caller: &Caller, key: &Key) -> Result<(), Error> {
        let owner = Self::owner(caller, key.owner.scope())?;
        self.store.remove_key(owner, &key.provider).await?;
        tracing::info!(key.id = %key.id, "removed key {}", key.id);
        Ok(())
    }

    /// Removes all of an owner's keys; which.
    pub async fn delete_keys(
        &self,
        caller: &Caller,
        scope: Scope,
    ) -> Result<Vec<ProviderId>, Error> {
        let keys = self.keys_in(caller, scope).await?;
        for key in &keys {
            self.delete_key(caller, key).await?;
        }
        Ok(keys.into_iter().map(|key| key.provider).collect())
    }

    /// Asks a key's provider about it.
    pub async fn test_key_by_id(
        &self,
        caller: &Caller,
        scope: Scope,
        id: &str,
    ) -> Result<TestedKey, Error> {
        let key = self.key_by_id(caller, scope, id).await?;
        self.test_key(caller, key.provider.as_str(), scope).await
    }
}
