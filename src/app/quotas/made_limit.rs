//! Limits as people choose them, part by part.

use crate::model::{
    Contradiction, Limit, Metric, NanoDollars, Period, QuotaRefusal, Refusal, Span, Window,
};

/// A limit of its parts; an amount of [`Metric::Cost`] is in dollars. Days, weeks
/// and months are the calendar's unless somebody says otherwise; a minute always
/// rolls.
pub fn make_limit(
    metric: Metric,
    amount: f64,
    period: Period,
    window: Option<Window>,
) -> Result<Limit, Refusal> {
    let unit = match metric {
        Metric::Cost => 1e-9,
        _ => 1.0,
    };
    #[expect(clippy::cast_precision_loss, reason = "each is a whole power of ten")]
    if amount > metric.most() as f64 * unit {
        return Err(QuotaRefusal::AmountTooLarge(metric).into());
    }
    let max = match metric {
        Metric::Cost => NanoDollars::nearest_to_dollars(amount).map(|dollars| dollars.0),
        _ => whole(amount),
    };
    let max = max.ok_or(QuotaRefusal::BadAmount)?;
    if max == 0 {
        return Err(Refusal::Quota(QuotaRefusal::BadAmount));
    }
    let window = match window {
        Some(Window::Calendar) if period == Period::Minute => {
            return Err(Refusal::Quota(QuotaRefusal::Contradiction(
                Contradiction::MinuteAndCalendar,
            )));
        }
        _ if period == Period::Minute => Window::Rolling,
        Some(Window::Rolling) => Window::Rolling,
        Some(Window::Calendar) | None => Window::Calendar,
    };
    Ok(Limit {
        metric,
        span: Span { period, window },
        max,
    })
}

/// How people write that an amount is one of dollars.
const DOLLAR_SIGNS: [&str; 4] = ["US$", "$US", "USD", "$"];

/// An amount of a metric as people type it: `5`, `$4.50`, `4,50`, `1,234,567`, `1 500`
/// or `1.234,50`. Of two marks the last is the decimal point; of one that stands there
/// again and again, each is between thousands. One alone with three digits behind it
/// is between thousands where whole things are counted; in dollars it could be
/// either, and is refused with both readings. Dollars are refused where something else
/// is counted.
pub fn read_amount(metric: Metric, typed: &str) -> Result<f64, Refusal> {
    let bad = || Refusal::Quota(QuotaRefusal::BadAmount);
    let (typed, is_dollars) = without_dollar_sign(typed.trim());
    let joined = join_gaps(typed).ok_or_else(bad)?;
    let typed = joined.as_str();
    if is_dollars && metric != Metric::Cost {
        return Err(QuotaRefusal::Contradiction(Contradiction::DollarsOfACount).into());
    }
    let marks: Vec<(usize, char)> = typed
        .char_indices()
        .filter(|(_, c)| matches!(c, '.' | ','))
        .collect();
    let (between, point) = match marks[..] {
        [] => (None, None),
        [(at, mark)] => match find_readings(typed, at) {
            Some(_) if metric != Metric::Cost => (Some(mark), None),
            Some(readings) => return Err(Refusal::Quota(readings)),
            // Behind a comma stand cents.
            None if mark == ','
                && !matches!(typed.len() - at, 2 | 3)
                && typed.get(..at) != Some("0") =>
            {
                return Err(bad());
            }
            None => (None, Some(mark)),
        },
        [(_, first), .., (_, last)] if first == last => (Some(first), None),
        [(_, first), .., (_, last)] => (Some(first), Some(last)),
    };
    let (whole, fraction) = point
        .and_then(|point| typed.split_once(point))
        .unwrap_or((typed, ""));
    let whole = between.map_or_else(
        || Some(whole.to_owned()),
        |between| join_thousands(whole, between),
    );
    let whole = whole.ok_or_else(bad)?;
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(&whole) || !are_digits(fraction) {
        return Err(bad());
    }
    format!("{whole}.{fraction}").parse().map_err(|_| bad())
}

/// An amount without a sign of dollars before or behind it, and whether there
/// was one.
fn without_dollar_sign(typed: &str) -> (&str, bool) {
    let bare = DOLLAR_SIGNS.iter().find_map(|sign| {
        typed
            .strip_prefix(sign)
            .or_else(|| typed.strip_suffix(sign))
    });
    (bare.unwrap_or(typed).trim(), bare.is_some())
}

/// A number without the gaps between its thousands, as in `1 500`, `1_500` and
/// `1’500`. None where they stand elsewhere.
fn join_gaps(typed: &str) -> Option<String> {
    let is_gap = |c: char| c.is_whitespace() || matches!(c, '_' | '\'' | '’');
    if !typed.contains(is_gap) {
        return Some(typed.to_owned());
    }
    let end = typed.rfind(['.', ',']).unwrap_or(typed.len());
    let (whole, rest) = typed.split_at(end);
    let groups: Vec<&str> = whole.split(is_gap).collect();
    let (first, others) = groups.split_first()?;
    let fits = matches!(first.len(), 1..=3)
        && others.iter().all(|group| group.len() == 3)
        && !rest.contains(is_gap);
    fits.then(|| groups.concat() + rest)
}

