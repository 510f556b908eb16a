//! Passes a caller's own request on to a provider, and the answer back, and
//! reads on the way what was used.
//!
//! Only what stands in a list here reaches a provider, and only that comes
//! back: `docs/security.md` §6.
//!
//! - `body`: the body, changed only where it must be.
//! - `request`: the call, as it came and as the provider gets it.
//! - `cost_estimate`: how much a call may use that the caller's own key pays
//!   for; `shared_key` has that of others.
//! - `relayed`: the answer, as it passes.
//! - `skimmer`: what is read of a large one meanwhile.

mod body;
mod cost_estimate;
mod relayed;
mod request;
mod skimmer;

use tokio::time::Instant;

pub use body::Body;
pub use cost_estimate::{CostEstimate, estimate_cost};
pub use relayed::{Relayed, WholeOrBegun};
pub use request::{ForwardedHeaders, PayerTerms, RelayRequest, WireRequest};

use crate::model::{Credential, ProviderFailure};

use super::catalogue::Provider;
use super::dialect::AnswerFormat;
use super::http::{Incoming, Retries};
use super::outbound::Call;
use super::provider_error::{ProviderError, Scrubber};
use super::registry::Providers;
use super::timeouts::StreamClocks;

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
        let deadline = Instant::now() + timeouts.total;
        let mut retries = Retries::until(deadline);
        let incoming = loop {
            match self.send_relay(provider, &request, credential).await {
                Ok(incoming) => break incoming,
                Err(failed) if retries.wait_after(&failed.failure).await => {}
                Err(failed) => return Err(failed),
            }
        };
        let clocks = StreamClocks::start(*timeouts, deadline);
        let scrubber = Scrubber::for_key(credential);
        Ok(Box::new(Relayed::new(
            provider, incoming, request, clocks, scrubber,
        )))
    }

    async fn send_relay(
        &self,
        provider: &Provider,
        request: &WireRequest,
        credential: Option<&Credential>,
    ) -> Result<Incoming, RelayFailure> {
        let timeouts = &self.outbound.timeouts;
        // A picture is made before its answer begins.
        let first_byte = match request.format {
            AnswerFormat::Images if !provider.dialect.loads_models() => timeouts.total,
            _ => timeouts.first_byte_of(provider.dialect),
        };
        let call = Call {
            provider,
            method: request.method.clone(),
            to: request.to.clone(),
            forwarded: &request.headers,
            body: request.body.clone(),
            deadline: Instant::now() + first_byte,
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
    incoming: Incoming,
    deadline: Instant,
    scrubber: &Scrubber,
) -> RelayFailure {
    let answer = incoming.read_error(deadline).await;
    RelayFailure {
        failure: answer.failure(provider),
        said: answer.said(scrubber).map(Box::new),
    }
}
