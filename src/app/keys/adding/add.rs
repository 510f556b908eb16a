//! Adding a key: it is checked, sealed and stored. A key that is added again replaces the old one, which stays
//! until the new one is stored.

use crate::model::{
    Caller, Check, CheckGoal, Credential, Health, Key, KeyGoal, KeyId, KeyRefusal, Lifetime, Owner,
    PersonId, ProviderId, ProviderKind, Refusal, Scope, Wrapping,
};
use crate::providers::Provider;
use crate::store::NewKey;
use crate::vault;

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::credential::{CleanedCredential, KeyDestination, TypedKey};

/// A key that is to be stored: for whom, for which provider, and as what.
pub struct KeyDraft {
    pub scope: Scope,
    pub provider: ProviderId,
    /// What its owner calls it.
    pub name: Option<String>,
    pub typed: TypedKey,
    pub lifetime: Lifetime,
    /// Whether it is stored even if its provider refuses it, or if it can't pay, or
    /// may not, and one that works makes way, because whoever adds it says so.
    pub keep_refused: bool,
}

/// A key that is to be stored, as it is sent to its provider.
pub(in crate::app::keys) struct CleanDraft {
    owner: Owner,
    provider: ProviderId,
    name: Option<String>,
    cleaned: CleanedCredential,
    lifetime: Lifetime,
    keep_refused: bool,
}

/// A key that its provider was asked about, and that is no row yet.
pub(in crate::app::keys) struct CheckedKey {
    pub owner: Owner,
    pub provider: ProviderId,
    pub name: Option<String>,
    /// The row that has this very key already.
    pub same_as: Option<KeyId>,
    pub credential: Credential,
    pub health: Health,
    /// None for as long as it works.
    pub expires_at_ms: Option<i64>,
    /// None where the provider said nothing.
    pub checked_at_ms: Option<i64>,
}

/// A key that was checked, and will be an [`AddedKey`] once it is stored.
pub(in crate::app::keys) struct ReadyKey {
    pub checked: CheckedKey,
    pub check: Check,
    /// The key whose place it takes.
    pub replaced: Option<Key>,
    /// Whether that works while this one can't pay, or may not, and nobody said that
    /// they want it so.
    pub is_loss: bool,
    pub looks_right: bool,
    pub removed: Vec<Wrapping>,
    pub kind: ProviderKind,
}

/// A key that was stored.
pub struct AddedKey {
    pub key: Key,
    pub check: Check,
    /// The key that was stored before, and whose place it took.
    pub replaced: Option<Key>,
    /// Whether that was the very same key.
    pub is_same: bool,
    /// The key begins as this provider's keys do.
    pub looks_right: bool,
    /// What was taken out around it.
    pub removed: Vec<Wrapping>,
    /// What the provider makes.
    pub kind: ProviderKind,
}

impl AddedKey {
    /// The name that the key has from another whose place it took.
    pub fn kept_name(&self) -> Option<&str> {
        let replaced = self.replaced.as_ref().filter(|_| !self.is_same);
        let old = replaced?.name.as_deref();
        old.filter(|old| self.key.name.as_deref() == Some(old))
    }

    /// Until when it is used; none where nobody ever said so.
    pub fn end(&self) -> Option<AddedEnd> {
        let old_ms = self.replaced.as_ref().and_then(|old| old.expires_at_ms);
        match (self.key.expires_at_ms, old_ms) {
            (Some(at_ms), Some(old_ms)) if at_ms == old_ms && !self.is_same => {
                Some(AddedEnd::Kept(at_ms))
            }
            (Some(at_ms), _) => Some(AddedEnd::At(at_ms)),
            (None, Some(_)) => Some(AddedEnd::Dropped),
            (None, None) => None,
        }
    }
}

/// Until when a key is used that was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedEnd {
    At(i64),
    /// Until then, as the other key whose place it took.
    Kept(i64),
    /// As long as it works, in the place of one that had an end.
    Dropped,
}

