//! What each of somebody's keys was used for this month.

use std::collections::HashMap;

use crate::app::{PeriodChoice, Total, UsageScope, nobody_else};
use crate::console::visit::{SignedIn, Visit};
use crate::model::KeyId;

/// This month's sums by key; none where they could not be read.
pub struct MonthByKey(Option<HashMap<KeyId, Total>>);

impl MonthByKey {
    /// Reads them. A page is shown without what can't be read now.
    pub async fn read(visit: &Visit, person: &SignedIn) -> Self {
        let quotas = &visit.app().quotas;
        let caller = nobody_else(person.id());
        let Ok(period) = quotas.period(PeriodChoice::ThisMonth, None) else {
            return Self(None);
        };
        let report = quotas.report_usage(&caller, UsageScope::User, period);
        let Ok(report) = report.await else {
            return Self(None);
        };
        let sums = report.by_key().into_iter();
        Self(Some(
            sums.filter_map(|(paying, total)| Some((paying.key?, total)))
                .collect(),
        ))
    }

    /// What one key was used for; none where that is not known.
    pub fn of(&self, key: KeyId) -> Option<Total> {
        let sums = self.0.as_ref()?;
        Some(sums.get(&key).copied().unwrap_or_default())
    }

    /// What the figures are.
    pub fn describe(&self) -> &'static str {
        match &self.0 {
            Some(_) => {
                "Figures are this month’s. Cost is an estimate from public prices; your \
                 provider’s bill is what counts."
            }
            None => "This month’s figures could not be read. Open the page again in a minute.",
        }
    }
}
