//! Who would pay here, provider by provider, and why not the others.

use crate::model::{Caller, ProviderId, Trace, Verdict};
use crate::providers::Provider;

use crate::app::Error;
use crate::app::keys::Keys;

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

impl Keys {
    /// The trace of one provider, or of each that somebody has a key for.
    pub async fn read_status(
        &self,
        caller: &Caller,
        provider: Option<&str>,
    ) -> Result<Status, Error> {
        let wanted = provider
            .map(|typed| self.models.find_provider(typed))
            .transpose()?;
        let policy = self.policies.read_policy(caller.clone()).await?;
        let trace = |providers: &[ProviderId]| self.payers.choose(&policy, providers, None).trace;
        let shown: Vec<&Provider> = match wanted {
            Some(provider) => vec![provider],
            None => self.models.catalogue().iter().collect(),
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
        let unnamed = trace(self.models.chat_order())
            .taken()
            .map(|step| step.provider.clone());
        Ok(Status {
            byok_enabled: self.byok_enabled(),
            providers,
            unnamed,
        })
    }
}
