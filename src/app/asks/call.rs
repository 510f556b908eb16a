//! One ask as the loop over payers sees it: what it needs of a payer, and
//! how the model is called with a payer's key.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::ledger::{AppliedLimit, CallEnd, Hold, PriceTable, SettledAttempt};
use crate::model::{
    Answer, AskRefusal, AttemptId, BrokenAnswer, Credential, FailureClass, FinishReason, LeftOut,
    Offer, ProviderFailure, Receipt, Refusal, SoundAmount, Source, Turn, Usage,
};
use crate::providers::{
    AnswerPart, ChatCall, ChatReply, ChatRequest, Delivery, judge_chat_model, sees,
};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::asks::answer::{AnswerEvent, Listener};
use crate::app::asks::fit::{self, FittedConversation};
use crate::app::asks::plan::Plan;
use crate::app::keys::{KeyTrial, TrialOutcome};
use crate::app::models::Models;
use crate::app::payers::{
    CallOutcome, CannotPay, FailedCall, Needs, PaidCall, Payable, Reservation, free_usage,
    refused_by,
};
use crate::app::policy::CallerPolicy;
use crate::app::policy::Notice;

/// How many models are named of a provider without a default.
const OFFERED_MAX: usize = 5;

/// An ask for which it is decided which models may answer.
pub struct PlannedAsk {
    pub policy: CallerPolicy,
    pub plan: Plan,
    pub turns: Vec<Turn>,
    /// What was left out of the conversation before it came here.
    pub left_out: Vec<LeftOut>,
    /// The longest answer, in tokens.
    pub most: u32,
    /// The longest conversation that a model is told, in tokens.
    pub context_tokens: u32,
    pub request_key: Option<Credential>,
    /// The trial of that key.
    pub trial: Option<KeyTrial>,
    pub models: Arc<Models>,
}

impl Payable for PlannedAsk {
    /// The conversation as the payer's model is told it.
    type Details = FittedConversation;

    fn policy(&self) -> &CallerPolicy {
        &self.policy
    }

    fn names_target(&self) -> bool {
        self.plan.names_target
    }

    /// A picture that its provider can't read would be refused with every
    /// further question, so that those of earlier messages are not shown again.
    fn leave_out(&mut self, failure: &ProviderFailure) -> bool {
        if failure.class != FailureClass::PictureRefused || !fit::hide_earlier(&mut self.turns) {
            return false;
        }
        self.left_out.push(LeftOut::RefusedPictures);
        true
    }

    fn needs(
        &mut self,
        offer: &Offer,
        _: &[AppliedLimit],
    ) -> Result<Needs<FittedConversation>, CannotPay> {
        let provider = self.models.provider(&offer.provider)?;
        let model = self.plan.model_for(provider);
        let model = model.or_else(|unnamed| self.only_model_of(offer, unnamed))?;
        if offer.source.is_shared() {
            judge_chat_model(provider, &model)?;
        }
        let system = self.plan.system.len() as u64;
        let window = PriceTable::context_tokens(&provider.id, &model);
        let room = window.map(|window| window.saturating_sub(u64::from(self.most) + system));
        let most = u64::from(self.context_tokens);
        let room = room.map_or(most, |room| room.min(most));
        let fitted = fit::fit(&self.turns, sees(provider, &model), room);
        let prompt = fit::size_prompt(&self.plan.system, &fitted.turns);
        let least = provider.dialect.output_tokens_min(&model);
        Ok(Needs {
            prompt: prompt.tokens(provider.id.as_str(), &model),
            max_output_tokens: u64::from(self.most).max(least),
            images: 0,
            sound: SoundAmount::default(),
            model,
            details: fitted,
        })
    }
}

impl PlannedAsk {
    /// The model of a provider without a default that is the only one it has, as
    /// a server of the operator's may; or which there are, to choose from.
    fn only_model_of(&self, offer: &Offer, unnamed: Refusal) -> Result<String, Refusal> {
        let Refusal::Ask(AskRefusal::NoDefaultModel { provider, .. }) = unnamed else {
            return Err(unnamed);
        };
        let listed = self.models.lists().look_up(offer);
        let listed = listed.iter().flat_map(|listed| listed.models.iter());
        let allowed = listed.filter(|model| self.models.may_use(&provider, model));
        let mut offered: Vec<String> = allowed.take(OFFERED_MAX).cloned().collect();
        if offered.len() == 1 {
            return Ok(offered.remove(0));
        }
        Err(AskRefusal::NoDefaultModel { provider, offered }.into())
    }
}

