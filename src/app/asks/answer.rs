//! Answering an ask with whoever's key pays.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::model::{
    Answer, Ask, AskRefusal, AttemptId, BrokenAnswer, ChoiceKind, Credential, Offer, PersonId,
    Source, Trace, Turn, UnpaidChoice, WhyUnpaid,
};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::asks::call::{AskCall, PlannedAsk};
use crate::app::asks::fit::FittedConversation;
use crate::app::keys::KeyTrial;
use crate::app::models::ModelChoice;
use crate::app::payers::{Demotion, Payer, PayerQueue, Reservation};
use crate::app::policy::{CallerPolicy, Notice};

/// How an ask ended, which keys it showed to be dead, and which budgets to
/// be almost used up.
pub struct AskOutcome {
    pub result: Result<Answer, Error>,
    /// What was charged where there is no whole answer.
    pub broken: Option<BrokenAnswer>,
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
    /// Its words so far were the model's thinking, and none of the answer.
    TakenBack,
}

/// Whoever listens to an answer.
pub type Listener<'a> = &'a mut (dyn FnMut(AnswerEvent<'_>) + Send);

/// An ask whose payers are known, and with none of whom anything is reserved
/// yet; or why it cannot be answered.
pub struct PreparedAsk<'a> {
    asks: &'a Asks,
    considered: Result<ReadyAsk, Error>,
}

/// An ask whose payers are known, and of which one is reserved.
pub struct ReadyAsk {
    order: PlannedAsk,
    queue: PayerQueue,
    reserved: Option<Reservation<FittedConversation>>,
    /// No key can pay, and the operator wants a fixed reply then.
    demo: bool,
}

impl ReadyAsk {
    /// Whether links in the answer show previews of their pages.
    pub fn shows_previews(&self) -> bool {
        let chosen = self.order.policy.chosen();
        chosen.iter().any(|it| it.kind == ChoiceKind::Previews)
    }
}

impl PreparedAsk<'_> {
    /// Whether somebody will most likely be let pay. A guess: only what is
    /// reserved is certain.
    pub fn is_likely(&self) -> bool {
        let is_likely = |ask| self.asks.is_likely(ask);
        self.considered.as_ref().is_ok_and(is_likely)
    }

    /// Reserves what the ask may use with the first payer that has room.
    pub async fn secure(self) -> Result<ReadyAsk, Error> {
        self.asks.secure(self.considered?).await
    }
}