/// A check that was counted, until it is known what came of it.
pub(in crate::app::keys) struct CountedCheck(String);

impl Keys {
    /// Checks a key, then seals and stores it.
    pub(in crate::app::keys) async fn store_key(
        &self,
        caller: &Caller,
        draft: KeyDraft,
    ) -> Result<AddedKey, Error> {
        let ready = self.check_draft(caller, draft).await?;
        ready.refuse_loss()?;
        self.store_ready(ready, caller.person).await
    }

    /// Checks a key that is to be stored; refuses one that its provider does
    /// not accept.
    pub(in crate::app::keys) async fn check_draft(
        &self,
        caller: &Caller,
        draft: KeyDraft,
    ) -> Result<ReadyKey, Error> {
        let clean = self.clean_draft(caller, draft)?;
        let counted = self.count_check(caller, CheckGoal::Store).await?;
        self.check_clean(clean, counted).await
    }

    /// Reads what was typed for a key that is to be stored.
    pub(in crate::app::keys) fn clean_draft(
        &self,
        caller: &Caller,
        draft: KeyDraft,
    ) -> Result<CleanDraft, Error> {
        let owner = self.owner_for(caller, draft.scope)?;
        let destination = KeyDestination {
            catalogue: self.models.catalogue(),
            provider: self.models.provider(&draft.provider)?,
            goal: KeyGoal::Stored(draft.scope),
        };
        Ok(CleanDraft {
            owner,
            provider: draft.provider,
            name: draft.name,
            cleaned: draft.typed.into_credential(destination)?,
            lifetime: draft.lifetime,
            keep_refused: draft.keep_refused,
        })
    }

    /// Checks a key whose check was counted.
    pub(in crate::app::keys) async fn check_clean(
        &self,
        draft: CleanDraft,
        counted: CountedCheck,
    ) -> Result<ReadyKey, Error> {
        let owner = draft.owner;
        let provider = self.models.provider(&draft.provider)?;
        let CleanedCredential {
            credential,
            removed,
        } = draft.cleaned;
        let check = self.providers.check(provider, Some(&credential)).await;
        self.settle_check(counted, &check).await?;
        let replaced = self.store.key_of(owner, &provider.id).await?;
        let same_as = replaced.as_ref().and_then(|(key, sealed)| {
            let stored = self.vault.open_key(key, &sealed.0).ok()?;
            vault::is_same_credential(&stored, &credential).then_some(key.id)
        });
        let replaced = replaced.map(|(key, _)| key);
        let is_loss = !draft.keep_refused
            && same_as.is_none()
            && replaced
                .as_ref()
                .is_some_and(|old| self.would_lose(old, &check));
        if check == Check::Invalid && !draft.keep_refused {
            let provider = provider.id.clone();
            return Err(Refusal::Key(KeyRefusal::KeyRefused {
                provider,
                scope: owner.scope(),
                kept_old: replaced.is_some(),
                removed,
            })
            .into());
        }
        let looks_right = provider.looks_right(&credential.secret);
        // A key goes by the name of the one whose place it takes, unless it is
        // given another.
        let old_name = replaced.as_ref().and_then(|old| old.name.clone());
        let checked = CheckedKey {
            owner,
            provider: provider.id.clone(),
            name: draft.name.or(old_name),
            same_as,
            credential,
            health: check.health(),
            expires_at_ms: draft
                .lifetime
                .end_ms(self.clock.now_ms(), replaced.as_ref()),
            checked_at_ms: self.time_of_check(&check),
        };
        Ok(ReadyKey {
            checked,
            check,
            replaced,
            is_loss,
            looks_right,
            removed,
            kind: provider.kind,
        })
    }

