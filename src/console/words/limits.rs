//! Limits and amounts, in the words of pages.

use crate::console::parts::money::grouped;
use crate::model::{Limit, Metric, NanoDollars, Period, Window};

/// An amount of a metric: "1,500 output tokens", "$5".
pub fn describe_amount(metric: Metric, amount: u64) -> String {
    let n = grouped(amount);
    match (metric, amount) {
        (Metric::Requests, 1) => "1 request".to_owned(),
        (Metric::Requests, _) => format!("{n} requests"),
        (Metric::OutputTokens, 1) => "1 output token".to_owned(),
        (Metric::OutputTokens, _) => format!("{n} output tokens"),
        (Metric::Images, 1) => "1 picture".to_owned(),
        (Metric::Images, _) => format!("{n} pictures"),
        (Metric::Cost, nano) => NanoDollars(nano).to_string(),
    }
}

/// An amount without the name of what is counted: "1,500", "$5".
pub fn bare_amount(metric: Metric, amount: u64) -> String {
    match metric {
        Metric::Cost => NanoDollars(amount).to_string(),
        Metric::Requests | Metric::OutputTokens | Metric::Images => grouped(amount),
    }
}

/// A limit: "100 requests a day".
pub fn describe_limit(limit: Limit) -> String {
    let each = match (limit.span.period, limit.span.window) {
        (Period::Minute, _) => "a minute",
        (Period::Day, Window::Rolling) => "in 24 hours",
        (Period::Day, Window::Calendar) => "a day",
        (Period::Week, Window::Rolling) => "in 7 days",
        (Period::Week, Window::Calendar) => "a week",
        (Period::Month, Window::Rolling) => "in 30 days",
        (Period::Month, Window::Calendar) => "a month",
    };
    // A limit is shown as it holds, and not rounded.
    let most = match limit.metric {
        Metric::Cost => NanoDollars(limit.max).in_full(),
        metric => describe_amount(metric, limit.max),
    };
    format!("{most} {each}")
}

/// That a limit was set, and what is used of it: none where each member has a
/// count of their own.
pub fn describe_set(limit: Limit, whose: &str, used: Option<u64>) -> String {
    let used = match used {
        Some(0) => "Nothing of it is used: counting begins now.".to_owned(),
        Some(used) => format!(
            "{} of it is used already, as it was counted before.",
            bare_amount(limit.metric, used)
        ),
        None => "What was counted under such a limit before still counts.".to_owned(),
    };
    format!(
        "The limit is set: {} for {whose}. {used}",
        describe_limit(limit)
    )
}
