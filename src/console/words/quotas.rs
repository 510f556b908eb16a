//! Words for limits that leave no room for a call, and for blocks. Limits that
//! somebody sets are another matter.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{QuotaRefusal, Refusal};

use super::others;
use super::skips::{describe_skip, describe_source};

/// The trouble that a refusal about a limit or a block is.
pub fn describe_quota(refusal: &QuotaRefusal) -> Trouble {
    match refusal {
        QuotaRefusal::LimitReached {
            hit,
            payer,
            provider,
            retry_after_s,
            own_key,
        } => {
            let what = hit.limit.metric.as_str().replace('_', " ");
            let per = hit.limit.span.period.as_str();
            let whose = describe_source(*payer);
            let own = own_key.map_or_else(
                || " A key of your own works meanwhile.".to_owned(),
                |why| format!(" Your own key does not pay: {}.", describe_skip(why)),
            );
            let words = format!(
                "A limit on {whose} for {provider} leaves no room: {} {what} a {per}. Nobody was \
                 asked.{own}",
                hit.limit.max
            );
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut trouble = Trouble::new(status, "A limit is reached", words)
                .way("/usage", "See limits and when they renew");
            trouble.retry_after_s = *retry_after_s;
            trouble
        }
        QuotaRefusal::UnknownPrice {
            provider, model, ..
        } => Trouble::new(
            StatusCode::FORBIDDEN,
            "Nobody knows what it costs",
            format!(
                "Dollars are limited here, and nobody knows the price of “{provider}/{model}”. \
                 Choose another model, or use a key of your own."
            ),
        )
        .way("/models", "Models with prices"),
        QuotaRefusal::Blocked { .. } => Trouble::new(
            StatusCode::FORBIDDEN,
            "You may not ask here",
            "You are stopped from asking for now. The operator, or whoever manages the server, \
             can lift that.",
        ),
        _ => others::describe_other(&Refusal::Quota(refusal.clone())),
    }
}
