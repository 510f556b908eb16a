//! Passing on a call that a program makes in a provider's own dialect, or
//! in OpenAI's, with whoever's key pays.

mod answer;

pub use answer::Relay;

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;

use crate::ledger::{Ended, Hold, Order};
use crate::model::{
    AskRefusal, AttemptId, Caller, Credential, KeyId, KeyRefusal, Offer, ProviderFailure,
    ProviderId, Refusal, Source, Trace, Words,
};
use crate::providers::{
    CostEstimate, Provider, RelayFailure, RelayRequest, Relayed, Surface, estimate_cost,
    only_for_owners,
};

use crate::app::asks::answer::{another_payer_may_help, refused_by, request_offer};
use crate::app::payers::SkippedPayers;
use crate::app::quotas::caller_policy::CallerPolicy;
use crate::app::{App, Demotion, Error};

/// The longest answer that is reckoned with where nobody limits it.
const OUTPUT_TOKENS_MAX: u64 = 131_072;
/// What stands in the place of a model where a call names none.
const NO_MODEL: &str = "-";

/// A call that is to be passed on.
pub struct RelayAsk {
    pub caller: Caller,
    /// The provider that the address names; none where the model tells it.
    pub provider: Option<ProviderId>,
    /// As it was written; none where the call names no model.
    pub model: Option<String>,
    pub passage: Box<RelayRequest>,
    /// A key that came with the call. No other pays when it fails.
    pub request_key: Option<RequestKey>,
}

/// A key that came with a call.
pub struct RequestKey {
    /// Whose key it is; none where the call itself must name its provider.
    pub provider: Option<ProviderId>,
    pub secret: SecretString,
}

/// Who pays for a call, and what for.
#[derive(Clone, Debug)]
pub struct Payer {
    pub source: Source,
    pub provider: ProviderId,
    pub model: String,
    pub key: Option<KeyId>,
    pub attempt: AttemptId,
}

/// A call that was not passed on, or failed.
#[derive(Debug)]
pub struct NotRelayed {
    pub error: Error,
    /// What the provider said, where the caller's own key paid.
    pub said: Option<Words>,
    /// Who would have paid, where it came so far.
    pub payer: Option<Payer>,
}

/// A call between its payers.
struct RelayAttempt {
    policy: CallerPolicy,
    payers: Vec<Offer>,
    trace: Trace,
    passed: SkippedPayers,
    passage: Box<RelayRequest>,
    model: Option<String>,
    request_key: Option<Credential>,
    /// What only the caller's own key may pay for.
    owners_only: Option<String>,
    demoted: Vec<Demotion>,
}

impl<E: Into<Error>> From<E> for NotRelayed {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            said: None,
            payer: None,
        }
    }
}

impl App {
    /// Passes a call on, and returns when its answer begins.
    pub async fn relay(self: &Arc<Self>, ask: RelayAsk) -> Result<Relay, NotRelayed> {
        let mut passing = self.pass(ask).await?;
        let begun = tokio::select! {
            biased;
            begun = self.try_relays(&mut passing) => begun,
            () = self.must_stop() => Err(AskRefusal::Stopping.into()),
        };
        self.tell_owners(std::mem::take(&mut passing.demoted), Vec::new());
        let (payer, hold, relayed) = begun?;
        Ok(Relay {
            payer,
            app: Arc::clone(self),
            policy: passing.policy,
            relayed,
            hold: Some(hold),
            _busy: self.busy(),
        })
    }

