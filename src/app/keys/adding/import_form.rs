//! The form into which several keys are pasted, or a file of them is put.

use secrecy::SecretString;

use crate::model::{Caller, Health, KeyId, Lifetime, Scope};
use crate::store::PendingKind;

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::form::KeyChoices;
use crate::app::keys::adding::found_keys::{KeyImport, PendingKey};

/// A form that asks for several keys.
pub struct ImportForm {
    pub id: String,
    pub scope: Scope,
    /// Whose they can be.
    pub scopes: Vec<Scope>,
}

impl PendingKey {
    /// The id of a key that can be stored, and takes nothing away: only one that
    /// its provider accepts takes the place of another, and the first of a
    /// provider's is the one that is taken.
    pub fn storable(&self) -> Option<KeyId> {
        let is_accepted = matches!(
            self.health,
            Some(Health::Valid | Health::Restricted | Health::Unguarded)
        );
        let takes_nothing = is_accepted || self.replaces.is_none();
        self.id.filter(|_| takes_nothing && !self.is_second)
    }
}

impl Keys {
    /// Hands out a form for several keys.
    pub async fn open_import(&self, caller: &Caller, scope: Scope) -> Result<ImportForm, Error> {
        self.owner_of_import(caller, scope).await?;
        let choices = KeyChoices {
            provider: None,
            scope,
            name: None,
            lifetime: Lifetime::AsBefore,
            scopes: self.scopes_for(caller, scope).await,
        };
        let action = choices.action(PendingKind::ImportKeys, caller);
        Ok(ImportForm {
            id: self.pending.hand_out(&action).await?,
            scope,
            scopes: choices.scopes,
        })
    }

    /// Takes a form with keys in it: each is checked, and waits until its person
    /// says which are wanted.
    pub async fn read_import(
        &self,
        caller: &Caller,
        form: &str,
        (scope, file): (Option<String>, SecretString),
    ) -> Result<KeyImport, Error> {
        let taken = self.pending.take(caller, PendingKind::ImportKeys, form);
        let mut choices = KeyChoices::of_action(&taken.await?);
        choices.choose_scope(scope.as_deref())?;
        self.begin_import(caller, choices.scope, file).await
    }
}
