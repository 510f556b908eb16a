//! Everything the program can do, a room for each subject. Knows nothing of
//! Discord or HTTP.

mod asks;
mod checkup;
mod durations;
mod error;
mod files;
mod foundation;
mod gate;
mod health;
mod keys;
mod models;
mod names;
mod payers;
mod pending;
mod people;
mod pictures;
mod policy;
mod programs;
mod quotas;
mod shards;
mod tasks;
mod traffic;
mod unasked;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

pub use asks::{
    AnswerEvent, AnswerLog, AnswerStart, AskOutcome, AskSettings, ChosenModel, FailedOnce,
    Foreseen, KnownModel, KnownModels, ModelOffer, ModelStanding, ModelUsers, OnceForm, Persona,
    ProviderStatus, ReadyAsk, Status, Unnamed,
};
pub use checkup::{
    Finding, PICTURE_STORAGE, Wellness, check_pages, judge_address, judge_buckets, judge_check,
    judge_health, judge_keyless, judge_master, judge_quotas, judge_sign_in, judge_storage,
    judge_stored_keys,
};
pub use durations::parse_duration;
pub use error::Error;
pub use files::{
    FileContent, FileCount, FileLabel, FileLimits, FileNature, MessageFile, can_be_heard,
    read_text, tell_files,
};
pub use gate::{ConcurrencyLimits, Permit};
pub use health::{DatabaseFault, DiskRoom, Readiness};
pub use keys::{
    AddForm, AddedEnd, AddedKey, ChosenKeys, FailedAdd, FormAgain, IMPORT_BYTES_MAX, ImportForm,
    ImportOutcome, KEY_CONSENT_PATH, KeyChoices, KeyDraft, KeyImport, KeySender, KeyTrial, KeyUses,
    Listing, MadeKeyTrouble, PendingKey, PlainExtras, RequestKey, SentForm, ServerKeys,
    SkippedLine, SystemKey, SystemUses, TestedKey, TrialOutcome, TypedKey, WhySkipped,
};
pub use models::{KnownProviders, ModelChoice, ModelSettings, ProviderInfo};
pub use payers::{BotDefault, Demotion, Payer};
pub use people::{
    Consent, FoundPerson, FoundServer, IdFacts, IdKind, Identity, IdentityDesk, LimitSubject,
    MemberDirectory, NewSession, Notifier, OperatorsView, OwnBlock, OwnSession, ReturnedCode,
    SearchResult, ServerRole, SignInTrouble, StoredSummary, form_owner, form_token, nobody_else,
};
pub use pictures::{
    CostlyPicture, ImageSettings, LeftPicture, Moderation, OpenAiWish, PictureLink, PictureOutcome,
    PicturePlace, PictureProgress, ReadyPicture, Storage, StorageSettings, StorageTrouble,
    UnconfirmedPicture, UnsettledPictures, Waiter, demo_picture,
};
pub use policy::{Notice, QuotaSettings};
pub use programs::{
    CallClaim, ClaimOutcome, HeardVoice, PromptToEstimate, Relay, RelayAsk, RelayBody,
    RelayContent, RelayError, RelayHeaders, RelayReceipt, RelayStart, RelayedAnswer, SoundWriters,
    name_writer,
};
#[cfg(feature = "demo")]
pub use quotas::PastUse;
pub use quotas::{
    Bill, Budget, BudgetClearing, DAYS_MAX, Grain, KeyName, KeyNames, MonthEstimate, PayingKey,
    Period, PeriodChoice, QuotaStatus, RECEIPTS_HEAD, ReceiptPage, USAGE_HEAD, UsageReport,
    UsageScope, date_of, find_zone, make_limit, number_of, quote_cell, read_amount, receipts_table,
    usage_json, usage_table, write_limits,
};
pub use tasks::Tasks;
pub use traffic::TrafficView;

pub use crate::ledger::{CallCounts, OvershootNotice, Traffic};
pub use crate::store::{DatabaseTrouble, OwnAttempt, ReceiptsAfter, Total};
pub use crate::vault::{is_same_secret, new_cookie};

use crate::ledger::Ledger;
use crate::model::{Clock, MemoryBudget};
use crate::providers::Providers;
use crate::store::Store;
use crate::vault::Vault;
use asks::Asks;
use checkup::KnownPages;
use foundation::Foundation;
use keys::Keys;
use models::Models;
use payers::{Payers, PayersParts};
use pending::PendingActions;
pub use pending::random_id;
use people::People;
use pictures::Pictures;
use policy::Policies;
use programs::Programs;
use quotas::Quotas;
use shards::Shards;

/// How long the ledger may take to write what is left once nothing runs any more.
const LAST_WRITES: Duration = Duration::from_secs(1);

/// What the program is made of, built once.
pub struct Parts {
    pub store: Store,
    pub vault: Vault,
    pub ledger: Ledger,
    pub quota: QuotaSettings,
    pub providers: Providers,
    pub bot_defaults: Vec<BotDefault>,
    pub settings: Settings,
    pub http: reqwest::Client,
    pub clock: Clock,
}