    /// Finds who could pay.
    async fn pass(&self, ask: RelayAsk) -> Result<RelayAttempt, Error> {
        let RelayAsk {
            caller,
            provider,
            model,
            passage,
            request_key,
        } = ask;
        let named = self.read_relayed_model(provider.as_ref(), model.as_deref())?;
        let provider = named.only_provider().ok_or(KeyRefusal::OnceNeedsProvider)?;
        let request_key = match request_key {
            Some(key) => Some(Self::key_for(provider, named.names_provider, key)?),
            None => None,
        };
        let (provider, model) = (provider.id.clone(), named.model);
        let named = model.as_deref().unwrap_or(NO_MODEL);
        // A list of models, say, is of no model.
        let of_none = model.is_none() && passage.surface == Surface::Free;
        if !of_none && !self.may_use(&provider, named) {
            let model = named.to_owned();
            return Err(AskRefusal::ModelNotAllowed { provider, model }.into());
        }
        let policy = self.caller_policy(caller).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        if passage.surface == Surface::Images {
            let prompt = passage.body.fields().and_then(|it| it.get("prompt"));
            let prompt: String = prompt.unwrap_or_default();
            // Apart, so that other calls stay small.
            Box::pin(self.moderate(&prompt)).await?;
        }
        let request = request_key.as_ref().map(|_| request_offer(&provider));
        let choice = self.choose(&policy, &[provider], request.as_ref());
        Ok(RelayAttempt {
            policy,
            payers: choice.payers,
            trace: choice.trace,
            passed: SkippedPayers::default(),
            owners_only: None,
            passage,
            model,
            request_key,
            demoted: Vec::new(),
        })
    }

    /// A key that came along, for the provider that the call goes to. One
    /// without a provider's name goes nowhere unless the call says where.
    pub(in crate::app) fn key_for(
        provider: &Provider,
        names_provider: bool,
        key: RequestKey,
    ) -> Result<Credential, Refusal> {
        match key.provider {
            Some(of) if of != provider.id => {
                let wanted = provider.id.clone();
                return Err(Refusal::Key(KeyRefusal::KeyForAnother { of, wanted }));
            }
            None if !names_provider => return Err(Refusal::Key(KeyRefusal::OnceNeedsProvider)),
            _ => {}
        }
        Self::credential(provider, key.secret, BTreeMap::new())
    }

    /// Each payer in turn until one is not turned down.
    async fn try_relays(
        &self,
        passing: &mut RelayAttempt,
    ) -> Result<(Payer, Hold, Box<Relayed>), NotRelayed> {
        let mut last = None;
        while let Some(offer) = passing.passed.next(&passing.payers) {
            let provider = self.known(&offer.provider)?;
            let Some((mut hold, limit)) = self.hold_relay(passing, provider, &offer).await? else {
                continue;
            };
            let payer = payer(&offer, &hold);
            let sent = self
                .send_relay(passing, provider, (&offer, limit), &mut hold)
                .await;
            let failed = match sent {
                Ok(relayed) => {
                    self.note_use(offer.key);
                    return Ok((payer, hold, relayed));
                }
                Err(NotSent::Failed(failed)) => failed,
                Err(NotSent::Not(error)) => {
                    return Err(NotRelayed {
                        payer: Some(payer),
                        ..error.into()
                    });
                }
            };
            // Apart, so that calls that do not fail stay small.
            Box::pin(self.turned_down(passing, hold, (&offer, &failed.failure))).await?;
            let refused = not_relayed(failed, payer);
            if !may_go_on(&refused) {
                return Err(refused);
            }
            last = Some(refused);
        }
        let nobody = || {
            Refusal::Ask(AskRefusal::NobodyPays {
                trace: std::mem::take(&mut passing.trace),
            })
        };
        Err(last.unwrap_or_else(|| passing.passed.refusal.take().unwrap_or_else(nobody).into()))
    }

    /// Settles a call that failed, and looks at what that says of its key.
    async fn turned_down(
        &self,
        passing: &mut RelayAttempt,
        hold: Hold,
        (offer, failure): (&Offer, &ProviderFailure),
    ) -> Result<(), Error> {
        let ended = Ended::Failed(failure);
        self.settle_relay(&passing.policy, hold, ended).await;
        let demoted = self.demote(offer, failure).await?;
        passing.demoted.extend(demoted);
        Ok(())
    }

