//! Limits: how much of each is used, as a bar with its words.

use crate::console::markup::{Markup, html};
use crate::console::parts::{gauge, when};
use crate::console::words::limits::{bare_amount, describe_most};
use crate::model::{Bound, Limit, LimitUse, Window};

/// A limit, with a bar that says how much of it is used.
pub fn show(used: &LimitUse, class: &str, now_ms: i64) -> Markup {
    let limit = used.limit;
    html! {
        li class={ "budget " (class) } {
            b { (bound_words(used.bound)) }
            span.right { (bare_amount(limit.metric, used.used)) " of " (describe_most(limit)) }
            (gauge::bar(share(used)))
            span.dim { (limit.span.words()) }
            span.dim.right {
                @match used.renews_at_ms {
                    Some(at_ms) if limit.span.window == Window::Calendar => {
                        "renews " (when::relative(at_ms, now_ms))
                    }
                    Some(at_ms) => { "more is free " (when::relative(at_ms, now_ms)) }
                    None => { "nothing used yet" }
                }
            }
        }
    }
}

/// A limit whose use is another for each member.
pub fn show_rule(whose: &str, limit: Limit, class: &str) -> Markup {
    html! {
        li class={ "budget " (class) } {
            b { (whose) }
            span.right { (describe_most(limit)) }
            span.dim { (limit.span.words()) }
        }
    }
}

/// How much of a limit is used, from 0 to 1.
pub fn share(used: &LimitUse) -> f64 {
    let percent = u128::from(used.used) * 1_000 / u128::from(used.limit.max.max(1));
    f64::from(u32::try_from(percent).unwrap_or(u32::MAX)) / 1_000.0
}

/// Whose use a limit bounds.
pub fn bound_words(bound: Bound) -> String {
    match bound {
        Bound::Tier => "Your tier".to_owned(),
        Bound::Bot => "Everybody together, everywhere".to_owned(),
        Bound::BotInServer => "This server on the bot default".to_owned(),
        Bound::BotForPerson => "You on the bot default".to_owned(),
        Bound::ServerKey => "Everybody together".to_owned(),
        Bound::Member => "Each member".to_owned(),
        Bound::Role(role) => format!("Each member with role {role}"),
    }
}
