//! Bills: what a month's attempts cost, by key and server, and the receipts of
//! each.

use crate::model::{AttemptId, Caller};
use crate::store::{OwnAttempt, QUARTER_MS, ReceiptsAfter};

use crate::app::Error;
use crate::app::quotas::Quotas;
use crate::app::quotas::usage::period::{Grain, Period};
use crate::app::quotas::usage::report::{UsageReport, UsageScope};

/// How many receipts a page may have.
const RECEIPTS_MAX: usize = 500;

/// What a period's attempts cost. Its sums are those of a report.
#[derive(Clone, Debug)]
pub struct Bill {
    pub report: UsageReport,
    /// How long receipts are kept; sums are kept for longer.
    pub keep_days: u32,
}

/// Some of the receipts of a period, oldest first.
#[derive(Clone, Debug)]
pub struct ReceiptPage {
    pub receipts: Vec<OwnAttempt>,
    /// The last of these, where there are more: the next page comes after it.
    pub next: Option<AttemptId>,
}

impl Quotas {
    /// What a period's attempts cost, by key and server.
    pub async fn read_bill(
        &self,
        caller: &Caller,
        scope: UsageScope,
        period: Period,
    ) -> Result<Bill, Error> {
        // By the month as a whole: nobody asks a bill for its days.
        let period = Period {
            grain: Grain::Months,
            ..period
        };
        Ok(Bill {
            report: self.report_usage(caller, scope, period).await?,
            keep_days: self.settings.keep_days,
        })
    }

    /// A part of the receipts of a period, oldest first.
    pub async fn list_receipts(
        &self,
        caller: &Caller,
        scope: UsageScope,
        period: &Period,
        page: ReceiptsAfter,
    ) -> Result<ReceiptPage, Error> {
        let owner = self.usage_owner(caller, scope)?;
        let after = page.after;
        let max = page.max.clamp(1, RECEIPTS_MAX);
        let all = period.quarters()?;
        let before = |quarter: i64| {
            after.is_none_or(|id| AttemptId::first_at((quarter + 1) * QUARTER_MS) > id)
        };
        let mut used = self.store.used_quarters(owner, all).await?;
        used.retain(|quarter| before(*quarter));
        let mut receipts = Vec::new();
        for stretch in joined(&used) {
            let begins = AttemptId::first_at(stretch.0 * QUARTER_MS);
            let ends = AttemptId::first_at(stretch.1 * QUARTER_MS);
            let wanted = ReceiptsAfter {
                after,
                max: max + 1 - receipts.len(),
            };
            let found = self.store.receipts_of(owner, (begins, ends), wanted);
            receipts.extend(found.await?);
            if receipts.len() > max {
                break;
            }
        }
        let has_more = receipts.len() > max;
        receipts.truncate(max);
        let next = receipts.last().filter(|_| has_more);
        let next = next.map(|attempt| attempt.id);
        Ok(ReceiptPage { receipts, next })
    }
}

/// Joins quarters of an hour that follow each other: the first of each stretch,
/// and the one after its last.
fn joined(quarters: &[i64]) -> Vec<(i64, i64)> {
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for quarter in quarters {
        match stretches.last_mut() {
            Some((_, end)) if *end == *quarter => *end = quarter + 1,
            _ => stretches.push((*quarter, quarter + 1)),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_that_follow_each_other_are_one_stretch() {
        assert_eq!(joined(&[]), []);
        assert_eq!(joined(&[3, 4, 7, 9, 10]), [(3, 5), (7, 8), (9, 11)]);
    }
}
