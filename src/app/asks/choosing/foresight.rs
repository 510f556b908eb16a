//! Who would pay for an ask that is made now, provider by provider, and why
//! not the others. Found as for a real ask, by the same loop over payers, so
//! that both name the same payer.

use std::sync::Arc;

use crate::ledger::AppliedLimit;
use crate::model::{
    Caller, Choices, ImageSpec, Offer, ProviderId, ProviderKind, Refusal, Skip, SoundAmount, Trace,
    Turn, Verdict,
};
use crate::providers::{PromptSize, Provider};
use crate::resolver::Choice;

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::asks::call::PlannedAsk;
use crate::app::models::Models;
use crate::app::payers::{CannotPay, Needs, Payable, PayerQueue};
use crate::app::pictures::PicturePlan;
use crate::app::policy::CallerPolicy;

/// The shortest question there is.
const SHORTEST: &str = "?";

/// The state of things for one caller in one place.
pub struct Status {
    pub byok_enabled: bool,
    /// Why no key pays for the caller, whoever's it is.
    pub blocked: Option<Refusal>,
    /// Whether it is that of a server, whose key could pay.
    pub in_server: bool,
    /// Those that were asked about, or for which somebody has a key.
    pub providers: Vec<ProviderStatus>,
    /// Whether one provider was asked about.
    pub is_of_one: bool,
    /// Where an ask goes that names no provider.
    pub unnamed: Option<Unnamed>,
}

/// Where an ask goes that names no provider.
pub struct Unnamed {
    pub provider: ProviderId,
    /// Whether the key that pays there works only in part.
    pub is_partial: bool,
    /// Who is asked where that key may not do what is asked.
    pub next: Option<ProviderId>,
}

impl Status {
    /// The providers whose paying keys work only in part.
    pub fn partial(&self) -> Vec<ProviderId> {
        let is_partial = |of: &&ProviderStatus| of.trace.taken().is_some_and(|it| it.is_partial);
        let partial = self.providers.iter().filter(is_partial);
        partial.map(|of| of.provider.clone()).collect()
    }
}

/// The trace of one provider.
pub struct ProviderStatus {
    pub provider: ProviderId,
    pub trace: Trace,
}

/// What would come of a call that is made now.
pub struct Foreseen {
    pub trace: Trace,
    /// What its caller would be told; none where somebody pays.
    pub refusal: Option<Refusal>,
}

/// One picture of whoever makes any.
struct OnePicture<'a> {
    policy: &'a CallerPolicy,
    models: &'a Models,
    plan: PicturePlan,
}

impl Payable for OnePicture<'_> {
    type Details = ();

    fn policy(&self) -> &CallerPolicy {
        self.policy
    }

    fn names_target(&self) -> bool {
        true
    }

    fn needs(&mut self, offer: &Offer, _: &[AppliedLimit]) -> Result<Needs<()>, CannotPay> {
        let provider = self.models.provider(&offer.provider)?;
        let (model, _) = self
            .plan
            .model_for(self.models, provider, &ImageSpec::default())?;
        let shortest = PromptSize {
            bytes: SHORTEST.len() as u64,
            ..PromptSize::default()
        };
        Ok(Needs {
            prompt: shortest.tokens(provider.id.as_str(), &model),
            max_output_tokens: 0,
            images: 1,
            sound: SoundAmount::default(),
            model,
            details: (),
        })
    }
}