    /// Reserves what a call may use; none where its payer is passed over.
    /// The limit on the output that must be put in, where there is one.
    async fn hold_relay(
        &self,
        passing: &mut RelayAttempt,
        provider: &Provider,
        offer: &Offer,
    ) -> Result<Option<(Hold, Option<u64>)>, Error> {
        let own = offer.source.is_own();
        if !own && passing.owners_only.is_none() {
            passing.owners_only = Some(only_for_owners(&passing.passage).unwrap_or_default());
        }
        if let Some(what) = passing
            .owners_only
            .as_ref()
            .filter(|what| !own && !what.is_empty())
        {
            let what = what.clone();
            passing
                .passed
                .note(offer, Refusal::Ask(AskRefusal::OwnKeyOnly { what }));
            return Ok(None);
        }
        let limits = passing.policy.limits(offer.source);
        let limited = !own || !limits.is_empty();
        let weight = estimate_cost(&passing.passage, limited);
        let most = self.most(&weight, &passing.passage, own, limited);
        let caller = &passing.policy.caller;
        let order = Order {
            person: caller.person,
            server: caller.place.server(),
            source: offer.source,
            key: offer.key,
            provider: &provider.id,
            model: passing.model.as_deref().unwrap_or(NO_MODEL),
            prompt_bytes: weight.prompt_bytes,
            max_output_tokens: most,
            images: weight.images,
        };
        let held = self
            .hold_or_pass(order, limits, offer, &mut passing.passed)
            .await?;
        Ok(held.map(|hold| {
            let limit = limited.then(|| hold.max_output_tokens());
            (hold, limit.filter(|limit| *limit > 0))
        }))
    }

    /// The longest answer that a call may get.
    fn most(&self, weight: &CostEstimate, passage: &RelayRequest, own: bool, limited: bool) -> u64 {
        if !matches!(passage.surface, Surface::Chat | Surface::Responses) && limited {
            return 0;
        }
        let asked = weight.output_tokens;
        let ours = u64::from(self.settings.max_output_tokens) * weight.answers;
        match (own, limited) {
            (true, false) => asked.unwrap_or(OUTPUT_TOKENS_MAX),
            (true, true) => asked.unwrap_or(ours),
            (false, _) => asked.map_or(ours, |asked| asked.min(ours)),
        }
    }

    async fn send_relay(
        &self,
        passing: &RelayAttempt,
        provider: &Provider,
        (offer, limit): (&Offer, Option<u64>),
        hold: &mut Hold,
    ) -> Result<Box<Relayed>, NotSent> {
        let key = self.open_key(offer, passing.request_key.as_ref())?;
        let model = passing.model.as_deref().unwrap_or_default();
        let wire = passing
            .passage
            .wire(provider, key.credential(), model, limit);
        let wire = wire.map_err(|no_words| {
            Refusal::Ask(AskRefusal::Untranslatable {
                what: no_words.what,
            })
        })?;
        hold.begin().await?;
        let sent = self.providers.relay(provider, wire, key.credential()).await;
        sent.map_err(NotSent::Failed)
    }

    async fn settle_relay(&self, policy: &CallerPolicy, hold: Hold, ended: Ended<'_>) {
        match self.ledger.settle(hold, ended).await {
            Ok(settled) => {
                self.tell_owners(Vec::new(), self.notices(policy, &settled.warnings));
            }
            Err(error) => tracing::error!("could not settle an attempt: {error:#}"),
        }
    }
}

/// Why a call was not sent, or what came of it.
enum NotSent {
    Failed(RelayFailure),
    Not(Error),
}

impl<E: Into<Error>> From<E> for NotSent {
    fn from(error: E) -> Self {
        Self::Not(error.into())
    }
}

/// Who pays for what was reserved.
pub fn payer(offer: &Offer, hold: &Hold) -> Payer {
    Payer {
        source: offer.source,
        provider: offer.provider.clone(),
        model: hold.attempt().model.clone(),
        key: offer.key,
        attempt: hold.id(),
    }
}

/// What a provider said is for whoever's key it is.
fn not_relayed(failed: RelayFailure, payer: Payer) -> NotRelayed {
    let own = payer.source.is_own();
    let refusal = refused_by(failed.failure, payer.source, payer.model.clone());
    NotRelayed {
        error: refusal.into(),
        said: failed.said.filter(|_| own),
        payer: Some(payer),
    }
}

fn may_go_on(refused: &NotRelayed) -> bool {
    match &refused.error {
        Error::Refused(Refusal::Ask(AskRefusal::Provider { failure, .. })) => {
            another_payer_may_help(failure)
        }
        _ => false,
    }
}
