//! What a caller may still use here, and which key would pay now.

use crate::model::{Caller, LimitUse, ProviderId, Refusal, Source};

use crate::app::Error;
use crate::app::quotas::Quotas;

/// Every limit that applies to a caller in one place.
pub struct QuotaStatus {
    pub tier: String,
    /// Whether this tier may use keys of its own.
    pub byok: bool,
    /// Whether its limits bind those.
    pub limits_own_keys: bool,
    /// By payer, in the order in which they are asked; a payer without a
    /// limit has none.
    pub limits: Vec<(Source, Vec<LimitUse>)>,
    /// Who would pay for an ask without `provider:` now.
    pub payer: Option<(ProviderId, Source)>,
    /// Why nobody may ask at all.
    pub blocked: Option<Refusal>,
}

impl Quotas {
    /// Each limit that applies here, and who would pay.
    pub async fn read_status(&self, caller: &Caller) -> Result<QuotaStatus, Error> {
        let policy = self.policies.read_policy(caller.clone()).await?;
        let payers = self
            .payers
            .choose(&policy, self.models.chat_order(), None)
            .payers;
        let mut limits: Vec<(Source, Vec<LimitUse>)> = Vec::new();
        for source in [Source::Personal, Source::Server, Source::BotDefault] {
            if let Some(first) = payers.iter().find(|offer| offer.source == source) {
                let uses = self.ledger.load_uses(&policy.limits(first)).await?;
                limits.push((source, uses));
            }
        }
        let foreseen = self.asks.foresee(&policy, None).await?;
        let payer = foreseen
            .taken()
            .map(|step| (step.provider.clone(), step.source));
        Ok(QuotaStatus {
            payer,
            blocked: policy.refuse_blocked(self.clock.now_ms()).err(),
            byok: policy.tier().byok,
            limits_own_keys: policy.limits_own_keys(),
            tier: policy.tier().name.clone(),
            limits,
        })
    }
}