/// What a number with one mark may mean, where that is two things: `1.500`, but
/// neither `0.500` nor `1500.125`.
fn find_readings(typed: &str, at: usize) -> Option<QuotaRefusal> {
    let (whole, fraction) = (typed.get(..at)?, typed.get(at + 1..)?);
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let may_be_thousands = matches!(whole.len(), 1..=3)
        && fraction.len() == 3
        && !whole.starts_with('0')
        && are_digits(whole)
        && are_digits(fraction);
    may_be_thousands.then(|| {
        let cents = fraction.trim_end_matches('0');
        let less = if cents.is_empty() {
            whole.to_owned()
        } else {
            format!("{whole}.{cents}")
        };
        let more = format!("{whole}{fraction}");
        QuotaRefusal::AmbiguousAmount { less, more }
    })
}

/// The digits of a number with marks between its thousands.
fn join_thousands(typed: &str, between: char) -> Option<String> {
    let mut groups = typed.split(between);
    let first = groups.next().unwrap_or_default();
    let fits = matches!(first.len(), 1..=3) && groups.all(|group| group.len() == 3);
    fits.then(|| typed.replace(between, ""))
}

/// Numbers come as fractions; what is counted is whole.
fn whole(amount: f64) -> Option<u64> {
    let fits = (1.0..=1e15).contains(&amount) && amount.fract() == 0.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole, and from 1 to 10^15"
    )]
    fits.then_some(amount as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_it_is_meant() {
        for (typed, amount) in [
            ("5", Some(5.0)),
            (" $4.50 ", Some(4.5)),
            ("$ 5", Some(5.0)),
            ("5$", Some(5.0)),
            ("5.25 USD", Some(5.25)),
            ("US$5", Some(5.0)),
            // As replies write it in other languages.
            ("4,50\u{a0}$US", Some(4.5)),
            ("US$\u{a0}4,50", Some(4.5)),
            ("$", None),
            ("€5", None),
            ("4,50", Some(4.5)),
            ("4,5", Some(4.5)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1000", Some(1_000.0)),
            ("0.125", Some(0.125)),
            ("0,125", Some(0.125)),
            ("1500.125", Some(1_500.125)),
            ("1,234,567", Some(1_234_567.0)),
            ("1.234.567", Some(1_234_567.0)),
            ("1,234.50", Some(1_234.5)),
            ("1.234,50", Some(1_234.5)),
            ("1.234.567,50", Some(1_234_567.5)),
            ("1 500", Some(1_500.0)),
            ("1_500", Some(1_500.0)),
            ("$1\u{202f}234\u{a0}567,50", Some(1_234_567.5)),
            ("1’500.50", Some(1_500.5)),
            ("15 00", None),
            ("1 5", None),
            ("1  500", None),
            ("1,500 000", None),
            ("1 500.5 0", None),
            ("1.234,567.5", None),
            ("1,234.5.0", None),
            ("12,34,56", None),
            ("1,0000", None),
            ("1234,567", None),
            ("4.5.0", None),
            ("1e3", None),
            ("-5", None),
            ("inf", None),
            ("five", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(read_amount(Metric::Cost, typed).ok(), amount, "{typed:?}");
        }
    }

    #[test]
    fn dollars_are_no_number_of_anything_else() {
        let refused = Err(QuotaRefusal::Contradiction(Contradiction::DollarsOfACount).into());
        for metric in [Metric::Requests, Metric::OutputTokens, Metric::Images] {
            for typed in ["$5", " $ 5", "5$", "5 USD", "US$ 5", "$4.50"] {
                assert_eq!(read_amount(metric, typed), refused, "{typed}");
            }
            assert_eq!(read_amount(metric, "1,234,567"), Ok(1_234_567.0));
            for typed in ["1,500", "1.500", "1 500", "1_500", "1’500", "1500"] {
                assert_eq!(read_amount(metric, typed), Ok(1_500.0), "{typed}");
            }
            // What is no thousand is a fraction, of which nothing is counted.
            for typed in ["1.5", "1,50", "0.500"] {
                let limit = read_amount(metric, typed)
                    .and_then(|amount| make_limit(metric, amount, Period::Day, None));
                assert_eq!(limit, Err(QuotaRefusal::BadAmount.into()), "{typed}");
            }
        }
    }

    #[test]
    fn an_amount_that_can_be_read_in_two_ways_is_refused_with_both() {
        for (typed, less, more) in [
            ("1.000", "1", "1000"),
            ("1,000", "1", "1000"),
            ("$1,500", "1.5", "1500"),
            (" 12.345 ", "12.345", "12345"),
            ("999,990", "999.99", "999990"),
        ] {
            let readings = QuotaRefusal::AmbiguousAmount {
                less: less.to_owned(),
                more: more.to_owned(),
            };
            assert_eq!(
                read_amount(Metric::Cost, typed),
                Err(Refusal::Quota(readings)),
                "{typed:?}"
            );
            assert_eq!(read_amount(Metric::Cost, more).ok(), more.parse().ok());
        }
    }
}
