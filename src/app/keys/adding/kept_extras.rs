//! What was typed beside a key that was not stored waits for its form to be
//! opened again: sealed, for one person in one place, as the keys of an import
//! do. What looks like a secret is not kept at all.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::model::{Caller, Credential, ProviderId, Scope, Sealed};
use crate::providers::plain_extra;
use crate::store::ImportedKey;

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::add::draw_key_id;
use crate::app::keys::adding::import::import_of;
use crate::app::pending::PENDING_FOR_MS;

/// What was typed beside a key, by field.
pub type PlainExtras = BTreeMap<String, String>;

/// Where what was typed waits.
#[derive(Clone, Copy)]
pub(in crate::app) struct ExtrasOf<'a> {
    pub caller: &'a Caller,
    pub form: &'a str,
    pub provider: &'a ProviderId,
    pub scope: Scope,
}

impl Keys {
    /// What may be shown again of what was typed beside a key.
    pub(in crate::app) fn extras_to_keep(
        &self,
        typed: &BTreeMap<String, SecretString>,
    ) -> PlainExtras {
        let catalogue = self.models.catalogue();
        let kept = typed.iter().filter_map(|(field, typed)| {
            let plain = plain_extra(catalogue, typed)?;
            Some((field.clone(), plain))
        });
        kept.collect()
    }

    /// Keeps what was typed beside a key for the form that is opened again.
    /// Nothing can be kept where nothing can be sealed.
    pub(in crate::app) async fn keep_extras(
        &self,
        of: ExtrasOf<'_>,
        extras: PlainExtras,
    ) -> Result<(), Error> {
        if extras.is_empty() || !self.vault.is_enabled() {
            return Ok(());
        }
        let owner = self.owner_for(of.caller, of.scope)?;
        let sealed = extras.into_iter();
        let credential = Credential {
            secret: SecretString::default(),
            origins: Vec::new(),
            extras: sealed.map(|(field, value)| (field, value.into())).collect(),
        };
        let id = draw_key_id()?;
        let sealed = self
            .vault
            .seal_imported(id, owner, of.provider, &credential)?;
        let row = ImportedKey {
            id,
            scope: of.scope,
            provider: of.provider.clone(),
            variable: None,
            hint: None,
            sealed: Sealed(sealed.into()),
            // It would be checked before it were stored, and there is no key.
            health: None,
            checked_at_ms: None,
        };
        let expires_at_ms = self.clock.now_ms() + PENDING_FOR_MS;
        self.store
            .add_imported_keys(import_of(of.caller, of.form), &[row], expires_at_ms)
            .await?;
        Ok(())
    }

    /// What was typed beside the key that a form was sent with before.
    pub(in crate::app) async fn kept_extras(
        &self,
        caller: &Caller,
        form: &str,
    ) -> Result<PlainExtras, Error> {
        let Some(row) = self.rows_of_import(caller, form).await?.pop() else {
            return Ok(PlainExtras::new());
        };
        let owner = self.owner_for(caller, row.scope)?;
        let opened = self
            .vault
            .open_imported(row.id, owner, &row.provider, &row.sealed.0);
        let kept = opened.map(|credential| self.extras_to_keep(&credential.extras));
        Ok(kept.unwrap_or_default())
    }
}
