//! Limits: what a server's key may be used for, what is used, and what is
//! left.

mod budget;
mod made_limit;
#[cfg(feature = "demo")]
mod past;
mod status;
mod usage;

use std::sync::Arc;

use crate::ledger::Ledger;
use crate::model::{AccessRefusal, Caller, Clock, DAY_MS, Owner, Refusal, Scope, ServerId};
use crate::store::Store;

use crate::app::asks::Asks;
use crate::app::foundation::Foundation;
use crate::app::models::Models;
use crate::app::payers::Payers;
use crate::app::pending::PendingActions;
use crate::app::policy::{Policies, QuotaSettings};

pub(in crate::app) use budget::limits_of_whole;
pub use budget::{Budget, BudgetClearing, write_limits};
pub use made_limit::{make_limit, read_amount};
#[cfg(feature = "demo")]
pub use past::PastUse;
pub use status::QuotaStatus;
pub use usage::{
    Bill, DAYS_MAX, Grain, KeyName, KeyNames, MonthEstimate, PayingKey, Period, PeriodChoice,
    RECEIPTS_HEAD, ReceiptPage, USAGE_HEAD, UsageReport, UsageScope, date_of, find_zone, number_of,
    quote_cell, receipts_table, usage_json, usage_table,
};

/// Budgets, and what is used of every limit.
pub struct Quotas {
    store: Store,
    ledger: Arc<Ledger>,
    settings: Arc<QuotaSettings>,
    models: Arc<Models>,
    policies: Arc<Policies>,
    payers: Arc<Payers>,
    asks: Arc<Asks>,
    pending: PendingActions,
    clock: Clock,
}

impl Quotas {
    /// The verbs about limits, over the parts that they share with asks.
    pub fn new(foundation: &Foundation, asks: &Arc<Asks>) -> Self {
        Self {
            store: foundation.store.clone(),
            ledger: Arc::clone(&foundation.ledger),
            settings: Arc::clone(&foundation.quota),
            models: Arc::clone(&foundation.models),
            policies: Arc::clone(&foundation.policies),
            payers: Arc::clone(&foundation.payers),
            asks: Arc::clone(asks),
            pending: foundation.pending.clone(),
            clock: foundation.clock.clone(),
        }
    }

    /// Deletes rules that are over; settles what dead processes left behind.
    pub(in crate::app) async fn sweep(&self, now_ms: i64) -> anyhow::Result<()> {
        self.store.expire_rules(now_ms).await?;
        self.ledger.sweep().await
    }

    /// Deletes attempts that are too old to keep: those that became so since
    /// `since_ms`, or all. It takes as long as it takes.
    pub(in crate::app) async fn forget_attempts(
        &self,
        since_ms: Option<i64>,
        now_ms: i64,
    ) -> anyhow::Result<u64> {
        let kept_ms = i64::from(self.settings.keep_days) * DAY_MS;
        let from_ms = since_ms.map_or(0, |since_ms| since_ms - kept_ms);
        self.store.forget_attempts(from_ms, now_ms - kept_ms).await
    }
}

/// The server whose key the caller may manage right now; `instead` for
/// whoever does not manage it.
fn managed_server(caller: &Caller, instead: AccessRefusal) -> Result<ServerId, Refusal> {
    match caller.owner_for(Scope::Guild) {
        Ok(Owner::Server(server)) => Ok(server),
        Ok(Owner::Person(_) | Owner::Operator) => Err(AccessRefusal::NotInAServer.into()),
        Err(AccessRefusal::NotAManager) => Err(instead.into()),
        Err(other) => Err(other.into()),
    }
}
