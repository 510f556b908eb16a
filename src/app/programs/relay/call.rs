//! One relayed call as the loop over payers sees it: what it needs of a
//! payer, and how it is sent on with a payer's key.

use crate::ledger::{AppliedLimit, CallEnd, Hold};
use crate::model::{AskRefusal, Credential, Offer, Refusal, Surface};
use crate::providers::{
    CostEstimate, RelayFailure, RelayRequest, Relayed, estimate_cost, only_for_owners,
};

use crate::app::Error;
use crate::app::payers::{
    Called, CannotPay, FailedCall, Needs, PaidCall, Payable, Payer, Reservation, refused_by,
};
use crate::app::policy::CallerPolicy;
use crate::app::programs::Programs;
use crate::app::programs::relay::RelayError;

/// The longest answer that is reckoned with where nobody limits it.
const OUTPUT_TOKENS_MAX: u64 = 131_072;
/// What stands in the place of a model where a call names none.
pub const NO_MODEL: &str = "-";

/// A call that is to be passed on.
pub struct RelayOrder {
    pub policy: CallerPolicy,
    pub request: Box<RelayRequest>,
    pub model: Option<String>,
    /// The longest answer that somebody else's key pays for, in tokens.
    pub most: u32,
    pub request_key: Option<Credential>,
    /// What only the caller's own key may pay for, once that was looked at;
    /// empty if nothing is.
    pub owners_only: Option<String>,
}

impl Payable for RelayOrder {
    /// Whether the output must be limited.
    type Details = bool;

    fn policy(&self) -> &CallerPolicy {
        &self.policy
    }

    fn needs(&mut self, offer: &Offer, limits: &[AppliedLimit]) -> Result<Needs<bool>, CannotPay> {
        let is_own = offer.source.is_own();
        if !is_own && let Some(what) = self.owners_only() {
            let refusal = AskRefusal::OwnKeyOnly { what };
            return Err(CannotPay::This(refusal.into()));
        }
        let is_limited = !is_own || !limits.is_empty();
        let cost = estimate_cost(&self.request, is_limited);
        Ok(Needs {
            model: self.model.clone().unwrap_or_else(|| NO_MODEL.to_owned()),
            prompt_bytes: cost.prompt_bytes,
            max_output_tokens: self.max_output_tokens(&cost, is_own, is_limited),
            images: cost.images,
            details: is_limited,
        })
    }
}

impl RelayOrder {
    /// What only the caller's own key may pay for, if the call has such a
    /// thing.
    fn owners_only(&mut self) -> Option<String> {
        let request = &self.request;
        let look = || only_for_owners(request).unwrap_or_default();
        let what = self.owners_only.get_or_insert_with(look);
        Some(what.clone()).filter(|what| !what.is_empty())
    }

    /// The longest answer that the call may get, in tokens.
    fn max_output_tokens(&self, cost: &CostEstimate, is_own: bool, is_limited: bool) -> u64 {
        if !matches!(self.request.surface, Surface::Chat | Surface::Responses) && is_limited {
            return 0;
        }
        let asked = cost.output_tokens;
        let ours = u64::from(self.most) * cost.answers;
        match (is_own, is_limited) {
            (true, false) => asked.unwrap_or(OUTPUT_TOKENS_MAX),
            (true, true) => asked.unwrap_or(ours),
            (false, _) => asked.map_or(ours, |asked| asked.min(ours)),
        }
    }
}

/// A relayed call that is being made.
pub struct RelayCall<'a> {
    pub programs: &'a Programs,
    pub order: &'a mut RelayOrder,
}

/// A relayed call whose answer has begun.
pub struct BegunRelay {
    pub payer: Payer,
    pub hold: Hold,
    pub relayed: Box<Relayed>,
}

impl PaidCall for RelayCall<'_> {
    type Order = RelayOrder;
    type Answer = BegunRelay;
    type Refused = RelayError;

    fn order(&mut self) -> &mut RelayOrder {
        self.order
    }

    async fn call(
        &mut self,
        reservation: Reservation<bool>,
    ) -> Result<Called<BegunRelay, RelayError>, RelayError> {
        let payer = reservation.payer();
        let Reservation {
            offer,
            mut hold,
            details: is_limited,
            ..
        } = reservation;
        match self.send(&offer, is_limited, &mut hold).await {
            Ok(relayed) => {
                self.programs.payers.note_use(offer.key);
                Ok(Called::Answered(BegunRelay {
                    payer,
                    hold,
                    relayed,
                }))
            }
            Err(SendError::Failed(failed)) => {
                let ended = CallEnd::Failed(&failed.failure);
                // Apart, so that calls that do not fail stay small.
                Box::pin(self.programs.settle_relay(&self.order.policy, hold, ended)).await;
                Ok(Called::Failed(FailedCall {
                    offer,
                    failure: failed.failure.clone(),
                    refused: not_relayed(failed, payer),
                    was_heard: false,
                }))
            }
            Err(SendError::NotSent(error)) => Err(RelayError {
                payer: Some(payer),
                ..error.into()
            }),
        }
    }
}

impl RelayCall<'_> {
    /// Writes the call in its provider's words, and sends it with the
    /// payer's key.
    async fn send(
        &self,
        offer: &Offer,
        is_limited: bool,
        hold: &mut Hold,
    ) -> Result<Box<Relayed>, SendError> {
        let (programs, order) = (self.programs, &*self.order);
        let provider = programs.models.provider(&offer.provider)?;
        let key = programs
            .payers
            .open_key(offer, order.request_key.as_ref())?;
        let model = order.model.as_deref().unwrap_or_default();
        let limit = Some(hold.max_output_tokens()).filter(|limit| is_limited && *limit > 0);
        let wire = order
            .request
            .write_for(provider, key.credential(), model, limit);
        let mut wire = wire.map_err(|no_words| {
            Refusal::Ask(AskRefusal::Untranslatable {
                what: no_words.what,
            })
        })?;
        wire.departure = hold.watch_departure();
        let speaks = matches!(order.request.surface, Surface::Chat | Surface::Responses);
        if order.request.stream && speaks {
            hold.expect_stream();
        }
        hold.begin().await?;
        let sent = programs
            .providers
            .relay(provider, wire, key.credential())
            .await;
        let relayed = sent.map_err(SendError::Failed)?;
        if !relayed.is_heard_piece_by_piece() {
            hold.expect_whole();
        }
        Ok(relayed)
    }
}

/// Why a call has no answer.
enum SendError {
    /// The provider did not answer it.
    Failed(RelayFailure),
    /// It was not sent.
    NotSent(Error),
}

impl<E: Into<Error>> From<E> for SendError {
    fn from(error: E) -> Self {
        Self::NotSent(error.into())
    }
}

/// What the caller is told of a failure: the provider's own words too, where
/// the caller's own key paid.
pub fn not_relayed(failed: RelayFailure, payer: Payer) -> RelayError {
    let is_own = payer.source.is_own();
    let refusal = refused_by(failed.failure, payer.source, &payer.model);
    RelayError {
        error: refusal.into(),
        said: failed.message.filter(|_| is_own),
        payer: Some(payer),
    }
}
