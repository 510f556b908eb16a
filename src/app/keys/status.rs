//! Who would pay here, provider by provider, and why not the others.

use crate::model::{Caller, ProviderId, Trace, Verdict};
use crate::providers::{Kind, Provider};

use crate::app::{App, Error};

/// The state of things for one caller in one place.
pub struct Status {
    pub byok_enabled: bool,
    pub providers: Vec<ProviderStatus>,
    /// The first provider in the operator's order that somebody can pay for.
    pub unnamed: Option<ProviderId>,
}

/// The trace of one provider.
pub struct ProviderStatus {
    pub provider: ProviderId,
    pub trace: Trace,
}

impl App {
    /// The trace of one provider, or of each that somebody has a key for.
    pub async fn key_status(
        &self,
        caller: &Caller,
        provider: Option<&str>,
    ) -> Result<Status, Error> {
        let wanted = provider.map(|typed| self.provider(typed)).transpose()?;
        let policy = self.caller_policy(caller.clone()).await?;
        let trace = |providers: &[ProviderId]| self.choose(&policy, providers, None).trace;
        let shown: Vec<&Provider> = match wanted {
            Some(provider) => vec![provider],
            None => self.catalogue().iter().collect(),
        };
        let has_offer = |status: &ProviderStatus| {
            status
                .trace
                .0
                .iter()
                .any(|step| step.verdict != Verdict::Absent)
        };
        let providers = shown
            .into_iter()
            .map(|p| ProviderStatus {
                provider: p.id.clone(),
                trace: trace(std::slice::from_ref(&p.id)),
            })
            .filter(|status| wanted.is_some() || has_offer(status))
            .collect();
        let unnamed = trace(&self.chat_order())
            .taken()
            .map(|step| step.provider.clone());
        Ok(Status {
            byok_enabled: self.byok_enabled(),
            providers,
            unnamed,
        })
    }

    /// The operator's order, as far as it names providers that chat.
    pub(in crate::app) fn chat_order(&self) -> Vec<ProviderId> {
        let chats = |id: &&ProviderId| self.providers.get(id).is_some_and(|p| p.kind == Kind::Chat);
        self.settings
            .provider_order
            .iter()
            .filter(chats)
            .cloned()
            .collect()
    }
}
