//! Limits and amounts, in the words of pages.

use crate::console::parts::money::grouped;
use crate::model::{Limit, Metric, NanoDollars};

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
    format!("{} {}", describe_most(limit), limit.span.words())
}

/// What a limit allows, as it holds: not rounded.
pub fn describe_most(limit: Limit) -> String {
    match limit.metric {
        Metric::Cost => NanoDollars(limit.max).in_full(),
        metric => describe_amount(metric, limit.max),
    }
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
