//! The form that asks for a key: it goes out with what is known, and can be
//! opened again with all that was chosen but the key.

use crate::model::{AccessRefusal, Caller, Lifetime, ProviderId, Scope};
use crate::store::{PendingAction, PendingKind};

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::kept_extras::PlainExtras;
use crate::app::models::ProviderInfo;
use crate::app::names::name_to_keep;

/// What is chosen beside a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChoices {
    /// None where the key itself is to tell.
    pub provider: Option<ProviderId>,
    pub scope: Scope,
    pub name: Option<String>,
    pub lifetime: Lifetime,
    /// Whose it can be, as was found when the form was handed out.
    pub scopes: Vec<Scope>,
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
    pub lifetime: Lifetime,
    /// Whether one of the keys whose place it could take ends.
    pub may_keep_an_end: bool,
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
            lifetime: Lifetime::AsBefore,
            scopes: Vec::new(),
        }
    }

    /// Takes over whose key it is to be, which must be one of those that were
    /// offered: who installed the bot here was looked at then.
    pub(in crate::app::keys) fn choose_scope(
        &mut self,
        chosen: Option<&str>,
    ) -> Result<(), AccessRefusal> {
        let scope = chosen.and_then(Scope::parse).unwrap_or(self.scope);
        if scope != self.scope && !self.scopes.contains(&scope) {
            return Err(AccessRefusal::OnlyManagers);
        }
        self.scope = scope;
        Ok(())
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
            name: self.write_kept(),
        }
    }

    /// What an action was handed out with.
    pub(in crate::app::keys) fn of_action(action: &PendingAction) -> Self {
        let provider = &action.provider;
        let kept = action.name.as_deref().unwrap_or_default();
        let mut lines = kept.split('\n');
        let name = lines.next().filter(|name| !name.is_empty());
        let lifetime = lines.next().and_then(Lifetime::parse);
        Self {
            provider: Some(provider.clone()).filter(|id| !id.as_str().is_empty()),
            scope: action.scope,
            name: name.map(str::to_owned),
            lifetime: lifetime.unwrap_or_default(),
            scopes: lines.filter_map(Scope::parse).collect(),
        }
    }

    /// What an action has no place of its own for, one a line.
    pub(in crate::app::keys) fn write_kept(&self) -> Option<String> {
        let lifetime = Some(self.lifetime).filter(|it| *it != Lifetime::AsBefore);
        let lifetime = lifetime.map(Lifetime::word);
        let scopes = self.scopes.iter().map(|scope| scope.as_str().to_owned());
        let first = [self.name.clone(), lifetime].map(Option::unwrap_or_default);
        let lines: Vec<String> = first.into_iter().chain(scopes).collect();
        let kept = lines.join("\n");
        Some(kept.trim_end().to_owned()).filter(|kept| !kept.is_empty())
    }
}

impl Keys {
    /// Hands out a form for a key. One that takes the place of another goes by
    /// its name, unless it is given its own.
    pub async fn begin_add(
        &self,
        caller: &Caller,
        choices: KeyChoices,
    ) -> Result<AddForm<'_>, Error> {
        self.require_byok()?;
        let provider = choices.provider.as_ref();
        let provider = provider.map(|typed| self.models.find_provider(typed.as_str()));
        let provider = provider.transpose()?;
        let owner = self.owner_for(caller, choices.scope)?;
        self.require_own_keys(caller, choices.scope).await?;
        let name = name_to_keep(self.models.catalogue(), choices.name.as_deref())?;
        let old_name = match (&name, provider) {
            (None, Some(provider)) => self.store.key_of(owner, &provider.id).await?,
            _ => None,
        };
        let choices = KeyChoices {
            provider: provider.map(|found| found.id.clone()),
            name: name.or(old_name.and_then(|(old, _)| old.name)),
            scopes: self.scopes_for(caller, choices.scope).await,
            ..choices
        };
        let action = choices.action(PendingKind::AddKey, caller);
        let id = self.pending.hand_out(&action).await?;
        self.form_of(caller, (id, choices), PlainExtras::new())
            .await
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
        self.form_of(caller, (form.to_owned(), choices), extras)
            .await
    }

    async fn form_of(
        &self,
        caller: &Caller,
        (id, choices): (String, KeyChoices),
        extras: PlainExtras,
    ) -> Result<AddForm<'_>, Error> {
        let may_keep_an_end = self.has_ending(caller, &choices.scopes).await?;
        let provider = choices.provider.as_ref();
        let provider = provider.map(|id| self.models.provider(id)).transpose()?;
        Ok(AddForm {
            id,
            provider: provider.map(ProviderInfo::new),
            scope: choices.scope,
            scopes: choices.scopes,
            name: choices.name,
            lifetime: choices.lifetime,
            may_keep_an_end,
            extras,
        })
    }

    /// Whether a key ends that another of these scopes could take the place of:
    /// the form lets its provider and its scope be chosen.
    async fn has_ending(&self, caller: &Caller, scopes: &[Scope]) -> Result<bool, Error> {
        let now_ms = self.clock.now_ms();
        for scope in scopes {
            let owner = self.owner_for(caller, *scope)?;
            let keys = self.store.keys_of(owner).await?;
            if keys.iter().any(|key| key.end_to_come_ms(now_ms).is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whose a key of the caller's can be, with what is chosen now.
    pub(in crate::app::keys) async fn scopes_for(
        &self,
        caller: &Caller,
        chosen: Scope,
    ) -> Vec<Scope> {
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
