//! Periods of a report: which days they have in a time zone, and where those
//! begin. Pure.

use std::fmt;
use std::ops::Range;

use anyhow::Context;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::store::{DayStretch, QUARTER_MS};

/// How many days the last days may be at the most.
pub const DAYS_MAX: u16 = 366;
/// A longer period is summed up by months: a page has no room for more bars.
const SHOWN_DAYS_MAX: usize = 62;
/// Years that can be asked for. The last one of the calendar has no day after
/// it.
const YEARS: Range<i16> = 1970..9999;
/// How many quarters of an hour an ordinary day has.
const QUARTERS_A_DAY: i64 = 96;

/// A period as somebody chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodChoice {
    Today,
    /// The last days, today included.
    LastDays(u16),
    ThisMonth,
    LastMonth,
    /// A year, and a month of it from 1 to 12.
    Month(i16, i8),
    Year(i16),
}

/// What the lines of a report are summed up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    Days,
    Months,
}

/// The days of a period in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    pub choice: PeriodChoice,
    pub zone: TimeZone,
    pub first: Date,
    /// The last one; of a period that goes on, today.
    pub last: Date,
    pub grain: Grain,
}

impl PeriodChoice {
    /// Parses `today`, `7d`, `this-month`, `last-month`, `2026-11` or `2026`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "today" => return Some(Self::Today),
            "this-month" => return Some(Self::ThisMonth),
            "last-month" => return Some(Self::LastMonth),
            _ => {}
        }
        if let Some(days) = text.strip_suffix('d') {
            let days = digits(days)?.parse().ok()?;
            return (1..=DAYS_MAX)
                .contains(&days)
                .then_some(Self::LastDays(days));
        }
        let year = |text: &str| {
            let year: i16 = digits(text).filter(|text| text.len() == 4)?.parse().ok()?;
            YEARS.contains(&year).then_some(year)
        };
        let Some((in_year, month)) = text.split_once('-') else {
            return year(text).map(Self::Year);
        };
        let month: i8 = digits(month).filter(|text| text.len() == 2)?.parse().ok()?;
        let year = year(in_year)?;
        (1..=12)
            .contains(&month)
            .then_some(Self::Month(year, month))
    }
}

fn digits(text: &str) -> Option<&str> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(text)
}

/// Writes what [`PeriodChoice::parse`] reads.
impl fmt::Display for PeriodChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Today => f.write_str("today"),
            Self::LastDays(days) => write!(f, "{days}d"),
            Self::ThisMonth => f.write_str("this-month"),
            Self::LastMonth => f.write_str("last-month"),
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl Period {
    /// The days of a chosen period, as it is now in a time zone.
    pub fn at(choice: PeriodChoice, zone: TimeZone, now_ms: i64) -> anyhow::Result<Self> {
        let today = date_at(now_ms, &zone)?;
        let (first, last) = match choice {
            PeriodChoice::Today => (today, today),
            PeriodChoice::LastDays(days) => {
                let back = i64::from(days.max(1)) - 1;
                (today.checked_sub(back.days())?, today)
            }
            PeriodChoice::ThisMonth => (today.first_of_month(), today),
            PeriodChoice::LastMonth => {
                let last = today.first_of_month().yesterday()?;
                (last.first_of_month(), last)
            }
            PeriodChoice::Month(year, month) => {
                let first = Date::new(year, month, 1)?;
                (first, first.last_of_month())
            }
            PeriodChoice::Year(year) => (Date::new(year, 1, 1)?, Date::new(year, 12, 31)?),
        };
        let last = if first <= today && today < last {
            today
        } else {
            last
        };
        let mut period = Self {
            choice,
            zone,
            first,
            last,
            grain: Grain::Days,
        };
        if period.dates().count() > SHOWN_DAYS_MAX {
            period.grain = Grain::Months;
        }
        Ok(period)
    }

    /// This period, summed up by days however many they are.
    #[must_use]
    pub fn by_days(self) -> Self {
        Self {
            grain: Grain::Days,
            ..self
        }
    }

    /// Each of its days, as a period of its own.
    pub fn each_day(&self) -> impl Iterator<Item = Self> + use<> {
        let whole = self.clone().by_days();
        self.dates().map(move |date| Self {
            first: date,
            last: date,
            ..whole.clone()
        })
    }

    /// The name of its time zone.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Its days.
    pub fn dates(&self) -> impl Iterator<Item = Date> + use<> {
        let last = self.last;
        let all = self.first.series(1.day());
        all.take_while(move |date| *date <= last)
    }

    /// The first day of each part that a report sums up: of each day, or of each
    /// month.
    pub fn parts(&self) -> Vec<Date> {
        let grain = self.grain;
        let first = self.first;
        let begins = |date: &Date| grain == Grain::Days || *date == first || date.day() == 1;
        self.dates().filter(begins).collect()
    }

    /// The quarters of an hour that it has.
    pub fn quarters(&self) -> anyhow::Result<Range<i64>> {
        let end = start_of(self.last.tomorrow()?, &self.zone)?;
        Ok(start_of(self.first, &self.zone)?..end)
    }

    /// The quarters of an hour of the part that begins on a day.
    pub fn part_quarters(&self, first: Date) -> anyhow::Result<Range<i64>> {
        let last = match self.grain {
            Grain::Days => first,
            Grain::Months => first.last_of_month().min(self.last),
        };
        Ok(start_of(first, &self.zone)?..start_of(last.tomorrow()?, &self.zone)?)
    }

    /// Its days as stretches without a change of clocks.
    pub fn stretches(&self) -> anyhow::Result<Vec<DayStretch>> {
        let mut stretches: Vec<DayStretch> = Vec::new();
        let mut push = |from: i64, to: i64, offset: i64| match stretches.last_mut() {
            _ if from >= to => {}
            Some(last) if last.to == from && last.offset == offset => last.to = to,
            _ => stretches.push(DayStretch { from, to, offset }),
        };
        for date in self.dates() {
            let start = number_of(date) * QUARTERS_A_DAY;
            let from = start_of(date, &self.zone)?;
            let to = start_of(date.tomorrow()?, &self.zone)?;
            let middle = to.min(from + QUARTERS_A_DAY);
            push(from, middle, start - from);
            // A day of 25 hours has an end of its own.
            push(middle, to, start + QUARTERS_A_DAY - to);
        }
        Ok(stretches)
    }
}

