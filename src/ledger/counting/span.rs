//! Spans of time, and the buckets that they are divided into.
//!
//! Use is counted in buckets. A rolling window has up to a hundred of them,
//! and counts each that it overlaps. So no window of its length, wherever it
//! begins, has more use than the limit. A calendar window is one bucket.

use anyhow::Context;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::model::{DAY_MS, HOUR_MS, MINUTE_MS, Period, Span, Window};

const SECOND_MS: i64 = 1_000;

/// The start of the bucket that a moment falls into.
pub fn bucket_of(span: Span, at_ms: i64, zone: &TimeZone) -> anyhow::Result<i64> {
    match span.window {
        Window::Rolling => Ok(at_ms - at_ms.rem_euclid(grain_ms(span.period))),
        Window::Calendar => calendar_start(span.period, at_ms, zone),
    }
}

/// The start of the first bucket that still counts now.
pub fn counts_since(span: Span, now_ms: i64, zone: &TimeZone) -> anyhow::Result<i64> {
    match span.window {
        // The bucket in which the window begins counts too.
        Window::Rolling => {
            let began = now_ms - length_ms(span.period);
            bucket_of(span, began, zone)
        }
        Window::Calendar => calendar_start(span.period, now_ms, zone),
    }
}

/// When a bucket stops counting.
pub fn frees_at(span: Span, bucket_ms: i64, zone: &TimeZone) -> anyhow::Result<i64> {
    match span.window {
        Window::Rolling => Ok(bucket_ms + grain_ms(span.period) + length_ms(span.period)),
        Window::Calendar => calendar_end(span.period, bucket_ms, zone),
    }
}

fn length_ms(period: Period) -> i64 {
    match period {
        Period::Minute => MINUTE_MS,
        Period::Day => DAY_MS,
        Period::Week => 7 * DAY_MS,
        Period::Month => 30 * DAY_MS,
    }
}

fn grain_ms(period: Period) -> i64 {
    match period {
        Period::Minute => SECOND_MS,
        Period::Day => 15 * MINUTE_MS,
        Period::Week => 2 * HOUR_MS,
        Period::Month => 8 * HOUR_MS,
    }
}

fn calendar_start(period: Period, at_ms: i64, zone: &TimeZone) -> anyhow::Result<i64> {
    if period == Period::Minute {
        return Ok(at_ms - at_ms.rem_euclid(MINUTE_MS));
    }
    let at = local(at_ms, zone)?;
    let first = match period {
        Period::Minute | Period::Day => at.start_of_day()?,
        Period::Week => {
            let back = at.weekday().since(Weekday::Monday);
            at.checked_sub(i64::from(back).days())?.start_of_day()?
        }
        Period::Month => at.first_of_month()?.start_of_day()?,
    };
    Ok(first.timestamp().as_millisecond())
}

fn calendar_end(period: Period, start_ms: i64, zone: &TimeZone) -> anyhow::Result<i64> {
    let start = local(start_ms, zone)?;
    let next = match period {
        Period::Minute => return Ok(start_ms + MINUTE_MS),
        Period::Day => start.checked_add(1.day())?,
        Period::Week => start.checked_add(1.week())?,
        Period::Month => start.checked_add(1.month())?,
    };
    Ok(next.start_of_day()?.timestamp().as_millisecond())
}

fn local(at_ms: i64, zone: &TimeZone) -> anyhow::Result<Zoned> {
    let at = Timestamp::from_millisecond(at_ms).context("the clock is out of range")?;
    Ok(at.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Zoned>().unwrap().timestamp().as_millisecond()
    }

    fn calendar(period: Period) -> Span {
        Span {
            period,
            window: Window::Calendar,
        }
    }

    #[test]
    fn calendar_windows_keep_the_zones_midnight() {
        use Period::{Day, Minute, Month, Week};
        for (period, at, start, end) in [
            // A day of 23 hours and one of 25.
            (
                Day,
                "2026-03-29T12:00[Europe/Berlin]",
                "2026-03-29T00:00[Europe/Berlin]",
                "2026-03-30T00:00[Europe/Berlin]",
            ),
            (
                Day,
                "2026-10-25T12:00[Europe/Berlin]",
                "2026-10-25T00:00[Europe/Berlin]",
                "2026-10-26T00:00[Europe/Berlin]",
            ),
            // A day without a midnight: the clocks went from 0:00 to 1:00.
            (
                Day,
                "2018-11-04T12:00[America/Sao_Paulo]",
                "2018-11-04T01:00[America/Sao_Paulo]",
                "2018-11-05T00:00[America/Sao_Paulo]",
            ),
            // Months of 28, 29, 30 and 31 days, and the end of a year.
            (
                Month,
                "2026-02-28T23:59:59.999[UTC]",
                "2026-02-01T00:00[UTC]",
                "2026-03-01T00:00[UTC]",
            ),
            (
                Month,
                "2028-02-29T12:00[UTC]",
                "2028-02-01T00:00[UTC]",
                "2028-03-01T00:00[UTC]",
            ),
            (
                Month,
                "2026-12-31T23:59[Asia/Kathmandu]",
                "2026-12-01T00:00[Asia/Kathmandu]",
                "2027-01-01T00:00[Asia/Kathmandu]",
            ),
            (
                Month,
                "2026-10-31T12:00[America/New_York]",
                "2026-10-01T00:00[America/New_York]",
                "2026-11-01T00:00[America/New_York]",
            ),
            // Weeks begin on Monday, over a change of clocks too.
            (
                Week,
                "2026-11-01T12:00[America/New_York]",
                "2026-10-26T00:00[America/New_York]",
                "2026-11-02T00:00[America/New_York]",
            ),
            (
                Week,
                "2026-11-02T00:00[UTC]",
                "2026-11-02T00:00[UTC]",
                "2026-11-09T00:00[UTC]",
            ),
            (
                Minute,
                "2026-11-02T00:00:59.999[UTC]",
                "2026-11-02T00:00[UTC]",
                "2026-11-02T00:01[UTC]",
            ),
        ] {
            let (span, at): (_, Zoned) = (calendar(period), at.parse().unwrap());
            let zone = at.time_zone();
            let at_ms = at.timestamp().as_millisecond();
            assert_eq!(bucket_of(span, at_ms, zone).unwrap(), ms(start), "{at}");
            assert_eq!(counts_since(span, at_ms, zone).unwrap(), ms(start), "{at}");
            assert_eq!(frees_at(span, ms(start), zone).unwrap(), ms(end), "{at}");
        }
    }

    #[test]
    fn a_rolling_window_counts_every_bucket_that_it_touches() {
        for period in Period::ALL.iter().copied() {
            let span = Span {
                period,
                window: Window::Rolling,
            };
            let at_ms = 1_795_000_123_456;
            let bucket = bucket_of(span, at_ms, &TimeZone::UTC).unwrap();
            let free = frees_at(span, bucket, &TimeZone::UTC).unwrap();
            let counts = |now_ms| bucket >= counts_since(span, now_ms, &TimeZone::UTC).unwrap();
            assert!(at_ms >= bucket && at_ms < bucket + grain_ms(period));
            assert!(counts(at_ms) && counts(at_ms + length_ms(period)));
            assert!(counts(free - 1) && !counts(free));
            assert!(length_ms(period) / grain_ms(period) <= 96);
        }
    }
}
