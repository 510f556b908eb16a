//! A key that can't pay, or that its provider could not be asked about, does not
//! take the place of one that works unless its owner says so. Until then it waits as the keys of an import do: sealed, for
//! one person in one place, and for as long as a form.

use crate::model::{
    AccessRefusal, Caller, Check, FailureClass, Health, KeptKey, Key, KeyRefusal, Lifetime,
    Refusal, Sealed,
};
use crate::store::{ImportedKey, PendingAction, PendingKind};
use crate::vault;

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::add::{AddedKey, CheckedKey, ReadyKey, draw_key_id};
use crate::app::keys::adding::form::KeyChoices;
use crate::app::keys::adding::import::import_of;
use crate::app::pending::PENDING_FOR_MS;

impl ReadyKey {
    /// Refuses to let a key that works make way for one that can't pay.
    pub fn refuse_loss(&self) -> Result<(), Refusal> {
        match &self.replaced {
            Some(old) if self.is_loss => Err(self.kept(old, None)),
            _ => Ok(()),
        }
    }

    fn kept(&self, old: &Key, waits: Option<String>) -> Refusal {
        Refusal::Key(KeyRefusal::KeptWorking(Box::new(KeptKey {
            kept: old.clone(),
            found: self.check.clone(),
            removed: self.removed.clone(),
            waits,
        })))
    }
}

impl Keys {
    /// Whether a stored key pays, as far as is known.
    pub(in crate::app::keys) fn works(&self, key: &Key) -> bool {
        key.seems_to_work() && self.vault.can_open(&key.master_kid)
    }

    /// Whether a key that works would make way for one that can't pay, or that its
    /// provider could not be asked about.
    pub(in crate::app::keys) fn would_lose(&self, old: &Key, check: &Check) -> bool {
        let is_worse = match check {
            Check::Unknown(_) => old.health != Health::Unverified,
            check => !check.lets_pay(),
        };
        is_worse && self.works(old)
    }

    /// Seals a key that would take the place of one that works, and returns the
    /// refusal that tells of both.
    pub(in crate::app::keys) async fn let_wait(
        &self,
        caller: &Caller,
        ready: ReadyKey,
        lifetime: Lifetime,
    ) -> Result<Refusal, Error> {
        let Some(old) = &ready.replaced else {
            return Err(AccessRefusal::StaleForm.into());
        };
        let CheckedKey {
            owner,
            provider,
            name,
            credential,
            health,
            checked_at_ms,
            ..
        } = &ready.checked;
        let action = PendingAction {
            kind: PendingKind::ReplaceKey,
            person: caller.person,
            server: caller.place.server(),
            scope: owner.scope(),
            provider: provider.clone(),
            name: KeyChoices {
                name: name.clone(),
                lifetime,
                ..KeyChoices::of(provider.clone(), owner.scope())
            }
            .write_kept(),
        };
        let form = self.pending.hand_out(&action).await?;
        let id = draw_key_id()?;
        let sealed = self.vault.seal_imported(id, *owner, provider, credential)?;
        let row = ImportedKey {
            id,
            scope: owner.scope(),
            provider: provider.clone(),
            variable: None,
            hint: vault::hint(&credential.secret),
            sealed: Sealed(sealed.into()),
            health: Some(*health),
            checked_at_ms: *checked_at_ms,
        };
        let expires_at_ms = self.clock.now_ms() + PENDING_FOR_MS;
        self.store
            .add_imported_keys(import_of(caller, &form), &[row], expires_at_ms)
            .await?;
        Ok(ready.kept(old, Some(form)))
    }

    /// Stores a key that waits, in the place of the one that works.
    pub async fn finish_replace(&self, caller: &Caller, form: &str) -> Result<AddedKey, Error> {
        self.require_byok()?;
        let taken = self.pending.take(caller, PendingKind::ReplaceKey, form);
        let action = taken.await?;
        let owner = self.owner_of_import(caller, action.scope).await?;
        let mut rows = self.rows_of_import(caller, form).await?;
        let row = rows.pop().ok_or(AccessRefusal::StaleForm)?;
        let credential = self
            .vault
            .open_imported(row.id, owner, &row.provider, &row.sealed.0)?;
        self.forget_import(caller, form).await?;
        let provider = self.models.provider(&row.provider)?;
        let replaced = self.store.key_of(owner, &row.provider).await?;
        let replaced = replaced.map(|(old, _)| old);
        let health = row.health.unwrap_or(Health::Unverified);
        let choices = KeyChoices::of_action(&action);
        let expires_at_ms = choices
            .lifetime
            .end_ms(self.clock.now_ms(), replaced.as_ref());
        let ready = ReadyKey {
            check: match health {
                Health::OutOfCredit => Check::OutOfCredit,
                Health::Unverified => Check::Unknown(FailureClass::Unreachable),
                _ => Check::WrongExtra,
            },
            replaced,
            is_loss: false,
            looks_right: provider.looks_right(&credential.secret),
            removed: Vec::new(),
            kind: provider.kind,
            checked: CheckedKey {
                owner,
                provider: row.provider,
                name: choices.name,
                same_as: None,
                credential,
                health,
                expires_at_ms,
                checked_at_ms: row.checked_at_ms,
            },
        };
        self.store_ready(ready, caller.person).await
    }
}
