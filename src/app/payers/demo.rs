//! Replies that nobody pays for: where no key can pay, and the operator wants a
//! fixed reply then. They stand in the ledger, and cost nothing.

use crate::ledger::CallEnd;
use crate::model::{
    Caller, NanoDollars, Offer, PersonId, PromptTokens, ProviderId, SoundAmount, Source, Usage,
};
use crate::resolver::Choice;

use crate::app::payers::{Needs, Payer, Payers, Reservation};
use crate::app::policy::CallerPolicy;

/// What stands in the place of a provider and a model where none is asked.
const DEMO: &str = "demo";

/// What a demo reply uses, and what it costs.
pub fn free_usage() -> Usage {
    Usage {
        cost: Some(NanoDollars(0)),
        ..Usage::default()
    }
}

impl Payers {
    /// Who can pay for a call to one of these providers. For whoever sends a
    /// call without a token, only the key that came with it can: nobody else
    /// knows them.
    pub fn choose_for(
        &self,
        policy: &CallerPolicy,
        providers: &[ProviderId],
        request: Option<&Offer>,
    ) -> Choice {
        if policy.caller.person == PersonId::UNKNOWN && request.is_none() {
            return Choice::default();
        }
        self.choose(policy, providers, request)
    }

    /// Writes down a reply that nobody pays for. Without limits there is always
    /// room.
    pub async fn reserve_demo<D>(
        &self,
        caller: &Caller,
        details: D,
    ) -> anyhow::Result<Option<Reservation<D>>> {
        let offer = Offer::unstored(Source::Demo, ProviderId::from(DEMO));
        let needs = Needs {
            model: DEMO.to_owned(),
            prompt: PromptTokens::default(),
            max_output_tokens: 0,
            images: 0,
            sound: SoundAmount::default(),
            details,
        };
        let held = self.hold(caller, &offer, &needs, Vec::new()).await?;
        Ok(held.ok().map(|hold| Reservation {
            offer,
            hold,
            model: needs.model,
            details: needs.details,
        }))
    }

    /// Writes down a reply that is given at once; none where it could not be
    /// written, which keeps nobody from replying.
    pub async fn book_demo(&self, caller: &Caller) -> anyhow::Result<Option<Payer>> {
        let Some(reservation) = self.reserve_demo(caller, ()).await? else {
            return Ok(None);
        };
        let payer = reservation.payer();
        let usage = Some(free_usage());
        let ended = CallEnd::Answered { usage };
        self.settle(reservation.hold, &ended).await;
        Ok(Some(payer))
    }
}
