//! Everything the program can do, a room for each subject. Knows nothing of
//! Discord or HTTP.

mod asks;
mod error;
mod health;
mod keys;
mod payers;
mod pending;
mod people;
mod pictures;
mod programs;
mod quotas;
mod upkeep;

use std::future::Future;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub use asks::{
    AnswerEvent, AskOutcome, Began, Demotion, ModelChoice, Notes, OnceForm, Persona, ReadyAsk,
};
pub use error::Error;
pub use keys::{AddForm, AddedKey, Listing, ProviderStatus, ServerKeys, Status, TestedKey};
pub use people::{Doorman, OperatorsView, Stored, Waiting, Whom, nobody_else};
pub use pictures::{
    ImageSettings, Moderation, PictureOutcome, PicturePlace, ReadyPicture, Seen, UnsettledPictures,
    Waiter,
};
pub use programs::{Claim, Claimed, NotRelayed, Payer, Relay, RelayAsk, RequestKey};
pub use quotas::{Budget, Notice, Quota, QuotaStatus, UsageReport, UsageScope};

pub use crate::store::{OwnAttempt, Total};

pub use crate::providers::{
    BadBody, Body, Catalogue, Delivery, ForwardedHeaders, Kind, Provider, RelayRequest, Surface,
    is_plain,
};

use crate::ledger::Ledger;
use crate::model::{Clock, Credential, Offer, ProviderId, Source};
use crate::providers::Providers;
use crate::store::Store;
use crate::vault::Vault;

/// What the program is made of, built once.
pub struct Parts {
    pub store: Store,
    pub vault: Vault,
    pub ledger: Ledger,
    pub quota: Quota,
    pub providers: Providers,
    pub bot_defaults: Vec<BotDefault>,
    pub settings: Settings,
    pub http: reqwest::Client,
    pub clock: Clock,
}

/// A provider that the operator pays for.
pub struct BotDefault {
    pub provider: ProviderId,
    /// None where the operator's own machine asks for no key.
    pub credential: Option<Credential>,
}

/// What the operator settled of how asks are answered.
#[derive(Clone, Debug)]
pub struct Settings {
    pub provider_order: Vec<ProviderId>,
    pub system_prompt: String,
    pub personas: Vec<Persona>,
    /// Whether a fixed reply is given where there is no key at all.
    pub demo_replies: bool,
    /// Patterns of `provider/model`; empty: every model.
    pub models_allowed: Vec<String>,
    pub max_output_tokens: u32,
    /// The most of a conversation that a model is told.
    pub context_tokens: u32,
    pub delivery: Delivery,
    /// Where programs reach the gateway; none where it is off.
    pub gateway_url: Option<String>,
    pub images: ImageSettings,
}

/// The program.
pub struct App {
    store: Store,
    vault: Vault,
    ledger: Ledger,
    quota: Arc<Quota>,
    providers: Providers,
    bot_defaults: Vec<BotDefault>,
    /// The same, as those who could pay.
    bot_offers: Vec<Offer>,
    settings: Settings,
    lists: asks::models::ModelLists,
    known_tokens: programs::tokens::TokenCache,
    uses: payers::KeyUses,
    doorman: OnceLock<Weak<dyn Doorman>>,
    http: reqwest::Client,
    clock: Clock,
    started_at_ms: i64,
    tasks: TaskTracker,
    cut: CancellationToken,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            store,
            vault,
            ledger,
            quota,
            providers,
            bot_defaults,
            settings,
            http,
            clock,
        } = parts;
        let (tasks, cut) = (TaskTracker::new(), CancellationToken::new());
        let bot_offers = bot_defaults.iter().map(|default| Offer {
            source: Source::BotDefault,
            ..asks::answer::request_offer(&default.provider)
        });
        Self {
            bot_offers: bot_offers.collect(),
            store,
            vault,
            ledger,
            quota: Arc::new(quota),
            providers,
            bot_defaults,
            settings,
            lists: asks::models::ModelLists::default(),
            known_tokens: programs::tokens::TokenCache::default(),
            uses: payers::KeyUses::default(),
            doorman: OnceLock::new(),
            http,
            started_at_ms: clock.now_ms(),
            clock,
            tasks,
            cut,
        }
    }

    /// All providers.
    pub fn catalogue(&self) -> &Catalogue {
        self.providers.catalogue()
    }

    /// Whether people can store keys.
    pub fn byok_enabled(&self) -> bool {
        self.vault.is_enabled()
    }

    /// Where programs reach the gateway, if it is on.
    pub fn gateway_url(&self) -> Option<&str> {
        self.settings.gateway_url.as_deref()
    }

    /// The one HTTP client of the process.
    pub fn http(&self) -> reqwest::Client {
        self.http.clone()
    }

    /// How much is being worked on.
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// How long the program has run.
    pub fn uptime(&self) -> Duration {
        let ms = self.clock.now_ms() - self.started_at_ms;
        Duration::from_millis(ms.max(0).cast_unsigned())
    }

    /// The time, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Starts a task that shutdown waits for.
    pub fn spawn<F>(&self, task: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn(task)
    }

    /// Something that shutdown waits for until it is dropped.
    pub fn busy(&self) -> TaskTrackerToken {
        self.tasks.token()
    }

    /// Ends when the program must give up what is still running.
    pub async fn must_stop(&self) {
        self.cut.cancelled().await;
    }

    /// Waits for what is running, cuts off what takes longer than `grace`,
    /// gives that `last_words` to say so, and closes the database.
    pub async fn shut_down(&self, grace: Duration, last_words: Duration) {
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                running = self.tasks.len(),
                "cutting off what is still running"
            );
            self.cut.cancel();
            // What does not end even now is dropped with the process.
            let _ = tokio::time::timeout(last_words, self.tasks.wait()).await;
        }
        self.ledger.close().await;
        self.store.close().await;
    }

    /// Every attempt of the ledger, once what is queued is written.
    #[cfg(test)]
    pub async fn audit(&self) -> Vec<crate::store::AuditedAttempt> {
        self.ledger.flush().await;
        self.store.audit().await
    }

    /// Ends when nothing is running any more.
    #[cfg(test)]
    pub async fn idle(&self) {
        while !self.tasks.is_empty() {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.ledger.flush().await;
    }
}