impl Asks {
    /// Prepares an ask: finds who can pay for it. Quick, and asks no
    /// provider, so that a refusal can still be the first thing that a
    /// person sees. What is prepared is then secured, and answered.
    pub async fn prepare(&self, ask: Ask) -> PreparedAsk<'_> {
        PreparedAsk {
            asks: self,
            considered: self.consider(ask).await,
        }
    }

    /// Prepares a reply that nobody pays for, whoever could: for a visitor, of
    /// whom nothing is known.
    pub async fn prepare_demo(&self, ask: Ask) -> PreparedAsk<'_> {
        let considered = self.consider(ask).await;
        PreparedAsk {
            asks: self,
            considered: considered.map(|ready| ReadyAsk {
                queue: PayerQueue::default(),
                demo: self.settings.demo_replies,
                ..ready
            }),
        }
    }

    async fn consider(&self, ask: Ask) -> Result<ReadyAsk, Error> {
        if ask.turns.last().is_none_or(Turn::is_empty) {
            return Err(AskRefusal::EmptyPrompt.into());
        }
        let ours = self.settings.max_output_tokens;
        let most = ask.max_output_tokens;
        let policy = self.policies.read_policy(ask.caller).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        let plan = self.plan(&ask.choices, policy.chosen());
        let plan = plan.map_err(|refusal| self.offer_others(&policy, refusal))?;
        let trial = self.begin_trial(&policy, ask.request_key.as_ref()).await?;
        let first = plan.providers.first().filter(|_| ask.request_key.is_some());
        let request = first.map(|id| Offer::unstored(Source::Request, id.clone()));
        let choice = self
            .payers
            .choose_for(&policy, &plan.providers, request.as_ref());
        let nobody = choice.payers.is_empty() && !choice.trace.passes_over_own_key();
        let demo = self.settings.demo_replies && request.is_none() && nobody;
        Ok(ReadyAsk {
            order: PlannedAsk {
                policy,
                plan,
                turns: ask.turns,
                left_out: ask.left_out,
                most: most.map_or(ours, |wanted| wanted.clamp(1, ours)),
                context_tokens: self.settings.context_tokens,
                request_key: ask.request_key,
                trial,
                models: Arc::clone(&self.models),
            },
            queue: PayerQueue::new(choice),
            reserved: None,
            demo,
        })
    }

    /// The model that was chosen beforehand, if another provider answered since
    /// nobody pays for it. Of payers that were asked it is said elsewhere.
    fn unpaid_choice(
        &self,
        order: &PlannedAsk,
        answer: &Answer,
        queue: &PayerQueue,
    ) -> Option<UnpaidChoice> {
        let mut chosen = order.policy.chosen().iter();
        let chosen = chosen.find(|it| it.kind == ChoiceKind::Model)?;
        let ModelChoice { provider, model } = self.models.find_chat_model(&chosen.value).ok()?;
        let was_asked = queue.fell_back.iter().any(|it| it.provider == provider);
        let is_other = !order.plan.names_target && provider != answer.provider;
        if !is_other || was_asked || answer.source == Source::Demo {
            return None;
        }
        let why = if self.models.may_use(&provider, &model) {
            queue.trace.why_unpaid(&provider)
        } else {
            WhyUnpaid::NotAllowed
        };
        Some(UnpaidChoice {
            provider,
            model,
            why,
        })
    }

    /// Begins the trial of a key that came with an ask. Whoever calls without a
    /// token is counted by address, where calls come in.
    async fn begin_trial(
        &self,
        policy: &CallerPolicy,
        key: Option<&Credential>,
    ) -> Result<Option<KeyTrial>, Error> {
        let person = policy.caller.person;
        let Some(key) = key.filter(|_| person != PersonId::UNKNOWN) else {
            return Ok(None);
        };
        // In a box: otherwise the future of every ask without a key would
        // have room for this too.
        let begun = Box::pin(self.keys.trials.begin(person, key));
        Ok(Some(begun.await?))
    }

    /// Whether the first payer will most likely be let pay.
    fn is_likely(&self, ask: &ReadyAsk) -> bool {
        let Some(first) = ask.queue.first() else {
            return ask.demo;
        };
        let limits = ask.order.policy.limits(first);
        self.payers.expects_room(&limits, u64::from(ask.order.most))
    }

    /// Has the first payer's models listed where its provider has no default, so
    /// that the only one is asked, or people hear which there are.
    async fn learn_missing_model(&self, ask: &ReadyAsk) -> Result<(), Error> {
        let Some(first) = ask.queue.first() else {
            return Ok(());
        };
        let provider = self.models.provider(&first.provider)?;
        if ask.order.plan.model_for(provider).is_err() {
            self.list_if_due(first).await;
        }
        Ok(())
    }

    async fn secure(&self, mut ready: ReadyAsk) -> Result<ReadyAsk, Error> {
        // In a box, since few asks need it.
        Box::pin(self.learn_missing_model(&ready)).await?;
        let ReadyAsk {
            order, queue, demo, ..
        } = &mut ready;
        let reserved = if *demo {
            let caller = &order.policy.caller;
            self.payers
                .reserve_demo(caller, FittedConversation::default())
                .await?
        } else {
            self.payers.reserve_next(order, queue).await?
        };
        if reserved.is_none() {
            return Err(ready.queue.refusal(&ready.order.policy).into());
        }
        Ok(ReadyAsk { reserved, ..ready })
    }

    /// Answers: each payer in turn until one is not turned down. The words
    /// go to `listener` as they come.
    pub async fn answer_ask(
        &self,
        ask: ReadyAsk,
        stop: &CancellationToken,
        listener: Listener<'_>,
    ) -> AskOutcome {
        let ReadyAsk {
            order,
            mut queue,
            reserved,
            ..
        } = ask;
        let mut call = AskCall {
            asks: self,
            order,
            listener,
            stop,
            attempt: None,
            broken: None,
            notices: Vec::new(),
        };
        // A call that runs is ended by itself, so that what it is charged is
        // known; what is cut off here settles its hold as it is dropped.
        let result = tokio::select! {
            biased;
            result = self.payers.pay(&mut call, &mut queue, reserved) => result,
            () = stop.cancelled() => Err(AskRefusal::Stopped.into()),
            () = self.tasks.cut_off() => Err(AskRefusal::Stopping.into()),
        };
        let result = result.map(|answer| Answer {
            unpaid_choice: self.unpaid_choice(&call.order, &answer, &queue),
            ..answer
        });
        let (attempt, notices) = (call.attempt, call.notices);
        let broken = call.broken.filter(|_| result.is_err());
        AskOutcome {
            broken,
            attempt,
            notices,
            trace: queue.trace,
            demoted: queue.demoted,
            result: result.map(|answer| Answer {
                fell_back_from: queue.fell_back,
                ..answer
            }),
        }
    }
}
