//! Answering an ask with whoever's key pays.

use crate::model::{
    Answer, Ask, Credential, FailureClass, Health, KeyId, Offer, Owner, PersonId, Place,
    ProviderFailure, ProviderId, Refusal, Source, Trace, Words,
};
use crate::providers::{ChatRequest, Kind, Provider};
use crate::resolver::{self, Choice, Question};

use super::{App, Error};

/// How an ask ended, and which keys it showed to be dead.
pub struct Asked {
    pub result: Result<Answer, Error>,
    pub demoted: Vec<Demotion>,
}

/// A key that its provider turned down during use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demotion {
    pub provider: ProviderId,
    pub owner: Owner,
    pub health: Health,
    /// Who should know: whoever added it.
    pub tell: PersonId,
}

/// An ask whose payers are known.
pub struct ReadyAsk {
    providers: Vec<ProviderId>,
    model: Option<String>,
    prompt: Words,
    request_key: Option<Credential>,
    payers: Vec<Offer>,
    trace: Trace,
}

impl App {
    /// Finds who can pay for an ask. Quick, and asks no provider, so that
    /// a refusal can still be the first thing a person sees.
    pub async fn prepare(&self, ask: Ask) -> Result<ReadyAsk, Error> {
        if ask.prompt.0.trim().is_empty() {
            return Err(Refusal::EmptyPrompt.into());
        }
        let (providers, model) = self.candidates(&ask)?;
        let mut offers = self.offers(ask.person, ask.place).await?;
        if ask.request_key.is_some() {
            offers.extend(providers.first().map(request_offer));
        }
        let question = Question {
            person: ask.person,
            place: ask.place,
            providers: providers.clone(),
            now_ms: self.clock.now_ms(),
        };
        let Choice { payers, trace } = resolver::choose(&question, offers);
        if payers.is_empty() {
            return Err(Refusal::NobodyPays { trace }.into());
        }
        let Ask {
            prompt,
            request_key,
            ..
        } = ask;
        Ok(ReadyAsk {
            providers,
            model,
            prompt,
            request_key,
            payers,
            trace,
        })
    }

    /// Answers: each payer in turn until one is not turned down. Text goes
    /// to `listener` as it comes.
    pub async fn answer(&self, ask: ReadyAsk, listener: &mut (dyn FnMut(&str) + Send)) -> Asked {
        let mut demoted = Vec::new();
        let result = tokio::select! {
            result = self.try_payers(ask, listener, &mut demoted) => result,
            () = self.must_stop() => Err(Refusal::Stopping.into()),
        };
        Asked { result, demoted }
    }

    async fn try_payers(
        &self,
        ask: ReadyAsk,
        listener: &mut (dyn FnMut(&str) + Send),
        demoted: &mut Vec<Demotion>,
    ) -> Result<Answer, Error> {
        let mut fell_back_from = Vec::new();
        let mut last_failure = None;
        for offer in &ask.payers {
            let mut said_something = false;
            let mut hear = |text: &str| {
                said_something |= !text.is_empty();
                listener(text);
            };
            match self.try_payer(&ask, offer, &mut hear).await? {
                Ok(answer) => {
                    return Ok(Answer {
                        fell_back_from,
                        ..answer
                    });
                }
                Err(failure) if said_something || !another_payer_may_help(&failure) => {
                    return Err(Refusal::Provider {
                        failure,
                        payer: offer.source,
                    }
                    .into());
                }
                Err(failure) => {
                    demoted.extend(self.demote(offer, &failure).await?);
                    fell_back_from.push((offer.source, offer.provider.clone()));
                    last_failure = Some((failure, offer.source));
                }
            }
        }
        Err(match last_failure {
            Some((failure, payer)) => Refusal::Provider { failure, payer }.into(),
            None => Refusal::NobodyPays { trace: ask.trace }.into(),
        })
    }

