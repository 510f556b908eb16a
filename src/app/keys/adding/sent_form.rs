//! A form that comes back with a key, and with what was chosen beside it. A key
//! that is not stored leaves the rest behind, for the form to be opened again.

use crate::model::{Caller, KeyGoal, KeyRefusal, Lifetime, ProviderId, Refusal, Scope};
use crate::providers::{KeyTakers, whose_key};
use crate::store::PendingKind;

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::add::{AddedKey, KeyDraft};
use crate::app::keys::adding::credential::{TypedKey, refuse_paste};
use crate::app::keys::adding::form::KeyChoices;
use crate::app::keys::adding::kept_extras::{ExtrasOf, PlainExtras};
use crate::app::names::name_to_keep;

/// A form as it was sent. What it did not ask for stays as it was handed out;
/// what is empty was left out.
pub struct SentForm {
    pub typed: TypedKey,
    pub provider: Option<String>,
    pub scope: Option<String>,
    pub name: Option<String>,
    pub lifetime: Option<String>,
}

/// Why a key that was typed into a form was not stored.
pub struct FailedAdd {
    pub error: Box<Error>,
    /// What opens the form again with what was chosen for it; none where another
    /// key would not help.
    pub again: Option<FormAgain>,
}

/// A form that can be opened again.
pub struct FormAgain {
    pub id: String,
    pub provider: Option<ProviderId>,
    pub scope: Scope,
}

impl From<Error> for FailedAdd {
    fn from(error: Error) -> Self {
        Self {
            error: Box::new(error),
            again: None,
        }
    }
}

impl Keys {
    /// Takes a submitted form: checks the key, then seals and stores it. Where
    /// something is wrong with what was typed, the form can be opened again.
    pub async fn finish_add(
        &self,
        caller: &Caller,
        form: &str,
        sent: SentForm,
    ) -> Result<AddedKey, FailedAdd> {
        self.require_byok().map_err(Error::from)?;
        let taken = self.pending.take(caller, PendingKind::AddKey, form).await;
        let mut choices = KeyChoices::of_action(&taken?);
        self.forget_import(caller, form).await?;
        self.choose(&mut choices, &sent).map_err(Error::from)?;
        let extras = self.extras_to_keep(&sent.typed.extras);
        let error = match self.add_sent(caller, &mut choices, sent).await {
            Ok(added) => return Ok(added),
            Err(error) if error.is_about_typed_key() => error,
            Err(error) => return Err(error.into()),
        };
        let id = self.hand_out_again(caller, &choices, extras).await?;
        Err(FailedAdd {
            error: Box::new(error),
            again: Some(FormAgain {
                id,
                provider: choices.provider,
                scope: choices.scope,
            }),
        })
    }

    /// Takes over what was chosen in a form, as far as it asked for it.
    fn choose(&self, choices: &mut KeyChoices, sent: &SentForm) -> Result<(), Refusal> {
        match sent.provider.as_deref() {
            None => {}
            Some("") => choices.provider = None,
            Some(id) => choices.provider = Some(self.models.find_provider(id)?.id.clone()),
        }
        choices.choose_scope(sent.scope.as_deref())?;
        Ok(())
    }

    async fn add_sent(
        &self,
        caller: &Caller,
        choices: &mut KeyChoices,
        sent: SentForm,
    ) -> Result<AddedKey, Error> {
        if let Some(name) = &sent.name {
            choices.name = name_to_keep(self.models.catalogue(), Some(name))?;
        }
        if let Some(word) = &sent.lifetime {
            let lifetime = Lifetime::parse(word);
            choices.lifetime = lifetime.ok_or(KeyRefusal::UnknownLifetime)?;
        }
        let provider = match &choices.provider {
            Some(provider) => provider.clone(),
            None => self.recognize(&sent.typed, choices.scope)?,
        };
        choices.provider = Some(provider.clone());
        let draft = KeyDraft {
            lifetime: choices.lifetime,
            keep_refused: false,
            scope: choices.scope,
            provider,
            name: choices.name.clone(),
            typed: sent.typed,
        };
        let ready = self.check_draft(caller, draft).await?;
        if ready.is_loss {
            return Err(self.let_wait(caller, ready, choices.lifetime).await?.into());
        }
        self.store_ready(ready, caller.person).await
    }

    /// Tells from a key alone whose it is.
    fn recognize(&self, typed: &TypedKey, scope: Scope) -> Result<ProviderId, Refusal> {
        let of = match whose_key(self.models.catalogue(), &typed.secret) {
            KeyTakers::One(provider) => return Ok(provider),
            KeyTakers::OneOf(several) => several,
            KeyTakers::Nobodys(problem) => {
                let nobody = ProviderId::from("");
                return Err(refuse_paste(problem, &nobody, KeyGoal::Stored(scope)));
            }
        };
        Err(KeyRefusal::WhoseKey { of }.into())
    }

    /// Hands out another form with what was chosen in one.
    async fn hand_out_again(
        &self,
        caller: &Caller,
        choices: &KeyChoices,
        extras: PlainExtras,
    ) -> Result<String, Error> {
        let action = choices.action(PendingKind::AddKey, caller);
        let id = self.pending.hand_out(&action).await?;
        if let Some(provider) = &choices.provider {
            let of = ExtrasOf {
                caller,
                form: &id,
                provider,
                scope: choices.scope,
            };
            self.keep_extras(of, extras).await?;
        }
        Ok(id)
    }
}
