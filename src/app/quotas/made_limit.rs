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
    let max = match metric {
        Metric::Cost => {
            NanoDollars::from_dollars(amount)
                .ok_or(QuotaRefusal::BadAmount)?
                .0
        }
        _ => whole(amount).ok_or(QuotaRefusal::BadAmount)?,
    };
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

/// An amount as people type it: `5`, `$4.50`, `4,50`, `1,000` or `1,234.50`. A
/// comma stands for thousands where three digits follow each, and for the
/// decimal point where one or two end the number; whatever could be read in two
/// ways is refused.
pub fn read_amount(typed: &str) -> Result<f64, Refusal> {
    let bad = Refusal::Quota(QuotaRefusal::BadAmount);
    let typed = typed.trim();
    let typed = typed.strip_prefix('$').unwrap_or(typed).trim();
    let (whole, fraction) = match typed.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => match typed.rsplit_once(',') {
            Some((whole, cents)) if matches!(cents.len(), 1 | 2) && !whole.contains(',') => {
                (whole, Some(cents))
            }
            _ => (typed, None),
        },
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let fits = !whole.contains(',')
        || matches!(first.len(), 1..=3) && groups.all(|group| group.len() == 3);
    let digits = whole.replace(',', "");
    let fraction = fraction.unwrap_or_default();
    if !fits || !are_digits(&digits) || !are_digits(fraction) {
        return Err(bad);
    }
    format!("{digits}.{fraction}").parse().map_err(|_| bad)
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
            ("4,50", Some(4.5)),
            ("4,5", Some(4.5)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1,000", Some(1_000.0)),
            ("1,234,567", Some(1_234_567.0)),
            ("1,234.50", Some(1_234.5)),
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
            assert_eq!(read_amount(typed).ok(), amount, "{typed:?}");
        }
    }
}
