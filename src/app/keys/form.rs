//! The form that asks for a key: it goes out with what is known, and can be
//! opened again with all that was chosen but the key.

use crate::model::{Caller, ProviderId, Scope};
use crate::store::{PendingAction, PendingKind};

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::kept_extras::PlainExtras;
use crate::app::models::ProviderInfo;
use crate::app::names::name_to_keep;

/// For how many days a key can be used that ends.
pub const LIFETIMES_DAYS: [u16; 4] = [7, 30, 90, 365];
const MS_A_DAY: i64 = 24 * 3_600 * 1_000;

/// What is chosen beside a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChoices {
    /// None where the key itself is to tell.
    pub provider: Option<ProviderId>,
    pub scope: Scope,
    pub name: Option<String>,
    /// For how many days it is used; none for as long as it works.
    pub days: Option<u16>,
}

/// A form that asks for a key.
pub struct AddForm<'a> {
    pub id: String,
    /// None where the key itself is to tell.
    pub provider: Option<ProviderInfo<'a>>,
    pub scope: Scope,
    /// Whose the key can be.
    pub scopes: Vec<Scope>,
    pub name: Option<String>,
    pub days: Option<u16>,
    /// What was typed beside the key before, by field.
    pub extras: PlainExtras,
}

impl KeyChoices {
    /// A key of one provider's, of which nothing else is known.
    pub fn of(provider: ProviderId, scope: Scope) -> Self {
        Self {
            provider: Some(provider),
            scope,
            name: None,
            days: None,
        }
    }

    /// When a key ends that is stored now.
    pub(in crate::app::keys) fn end_ms(&self, now_ms: i64) -> Option<i64> {
        self.days.map(|days| now_ms + i64::from(days) * MS_A_DAY)
    }

    /// The action that a form is for.
    pub(in crate::app::keys) fn action(&self, kind: PendingKind, caller: &Caller) -> PendingAction {
        let provider = self.provider.clone();
        PendingAction {
            kind,
            person: caller.person,
            server: caller.place.server(),
            scope: self.scope,
            // No provider has an empty id.
            provider: provider.unwrap_or_else(|| ProviderId::from("")),
            name: write_name(self.name.as_deref(), self.days),
        }
    }

    /// What an action was handed out with.
    pub(in crate::app::keys) fn of_action(action: &PendingAction) -> Self {
        let (name, days) = read_name(action.name.as_deref());
        let provider = &action.provider;
        Self {
            provider: Some(provider.clone()).filter(|id| !id.as_str().is_empty()),
            scope: action.scope,
            name,
            days,
        }
    }
}

/// Name and days as they are kept with an action, one a line.
pub(in crate::app::keys) fn write_name(name: Option<&str>, days: Option<u16>) -> Option<String> {
    let days = days.map(|days| format!("\n{days}")).unwrap_or_default();
    Some(format!("{}{days}", name.unwrap_or_default())).filter(|kept| !kept.is_empty())
}

/// Reads what [`write_name`] writes.
pub(in crate::app::keys) fn read_name(kept: Option<&str>) -> (Option<String>, Option<u16>) {
    let kept = kept.unwrap_or_default();
    let (name, days) = kept.split_once('\n').unwrap_or((kept, ""));
    let name = Some(name.to_owned()).filter(|name| !name.is_empty());
    (name, days.parse().ok())
}

impl Keys {
    /// Hands out a form for a key.
    pub async fn begin_add(
        &self,
        caller: &Caller,
        choices: KeyChoices,
    ) -> Result<AddForm<'_>, Error> {
        self.require_byok()?;
        let provider = choices.provider.as_ref();
        let provider = provider.map(|typed| self.models.find_provider(typed.as_str()));
        let provider = provider.transpose()?;
        self.owner_for(caller, choices.scope)?;
        self.require_own_keys(caller, choices.scope).await?;
        let name = name_to_keep(self.models.catalogue(), choices.name.as_deref())?;
        let choices = KeyChoices {
            provider: provider.map(|found| found.id.clone()),
            name,
            ..choices
        };
        let action = choices.action(PendingKind::AddKey, caller);
        let id = self.pending.hand_out(&action).await?;
        self.form_of(caller, id, choices, PlainExtras::new()).await
    }

    /// Opens a form again that was sent with a key which was not stored, with
    /// everything that was chosen beside it.
    pub async fn reopen_add(&self, caller: &Caller, form: &str) -> Result<AddForm<'_>, Error> {
        self.require_byok()?;
        let action = self.pending.look(caller, PendingKind::AddKey, form).await?;
        let choices = KeyChoices::of_action(&action);
        self.owner_for(caller, choices.scope)?;
        self.require_own_keys(caller, choices.scope).await?;
        let extras = self.kept_extras(caller, form).await?;
        self.form_of(caller, form.to_owned(), choices, extras).await
    }

    async fn form_of(
        &self,
        caller: &Caller,
        id: String,
        choices: KeyChoices,
        extras: PlainExtras,
    ) -> Result<AddForm<'_>, Error> {
        let provider = choices.provider.as_ref();
        let provider = provider.map(|id| self.models.provider(id)).transpose()?;
        Ok(AddForm {
            id,
            provider: provider.map(ProviderInfo::new),
            scope: choices.scope,
            scopes: self.scopes_for(caller, choices.scope).await,
            name: choices.name,
            days: choices.days,
            extras,
        })
    }

    /// Whose a key of the caller's can be, with what is chosen now.
    async fn scopes_for(&self, caller: &Caller, chosen: Scope) -> Vec<Scope> {
        if chosen == Scope::System {
            return vec![chosen];
        }
        let mut scopes = Vec::new();
        if chosen == Scope::User || self.may_use_own_keys(caller).await {
            scopes.push(Scope::User);
        }
        if caller.owner_for(Scope::Guild).is_ok() {
            scopes.push(Scope::Guild);
        }
        scopes
    }
}
