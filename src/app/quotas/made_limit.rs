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