/// An ask that is being answered.
pub struct AskCall<'a> {
    pub asks: &'a Asks,
    pub order: PlannedAsk,
    pub listener: Listener<'a>,
    /// Ends the call when nobody waits for it any more.
    pub stop: &'a CancellationToken,
    /// The last attempt.
    pub attempt: Option<AttemptId>,
    /// What the last attempt was charged, if it was not answered.
    pub broken: Option<BrokenAnswer>,
    /// The budgets that turned out to be almost used up.
    pub notices: Vec<Notice>,
}

impl PaidCall for AskCall<'_> {
    type Order = PlannedAsk;
    type Answer = Answer;
    type Refused = Error;

    fn order(&mut self) -> &mut PlannedAsk {
        &mut self.order
    }

    async fn call(
        &mut self,
        mut reservation: Reservation<FittedConversation>,
    ) -> Result<CallOutcome<Answer, Error>, Error> {
        self.attempt = Some(reservation.hold.id());
        (self.listener)(AnswerEvent::Payer(&reservation.payer()));
        let called = if reservation.offer.source == Source::Demo {
            if let Some(words) = self.demo_words() {
                (self.listener)(AnswerEvent::Words(&words));
            }
            Ok(demo_reply())
        } else {
            match self.chat_until_stopped(&mut reservation).await {
                Ok(called) => called,
                Err(error) => {
                    self.abandon(reservation);
                    return Err(error);
                }
            }
        };
        let Reservation {
            offer,
            hold,
            model,
            details,
        } = reservation;
        if let Some(trial) = &mut self.order.trial {
            trial.note(outcome_of(&called));
        }
        let was_heard = hold.has_heard();
        let settled = self.settle(hold, &called).await;
        let is_charged = settled.usage != Usage::default();
        self.broken = (called.is_err() && is_charged).then(|| BrokenAnswer {
            provider: offer.provider.clone(),
            model: model.clone(),
            source: offer.source,
            usage: settled.usage,
            estimated: settled.estimated,
            cost: settled.cost,
        });
        Ok(match called {
            Ok(reply) => CallOutcome::Answered(Answer {
                provider: offer.provider,
                model: reply.model.unwrap_or(model),
                source: offer.source,
                finish: reply.finish,
                usage: settled.usage,
                estimated: settled.estimated,
                cost: settled.cost,
                receipt: settled.receipt,
                fell_back_from: Vec::new(),
                unpaid_choice: None,
                left_out: self.left_out(details.left_out),
            }),
            Err(failure) => CallOutcome::Failed(FailedCall {
                refused: refused_by(failure.clone(), offer.source, &model).into(),
                offer,
                failure,
                was_heard,
            }),
        })
    }
}

