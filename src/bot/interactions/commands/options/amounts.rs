//! Choices about limits, which several commands share.

use crate::app::make_limit;
use crate::model::{Bound, ChosenLimits, Limit, Metric, Period, Refusal, Window};

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poise::ChoiceParameter)]
pub enum MetricChoice {
    #[name = "requests"]
    Requests,
    #[name = "output tokens"]
    OutputTokens,
    #[name = "images"]
    Images,
    #[name = "dollars"]
    Dollars,
}

/// Over how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poise::ChoiceParameter)]
pub enum PeriodChoice {
    #[name = "minute"]
    Minute,
    #[name = "day"]
    Day,
    #[name = "week"]
    Week,
    #[name = "month"]
    Month,
}

/// When counting begins again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poise::ChoiceParameter)]
pub enum WindowChoice {
    #[name = "calendar"]
    Calendar,
    #[name = "rolling"]
    Rolling,
}

impl From<MetricChoice> for Metric {
    fn from(choice: MetricChoice) -> Self {
        match choice {
            MetricChoice::Requests => Self::Requests,
            MetricChoice::OutputTokens => Self::OutputTokens,
            MetricChoice::Images => Self::Images,
            MetricChoice::Dollars => Self::Cost,
        }
    }
}

impl From<PeriodChoice> for Period {
    fn from(choice: PeriodChoice) -> Self {
        match choice {
            PeriodChoice::Minute => Self::Minute,
            PeriodChoice::Day => Self::Day,
            PeriodChoice::Week => Self::Week,
            PeriodChoice::Month => Self::Month,
        }
    }
}

impl From<WindowChoice> for Window {
    fn from(choice: WindowChoice) -> Self {
        match choice {
            WindowChoice::Calendar => Self::Calendar,
            WindowChoice::Rolling => Self::Rolling,
        }
    }
}

/// A limit as it was chosen.
pub fn chosen_limit(
    metric: MetricChoice,
    amount: f64,
    per: PeriodChoice,
    window: Option<WindowChoice>,
) -> Result<Limit, Refusal> {
    make_limit(metric.into(), amount, per.into(), window.map(Window::from))
}

/// The limits that were chosen.
pub fn chosen_limits(
    bound: Option<Bound>,
    metric: Option<MetricChoice>,
    per: Option<PeriodChoice>,
    window: Option<WindowChoice>,
) -> ChosenLimits {
    ChosenLimits {
        bound,
        metric: metric.map(Metric::from),
        period: per.map(Period::from),
        window: window.map(Window::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Contradiction, QuotaRefusal};

    #[test]
    fn an_amount_is_whole_or_dollars() {
        use {MetricChoice::*, PeriodChoice::*};
        let max = |metric, amount| chosen_limit(metric, amount, Month, None).map(|limit| limit.max);
        assert_eq!(max(Requests, 5.0), Ok(5));
        assert_eq!(max(Dollars, 4.5), Ok(4_500_000_000));
        for wrong in [0.0, -1.0, 1.5, f64::NAN] {
            assert_eq!(
                max(OutputTokens, wrong),
                Err(Refusal::Quota(QuotaRefusal::BadAmount))
            );
        }
        for wrong in [0.0, -1.0] {
            assert_eq!(
                max(Dollars, wrong),
                Err(Refusal::Quota(QuotaRefusal::BadAmount))
            );
        }
        for (metric, amount) in [
            (OutputTokens, 1e18),
            (Dollars, f64::INFINITY),
            (Dollars, 1e9),
        ] {
            let Err(Refusal::Quota(QuotaRefusal::AmountTooLarge(metric))) = max(metric, amount)
            else {
                panic!("{amount} is too large");
            };
            assert_eq!(metric.most(), 1_000_000_000_000_000);
        }
        let minute = |window| chosen_limit(Requests, 5.0, Minute, window);
        assert_eq!(minute(None).unwrap().span.window, Window::Rolling);
        assert_eq!(
            minute(Some(WindowChoice::Calendar)),
            Err(Refusal::Quota(QuotaRefusal::Contradiction(
                Contradiction::MinuteAndCalendar
            )))
        );
    }
}
