//! Answering an ask with whoever's key pays.

use tokio_util::sync::CancellationToken;

use crate::model::{
    Answer, Ask, AskRefusal, AttemptId, Credential, FailureClass, FellBack, Finish, Health,
    LeftOut, NanoDollars, Offer, Owner, PersonId, ProviderFailure, ProviderId, Refusal, Source,
    Trace, Turn, Usage, WhyFellBack,
};
use crate::providers::{ChatReply, ChatRequest, replacement};
use crate::resolver::{self, Choice, Question};

use crate::app::asks::plan::Plan;
use crate::app::payers::{DEMO, Reserved, SkippedPayers};
use crate::app::programs::relay::{Payer, payer};
use crate::app::quotas::caller_policy::CallerPolicy;
use crate::app::quotas::notice::Notice;
use crate::app::{App, Error};

/// How an ask ended, which keys it showed to be dead, and which budgets to
/// be almost used up.
pub struct AskOutcome {
    pub result: Result<Answer, Error>,
    /// The last attempt, and everybody who could have paid.
    pub attempt: Option<AttemptId>,
    pub trace: Trace,
    pub demoted: Vec<Demotion>,
    pub notices: Vec<Notice>,
}

/// What is heard of an answer while it comes.
pub enum AnswerEvent<'a> {
    /// Who is asked to pay for it now.
    Payer(&'a Payer),
    /// More of its words.
    Words(&'a str),
}

/// Whoever listens to an answer.
pub type Listener<'a> = &'a mut (dyn FnMut(AnswerEvent<'_>) + Send);

/// A key that its provider turned down during use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demotion {
    pub provider: ProviderId,
    pub owner: Owner,
    pub health: Health,
    /// Who should know: whoever added it.
    pub tell: PersonId,
}

/// An ask whose payers are known, and of which one is reserved.
pub struct ReadyAsk {
    pub(in crate::app) policy: CallerPolicy,
    pub(in crate::app) plan: Plan,
    pub(in crate::app) turns: Vec<Turn>,
    left_out: Vec<LeftOut>,
    /// The longest answer, in tokens.
    pub(in crate::app) most: u32,
    pub(in crate::app) request_key: Option<Credential>,
    pub(in crate::app) payers: Vec<Offer>,
    trace: Trace,
    pub(in crate::app) reserved: Option<Reserved>,
    pub(in crate::app) passed: SkippedPayers,
    /// There is no key at all, and the operator wants a fixed reply then.
    demo: bool,
}

impl App {
    /// Finds who can pay for an ask. Quick, and asks no provider, so that a
    /// refusal can still be the first thing a person sees.
    pub async fn consider(&self, ask: Ask) -> Result<ReadyAsk, Error> {
        if ask.turns.last().is_none_or(Turn::is_empty) {
            return Err(AskRefusal::EmptyPrompt.into());
        }
        let Ask {
            caller,
            choices,
            turns,
            left_out,
            max_output_tokens,
            request_key,
        } = ask;
        let ours = self.settings.max_output_tokens;
        let most = max_output_tokens.map_or(ours, |wanted| wanted.clamp(1, ours));
        let policy = self.caller_policy(caller).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        let plan = self.plan(&choices, policy.chosen())?;
        let first = plan.providers.first().filter(|_| request_key.is_some());
        let request = first.map(request_offer);
        let nobody = request.is_none() && self.offers(&policy).next().is_none();
        let demo = nobody && self.settings.demo_replies;
        let Choice { payers, trace } = self.choose(&policy, &plan.providers, request.as_ref());
        Ok(ReadyAsk {
            policy,
            plan,
            turns,
            left_out,
            most,
            request_key,
            payers,
            trace,
            reserved: None,
            passed: SkippedPayers::default(),
            demo,
        })
    }

    /// Whether the first payer will most likely be let pay.
    pub fn is_likely(&self, ask: &ReadyAsk) -> bool {
        let Some(first) = ask.payers.first() else {
            return ask.demo;
        };
        let most = u64::from(ask.most);
        let limits = ask.policy.limits(first.source);
        self.ledger.expects_room(&limits, most, 0)
    }

    /// Reserves what an ask may use with the first payer that has room.
    pub async fn secure(&self, mut ready: ReadyAsk) -> Result<ReadyAsk, Error> {
        if ready.demo {
            self.reserve_demo(&mut ready).await?;
        } else {
            self.reserve(&mut ready).await?;
        }
        if ready.reserved.is_some() {
            return Ok(ready);
        }
        let nobody = Refusal::Ask(AskRefusal::NobodyPays { trace: ready.trace });
        Err(ready.passed.refusal.unwrap_or(nobody).into())
    }

    /// Who can pay for a person's ask to one of these providers, the key
    /// that came with it included.
    pub(in crate::app) fn choose(
        &self,
        policy: &CallerPolicy,
        providers: &[ProviderId],
        request: Option<&Offer>,
    ) -> Choice {
        let question = Question {
            person: policy.caller.person,
            place: policy.caller.place,
            byok: policy.tier().byok,
            now_ms: self.clock.now_ms(),
        };
        let offers = self.offers(policy).chain(request);
        resolver::choose(&question, providers, &offers)
    }

    /// Answers: each payer in turn until one is not turned down. The words
    /// go to `listener` as they come.
    pub async fn answer(
        &self,
        ask: ReadyAsk,
        stop: &CancellationToken,
        listener: Listener<'_>,
    ) -> AskOutcome {
        let mut asked = AskOutcome {
            result: Err(AskRefusal::Stopped.into()),
            attempt: None,
            trace: ask.trace.clone(),
            demoted: Vec::new(),
            notices: Vec::new(),
        };
        // What is cut off here settles its hold as it is dropped.
        asked.result = tokio::select! {
            result = self.try_payers(ask, listener, &mut asked) => result,
            () = stop.cancelled() => Err(AskRefusal::Stopped.into()),
            () = self.must_stop() => Err(AskRefusal::Stopping.into()),
        };
        asked
    }

    async fn try_payers(
        &self,
        mut ask: ReadyAsk,
        listener: Listener<'_>,
        asked: &mut AskOutcome,
    ) -> Result<Answer, Error> {
        let mut last_failure = None;
        while let Some(mut reserved) = ask.reserved.take() {
            let offer = reserved.offer.clone();
            asked.attempt = Some(reserved.hold.id());
            listener(AnswerEvent::Payer(&payer(&offer, &reserved.hold)));
            let called: Result<_, ProviderFailure> = if offer.source == Source::Demo {
                Ok(demo_reply())
            } else {
                self.try_payer(&ask, &mut reserved, listener).await?
            };
            let model = reserved.model.clone();
            let told_less = std::mem::take(&mut reserved.told.left_out);
            let said_something = reserved.hold.has_heard();
            let settled = self
                .settle(&ask.policy, reserved, &called, &mut asked.notices)
                .await;
            match called {
                Ok((reply, asked_model)) => {
                    let mut left_out = ask.left_out;
                    left_out.extend(told_less);
                    left_out.sort_unstable();
                    left_out.dedup();
                    return Ok(Answer {
                        provider: offer.provider,
                        model: reply.model.unwrap_or(asked_model),
                        source: offer.source,
                        finish: reply.finish,
                        usage: settled.usage,
                        estimated: settled.estimated,
                        cost: settled.cost,
                        fell_back_from: ask.passed.fell_back,
                        left_out,
                    });
                }
                Err(failure) if said_something || !another_payer_may_help(&failure) => {
                    return Err(refused_by(failure, offer.source, model).into());
                }
                Err(failure) => {
                    asked.demoted.extend(self.demote(&offer, &failure).await?);
                    ask.passed.fell_back.push(FellBack {
                        source: offer.source,
                        provider: offer.provider,
                        why: WhyFellBack::TurnedDown,
                    });
                    last_failure = Some(Refusal::Ask(AskRefusal::Provider {
                        failure,
                        payer: offer.source,
                    }));
                }
            }
            self.reserve(&mut ask).await?;
        }
        let nobody = Refusal::Ask(AskRefusal::NobodyPays { trace: ask.trace });
        Err(last_failure.unwrap_or(nobody).into())
    }

    /// Opens one payer's key and calls the model with it.
    async fn try_payer(
        &self,
        ask: &ReadyAsk,
        reserved: &mut Reserved,
        listener: Listener<'_>,
    ) -> Result<Result<(ChatReply, String), ProviderFailure>, Error> {
        let offer = &reserved.offer;
        let provider = self.known(&offer.provider)?;
        let key = self.open_key(offer, ask.request_key.as_ref())?;
        let hold = &mut reserved.hold;
        let most = u32::try_from(hold.max_output_tokens()).unwrap_or(u32::MAX);
        let request = ChatRequest {
            model: reserved.model.clone(),
            system: ask.plan.system.clone(),
            turns: std::mem::take(&mut reserved.told.turns),
            max_output_tokens: most.min(ask.most),
        };
        hold.begin().await?;
        let mut hear = |text: &str| {
            hold.hear(text);
            listener(AnswerEvent::Words(text));
        };
        let delivery = self.settings.delivery;
        let called = self
            .providers
            .chat(provider, &request, delivery, key.credential(), &mut hear)
            .await;
        if called.is_ok() {
            self.note_use(offer.key);
        }
        Ok(called.map(|reply| (reply, request.model)))
    }
}

/// A demo reply's words are whoever shows it's to say.
fn demo_reply() -> (ChatReply, String) {
    let free = Usage {
        cost: Some(NanoDollars(0)),
        ..Usage::default()
    };
    let reply = ChatReply {
        finish: Finish::Complete,
        usage: Some(free),
        model: None,
    };
    (reply, DEMO.to_owned())
}

/// A model that its provider has retired has another in its place.
pub fn refused_by(failure: ProviderFailure, payer: Source, model: String) -> Refusal {
    let replacement = replacement(&failure.provider, &model);
    match (failure.class, replacement) {
        (FailureClass::ModelNotFound, Some(replacement)) => {
            Refusal::Ask(AskRefusal::ModelRetired {
                provider: failure.provider,
                model,
                replacement: replacement.to_owned(),
            })
        }
        _ => Refusal::Ask(AskRefusal::Provider { failure, payer }),
    }
}

/// Whether another payer may help: the provider's word on the key, or a key
/// that must not go where the provider lives now.
pub fn another_payer_may_help(failure: &ProviderFailure) -> bool {
    matches!(
        failure.class,
        FailureClass::AuthInvalid | FailureClass::Billing | FailureClass::WrongOrigin
    )
}

pub fn request_offer(provider: &ProviderId) -> Offer {
    Offer {
        source: Source::Request,
        provider: provider.clone(),
        key: None,
        owner: None,
        health: Health::Unverified,
        paused: false,
        expires_at_ms: None,
        locked: false,
        sealed: None,
    }
}
