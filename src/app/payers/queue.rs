//! The payers of one call, in the order in which they are asked, and why
//! those before the current one did not pay.

use crate::model::{
    AskRefusal, FailureClass, FellBack, Metric, Offer, OwnKeyWay, ProviderFailure, ProviderId,
    QuotaRefusal, Refusal, Skip, Source, Step, Trace, Verdict, WhyFellBack,
};
use crate::resolver::Choice;

use crate::app::payers::Demotion;
use crate::app::policy::CallerPolicy;
use crate::ledger::AppliedLimit;

/// Those who could pay for one call.
#[derive(Default)]
pub struct PayerQueue {
    payers: Vec<Offer>,
    /// Every offer that was looked at, those that cannot pay too.
    pub trace: Trace,
    /// How many payers were asked.
    asked: usize,
    /// Payers that were passed over, and why: their other keys are too.
    passed_over: Vec<(Source, Skip)>,
    /// Of the refusals of limits, the one whose limit renews first.
    limit_refusal: Option<Refusal>,
    /// The payers that were asked and did not pay.
    pub fell_back: Vec<FellBack>,
    /// The keys that turned out to be dead.
    pub demoted: Vec<Demotion>,
}

impl PayerQueue {
    /// The payers that the resolver chose.
    pub fn new(choice: Choice) -> Self {
        Self {
            payers: choice.payers,
            trace: choice.trace,
            ..Self::default()
        }
    }

    /// The first payer of all.
    pub fn first(&self) -> Option<&Offer> {
        self.payers.first()
    }

    /// The next payer to be asked, if there is one.
    pub fn next(&mut self) -> Option<Offer> {
        while let Some(offer) = self.payers.get(self.asked) {
            self.asked += 1;
            let mut passed_over = self.passed_over.iter();
            let Some((_, why)) = passed_over.find(|(source, _)| *source == offer.source) else {
                return Some(offer.clone());
            };
            self.trace.skip(offer, *why);
        }
        None
    }

    /// Has the last payer asked once more.
    pub fn ask_again(&mut self) {
        self.asked = self.asked.saturating_sub(1);
    }

    /// Passes over a payer whose limit has no room, or who may not pay for
    /// such a call.
    pub fn pass_over(&mut self, offer: &Offer, refusal: Refusal) {
        let why = match &refusal {
            // What was asked is what this payer does not pay for.
            Refusal::Ask(_) => Skip::OwnKeyOnly,
            Refusal::Quota(QuotaRefusal::UnknownPrice { .. }) => Skip::UnknownPrice,
            Refusal::Quota(_)
            | Refusal::Key(_)
            | Refusal::Access(_)
            | Refusal::Conversation(_)
            | Refusal::Picture(_)
            | Refusal::Token(_) => Skip::Limit,
        };
        self.passed_over.push((offer.source, why));
        self.fall_back(offer, WhyFellBack::Limit, why);
        let sooner = |old: &Refusal| wait_s(&refusal) < wait_s(old);
        if self.limit_refusal.as_ref().is_none_or(sooner) {
            self.limit_refusal = Some(refusal);
        }
    }

    /// Passes over a payer whose key is to blame that the provider did not
    /// answer.
    pub fn turn_down(&mut self, offer: &Offer, failure: &ProviderFailure) {
        let (shown, why) = match failure.class {
            FailureClass::DamagedKey => (WhyFellBack::Damaged, Skip::Damaged),
            FailureClass::Billing => (WhyFellBack::TurnedDown, Skip::OutOfCredit),
            FailureClass::AuthForbidden(_) => (WhyFellBack::Restricted, Skip::Restricted),
            FailureClass::WrongOrigin => (WhyFellBack::TurnedDown, Skip::OtherAddress),
            FailureClass::NotSetUp => (WhyFellBack::TurnedDown, Skip::NotSetUp),
            _ => (WhyFellBack::TurnedDown, Skip::Refused),
        };
        self.fall_back(offer, shown, why);
    }

    /// Notes that a payer does not pay.
    fn fall_back(&mut self, offer: &Offer, shown: WhyFellBack, why: Skip) {
        self.trace.skip(offer, why);
        self.fell_back.push(FellBack {
            source: offer.source,
            provider: offer.provider.clone(),
            why: shown,
        });
    }

    /// Why nobody pays: a limit without room, or no usable key at all.
    pub fn refusal(&self, policy: &CallerPolicy) -> Refusal {
        let nobody = || {
            let in_server = policy.caller.place.server().is_some();
            let trace = self.trace.clone();
            AskRefusal::NobodyPays { trace, in_server }.into()
        };
        let refusal = self.limit_refusal.clone().unwrap_or_else(nobody);
        match refusal {
            Refusal::Quota(limit) => Refusal::Quota(self.with_own_key(limit, policy)),
            refusal => refusal,
        }
    }

    /// Adds to the refusal of a limit what a key of the asker's own would change.
    fn with_own_key(&self, mut refusal: QuotaRefusal, policy: &CallerPolicy) -> QuotaRefusal {
        match &mut refusal {
            QuotaRefusal::LimitReached {
                hit,
                provider,
                own_key,
                ..
            } => {
                let is_hit =
                    |of_own: &AppliedLimit| of_own.bound == hit.bound && of_own.limit == hit.limit;
                if policy.has_own_way(provider, is_hit) {
                    *own_key = self.find_own_key(provider);
                }
            }
            QuotaRefusal::UnknownPrice {
                provider, own_key, ..
            } => {
                let in_dollars = |of_own: &AppliedLimit| of_own.limit.metric == Metric::Cost;
                if policy.has_own_way(provider, in_dollars) {
                    *own_key = self.find_own_key(provider);
                }
            }
            _ => {}
        }
        refusal
    }

    /// Whether the asker has a key of their own for a provider, and what keeps it
    /// from paying.
    fn find_own_key(&self, provider: &ProviderId) -> OwnKeyWay {
        let of_own = |step: &&Step| step.source == Source::Personal && step.provider == *provider;
        match self.trace.0.iter().find(of_own).map(|step| step.verdict) {
            Some(Verdict::Skipped(why)) => OwnKeyWay::Mend(why),
            _ => OwnKeyWay::Add,
        }
    }
}

/// How long it takes until a limit has room again, in seconds.
fn wait_s(refusal: &Refusal) -> u64 {
    match refusal {
        Refusal::Quota(QuotaRefusal::LimitReached { retry_after_s, .. }) => {
            retry_after_s.unwrap_or(u64::MAX - 1)
        }
        _ => u64::MAX,
    }
}
