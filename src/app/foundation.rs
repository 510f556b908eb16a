//! The parts that the rooms stand on. Each room takes those that it needs,
//! and keeps them to itself.

use std::sync::Arc;

use crate::ledger::Ledger;
use crate::model::Clock;
use crate::providers::Providers;
use crate::store::Store;
use crate::vault::Vault;

use crate::app::models::Models;
use crate::app::payers::Payers;
use crate::app::pending::PendingActions;
use crate::app::policy::{Policies, QuotaSettings};
use crate::app::tasks::Tasks;

/// Everything that a room can be made of.
pub struct Foundation {
    pub store: Store,
    pub vault: Arc<Vault>,
    pub ledger: Arc<Ledger>,
    pub providers: Arc<Providers>,
    pub quota: Arc<QuotaSettings>,
    pub models: Arc<Models>,
    pub policies: Arc<Policies>,
    pub payers: Arc<Payers>,
    pub pending: PendingActions,
    pub tasks: Tasks,
    pub http: reqwest::Client,
    pub clock: Clock,
    /// Where people find the pages; none where there are none.
    pub console_url: Option<String>,
    /// When this process began: what is older is an earlier one's.
    pub started_at_ms: i64,
}