impl AskCall<'_> {
    /// The reply in the persona's name that no model gives; none where the
    /// persona has none.
    fn demo_words(&self) -> Option<String> {
        let persona = self.order.plan.persona.as_deref()?;
        let asked = self.order.turns.last().map_or("", |turn| &turn.text.0);
        self.asks.find_persona(persona)?.write_demo(asked)
    }

    /// Calls the model, until whoever asked stops it or the program stops.
    async fn chat_until_stopped(
        &mut self,
        reservation: &mut Reservation<FittedConversation>,
    ) -> Result<Result<ChatReply, ProviderFailure>, Error> {
        let (stop, asks) = (self.stop, self.asks);
        tokio::select! {
            called = self.chat(reservation) => called,
            () = stop.cancelled() => Err(AskRefusal::Stopped.into()),
            () = asks.tasks.cut_off() => Err(AskRefusal::Stopping.into()),
        }
    }

    /// Ends a call that was stopped, and notes what it is charged. Nobody waits
    /// until that is written.
    fn abandon(&mut self, reservation: Reservation<FittedConversation>) {
        let Reservation {
            offer, hold, model, ..
        } = reservation;
        let settlement = hold.settlement_if(&CallEnd::Abandoned);
        hold.settle_soon(&CallEnd::Abandoned);
        self.broken = (!settlement.is_released()).then_some(BrokenAnswer {
            provider: offer.provider,
            model,
            source: offer.source,
            usage: settlement.usage,
            estimated: settlement.estimated,
            cost: settlement.cost,
        });
    }

    /// Opens the payer's key and calls the model with it.
    async fn chat(
        &mut self,
        reservation: &mut Reservation<FittedConversation>,
    ) -> Result<Result<ChatReply, ProviderFailure>, Error> {
        let (asks, listener) = (self.asks, &mut self.listener);
        let offer = &reservation.offer;
        let provider = asks.models.provider(&offer.provider)?;
        let opened = asks.payers.open_key(offer, self.order.request_key.as_ref());
        let key = match opened {
            Ok(key) => key,
            Err(failure) => return Ok(Err(failure)),
        };
        let hold = &mut reservation.hold;
        let most = u32::try_from(hold.max_output_tokens()).unwrap_or(u32::MAX);
        let request = ChatRequest {
            model: reservation.model.clone(),
            system: self.order.plan.system.clone(),
            turns: std::mem::take(&mut reservation.details.turns),
            max_output_tokens: most.min(self.order.most),
            is_bounded: !offer.source.is_own(),
        };
        let departure = hold.watch_departure();
        if asks.settings.delivery == Delivery::Streamed {
            hold.expect_stream();
        }
        hold.begin().await?;
        let mut hear = |heard: AnswerPart<'_>| {
            hold.hear(heard.bytes);
            hold.note_report(heard.usage, heard.is_counted);
            if heard.takes_back {
                listener(AnswerEvent::TakenBack);
            }
            if !heard.words.is_empty() {
                listener(AnswerEvent::Words(heard.words));
            }
        };
        let call = ChatCall {
            provider,
            request: &request,
            delivery: asks.settings.delivery,
            credential: key.credential(),
            departure: &departure,
        };
        let called = asks.providers.chat(call, &mut hear).await;
        if called.is_ok() {
            asks.payers.note_use(offer.key);
        }
        Ok(called)
    }

    /// Settles what was reserved. An answer is not taken back because its
    /// settlement could not be written.
    async fn settle(
        &mut self,
        hold: Hold,
        called: &Result<ChatReply, ProviderFailure>,
    ) -> SettledAttempt {
        let reported = called.as_ref().ok().and_then(|reply| reply.usage);
        let ended = match called {
            Ok(_) => CallEnd::Answered { usage: reported },
            Err(failure) => CallEnd::Failed(failure),
        };
        let Some(settled) = self.asks.payers.settle(hold, &ended).await else {
            return SettledAttempt {
                usage: reported.unwrap_or_default(),
                estimated: true,
                cost: None,
                receipt: Receipt::default(),
                warnings: Vec::new(),
            };
        };
        let notices = self.order.policy.notices(&settled.warnings);
        self.notices.extend(notices);
        settled
    }

    /// Everything that the model was not told.
    fn left_out(&self, of_model: Vec<LeftOut>) -> Vec<LeftOut> {
        let mut left_out = self.order.left_out.clone();
        left_out.extend(of_model);
        left_out.sort_unstable();
        // Files of one name are several all the same.
        left_out.dedup_by(|one, other| one == other && !matches!(one, LeftOut::File(_)));
        left_out
    }
}

/// What an answer says of the key that was given for it.
fn outcome_of(called: &Result<ChatReply, ProviderFailure>) -> TrialOutcome {
    match called {
        Ok(_) => TrialOutcome::Worked,
        Err(failure) if failure.class.is_about_the_key() => TrialOutcome::Refused,
        Err(_) => TrialOutcome::Unknown,
    }
}

/// The reply where nobody is asked. That it is none of a model's is for the
/// edges to say.
fn demo_reply() -> ChatReply {
    ChatReply {
        finish: FinishReason::Complete,
        usage: Some(free_usage()),
        model: None,
    }
}
