//! Passes a caller's own request on to a provider, and the answer back, and
//! reads on the way what was used.
//!
//! Only what stands in a list here reaches a provider, and only that comes
//! back: `docs/security.md` §6.
//!
//! - `answer_change`: what is changed in an answer.
//! - `answer_nature`: whether an answer is a stream, as its beginning tells.
//! - `as_events`: a whole answer as the stream that was asked for.
//! - `asked_model`: the model, with what is known of it.
//! - `body`: the body, changed only where it must be.
//! - `request`: the call, as it came and as the provider gets it.
//! - `cost_estimate`: how much a call may use that the caller's own key pays
//!   for; `shared_key` has that of others.
//! - `forwarded_headers`: which headers of a caller's go on.
//! - `picture_format`: the form in which a program wants its pictures.
//! - `relayed`: the answer, as it passes.
//! - `renamed_answer`: what names the model in one that is not translated.
//! - `skimmer`: what is read of a large one meanwhile.

mod answer_change;
mod answer_nature;
mod as_events;
mod asked_model;
mod body;
mod cost_estimate;
mod forwarded_headers;
mod picture_format;
mod relayed;
mod renamed_answer;
mod request;
mod skimmer;

use tokio::time::Instant;

use answer_nature::AnswerNature;
pub use asked_model::AskedModel;
pub use body::Body;
pub use cost_estimate::{CostEstimate, estimate_cost, estimate_transcript, measure_prompt};
pub use forwarded_headers::ForwardedHeaders;
pub use relayed::{Relayed, WholeOrBegun};
pub use request::{PayerTerms, RelayRequest, WireRequest};

use crate::model::{Credential, ProviderError, ProviderFailure};

use super::catalogue::Provider;
use super::failures::provider_error::Scrubber;
use super::registry::Providers;
use super::transport::http::{IncomingAnswer, failed};
use super::transport::outbound::Call;
use super::transport::retries::Retries;
use super::transport::timeouts::RELAYED_MAX;

/// A call that failed.
#[derive(Debug)]
pub struct RelayFailure {
    pub failure: ProviderFailure,
    /// What the provider said of it. Only the owner of the key may read it.
    pub said: Option<Box<ProviderError>>,
}

impl From<ProviderFailure> for RelayFailure {
    fn from(failure: ProviderFailure) -> Self {
        Self {
            failure,
            said: None,
        }
    }
}

impl Providers {
    /// Sends a call, again where that is allowed, and returns when its answer
    /// begins.
    pub async fn relay(
        &self,
        provider: &Provider,
        request: WireRequest,
        credential: Option<&Credential>,
    ) -> Result<Box<Relayed>, RelayFailure> {
        let timeouts = &self.outbound.timeouts;
        let deadline = Instant::now() + RELAYED_MAX;
        let mut retries = Retries::until(deadline);
        let mut incoming = loop {
            match self.send_relay(provider, &request, credential).await {
                Ok(incoming) => break incoming,
                Err(failed) if retries.wait_after(&failed.failure).await => {}
                Err(failed) => return Err(failed),
            }
        };
        incoming.limit_silence(timeouts.silence_of_relayed());
        let nature = AnswerNature::find(&request, &mut incoming).await;
        let nature = nature.map_err(|class| ProviderFailure {
            status: Some(incoming.status),
            ..failed(&provider.id, class)
        })?;
        let scrubber = Scrubber::for_key(credential);
        let relayed = Relayed::new(provider, incoming, request, nature);
        Ok(Box::new(relayed.scrubbed_by(scrubber)))
    }

    async fn send_relay(
        &self,
        provider: &Provider,
        request: &WireRequest,
        credential: Option<&Credential>,
    ) -> Result<IncomingAnswer, RelayFailure> {
        let timeouts = &self.outbound.timeouts;
        let call = Call {
            provider,
            method: request.method.clone(),
            to: request.to.clone(),
            forwarded: &request.headers,
            body: request.body.clone(),
            deadline: Instant::now() + timeouts.silence_of_relayed(),
            departure: Some(&request.departure),
        };
        let incoming = self.outbound.send(call, credential).await?;
        if (200..300).contains(&incoming.status) {
            return Ok(incoming);
        }
        // Boxed, so that calls that do not fail stay small.
        let deadline = Instant::now() + timeouts.check;
        let scrubber = Scrubber::for_key(credential);
        let failed = Box::pin(read_failure(provider, incoming, deadline, &scrubber)).await;
        if !failed.failure.may_have_worked() {
            request.departure.take_back();
        }
        Err(failed)
    }
}

/// Reads the error that a provider sent instead of an answer.
async fn read_failure(
    provider: &Provider,
    incoming: IncomingAnswer,
    deadline: Instant,
    scrubber: &Scrubber,
) -> RelayFailure {
    let answer = incoming.read_error(deadline).await;
    RelayFailure {
        failure: answer.failure(provider),
        said: answer.said(scrubber).map(Box::new),
    }
}
