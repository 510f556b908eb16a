//! Asks: one question to a language model, from its plan to its answer.

mod answer;
mod call;
mod choosing;
mod fit;
mod forget;
mod once;
mod plan;
mod program;
mod records;

use std::sync::Arc;

use crate::model::{ANSWERS_KEPT_DAYS, Clock, DAY_MS};
use crate::providers::{Delivery, Providers};
use crate::store::Store;

use crate::app::foundation::Foundation;
use crate::app::keys::Keys;
use crate::app::models::Models;
use crate::app::payers::Payers;
use crate::app::pending::PendingActions;
use crate::app::people::People;
use crate::app::policy::Policies;
use crate::app::tasks::Tasks;

pub use answer::{AnswerEvent, AskOutcome, ReadyAsk};
pub use choosing::choices::{ChosenModel, ModelStanding, ModelUsers};
pub use choosing::foresight::{Foreseen, ProviderStatus, Status, Unnamed};
pub use choosing::known_models::{KnownModel, KnownModels};
pub use choosing::model_offers::ModelOffer;
pub use choosing::personas::Persona;
pub use once::{FailedOnce, OnceForm};
pub use records::{AnswerLog, AnswerStart};

/// What the operator settled of how asks are answered.
#[derive(Clone, Debug)]
pub struct AskSettings {
    pub system_prompt: String,
    pub personas: Vec<Persona>,
    /// Whether a fixed reply is given where there is no key at all.
    pub demo_replies: bool,
    pub max_output_tokens: u32,
    /// The most of a conversation that a model is told.
    pub context_tokens: u32,
    pub delivery: Delivery,
}

/// Everything that is asked of language models.
pub struct Asks {
    store: Store,
    providers: Arc<Providers>,
    models: Arc<Models>,
    policies: Arc<Policies>,
    payers: Arc<Payers>,
    pending: PendingActions,
    keys: Arc<Keys>,
    people: Arc<People>,
    settings: AskSettings,
    tasks: Tasks,
    clock: Clock,
    started_at_ms: i64,
}

impl Asks {
    /// Takes the parts of the foundation that asks need.
    pub fn new(
        foundation: &Foundation,
        settings: AskSettings,
        keys: &Arc<Keys>,
        people: &Arc<People>,
    ) -> Self {
        Self {
            store: foundation.store.clone(),
            providers: Arc::clone(&foundation.providers),
            models: Arc::clone(&foundation.models),
            policies: Arc::clone(&foundation.policies),
            payers: Arc::clone(&foundation.payers),
            pending: foundation.pending.clone(),
            keys: Arc::clone(keys),
            people: Arc::clone(people),
            settings,
            tasks: foundation.tasks.clone(),
            clock: foundation.clock.clone(),
            started_at_ms: foundation.started_at_ms,
        }
    }

    /// Deletes what is kept of answers once their buttons no longer work.
    pub(in crate::app) async fn sweep(&self, now_ms: i64) -> anyhow::Result<()> {
        let kept_ms = ANSWERS_KEPT_DAYS * DAY_MS;
        self.store.forget_answers(now_ms - kept_ms).await
    }
}