/// The time zone of a name, as in `Europe/Berlin`.
pub fn find_zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// The day of a moment in a time zone.
pub fn date_at(at_ms: i64, zone: &TimeZone) -> anyhow::Result<Date> {
    let at = Timestamp::from_millisecond(at_ms).context("the time is out of range")?;
    Ok(at.to_zoned(zone.clone()).date())
}

/// The number of a day, counted from 1970.
pub fn number_of(date: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    let since = date.duration_since(epoch);
    since.as_hours() / 24
}

/// The day of a number.
pub fn date_of(number: i64) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    let days = i32::try_from(number).unwrap_or(i32::MAX);
    epoch.saturating_add(days.days())
}

/// The quarter of an hour in which a day begins.
fn start_of(date: Date, zone: &TimeZone) -> anyhow::Result<i64> {
    let midnight = date.to_zoned(zone.clone())?;
    Ok(midnight.timestamp().as_millisecond().div_euclid(QUARTER_MS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ZONES: [&str; 9] = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "America/Sao_Paulo",
        "Pacific/Kiritimati",
    ];

    fn period(choice: &str, zone: &str, now: &str) -> Period {
        let now: Timestamp = now.parse().unwrap();
        let choice = PeriodChoice::parse(choice).unwrap();
        Period::at(choice, find_zone(zone).unwrap(), now.as_millisecond()).unwrap()
    }

    #[test]
    fn periods_are_read_and_written() {
        for text in [
            "today",
            "1d",
            "366d",
            "this-month",
            "last-month",
            "2026-11",
            "2026",
        ] {
            assert_eq!(PeriodChoice::parse(text).unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "d",
            "0d",
            "367d",
            "-1d",
            "2026-13",
            "2026-00",
            "2026-1",
            "26",
            "1969",
            "1969-12",
            "9999",
            "9999-12",
            "99999",
            "+026",
            "2026-+1",
            "2026-11-01",
            "month",
        ] {
            assert_eq!(PeriodChoice::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_period_has_the_days_of_its_zone() {
        // It is the 1st in Tokyo, and still the 31st in New York.
        let now = "2026-10-31T20:00:00Z";
        for (choice, zone, first, last) in [
            ("today", "Asia/Tokyo", "2026-11-01", "2026-11-01"),
            ("today", "America/New_York", "2026-10-31", "2026-10-31"),
            ("7d", "UTC", "2026-10-25", "2026-10-31"),
            ("this-month", "Asia/Tokyo", "2026-11-01", "2026-11-01"),
            ("last-month", "Asia/Tokyo", "2026-10-01", "2026-10-31"),
            ("last-month", "America/New_York", "2026-09-01", "2026-09-30"),
            ("2026-10", "UTC", "2026-10-01", "2026-10-31"),
            ("2026-02", "UTC", "2026-02-01", "2026-02-28"),
            ("2026", "UTC", "2026-01-01", "2026-10-31"),
            ("2025", "UTC", "2025-01-01", "2025-12-31"),
            // One that has not begun.
            ("2027-01", "UTC", "2027-01-01", "2027-01-31"),
        ] {
            let period = period(choice, zone, now);
            let days = (period.first.to_string(), period.last.to_string());
            assert_eq!(days, (first.to_owned(), last.to_owned()), "{choice} {zone}");
        }
        assert_eq!(period("2025", "UTC", now).parts().len(), 12);
        assert_eq!(period("30d", "UTC", now).parts().len(), 30);
    }

    proptest! {
        #[test]
        fn every_quarter_of_an_hour_falls_into_its_local_day(
            zone in prop::sample::select(&ZONES[..]),
            now_ms in 1_262_304_000_000_i64..1_893_456_000_000,
            days in 1..400_u16,
        ) {
            let zone = find_zone(zone).unwrap();
            let choice = PeriodChoice::LastDays(days.min(DAYS_MAX));
            let period = Period::at(choice, zone.clone(), now_ms).unwrap();
            let all = period.quarters().unwrap();
            let mut next = all.start;
            for stretch in period.stretches().unwrap() {
                prop_assert_eq!(stretch.from, next);
                for quarter in stretch.from..stretch.to {
                    let local = date_at(quarter * QUARTER_MS, &zone).unwrap();
                    prop_assert_eq!((quarter + stretch.offset) / 96, number_of(local));
                }
                next = stretch.to;
            }
            prop_assert_eq!(next, all.end);
            let mut next = all.start;
            for part in period.parts() {
                let part = period.part_quarters(part).unwrap();
                prop_assert_eq!(part.start, next);
                next = part.end;
            }
            prop_assert_eq!(next, all.end);
        }
    }
}
