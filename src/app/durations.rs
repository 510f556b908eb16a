//! Durations as people type them: `30m`, `12h`, `7d`, `4w`.

use std::time::Duration;

use crate::model::{DurationOf, QuotaRefusal, Refusal};

const MINUTE: u64 = 60;
/// Longer than ten years is for good.
const SECONDS_MAX: u64 = 3_650 * 24 * 60 * MINUTE;

/// Reads a number and a unit; none where nothing is typed, whose meaning is that
/// of what it is for.
pub fn parse_duration(typed: Option<&str>, of: DurationOf) -> Result<Option<Duration>, Refusal> {
    let bad = || Refusal::Quota(QuotaRefusal::BadDuration(of));
    let Some(typed) = typed.map(str::trim).filter(|typed| !typed.is_empty()) else {
        return Ok(None);
    };
    let digits = typed.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match typed
        .strip_prefix(digits)
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("m" | "min") => MINUTE,
        Some("h") => 60 * MINUTE,
        Some("d") => 24 * 60 * MINUTE,
        Some("w") => 7 * 24 * 60 * MINUTE,
        _ => return Err(bad()),
    };
    let number: u64 = digits.trim().parse().map_err(|_| bad())?;
    let seconds = number
        .checked_mul(unit)
        .filter(|s| (1..=SECONDS_MAX).contains(s));
    seconds
        .map(|seconds| Some(Duration::from_secs(seconds)))
        .ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: Option<&str>) -> Result<Option<Duration>, Refusal> {
        parse_duration(typed, DurationOf::Block)
    }

    #[test]
    fn a_number_and_a_unit_are_a_duration() {
        for (typed, seconds) in [
            ("30m", 1_800),
            ("12h", 43_200),
            ("7d", 604_800),
            (" 4W ", 2_419_200),
            ("5 min", 300),
        ] {
            assert_eq!(
                parse(Some(typed)),
                Ok(Some(Duration::from_secs(seconds))),
                "{typed}"
            );
        }
        assert_eq!(parse(None), Ok(None));
        assert_eq!(parse(Some(" ")), Ok(None));
        for wrong in [
            "7",
            "d",
            "0d",
            "-1d",
            "1y",
            "99999999w",
            "1é",
            "18446744073709551615w",
        ] {
            assert_eq!(
                parse(Some(wrong)),
                Err(Refusal::Quota(QuotaRefusal::BadDuration(DurationOf::Block))),
                "{wrong}"
            );
        }
    }
}
