//! What only programs do: calls that are passed on, and calls that are made
//! once however often they are sent. Voice messages are passed on in the same way.

mod idempotency;
mod jobs;
mod relay;
mod transcripts;
mod voice_messages;

use std::sync::Arc;

use crate::ledger::Ledger;
use crate::model::Clock;
use crate::providers::Providers;
use crate::store::Store;

use crate::app::asks::AskSettings;
use crate::app::foundation::Foundation;
use crate::app::models::Models;
use crate::app::payers::Payers;
use crate::app::people::People;
use crate::app::pictures::Pictures;
use crate::app::policy::Policies;
use crate::app::tasks::Tasks;

use jobs::OngoingJobs;

pub use idempotency::{CallClaim, ClaimOutcome};
pub use relay::{
    PromptToEstimate, Relay, RelayAsk, RelayBody, RelayContent, RelayError, RelayHeaders,
    RelayReceipt, RelayStart, RelayedAnswer,
};

pub use transcripts::{SoundWriters, name_writer};
pub use voice_messages::HeardVoice;

/// The calls of programs.
pub struct Programs {
    store: Store,
    ledger: Arc<Ledger>,
    providers: Arc<Providers>,
    models: Arc<Models>,
    policies: Arc<Policies>,
    payers: Arc<Payers>,
    people: Arc<People>,
    pictures: Arc<Pictures>,
    /// The longest answer that somebody else's key pays for, in tokens.
    max_output_tokens: u32,
    /// Whether a fixed reply is given where no key can pay.
    demo_replies: bool,
    /// Jobs that go on after their calls.
    jobs: OngoingJobs,
    tasks: Tasks,
    clock: Clock,
}

impl Programs {
    /// Takes the parts of the foundation that programs need.
    pub fn new(
        foundation: &Foundation,
        asks: &AskSettings,
        people: &Arc<People>,
        pictures: &Arc<Pictures>,
    ) -> Self {
        Self {
            store: foundation.store.clone(),
            ledger: Arc::clone(&foundation.ledger),
            providers: Arc::clone(&foundation.providers),
            models: Arc::clone(&foundation.models),
            policies: Arc::clone(&foundation.policies),
            payers: Arc::clone(&foundation.payers),
            people: Arc::clone(people),
            pictures: Arc::clone(pictures),
            max_output_tokens: asks.max_output_tokens,
            demo_replies: asks.demo_replies,
            jobs: OngoingJobs::default(),
            tasks: foundation.tasks.clone(),
            clock: foundation.clock.clone(),
        }
    }
}
