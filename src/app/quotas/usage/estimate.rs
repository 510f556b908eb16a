//! A guess at what a month will have cost when it ends.
//!
//! It is what was spent this month until now, and for each day that is left
//! after today the average of the seven days before today. Whoever has begun
//! since then has the average of the days since they began.

use jiff::ToSpan;
use jiff::tz::TimeZone;

use crate::model::Caller;

use crate::app::Error;
use crate::app::quotas::Quotas;
use crate::app::quotas::usage::period::{Period, PeriodChoice, date_at, number_of};
use crate::app::quotas::usage::report::UsageScope;
use crate::store::Total;

/// How many days before today the average is taken of.
const AVERAGE_DAYS: u16 = 7;

/// What a month will probably cost, in nano-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthEstimate {
    /// What was spent this month until now.
    pub spent_nano: u64,
    /// What was spent on a day, on the average of the last days before today.
    pub daily_nano: u64,
    /// How many days that average is of; 0 for whoever began today.
    pub average_days: u64,
    /// How many days of the month are left after today.
    pub days_left: u64,
    /// Requests of this month that have no known price, so that they are not in
    /// it.
    pub unpriced: u64,
}

impl MonthEstimate {
    /// The guess itself.
    pub fn total_nano(&self) -> u64 {
        let rest = self.daily_nano.saturating_mul(self.days_left);
        self.spent_nano.saturating_add(rest)
    }
}

impl Quotas {
    /// Guesses what this month will have cost when it ends.
    pub async fn estimate_month(
        &self,
        caller: &Caller,
        scope: UsageScope,
        zone: TimeZone,
    ) -> Result<MonthEstimate, Error> {
        let owner = self.usage_owner(caller, scope)?;
        let now_ms = self.clock.now_ms();
        let today = date_at(now_ms, &zone)?;
        // The days of the month, and those before today, whichever is more.
        let before = i64::from(AVERAGE_DAYS);
        let days = i64::from(today.day()).max(before + 1);
        let choice = PeriodChoice::LastDays(u16::try_from(days).unwrap_or(AVERAGE_DAYS));
        let period = Period::at(choice, zone, now_ms)?;
        let stretches = period.stretches()?;
        let sums = self.store.sums_by_day(owner, &stretches).await?;
        let month = number_of(today.first_of_month());
        let left = number_of(today.last_of_month()) - number_of(today);
        let first = number_of(
            today
                .checked_sub(before.days())
                .map_err(anyhow::Error::from)?,
        );
        Ok(estimate(
            &sums,
            Days {
                month,
                first,
                today: number_of(today),
                left: left.max(0).cast_unsigned(),
            },
        ))
    }
}

/// The days that count, by their numbers.
#[derive(Clone, Copy)]
struct Days {
    /// The first of the month.
    month: i64,
    /// The first of those that the average is of.
    first: i64,
    today: i64,
    /// How many are left after today.
    left: u64,
}

/// Makes the guess of the totals of days.
fn estimate(sums: &[(i64, Total)], days: Days) -> MonthEstimate {
    let of_month = sums.iter().filter(|(day, _)| *day >= days.month);
    let before = |(day, _): &&(i64, Total)| (days.first..days.today).contains(day);
    let before = sums.iter().filter(before);
    let sum = |sum: u64, (_, total): &(i64, Total)| sum.saturating_add(total.cost_nano);
    let began = sums.iter().map(|(day, _)| *day).min();
    let average_days = days.today - began.unwrap_or(days.today).max(days.first);
    let average_days = average_days.max(0).cast_unsigned();
    let spent = before.fold(0, sum);
    MonthEstimate {
        spent_nano: of_month.clone().fold(0, sum),
        daily_nano: spent.checked_div(average_days).unwrap_or(0),
        average_days,
        days_left: days.left,
        unpriced: of_month.map(|(_, total)| total.unpriced).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(day: i64, cost_nano: u64, unpriced: u64) -> (i64, Total) {
        let total = Total {
            requests: 1,
            cost_nano,
            unpriced,
            ..Total::default()
        };
        (day, total)
    }

    #[test]
    fn the_month_is_what_was_spent_and_the_average_for_each_day_that_is_left() {
        let days = Days {
            month: 100,
            first: 103,
            today: 110,
            left: 20,
        };
        let none = estimate(&[], days);
        assert_eq!((none.total_nano(), none.average_days), (0, 0));
        // Before the month; before the last seven days; two of them; today.
        let sums = [
            sum(98, 9_000, 0),
            sum(101, 500, 1),
            sum(104, 300, 0),
            sum(109, 400, 0),
            sum(110, 50, 2),
        ];
        let all = estimate(&sums, days);
        assert_eq!((all.spent_nano, all.daily_nano), (1_250, 100));
        assert_eq!((all.total_nano(), all.average_days), (3_250, 7));
        assert_eq!(all.unpriced, 3);
        // Whoever began two days ago has an average of two days.
        let young = estimate(&[sum(108, 300, 0), sum(110, 50, 0)], days);
        assert_eq!((young.daily_nano, young.average_days), (150, 2));
        let today = estimate(&[sum(110, 50, 0)], days);
        assert_eq!((today.total_nano(), today.average_days), (50, 0));
    }
}
