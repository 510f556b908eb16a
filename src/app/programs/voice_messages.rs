//! Voice messages, which are written down with whoever's key pays.

use std::sync::Arc;

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use serde::Deserialize;

use crate::model::{
    AskRefusal, CallDialect, Caller, FailureClass, NanoDollars, ProviderFailure, ProviderId,
    Refusal, Surface, TRANSCRIPTIONS_PATH,
};
use crate::providers::voice_models;

use crate::app::Error;
use crate::app::payers::Payer;
use crate::app::programs::Programs;
use crate::app::programs::relay::{
    Relay, RelayAsk, RelayBody, RelayContent, RelayHeaders, RelayStart, RelayedAnswer,
};

/// What somebody said in a voice message, and who paid for writing it down.
#[derive(Clone, Debug)]
pub struct HeardVoice {
    pub words: String,
    pub payer: Payer,
    pub cost: Option<NanoDollars>,
}

/// The part of an answer that is read.
#[derive(Deserialize)]
struct Transcript {
    text: String,
}

impl Programs {
    /// Has a voice message written down; none where nobody can pay for that. Where
    /// one provider fails and surely made nothing, the next is asked.
    pub async fn hear_voice(
        self: &Arc<Self>,
        caller: &Caller,
        sound: Bytes,
    ) -> Result<Option<HeardVoice>, Error> {
        let policy = self.policies.read_policy(caller.clone()).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        let known: Vec<ProviderId> = voice_models().map(|(provider, _)| provider).collect();
        let mut asked: Vec<ProviderId> = Vec::new();
        for offer in self.payers.choose_for(&policy, &known, None).payers {
            if !asked.contains(&offer.provider) {
                asked.push(offer.provider);
            }
        }
        let mut last = None;
        for provider in asked {
            match self.hear_with(caller, provider, sound.clone()).await {
                Ok(heard) => return Ok(Some(heard)),
                Err(error) if was_free(&error) => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        last.map_or(Ok(None), Err)
    }

    async fn hear_with(
        self: &Arc<Self>,
        caller: &Caller,
        provider: ProviderId,
        sound: Bytes,
    ) -> Result<HeardVoice, Error> {
        let mut models = voice_models();
        let model = models.find(|(known, _)| *known == provider);
        let ask = RelayAsk {
            caller: caller.clone(),
            provider: Some(provider),
            model: model.map(|(_, model)| model.to_owned()),
            content: Box::new(RelayContent {
                surface: Surface::Transcripts,
                dialect: CallDialect::OpenAi,
                method: Method::POST,
                path: TRANSCRIPTIONS_PATH.to_owned(),
                query: None,
                headers: RelayHeaders::copy_from(&HeaderMap::new()),
                body: RelayBody::of_sound(sound).await?,
                stream: false,
            }),
            request_key: None,
            takes_demo: false,
        };
        let started = self.relay(ask).await.map_err(|failed| failed.error)?;
        let RelayStart::Passed(relay) = started else {
            return Err(anyhow::anyhow!("a demo reply to a voice message").into());
        };
        read_transcript(*relay).await
    }
}

/// Whether surely nobody was paid for a call that failed.
fn was_free(error: &Error) -> bool {
    match error {
        Error::Refused(Refusal::Ask(AskRefusal::Provider { failure, .. })) => {
            !failure.may_have_worked()
        }
        Error::Refused(_) => true,
        Error::Troubled(..) | Error::Failed(_) => false,
    }
}

async fn read_transcript(mut relay: Relay) -> Result<HeardVoice, Error> {
    relay.tells_cost = true;
    let answer = relay.whole_or_begun().await;
    let RelayedAnswer::Whole(answer) = answer.map_err(|failed| failed.error)? else {
        return Err(no_words(&relay.payer, FailureClass::TooLarge));
    };
    let transcript: Transcript = serde_json::from_slice(&answer)
        .map_err(|_| no_words(&relay.payer, FailureClass::Upstream))?;
    let receipt = relay.take_receipt();
    Ok(HeardVoice {
        words: transcript.text.trim().to_owned(),
        payer: relay.payer.clone(),
        cost: receipt.and_then(|receipt| receipt.settlement.cost),
    })
}

/// An answer in which nothing is written down, and which was paid for.
fn no_words(payer: &Payer, class: FailureClass) -> Error {
    let failure = ProviderFailure {
        provider: payer.provider.clone(),
        class,
        status: Some(200),
        retry_after: None,
        subject: None,
    };
    let payer = payer.source;
    Refusal::from(AskRefusal::Provider { failure, payer }).into()
}
