//! The one loop over those who could pay for a call: the next payer with
//! room is asked, until one is not turned down by the provider.
//!
//! Asks, relayed calls and asks for pictures are paid for here, and only
//! here. They differ in what they need of a payer ([`Payable`]) and in how
//! they are made ([`PaidCall`]).

use crate::ledger::{AppliedLimit, Hold};
use crate::model::{
    AskRefusal, FailureClass, Offer, PromptTokens, ProviderFailure, Refusal, Restriction,
    SoundAmount, Source,
};
use crate::providers::{Refused, replacement};

use crate::app::Error;
use crate::app::payers::{Payer, PayerQueue, Payers};
use crate::app::policy::CallerPolicy;

/// What a call may use at the most, when one payer pays.
pub struct Needs<D> {
    pub model: String,
    /// Everything that the model is told.
    pub prompt: PromptTokens,
    pub max_output_tokens: u64,
    pub images: u64,
    pub sound: SoundAmount,
    /// What the call itself must know when it is made.
    pub details: D,
}

/// Why a call cannot be made with one payer.
pub enum CannotPay {
    /// This one may not pay for it; others may.
    This(Refusal),
    /// Nobody can.
    Anybody(Error),
}

impl From<Refused> for CannotPay {
    /// What a shared key does not pay for, another payer's key may.
    fn from(refused: Refused) -> Self {
        let refusal = match refused {
            Refused::OwnKeyOnly(what) => AskRefusal::OwnKeyOnly { what },
            Refused::Malformed(what) => AskRefusal::MalformedField { what },
        };
        Self::This(refusal.into())
    }
}

/// A call as far as it must be known before it is made.
pub trait Payable {
    type Details: Send;

    /// The policy for whoever makes the call.
    fn policy(&self) -> &CallerPolicy;

    /// Whether the call itself names a provider or a model.
    fn names_target(&self) -> bool;

    /// Leaves out of the call what its provider could not read; says whether
    /// that is worth another try with the same payer.
    fn leave_out(&mut self, _: &ProviderFailure) -> bool {
        false
    }

    /// What the call needs when this payer pays, whose limits these are.
    fn needs(
        &mut self,
        offer: &Offer,
        limits: &[AppliedLimit],
    ) -> Result<Needs<Self::Details>, CannotPay>;
}

/// Room that is reserved with one payer.
pub struct Reservation<D> {
    pub offer: Offer,
    pub hold: Hold,
    pub model: String,
    pub details: D,
}

/// A call that can be made with one payer after another.
pub trait PaidCall {
    type Order: Payable + Send;
    type Answer: Send;
    /// A no, in the form that the caller hears it.
    type Refused: From<Error> + Send;

    /// What the call needs of a payer.
    fn order(&mut self) -> &mut Self::Order;

    /// Makes the call with one payer's key. Whatever comes of it, the hold
    /// is settled or in good hands.
    fn call(
        &mut self,
        reservation: Reservation<<Self::Order as Payable>::Details>,
    ) -> impl Future<Output = Result<CallOutcome<Self::Answer, Self::Refused>, Self::Refused>> + Send;
}

/// What came of a call with one payer.
pub enum CallOutcome<A, R> {
    Answered(A),
    Failed(FailedCall<R>),
}

/// A call that the provider did not answer.
pub struct FailedCall<R> {
    pub offer: Offer,
    pub failure: ProviderFailure,
    /// What is said if no other payer helps.
    pub refused: R,
    /// Whether a part of an answer was heard, so that nobody else is asked.
    pub was_heard: bool,
}

impl From<Refusal> for CannotPay {
    fn from(refusal: Refusal) -> Self {
        Self::Anybody(refusal.into())
    }
}

impl<D> Reservation<D> {
    /// Who pays.
    pub fn payer(&self) -> Payer {
        Payer {
            source: self.offer.source,
            provider: self.offer.provider.clone(),
            model: self.hold.attempt().model.clone(),
            key: self.offer.key,
            attempt: self.hold.id(),
        }
    }
}

impl Payers {
    /// Reserves room with the next payer that has any; none where nobody is
    /// left, and the queue then knows why.
    pub async fn reserve_next<P: Payable + Send>(
        &self,
        order: &mut P,
        queue: &mut PayerQueue,
    ) -> Result<Option<Reservation<P::Details>>, Error> {
        while let Some((offer, needs, limits)) = next_able(order, queue)? {
            let caller = &order.policy().caller;
            match self.hold(caller, &offer, &needs, limits).await? {
                Ok(hold) => {
                    return Ok(Some(Reservation {
                        offer,
                        hold,
                        model: needs.model,
                        details: needs.details,
                    }));
                }
                Err(refusal) => queue.pass_over(&offer, refusal),
            }
        }
        Ok(None)
    }

    /// Finds who would pay for a call if it were made now, and reserves
    /// nothing: the queue's trace then says so.
    pub async fn foresee<P: Payable + Send>(
        &self,
        order: &mut P,
        queue: &mut PayerQueue,
    ) -> Result<(), Error> {
        while let Some((offer, needs, limits)) = next_able(order, queue)? {
            let caller = &order.policy().caller;
            match self.check_room(caller, &offer, &needs, &limits).await? {
                Ok(()) => return Ok(()),
                Err(refusal) => queue.pass_over(&offer, refusal),
            }
        }
        Ok(())
    }