    /// Stores a key that nothing speaks against.
    pub(in crate::app::keys) async fn store_ready(
        &self,
        ready: ReadyKey,
        added_by: PersonId,
    ) -> Result<AddedKey, Error> {
        let is_same = ready.checked.same_as.is_some();
        let key = self.store_checked(ready.checked, added_by).await?;
        Ok(AddedKey {
            key,
            is_same,
            check: ready.check,
            replaced: ready.replaced,
            looks_right: ready.looks_right,
            removed: ready.removed,
            kind: ready.kind,
        })
    }

    /// Checks a key, within the limits on checks.
    pub(in crate::app::keys) async fn limited_check(
        &self,
        caller: &Caller,
        provider: &Provider,
        credential: &Credential,
        goal: CheckGoal,
    ) -> Result<Check, Error> {
        let counted = self.count_check(caller, goal).await?;
        let check = self.providers.check(provider, Some(credential)).await;
        self.settle_check(counted, &check).await?;
        Ok(check)
    }

    /// Counts a check, or refuses it where there were too many.
    pub(in crate::app::keys) async fn count_check(
        &self,
        caller: &Caller,
        goal: CheckGoal,
    ) -> Result<CountedCheck, Error> {
        let counted = self.count_or_wait(caller).await?;
        counted.map_err(|retry_after_s| {
            let too_many = KeyRefusal::TooManyChecks {
                retry_after_s,
                goal,
            };
            too_many.into()
        })
    }

    /// Counts a check; or in how many seconds there is room for it, where there
    /// were too many.
    pub(in crate::app::keys) async fn count_or_wait(
        &self,
        caller: &Caller,
    ) -> Result<Result<CountedCheck, u64>, Error> {
        let (id, now_ms) = (crate::app::pending::random_id()?, self.clock.now_ms());
        let server = caller.place.server();
        let counted = self.store.count_check(&id, caller.person, server, now_ms);
        let seconds = |wait_ms| u64::try_from(wait_ms).unwrap_or(0).div_ceil(1_000);
        let counted = counted.await?.map_err(seconds);
        Ok(counted.map(|()| CountedCheck(id)))
    }

    /// Gives the place of a check back whose key is accepted: the limits are for
    /// those who try keys that are not theirs, which providers refuse.
    pub(in crate::app::keys) async fn settle_check(
        &self,
        CountedCheck(id): CountedCheck,
        check: &Check,
    ) -> Result<(), Error> {
        if matches!(check, Check::Valid | Check::Unguarded | Check::Restricted) {
            self.store.uncount_check(&id).await?;
        }
        Ok(())
    }

    /// When a provider said something of a key: now, if it did.
    pub(in crate::app::keys) fn time_of_check(&self, check: &Check) -> Option<i64> {
        (!matches!(check, Check::Unknown(_))).then_some(self.clock.now_ms())
    }

    /// Seals and stores a key that was checked.
    pub(in crate::app::keys) async fn store_checked(
        &self,
        checked: CheckedKey,
        added_by: PersonId,
    ) -> Result<Key, Error> {
        let credential = checked.credential;
        let key = Key {
            id: checked.same_as.map_or_else(draw_key_id, Ok)?,
            owner: checked.owner,
            provider: checked.provider,
            name: checked.name,
            hint: vault::hint(&credential.secret),
            health: checked.health,
            paused: false,
            expires_at_ms: checked.expires_at_ms,
            added_by,
            added_at_ms: self.clock.now_ms(),
            checked_at_ms: checked.checked_at_ms,
            last_used_at_ms: None,
            master_kid: self.vault.active_kid()?,
        };
        let sealed = self
            .vault
            .seal(key.id, key.owner, &key.provider, &credential)?;
        self.store
            .put_key(NewKey {
                key: key.clone(),
                sealed,
            })
            .await?;
        tracing::info!(key.id = %key.id, provider = %key.provider, scope = key.owner.scope().as_str(), "stored key {}", key.id);
        Ok(key)
    }
}

/// Draws the id of a new row.
pub(in crate::app::keys) fn draw_key_id() -> anyhow::Result<KeyId> {
    let mut row = [0; 16];
    getrandom::fill(&mut row)?;
    Ok(KeyId(row))
}
