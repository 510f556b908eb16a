//! One relayed call as the loop over payers sees it: what it needs of a
//! payer, and how it is sent on with a payer's key.

use std::sync::Arc;

use crate::ledger::{AppliedLimit, CallEnd, Hold};
use crate::model::{
    AskRefusal, Credential, FailureClass, NO_MODEL, Offer, PromptTokens, Refusal, Surface,
};
use crate::providers::{
    AskedModel, BoundedRequest, CostEstimate, PayerTerms, PictureSpec, Refused, RelayFailure,
    RelayRequest, Relayed, estimate_cost, estimate_transcript, judge_request, tokens_of_picture,
};

use crate::app::Error;
use crate::app::models::Models;
use crate::app::payers::{
    CallOutcome, CannotPay, FailedCall, Needs, PaidCall, Payable, Payer, Reservation,
    another_payer_may_help, refused_by,
};
use crate::app::policy::CallerPolicy;
use crate::app::programs::Programs;
use crate::app::programs::relay::RelayError;

/// The longest answer that is reckoned with where nobody limits it.
const OUTPUT_TOKENS_MAX: u64 = 131_072;

/// A call that is to be passed on.
pub struct RelayOrder {
    pub policy: CallerPolicy,
    pub request: Box<RelayRequest>,
    pub model: Option<String>,
    /// The longest answer that somebody else's key pays for, in tokens.
    pub most: u32,
    pub request_key: Option<Credential>,
    /// What a key that others pay for makes of the call, once that was asked.
    pub bounded: Option<Result<BoundedRequest, Refused>>,
    pub models: Arc<Models>,
}

/// What becomes of a call with the payer that is reserved for it.
pub enum RelayTerms {
    Unlimited,
    /// How many answers are asked for.
    Limited(u64),
    Shared(Box<BoundedRequest>),
}

impl RelayTerms {
    fn within(&self, output_tokens: u64) -> PayerTerms<'_> {
        match self {
            Self::Shared(bounded) => PayerTerms::Shared(bounded, output_tokens),
            Self::Limited(_) if output_tokens > 0 => PayerTerms::Limited(output_tokens),
            Self::Limited(_) | Self::Unlimited => PayerTerms::Unlimited,
        }
    }

    fn answers(&self) -> u64 {
        match self {
            Self::Unlimited => 1,
            Self::Limited(answers) => *answers,
            Self::Shared(bounded) => bounded.bound().answers,
        }
    }
}

impl Payable for RelayOrder {
    type Details = RelayTerms;

    fn policy(&self) -> &CallerPolicy {
        &self.policy
    }

    /// Every call of a program's names a model, or has an address that names
    /// a provider.
    fn names_target(&self) -> bool {
        true
    }

    fn needs(
        &mut self,
        offer: &Offer,
        limits: &[AppliedLimit],
    ) -> Result<Needs<RelayTerms>, CannotPay> {
        if !offer.source.is_own() {
            return self.needs_of_shared_key(offer);
        }
        let is_limited = !limits.is_empty();
        let model = self.named_model();
        let provider = self.models.provider(&offer.provider)?;
        let cost = match self.request.body.as_form() {
            Some(form) => estimate_transcript(form, provider, &model),
            None => estimate_cost(&self.request, (provider, &model), is_limited),
        };
        let is_free = self.request.makes_nothing(&offer.provider);
        let prompt = cost.prompt.tokens(offer.provider.as_str(), &model);
        Ok(Needs {
            prompt: if is_free {
                PromptTokens::default()
            } else {
                prompt
            },
            model,
            max_output_tokens: if is_free {
                0
            } else {
                self.max_output_tokens(offer, &cost, is_limited)
            },
            images: cost.images,
            sound: cost.sound,
            details: if is_limited {
                RelayTerms::Limited(cost.answers)
            } else {
                RelayTerms::Unlimited
            },
        })
    }
}

impl RelayOrder {
    fn named_model(&self) -> String {
        self.model.clone().unwrap_or_else(|| NO_MODEL.to_owned())
    }

    /// What the call needs of a key that others pay for: its bound. A call
    /// without one is not made.
    fn needs_of_shared_key(&mut self, offer: &Offer) -> Result<Needs<RelayTerms>, CannotPay> {
        let provider = self.models.provider(&offer.provider)?;
        let model = self.model.as_deref().unwrap_or_default();
        let (request, judged) = (&self.request, &mut self.bounded);
        let judged = judged.get_or_insert_with(|| judge_request(request, provider, model));
        let bounded = judged.clone()?;
        let bound = bounded.bound();
        let most = u64::from(self.most).saturating_mul(bound.answers);
        let max_output_tokens = match self.request.surface {
            Surface::Chat | Surface::Responses | Surface::Completions => {
                let asked = bound.asked.map(|asked| asked.saturating_mul(bound.answers));
                asked.map_or(most, |asked| asked.min(most))
            }
            Surface::Images | Surface::Transcripts => bound.made_tokens,
            Surface::Speech
            | Surface::Ranking
            | Surface::Embeddings
            | Surface::Moderations
            | Surface::Free
            | Surface::Other => 0,
        };
        let makes_pictures = self.request.surface == Surface::Images;
        Ok(Needs {
            model: self.named_model(),
            prompt: match self.request.surface {
                Surface::Free => PromptTokens::default(),
                _ => bound.prompt,
            },
            max_output_tokens,
            images: if makes_pictures { bound.answers } else { 0 },
            sound: bound.sound,
            details: RelayTerms::Shared(Box::new(bounded)),
        })
    }