/// What the operator settled.
#[derive(Clone, Debug)]
pub struct Settings {
    pub models: ModelSettings,
    pub asks: AskSettings,
    pub images: ImageSettings,
    /// Where programs reach the gateway; none where it is off.
    pub gateway_url: Option<String>,
    /// Where people find the pages; none where there are none.
    pub console_url: Option<String>,
}

/// The program.
pub struct App {
    pub people: Arc<People>,
    pub keys: Arc<Keys>,
    pub quotas: Arc<Quotas>,
    pub asks: Arc<Asks>,
    pub pictures: Arc<Pictures>,
    pub programs: Arc<Programs>,
    pub shards: Shards,
    store: Store,
    ledger: Arc<Ledger>,
    models: Arc<Models>,
    pending: PendingActions,
    gateway_url: Option<String>,
    console_url: Option<String>,
    /// The memory for bodies, of calls and of answers.
    pub memory: Arc<MemoryBudget>,
    http: reqwest::Client,
    clock: Clock,
    started_at_ms: i64,
    /// Whoever probes the database.
    probing: Semaphore,
    known_pages: Arc<KnownPages>,
    /// The tasks that shutdown waits for.
    pub tasks: Tasks,
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
        let tasks = Tasks::default();
        let (vault, ledger) = (Arc::new(vault), Arc::new(ledger));
        let (providers, quota) = (Arc::new(providers), Arc::new(quota));
        let models = Models::new(providers.catalogue().clone(), settings.models.clone());
        let policies = Policies::new(
            store.clone(),
            Arc::clone(&vault),
            Arc::clone(&quota),
            clock.clone(),
        );
        let payers = Payers::new(PayersParts {
            store: store.clone(),
            vault: Arc::clone(&vault),
            ledger: Arc::clone(&ledger),
            bot_defaults,
            quota: Arc::clone(&quota),
            clock: clock.clone(),
            tasks: tasks.clone(),
        });
        let foundation = Foundation {
            pending: PendingActions::new(store.clone(), clock.clone()),
            store,
            vault,
            ledger,
            providers,
            quota,
            models: Arc::new(models),
            policies: Arc::new(policies),
            payers: Arc::new(payers),
            tasks,
            http,
            console_url: settings.console_url.clone(),
            started_at_ms: clock.now_ms(),
            clock,
        };
        Self::furnish(foundation, settings)
    }

    /// Makes the rooms, each of what it needs.
    fn furnish(foundation: Foundation, settings: Settings) -> Self {
        let ask_settings = settings.asks.clone();
        let people = Arc::new(People::new(&foundation));
        let keys = Arc::new(Keys::new(&foundation));
        let asks = Arc::new(Asks::new(&foundation, settings.asks, &keys, &people));
        let pictures = Arc::new(Pictures::new(&foundation, settings.images, &asks, &people));
        let programs = Programs::new(&foundation, &ask_settings, &people, &pictures);
        Self {
            people,
            keys,
            quotas: Arc::new(Quotas::new(&foundation, &asks)),
            asks,
            pictures,
            programs: Arc::new(programs),
            shards: Shards::default(),
            store: foundation.store,
            ledger: foundation.ledger,
            models: foundation.models,
            pending: foundation.pending,
            gateway_url: settings.gateway_url,
            console_url: settings.console_url,
            memory: Arc::clone(foundation.providers.memory()),
            http: foundation.http,
            clock: foundation.clock,
            started_at_ms: foundation.started_at_ms,
            probing: Semaphore::new(1),
            known_pages: Arc::default(),
            tasks: foundation.tasks,
        }
    }

    /// All providers.
    pub fn providers(&self) -> KnownProviders<'_> {
        KnownProviders::new(self.models.catalogue())
    }

    /// Where programs reach the gateway, if it is on.
    pub fn gateway_url(&self) -> Option<&str> {
        self.gateway_url.as_deref()
    }

    /// Where people find the pages, without a slash at its end; none where
    /// there are none.
    pub fn console_url(&self) -> Option<&str> {
        self.console_url.as_deref()
    }

    /// The one HTTP client of the process.
    pub fn http(&self) -> reqwest::Client {
        self.http.clone()
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

    /// Waits for what is running, cuts off what takes longer than `grace`,
    /// gives that `last_words` to say so, and closes the database.
    pub async fn shut_down(&self, grace: Duration, last_words: Duration) {
        let written_by = Instant::now() + grace + last_words + LAST_WRITES;
        self.shut_down_by(grace, last_words, written_by).await;
    }

    /// Shuts down as [`Self::shut_down`] does; what the database does not take by
    /// `written_by` is not written.
    pub async fn shut_down_by(&self, grace: Duration, last_words: Duration, written_by: Instant) {
        self.tasks.end(grace, last_words).await;
        self.ledger.close_by(written_by).await;
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
        while self.tasks.count() > 0 {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.ledger.flush().await;
    }
}