    /// Makes a call with one payer after another, the first of whom may be
    /// reserved already, until it is answered or nobody else can help.
    pub async fn pay<C: PaidCall + Send>(
        &self,
        call: &mut C,
        queue: &mut PayerQueue,
        reserved: Option<Reservation<<C::Order as Payable>::Details>>,
    ) -> Result<C::Answer, C::Refused> {
        let (mut reserved, mut last) = (reserved, None);
        loop {
            if reserved.is_none() {
                reserved = self.reserve_next(call.order(), queue).await?;
            }
            let Some(reservation) = reserved.take() else {
                break;
            };
            let failed = match call.call(reservation).await? {
                CallOutcome::Answered(answer) => return Ok(answer),
                CallOutcome::Failed(failed) => failed,
            };
            if !failed.was_heard && call.order().leave_out(&failed.failure) {
                queue.ask_again();
                continue;
            }
            let names_target = call.order().names_target();
            let goes_on = another_payer_may_help(&failed.failure, names_target);
            if failed.was_heard || !(goes_on || is_restricted(&failed.failure)) {
                return Err(failed.refused);
            }
            // Boxed, so that the future of a call that does not fail stays small.
            let demoted = Box::pin(self.demote(&failed.offer, &failed.failure)).await;
            queue.demoted.extend(demoted.map_err(Error::from)?);
            if !goes_on {
                return Err(failed.refused);
            }
            queue.turn_down(&failed.offer, &failed.failure);
            last = Some(failed.refused);
        }
        Err(last.unwrap_or_else(|| Error::from(queue.refusal(call.order().policy())).into()))
    }
}

/// A payer, what a call needs of them, and the limits on that.
type AblePayer<D> = (Offer, Needs<D>, Vec<AppliedLimit>);

/// The next payer of a queue that may pay for a call at all.
fn next_able<P: Payable>(
    order: &mut P,
    queue: &mut PayerQueue,
) -> Result<Option<AblePayer<P::Details>>, Error> {
    while let Some(offer) = queue.next() {
        let limits = order.policy().limits(&offer);
        match order.needs(&offer, &limits) {
            Ok(needs) => return Ok(Some((offer, needs, limits))),
            Err(CannotPay::This(refusal)) => queue.pass_over(&offer, refusal),
            Err(CannotPay::Anybody(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// What a caller is told of a provider's failure. A model that its provider
/// has retired has another in its place.
pub fn refused_by(failure: ProviderFailure, payer: Source, model: &str) -> Refusal {
    let replacement = replacement(&failure.provider, model);
    let refusal = match (failure.class, replacement) {
        (FailureClass::ModelNotFound, Some(replacement)) => AskRefusal::ModelRetired {
            provider: failure.provider,
            model: model.to_owned(),
            replacement: replacement.to_owned(),
        },
        _ => AskRefusal::Provider { failure, payer },
    };
    refusal.into()
}

/// Whether another payer may help: the provider turned this key down, or the
/// key cannot be opened, or cannot be used for this call. A key cannot be used where the provider
/// has another address now than when it was stored, or where something is
/// missing beside it, which only hosts of pictures ask for; nor where its
/// account has to be changed first. Where a key is restricted in another way,
/// the next payer helps whoever named neither provider nor model: who named
/// one is told instead.
pub fn another_payer_may_help(failure: &ProviderFailure, names_target: bool) -> bool {
    (is_restricted(failure) && !names_target) || is_key_useless(failure)
}

/// Whether the provider does not let the key do this.
fn is_restricted(failure: &ProviderFailure) -> bool {
    matches!(failure.class, FailureClass::AuthForbidden(_))
}

/// Whether the key can't pay for such a call at all.
fn is_key_useless(failure: &ProviderFailure) -> bool {
    matches!(
        failure.class,
        FailureClass::AuthInvalid
            | FailureClass::Billing
            | FailureClass::WrongOrigin
            | FailureClass::NotSetUp
            | FailureClass::DamagedKey
            | FailureClass::AuthForbidden(Restriction::Unverified | Restriction::FreeTier)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ProviderId;

    #[test]
    fn another_payer_is_asked_only_where_the_key_is_to_blame() {
        let classes = [
            FailureClass::AuthInvalid,
            FailureClass::AuthForbidden(Restriction::Unsaid),
            FailureClass::AuthForbidden(Restriction::Model),
            FailureClass::AuthForbidden(Restriction::Unverified),
            FailureClass::AuthForbidden(Restriction::FreeTier),
            FailureClass::Billing,
            FailureClass::RateLimited,
            FailureClass::ModelNotFound,
            FailureClass::ContentBlocked,
            FailureClass::PictureRefused,
            FailureClass::BadRequest,
            FailureClass::Upstream,
            FailureClass::Unreachable,
            FailureClass::TimedOut,
            FailureClass::CutOff,
            FailureClass::NotSetUp,
            FailureClass::WrongOrigin,
            FailureClass::DamagedKey,
        ];
        let may_help = |names_target: bool| {
            classes.into_iter().filter(move |class| {
                let failure = ProviderFailure {
                    provider: ProviderId::from("openai"),
                    class: *class,
                    status: None,
                    retry_after: None,
                    subject: None,
                };
                another_payer_may_help(&failure, names_target)
            })
        };
        let named: Vec<_> = may_help(true).collect();
        insta::assert_snapshot!(format!("{named:?}"), @"[AuthInvalid, AuthForbidden(Unverified), AuthForbidden(FreeTier), Billing, NotSetUp, WrongOrigin, DamagedKey]");
        let unnamed: Vec<_> = may_help(false).collect();
        insta::assert_snapshot!(format!("{unnamed:?}"), @"[AuthInvalid, AuthForbidden(Unsaid), AuthForbidden(Model), AuthForbidden(Unverified), AuthForbidden(FreeTier), Billing, NotSetUp, WrongOrigin, DamagedKey]");
    }
}