    /// Opens one payer's key and calls the model with it.
    async fn try_payer(
        &self,
        ask: &ReadyAsk,
        offer: &Offer,
        listener: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Result<Answer, ProviderFailure>, Error> {
        let provider = self.known(&offer.provider)?;
        let model = model_for(ask, provider)?;
        let opened;
        let credential = match offer.source {
            Source::Request => ask.request_key.as_ref(),
            Source::BotDefault => self.bot_default(&offer.provider),
            Source::Personal | Source::Server => {
                opened = self.vault.open(offer)?;
                Some(&opened)
            }
        };
        let request = ChatRequest {
            model: model.clone(),
            system: self.settings.system_prompt.clone(),
            prompt: ask.prompt.clone(),
            max_output_tokens: self.settings.max_output_tokens,
        };
        let called = self
            .providers
            .chat(
                provider,
                &request,
                self.settings.delivery,
                credential,
                listener,
            )
            .await;
        if called.is_ok() {
            self.note_use(offer.key);
        }
        Ok(called.map(|reply| Answer {
            provider: provider.id.clone(),
            model: reply.model.unwrap_or(model),
            source: offer.source,
            finish: reply.finish,
            usage: reply.usage,
            fell_back_from: Vec::new(),
        }))
    }

    /// Every key that could pay for this person in this place.
    pub(super) async fn offers(
        &self,
        person: PersonId,
        place: Place,
    ) -> anyhow::Result<Vec<Offer>> {
        let mut offers = self
            .store
            .offers_to(person, place, |kid| self.vault.can_open(kid))
            .await?;
        offers.extend(self.bot_defaults.iter().map(|default| Offer {
            source: Source::BotDefault,
            ..request_offer(&default.provider)
        }));
        Ok(offers)
    }

    /// The providers that may answer, and the model without its provider's
    /// name before it.
    fn candidates(&self, ask: &Ask) -> Result<(Vec<ProviderId>, Option<String>), Refusal> {
        let model = ask
            .model
            .as_deref()
            .map(str::trim)
            .filter(|model| !model.is_empty());
        if let Some(id) = &ask.provider {
            let provider = self.provider(id.as_str())?;
            if provider.kind != Kind::Chat {
                return Err(Refusal::NotAChatProvider {
                    provider: provider.id.clone(),
                });
            }
            return Ok((vec![provider.id.clone()], model.map(Into::into)));
        }
        let Some(model) = model else {
            return Ok((self.chat_order(), None));
        };
        if let Some((name, rest)) = model.split_once('/')
            && let Some(provider) = self.catalogue().find(name).filter(|p| p.kind == Kind::Chat)
        {
            return Ok((vec![provider.id.clone()], Some(rest.to_owned())));
        }
        match self.catalogue().provider_of_model(model) {
            Some(provider) => Ok((vec![provider.id.clone()], Some(model.to_owned()))),
            None => Err(Refusal::UnknownModel {
                model: model.chars().take(100).collect(),
            }),
        }
    }

    fn bot_default(&self, provider: &ProviderId) -> Option<&Credential> {
        let found = self
            .bot_defaults
            .iter()
            .find(|default| default.provider == *provider);
        found.and_then(|default| default.credential.as_ref())
    }

    /// Notes that a provider turned a stored key down; the one caller that
    /// changes its health tells its owner.
    async fn demote(
        &self,
        offer: &Offer,
        failure: &ProviderFailure,
    ) -> anyhow::Result<Option<Demotion>> {
        let health = match failure.class {
            FailureClass::AuthInvalid => Health::Refused,
            FailureClass::Billing => Health::OutOfCredit,
            _ => return Ok(None),
        };
        let (Some(key), Some(owner)) = (offer.key, offer.owner) else {
            tracing::error!(provider = %offer.provider, "the bot default key of {} was turned down: {:?}", offer.provider, failure.class);
            return Ok(None);
        };
        if !self.store.demote(key, health, self.clock.now_ms()).await? {
            return Ok(None);
        }
        tracing::info!(key.id = %key, provider = %offer.provider, "key {key} is now {}", health.as_str());
        let tell = self.store.adder_of(key).await?;
        let provider = offer.provider.clone();
        Ok(tell.map(|tell| Demotion {
            provider,
            owner,
            health,
            tell,
        }))
    }

    /// Notes in the background that a key paid.
    fn note_use(&self, key: Option<KeyId>) {
        let Some(key) = key else { return };
        let (store, now_ms) = (self.store.clone(), self.clock.now_ms());
        self.spawn(async move {
            if let Err(error) = store.touch_key(key, now_ms).await {
                tracing::warn!("could not note the use of key {key}: {error:#}");
            }
        });
    }
}

/// Whether another payer may help: the provider's word on the key, or a key
/// that must not go where the provider lives now.
fn another_payer_may_help(failure: &ProviderFailure) -> bool {
    matches!(
        failure.class,
        FailureClass::AuthInvalid | FailureClass::Billing | FailureClass::WrongOrigin
    )
}

fn request_offer(provider: &ProviderId) -> Offer {
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

/// The model that was named, for its provider, or the provider's default.
fn model_for(ask: &ReadyAsk, provider: &Provider) -> Result<String, Refusal> {
    let named = ask.model.clone().filter(|_| ask.providers.len() == 1);
    let unnamed = || Refusal::UnknownModel {
        model: String::new(),
    };
    named
        .or_else(|| provider.default_model.clone())
        .ok_or_else(unnamed)
}
