//! A key for one ask: typed, used once, and forgotten. No other key pays
//! when it fails.

use std::time::Duration;

use tokio::time::timeout;

use crate::model::{
    Ask, AskRefusal, Caller, Check, Choices, Credential, FailureClass, KeyGoal, KeyRefusal,
    PersonId, ProviderFailure, Scope, Source, Words,
};
use crate::providers::Provider;
use crate::store::{PendingAction, PendingKind};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::keys::{ExtrasOf, KeyDestination, PlainExtras, TrialOutcome, TypedKey};
use crate::app::models::ProviderInfo;

/// How long the provider may take to say that a typed key does not work,
/// before an answer is promised all the same.
const CHECK_WAIT: Duration = Duration::from_secs(1);

/// A form that asks for a prompt and a key.
pub struct OnceForm<'a> {
    pub id: String,
    pub provider: ProviderInfo<'a>,
    /// What was typed beside the key before, by field.
    pub extras: PlainExtras,
}

/// Why a key that was typed for one ask was not used.
pub struct FailedOnce {
    pub error: Box<Error>,
    /// The form that can be opened again; none where another key would not help.
    pub again: Option<String>,
}

impl From<Error> for FailedOnce {
    fn from(error: Error) -> Self {
        Self {
            error: Box::new(error),
            again: None,
        }
    }
}

impl Asks {
    /// Hands out a form for one ask of one provider.
    pub async fn begin_once(
        &self,
        caller: &Caller,
        choices: &Choices,
    ) -> Result<OnceForm<'_>, Error> {
        let (provider, model) = (choices.provider.as_ref(), choices.model.as_deref());
        let named = self.models.read_chat_model(provider, model)?;
        // Refused before the key is typed.
        self.plan(choices, &[])?;
        let provider = named.only_provider().ok_or(KeyRefusal::OnceNeedsProvider)?;
        self.keys.require_own_keys(caller, Scope::User).await?;
        let id = self
            .pending
            .hand_out(&PendingAction {
                kind: PendingKind::AskOnce,
                person: caller.person,
                server: caller.place.server(),
                scope: Scope::User,
                provider: provider.id.clone(),
                name: Some(write_choices(named.model, choices.persona.as_deref())),
            })
            .await?;
        Ok(OnceForm {
            id,
            provider: ProviderInfo::new(provider),
            extras: PlainExtras::new(),
        })
    }

    /// Opens a form again that was sent with a key which was not used.
    pub async fn reopen_once(&self, caller: &Caller, form: &str) -> Result<OnceForm<'_>, Error> {
        let found = self.pending.look(caller, PendingKind::AskOnce, form);
        let provider = self.models.provider(&found.await?.provider)?;
        self.keys.require_own_keys(caller, Scope::User).await?;
        Ok(OnceForm {
            id: form.to_owned(),
            provider: ProviderInfo::new(provider),
            extras: self.keys.kept_extras(caller, form).await?,
        })
    }

    /// Turns a submitted form into an ask. The key goes nowhere else. Where
    /// something is wrong with it, the form can be opened again.
    pub async fn finish_once(
        &self,
        caller: Caller,
        form: &str,
        prompt: Words,
        typed: TypedKey,
    ) -> Result<Ask, FailedOnce> {
        let taken = self.pending.take(&caller, PendingKind::AskOnce, form);
        let action = taken.await?;
        let extras = self.keys.extras_to_keep(&typed.extras);
        match self.ask_typed(caller.clone(), &action, prompt, typed).await {
            Ok(ask) => Ok(ask),
            Err(error) if error.is_about_typed_key() => {
                let again = self.hand_out_again(&caller, &action, extras).await?;
                Err(FailedOnce {
                    error: Box::new(error),
                    again: Some(again),
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Hands out the form once more, with what was typed beside the key.
    async fn hand_out_again(
        &self,
        caller: &Caller,
        action: &PendingAction,
        extras: PlainExtras,
    ) -> Result<String, Error> {
        let form = self.pending.hand_out(action).await?;
        let of = ExtrasOf {
            caller,
            form: &form,
            provider: &action.provider,
            scope: Scope::User,
        };
        self.keys.keep_extras(of, extras).await?;
        Ok(form)
    }

    async fn ask_typed(
        &self,
        caller: Caller,
        action: &PendingAction,
        prompt: Words,
        typed: TypedKey,
    ) -> Result<Ask, Error> {
        let provider = self.models.provider(&action.provider)?;
        let destination = KeyDestination {
            catalogue: self.models.catalogue(),
            provider,
            goal: KeyGoal::Once,
        };
        let credential = typed.into_credential(destination)?.credential;
        Box::pin(self.refuse_useless(caller.person, provider, &credential)).await?;
        let (model, persona) = read_choices(action.name.as_deref().unwrap_or_default());
        let choices = Choices {
            provider: Some(action.provider.clone()),
            model,
            persona,
        };
        Ok(Ask {
            request_key: Some(credential),
            ..Ask::of(caller, &prompt.0, choices)
        })
    }

    /// Refuses a key that its provider turns down, if the provider says so at
    /// once: nothing is promised to everybody then. The check tries the key as
    /// an ask does, and is counted with those.
    async fn refuse_useless(
        &self,
        person: PersonId,
        provider: &Provider,
        credential: &Credential,
    ) -> Result<(), Error> {
        let mut trial = self.keys.trials.begin(person, credential).await?;
        let checking = self.providers.check(provider, Some(credential));
        let class = match timeout(CHECK_WAIT, checking).await {
            Ok(Check::Invalid) => FailureClass::AuthInvalid,
            Ok(Check::OutOfCredit) => FailureClass::Billing,
            _ => return Ok(()),
        };
        trial.note(TrialOutcome::Refused);
        let failure = ProviderFailure {
            provider: provider.id.clone(),
            class,
            status: None,
            retry_after: None,
            subject: None,
        };
        let payer = Source::Request;
        Err(AskRefusal::Provider { failure, payer }.into())
    }
}

/// Model and persona as they are kept with the form, one a line.
fn write_choices(model: Option<String>, persona: Option<&str>) -> String {
    let model = model.unwrap_or_default();
    format!("{model}\n{}", persona.unwrap_or_default())
}

/// Reads what [`write_choices`] writes.
fn read_choices(kept: &str) -> (Option<String>, Option<String>) {
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (model, persona) = kept.split_once('\n').unwrap_or((kept, ""));
    (said(model), said(persona))
}
