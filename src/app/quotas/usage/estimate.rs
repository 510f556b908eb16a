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
use crate::store::UsageLine;

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
        let lines = self.read_lines(owner, &period).await?;
        let month = number_of(today.first_of_month());
        let left = number_of(today.last_of_month()) - number_of(today);
        let first = number_of(
            today
                .checked_sub(before.days())
                .map_err(anyhow::Error::from)?,
        );
        Ok(estimate(
            &lines,
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

fn estimate(lines: &[UsageLine], days: Days) -> MonthEstimate {
    let of_month = lines.iter().filter(|line| line.day >= days.month);
    let before = |line: &&UsageLine| (days.first..days.today).contains(&line.day);
    let before = lines.iter().filter(before);
    let sum = |sum: u64, line: &UsageLine| sum.saturating_add(line.total.cost_nano);
    let began = lines.iter().map(|line| line.day).min();
    let average_days = days.today - began.unwrap_or(days.today).max(days.first);
    let average_days = average_days.max(0).cast_unsigned();
    let spent = before.fold(0, sum);
    MonthEstimate {
        spent_nano: of_month.clone().fold(0, sum),
        daily_nano: spent.checked_div(average_days).unwrap_or(0),
        average_days,
        days_left: days.left,
        unpriced: of_month.map(|line| line.total.unpriced).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Total;

    fn line(day: i64, cost_nano: u64, unpriced: u64) -> UsageLine {
        UsageLine {
            day,
            server: 0,
            source: "personal".to_owned(),
            key: None,
            provider: "openai".to_owned(),
            model: "gpt-6-luna".to_owned(),
            total: Total {
                requests: 1,
                cost_nano,
                unpriced,
                ..Total::default()
            },
        }
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
        let lines = [
            line(98, 9_000, 0),
            line(101, 500, 1),
            line(104, 300, 0),
            line(109, 400, 0),
            line(110, 50, 2),
        ];
        let all = estimate(&lines, days);
        assert_eq!((all.spent_nano, all.daily_nano), (1_250, 100));
        assert_eq!((all.total_nano(), all.average_days), (3_250, 7));
        assert_eq!(all.unpriced, 3);
        // Whoever began two days ago has an average of two days.
        let young = estimate(&[line(108, 300, 0), line(110, 50, 0)], days);
        assert_eq!((young.daily_nano, young.average_days), (150, 2));
        let today = estimate(&[line(110, 50, 0)], days);
        assert_eq!((today.total_nano(), today.average_days), (50, 0));
    }
}