    /// The longest answer that the call may get from the caller's own key, in
    /// tokens.
    fn max_output_tokens(&self, offer: &Offer, cost: &CostEstimate, is_limited: bool) -> u64 {
        let asked = cost.output_tokens;
        match self.request.surface {
            Surface::Images => {
                let (provider, model) = (offer.provider.as_str(), self.named_model());
                let each = tokens_of_picture(provider, &model, &PictureSpec::default());
                each.saturating_mul(cost.images)
            }
            Surface::Chat | Surface::Responses | Surface::Completions if is_limited => {
                asked.unwrap_or(u64::from(self.most) * cost.answers)
            }
            Surface::Transcripts | Surface::Speech | Surface::Ranking => asked.unwrap_or_default(),
            _ if is_limited => 0,
            _ => asked.unwrap_or(OUTPUT_TOKENS_MAX),
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
        reservation: Reservation<RelayTerms>,
    ) -> Result<CallOutcome<BegunRelay, RelayError>, RelayError> {
        let payer = reservation.payer();
        let Reservation {
            offer,
            mut hold,
            details: terms,
            ..
        } = reservation;
        match self.send(&offer, &terms, &mut hold).await {
            Ok(relayed) => {
                self.programs.payers.note_use(offer.key);
                Ok(CallOutcome::Answered(BegunRelay {
                    payer,
                    hold,
                    relayed,
                }))
            }
            Err(SendError::Failed(failed)) => {
                let ended = CallEnd::Failed(&failed.failure);
                // Boxed, so that the future of a call that does not fail stays
                // small.
                Box::pin(self.programs.settle_relay(&self.order.policy, hold, &ended)).await;
                let names_target = self.order.names_target();
                let body = &mut self.order.request.body;
                let memory = self.programs.providers.memory();
                // The next payer may have the body looked at again.
                if another_payer_may_help(&failed.failure, names_target)
                    && Box::pin(body.reserve_tree(memory)).await.is_err()
                {
                    let mut failure = failed.failure;
                    failure.class = FailureClass::NoMemory;
                    return Err(not_relayed(failure.into(), payer));
                }
                Ok(CallOutcome::Failed(FailedCall {
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
        &mut self,
        offer: &Offer,
        terms: &RelayTerms,
        hold: &mut Hold,
    ) -> Result<Box<Relayed>, SendError> {
        let (programs, order) = (self.programs, &mut *self.order);
        let provider = programs.models.provider(&offer.provider)?;
        let key = programs.payers.open_key(offer, order.request_key.as_ref());
        let key = key.map_err(|failure| SendError::Failed(failure.into()))?;
        let model = order.model.as_deref().unwrap_or_default();
        let asked = programs.ask_model(offer, model, hold.likely_prompt_tokens());
        let asked = asked.await?;
        hold.expect_answers(terms.answers());
        let terms = terms.within(hold.max_output_tokens());
        order.request.body.drop_value();
        let wire = order
            .request
            .write_for(provider, key.credential(), asked, terms);
        let mut wire = wire.map_err(|no_words| {
            let what = no_words.what;
            Refusal::Ask(if no_words.is_malformed {
                AskRefusal::MalformedField { what }
            } else {
                AskRefusal::Untranslatable { what }
            })
        })?;
        wire.departure = hold.watch_departure();
        wire.expect_prompt(hold.likely_prompt_tokens());
        let speaks = matches!(
            order.request.surface,
            Surface::Chat | Surface::Responses | Surface::Completions | Surface::Transcripts
        );
        if order.request.stream && speaks {
            hold.expect_stream();
        }
        // It waits for the provider, maybe for minutes.
        order.request.body.release_tree();
        hold.begin().await?;
        hold.note_asked();
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

impl Programs {
    /// A model with how long its answers may be: as its provider's list says it,
    /// and by the room that a prompt leaves in it.
    async fn ask_model<'a>(
        &self,
        offer: &Offer,
        model: &'a str,
        prompt_tokens: u64,
    ) -> anyhow::Result<AskedModel<'a>> {
        let lists = self.models.lists();
        let listed = lists.abilities_of(&offer.provider, model);
        let listed = listed.unwrap_or_default();
        let context = if listed.context_tokens.is_some() {
            listed.context_tokens
        } else {
            let prices = self.payers.list_price(&offer.provider, model);
            prices.await?.context_tokens
        };
        let room = context.map(|context| context.saturating_sub(prompt_tokens));
        Ok(AskedModel {
            name: model,
            longest_answer: listed.output_tokens,
            room: room.filter(|room| *room > 0),
        })
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
        said: failed.said.filter(|_| is_own),
        payer: Some(payer),
    }
}
