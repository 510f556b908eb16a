//! Limits: what a server's key may be used for, what is used, and what is
//! left.

mod budget;
mod status;
mod usage;

use std::sync::Arc;

use crate::ledger::Ledger;
use crate::model::{Clock, DAY_MS};
use crate::store::Store;

use crate::app::asks::Asks;
use crate::app::foundation::Foundation;
use crate::app::models::Models;
use crate::app::payers::Payers;
use crate::app::policy::{Policies, QuotaSettings};

pub use budget::Budget;
pub use status::QuotaStatus;
pub use usage::{UsageReport, UsageScope};

/// Budgets, and what is used of every limit.
pub struct Quotas {
    store: Store,
    ledger: Arc<Ledger>,
    settings: Arc<QuotaSettings>,
    models: Arc<Models>,
    policies: Arc<Policies>,
    payers: Arc<Payers>,
    asks: Arc<Asks>,
    clock: Clock,
}

impl Quotas {
    /// Takes what it needs.
    pub fn new(foundation: &Foundation, asks: &Arc<Asks>) -> Self {
        Self {
            store: foundation.store.clone(),
            ledger: Arc::clone(&foundation.ledger),
            settings: Arc::clone(&foundation.quota),
            models: Arc::clone(&foundation.models),
            policies: Arc::clone(&foundation.policies),
            payers: Arc::clone(&foundation.payers),
            asks: Arc::clone(asks),
            clock: foundation.clock.clone(),
        }
    }

    /// Deletes rules that are over and attempts that are too old to keep;
    /// settles what dead processes left behind.
    pub(in crate::app) async fn sweep(&self, now_ms: i64) -> anyhow::Result<()> {
        self.store.expire_rules(now_ms).await?;
        let kept_ms = i64::from(self.settings.keep_days) * DAY_MS;
        self.store.forget_attempts(now_ms - kept_ms).await?;
        self.ledger.sweep().await
    }
}
