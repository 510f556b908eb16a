//! Durations as people type them: `30m`, `12h`, `7d`, `4w`.

use std::time::Duration;

use crate::model::{DurationOf, QuotaRefusal, Refusal, TokenRefusal};

use crate::app::people::TOKEN_DAYS_MAX;

const MINUTE: u64 = 60;
const SECONDS_MAX: u64 = DurationOf::DAYS_MAX * 24 * 60 * MINUTE;

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
    let digits = digits.trim();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(bad());
    }
    let number = digits.parse::<u64>().ok();
    match number.and_then(|number| number.checked_mul(unit)) {
        Some(0) => Err(bad()),
        Some(seconds @ ..=SECONDS_MAX) => Ok(Some(Duration::from_secs(seconds))),
        _ => Err(too_long(of)),
    }
}

/// What it may be at the most. A token has a limit of its own.
fn too_long(of: DurationOf) -> Refusal {
    match of {
        DurationOf::Token => TokenRefusal::TokenTooLong {
            days: TOKEN_DAYS_MAX,
        }
        .into(),
        of => QuotaRefusal::DurationTooLong(of).into(),
    }
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
        for wrong in ["7", "d", "0d", "-1d", "1y", "1é"] {
            assert_eq!(
                parse(Some(wrong)),
                Err(Refusal::Quota(QuotaRefusal::BadDuration(DurationOf::Block))),
                "{wrong}"
            );
        }
        let long = QuotaRefusal::DurationTooLong(DurationOf::Block);
        for typed in [
            "3651d",
            "99999999w",
            "18446744073709551615w",
            "99999999999999999999d",
        ] {
            assert_eq!(
                parse(Some(typed)),
                Err(Refusal::Quota(long.clone())),
                "{typed}"
            );
        }
        assert!(parse(Some("3650d")).is_ok());
        assert_eq!(
            parse_duration(Some("99999d"), DurationOf::Token),
            Err(TokenRefusal::TokenTooLong { days: 366 }.into())
        );
    }
}
