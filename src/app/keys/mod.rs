//! Stored keys: added, listed, tested, paused and removed by their owners.

mod access;
mod adding;
mod departures;
mod request_key;
mod stored;
mod system;
mod trials;
mod tried_keys;

use std::sync::Arc;

use crate::ledger::Ledger;
use crate::model::Clock;
use crate::providers::Providers;
use crate::store::Store;
use crate::vault::Vault;

use crate::app::foundation::Foundation;
use crate::app::models::Models;
use crate::app::payers::Payers;
use crate::app::pending::PendingActions;
use crate::app::policy::{Policies, QuotaSettings};

pub use adding::add::{AddedEnd, AddedKey, KeyDraft};
pub use adding::credential::{KeyDestination, TypedKey};
pub use adding::form::{AddForm, KeyChoices};
pub use adding::found_keys::{
    ChosenKeys, ImportOutcome, KeyImport, PendingKey, SkippedLine, WhySkipped,
};
pub use adding::import::IMPORT_BYTES_MAX;
pub use adding::import_form::ImportForm;
pub(in crate::app) use adding::kept_extras::ExtrasOf;
pub use adding::kept_extras::PlainExtras;
pub use adding::made_key::{KEY_CONSENT_PATH, MadeKeyTrouble};
pub use adding::sent_form::{FailedAdd, FormAgain, SentForm};
pub use request_key::RequestKey;
pub use stored::list::{Listing, ServerKeys};
pub use stored::test::TestedKey;
pub use stored::uses::KeyUses;
pub use system::{SystemKey, SystemUses};
pub use trials::{KeyTrial, KeyTrials};
pub use tried_keys::{KeySender, TrialOutcome};

/// Everybody's stored keys.
pub struct Keys {
    store: Store,
    ledger: Arc<Ledger>,
    vault: Arc<Vault>,
    providers: Arc<Providers>,
    models: Arc<Models>,
    policies: Arc<Policies>,
    payers: Arc<Payers>,
    settings: Arc<QuotaSettings>,
    pending: PendingActions,
    clock: Clock,
    console_url: Option<String>,
    /// Keys that come with calls or asks, and are being tried.
    pub trials: Arc<KeyTrials>,
}

impl Keys {
    /// Takes the parts of the foundation that stored keys need.
    pub fn new(foundation: &Foundation) -> Self {
        Self {
            store: foundation.store.clone(),
            ledger: Arc::clone(&foundation.ledger),
            vault: Arc::clone(&foundation.vault),
            providers: Arc::clone(&foundation.providers),
            models: Arc::clone(&foundation.models),
            policies: Arc::clone(&foundation.policies),
            payers: Arc::clone(&foundation.payers),
            settings: Arc::clone(&foundation.quota),
            pending: foundation.pending.clone(),
            clock: foundation.clock.clone(),
            console_url: foundation.console_url.clone(),
            trials: Arc::new(KeyTrials::new(foundation)),
        }
    }

    /// Whether people can store keys.
    pub fn byok_enabled(&self) -> bool {
        self.vault.is_enabled()
    }

    /// The id of the master key that seals; none where keys can't be stored.
    pub fn active_kid(&self) -> Option<String> {
        self.vault.active_kid().ok()
    }

    /// Whether what a master key has sealed can be opened here.
    pub fn can_open(&self, kid: &str) -> bool {
        self.vault.can_open(kid)
    }

    /// Deletes checks that no limit looks at any more, imported keys that
    /// nobody came back for, and keys of servers that removed the bot a while
    /// ago.
    pub(in crate::app) async fn sweep(&self, now_ms: i64) -> anyhow::Result<()> {
        self.store.expire_checks(now_ms).await?;
        self.store.expire_imported_keys(now_ms).await?;
        self.forget_departed(now_ms).await
    }
}
