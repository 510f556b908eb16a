//! A key for one ask: typed, used once, and forgotten. No other key pays
//! when it fails.

use crate::model::{Ask, Caller, Choices, KeyRefusal, ProviderId, Scope, Words};
use crate::store::{PendingAction, PendingKind};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::keys::TypedKey;
use crate::app::models::ProviderInfo;

/// A form that asks for a prompt and a key.
pub struct OnceForm<'a> {
    pub id: String,
    pub provider: ProviderInfo<'a>,
}

impl Asks {
    /// Hands out a form for one ask of one provider.
    pub async fn begin_once(
        &self,
        caller: &Caller,
        provider: Option<&ProviderId>,
        model: Option<&str>,
    ) -> Result<OnceForm<'_>, Error> {
        let named = self.models.read_chat_model(provider, model)?;
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
                name: named.model,
            })
            .await?;
        let provider = ProviderInfo::new(provider);
        Ok(OnceForm { id, provider })
    }

    /// Turns a submitted form into an ask. The key goes nowhere else.
    pub async fn finish_once(
        &self,
        caller: Caller,
        form: &str,
        prompt: Words,
        typed: TypedKey,
    ) -> Result<Ask, Error> {
        let action = self
            .pending
            .take(&caller, PendingKind::AskOnce, form)
            .await?;
        let provider = self.models.provider(&action.provider)?;
        let credential = typed.into_credential(provider)?;
        let choices = Choices {
            provider: Some(action.provider),
            model: action.name,
            persona: None,
        };
        Ok(Ask {
            request_key: Some(credential),
            ..Ask::of(caller, &prompt.0, choices)
        })
    }
}
