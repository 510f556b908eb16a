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
pub use cost_estimate::{CostEstimate, estimate_cost, measure_prompt};
pub use relayed::{Relayed, WholeOrBegun};
pub use request::{ForwardedHeaders, PayerTerms, RelayRequest, WireRequest};

use crate::model::{Credential, FailureClass, ProviderFailure, Words, redact};

use super::catalogue::Provider;
use super::dialect::AnswerFormat;
use super::failure;
use super::http::{Incoming, Retries};
use super::outbound::Call;
use super::registry::Providers;
use super::timeouts::StreamClocks;

/// The most of a provider's message that its key's owner is told.
const MESSAGE_CHARACTERS_MAX: usize = 500;

/// A call that failed.
#[derive(Debug)]
pub struct RelayFailure {
    pub failure: ProviderFailure,
    /// The provider's error message. Only the owner of the key may read it.
    pub message: Option<Words>,
}

impl From<ProviderFailure> for RelayFailure {
    fn from(failure: ProviderFailure) -> Self {
        Self {
            failure,
            message: None,
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
        Ok(Box::new(Relayed::new(provider, incoming, request, clocks)))
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
        let failed = Box::pin(read_failure(provider, incoming, deadline)).await;
        if !failed.failure.may_have_worked() {
            request.departure.take_back();
        }
        Err(failed)
    }
}

/// Reads the error that a provider sent instead of an answer.
async fn read_failure(provider: &Provider, incoming: Incoming, deadline: Instant) -> RelayFailure {
    let answer = incoming.read_error(deadline).await;
    let failure = answer.failure(provider);
    let message = failure::message_in(&answer.body);
    let message = message.and_then(|message| owners_message(&failure, &message));
    RelayFailure { failure, message }
}

/// As much of a provider's message as the key's owner may read: nothing
/// where it is about the key, and never the name of an organisation or a
/// project.
fn owners_message(failure: &ProviderFailure, message: &str) -> Option<Words> {
    if failure.class.is_about_the_key() || failure.class == FailureClass::Upstream {
        return None;
    }
    let message = redact(message);
    let words = message.split_inclusive(char::is_whitespace).map(|word| {
        let bare = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_name = ["org-", "proj_", "user-", "acct_"]
            .iter()
            .any(|start| bare.starts_with(start));
        if is_name { "[…] " } else { word }
    });
    let shown: String = words
        .collect::<String>()
        .chars()
        .filter(|c| !c.is_control())
        .take(MESSAGE_CHARACTERS_MAX)
        .collect();
    Some(Words(shown.trim().to_owned())).filter(|shown| !shown.0.is_empty())
}
