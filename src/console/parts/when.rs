//! Times, as pages write them: how long ago, with the moment itself for those
//! who want it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::console::markup::{Markup, html};
use crate::model::{DAY_MS, HOUR_MS, MINUTE_MS};

/// How long ago something was, or when it will be. Times are milliseconds
/// since 1970.
pub fn relative(at_ms: i64, now_ms: i64) -> Markup {
    html! {
        time datetime=(moment(at_ms)) title=(moment(at_ms)) { (distance(at_ms, now_ms)) }
    }
}

/// How long ago something was; "never" where it never was.
pub fn relative_or_never(at_ms: Option<i64>, now_ms: i64) -> Markup {
    at_ms.map_or_else(|| html! { "never" }, |at_ms| relative(at_ms, now_ms))
}

/// When something ends, such as "ends in 3 days"; also in the last minute before
/// it does.
pub fn ending(at_ms: i64, now_ms: i64) -> Markup {
    let words = match at_ms - now_ms {
        ..=0 => "has ended".to_owned(),
        1..MINUTE_MS => "ends within a minute".to_owned(),
        MINUTE_MS.. if distance(at_ms, now_ms).starts_with("in ") => {
            format!("ends {}", distance(at_ms, now_ms))
        }
        _ => format!("ends on {}", distance(at_ms, now_ms)),
    };
    html! {
        time datetime=(moment(at_ms)) title=(moment(at_ms)) { (words) }
    }
}

/// How long something has been going on, such as "3 hours".
pub fn duration(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..60 => return "less than a minute".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// The day of a moment, such as "12 Nov 2026".
pub fn day(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    at.to_zoned(TimeZone::UTC).strftime("%-d %b %Y").to_string()
}

/// The minute of a moment, such as "12 Nov 2026, 18:05 UTC".
pub fn day_and_time(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// A moment for machines and for those who point at it.
fn moment(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

fn distance(at_ms: i64, now_ms: i64) -> String {
    let ms = now_ms - at_ms;
    let amount = match ms.abs() {
        0..MINUTE_MS => return "now".to_owned(),
        ms @ MINUTE_MS..HOUR_MS => format!("{} min", ms / MINUTE_MS),
        ms @ HOUR_MS..DAY_MS => format!("{} h", ms / HOUR_MS),
        ms if ms < 2 * DAY_MS => "1 day".to_owned(),
        ms if ms < 30 * DAY_MS => format!("{} days", ms / DAY_MS),
        _ => return day(at_ms),
    };
    if ms < 0 {
        format!("in {amount}")
    } else {
        format!("{amount} ago")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_its_largest_unit() {
        for (seconds, words) in [
            (0, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 minute"),
            (3_599, "59 minutes"),
            (3_600, "1 hour"),
            (86_399, "23 hours"),
            (86_400, "1 day"),
            (1_000_000, "11 days"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }

    #[test]
    fn what_ends_says_when() {
        let now = 1_800_000_000_000;
        for (at_ms, words) in [
            (now, "has ended"),
            (now + 59_000, "ends within a minute"),
            (now + 6 * DAY_MS, "ends in 6 days"),
            (now + 60 * DAY_MS, "ends on 16 Mar 2027"),
        ] {
            let told = ending(at_ms, now).0;
            assert!(told.contains(&format!(">{words}<")), "{told}");
        }
    }

    #[test]
    fn times_are_told_in_the_unit_that_reads_best() {
        let now = 1_800_000_000_000;
        for (at_ms, words) in [
            (now, "now"),
            (now - 59_000, "now"),
            (now - 4 * MINUTE_MS, "4 min ago"),
            (now - 2 * HOUR_MS, "2 h ago"),
            (now - DAY_MS, "1 day ago"),
            (now + 3 * DAY_MS, "in 3 days"),
            (now - 60 * DAY_MS, "16 Nov 2026"),
        ] {
            assert_eq!(distance(at_ms, now), words);
        }
        assert_eq!(moment(now), "2027-01-15T08:00:00Z");
        assert_eq!(day_and_time(now), "15 Jan 2027, 08:00 UTC");
    }
}