impl Asks {
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
        let shown: Vec<&Provider> = match wanted {
            Some(provider) => vec![provider],
            None => self.models.catalogue().iter().collect(),
        };
        let mut providers = Vec::new();
        for provider in shown {
            let trace = self.foresee(&policy, Some(provider)).await?;
            let mut steps = trace.0.iter();
            if wanted.is_some() || steps.any(|step| step.verdict != Verdict::Absent) {
                let provider = provider.id.clone();
                providers.push(ProviderStatus { provider, trace });
            }
        }
        let unnamed = self.foresee(&policy, None).await?;
        Ok(Status {
            byok_enabled: self.keys.byok_enabled(),
            blocked: policy.refuse_blocked(self.clock.now_ms()).err(),
            in_server: caller.place.server().is_some(),
            providers,
            is_of_one: wanted.is_some(),
            unnamed: unnamed.taken().map(|step| Unnamed {
                provider: step.provider.clone(),
                is_partial: step.is_partial,
                next: unnamed.after_partial().map(|next| next.provider.clone()),
            }),
        })
    }

    /// Finds who would pay for a short ask now: of one provider, or one that
    /// names none.
    pub(in crate::app) async fn foresee(
        &self,
        policy: &CallerPolicy,
        provider: Option<&Provider>,
    ) -> Result<Trace, Error> {
        let is_blocked = policy.refuse_blocked(self.clock.now_ms()).is_err();
        let one = provider.map(|provider| std::slice::from_ref(&provider.id));
        let all = one.unwrap_or(self.models.chat_order());
        let choose = |providers: &[ProviderId]| self.payers.choose(policy, providers, None);
        let nobody = |why| {
            let mut trace = choose(all).trace;
            trace.skip_all(why);
            Ok(trace)
        };
        if is_blocked {
            return nobody(Skip::Blocked);
        }
        if let Some(host) = provider.filter(|it| it.kind == ProviderKind::Image) {
            let model = host.images.model.as_deref();
            if model.is_some_and(|model| !self.models.may_use(&host.id, model)) {
                return nobody(Skip::ModelNotAllowed);
            }
            let order = OnePicture {
                policy,
                models: &self.models,
                plan: PicturePlan::of(all.to_vec(), None),
            };
            return Ok(self.foresee_call(order, choose(all)).await?.trace);
        }
        let choices = Choices {
            provider: provider.map(|provider| provider.id.clone()),
            ..Choices::default()
        };
        Ok(self.foresee_answer(policy, &choices, all).await?.trace)
    }

    /// Finds who would pay for a short ask with these choices now, which may
    /// go to these providers.
    async fn foresee_answer(
        &self,
        policy: &CallerPolicy,
        choices: &Choices,
        providers: &[ProviderId],
    ) -> Result<Foreseen, Error> {
        let choose = |providers: &[ProviderId]| self.payers.choose(policy, providers, None);
        let plan = match self.plan(choices, policy.chosen()) {
            Ok(plan) => plan,
            Err(refusal) => {
                let mut trace = choose(providers).trace;
                trace.skip_all(Skip::ModelNotAllowed);
                let refusal = Some(refusal);
                return Ok(Foreseen { trace, refusal });
            }
        };
        let choice = choose(&plan.providers);
        let order = PlannedAsk {
            policy: policy.clone(),
            plan,
            turns: vec![Turn::person(SHORTEST)],
            left_out: Vec::new(),
            most: self.settings.max_output_tokens,
            context_tokens: self.settings.context_tokens,
            request_key: None,
            trial: None,
            models: Arc::clone(&self.models),
        };
        self.foresee_call(order, choice).await
    }

    /// Refuses a caller whom somebody has stopped: no key pays for them, nor
    /// would one that they add.
    pub async fn refuse_blocked(&self, caller: &Caller) -> Result<(), Error> {
        let policy = self.policies.read_policy(caller.clone()).await?;
        Ok(policy.refuse_blocked(self.clock.now_ms())?)
    }

    /// Finds who would pay for an ask with these choices, if it was made now.
    /// Whoever is stopped is refused.
    pub async fn foresee_ask(&self, caller: &Caller, choices: &Choices) -> Result<Foreseen, Error> {
        let (provider, model) = (choices.provider.as_ref(), choices.model.as_deref());
        let providers = self.models.read_chat_model(provider, model)?.provider_ids();
        let policy = self.policies.read_policy(caller.clone()).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        self.foresee_answer(&policy, choices, &providers).await
    }

    /// Finds who would pay for a picture with these choices, if it was made now.
    /// Whoever is stopped is refused.
    pub async fn foresee_picture(
        &self,
        caller: &Caller,
        choices: &Choices,
    ) -> Result<Foreseen, Error> {
        let (provider, model) = (choices.provider.as_ref(), choices.model.as_deref());
        let named = self.models.read_picture_model(provider, model)?;
        let (providers, named) = (named.provider_ids(), named.model);
        let policy = self.policies.read_policy(caller.clone()).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        let choice = self.payers.choose(&policy, &providers, None);
        let order = OnePicture {
            policy: &policy,
            models: &self.models,
            plan: PicturePlan::of(providers, named),
        };
        self.foresee_call(order, choice).await
    }

    /// Finds what would come of a call that would be made now.
    async fn foresee_call<P: Payable + Send>(
        &self,
        mut order: P,
        choice: Choice,
    ) -> Result<Foreseen, Error> {
        let mut queue = PayerQueue::new(choice);
        let refusal = match self.payers.foresee(&mut order, &mut queue).await {
            Ok(()) => None,
            // Nobody pays before a model is named; whoever would is shown.
            Err(Error::Refused(refusal)) => Some(refusal),
            Err(failed) => return Err(failed),
        };
        let is_paid = queue.trace.taken().is_some();
        Ok(Foreseen {
            refusal: refusal.or_else(|| (!is_paid).then(|| queue.refusal(order.policy()))),
            trace: queue.trace,
        })
    }
}
