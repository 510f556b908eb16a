//! Limits: what is limited, what is used, what renews when.

use crate::bot::words::formats::relative_time;
use crate::bot::words::lang::Plural;
use crate::bot::words::voice::Voice;
use crate::model::{Bound, Limit, LimitUse, Metric, NanoDollars, Period, Window};

/// How long a bar is, in characters.
const BAR: u64 = 10;

/// An amount of a metric: `1,500 output tokens`, `$5.00`.
pub fn amount(voice: Voice<'_>, metric: Metric, amount: u64) -> String {
    let words = match metric {
        Metric::Requests => Plural("{n} request", "{n} requests"),
        Metric::OutputTokens => Plural("{n} output token", "{n} output tokens"),
        Metric::Images => Plural("{n} image", "{n} images"),
        Metric::Cost => return voice.lang.money(NanoDollars(amount)),
    };
    voice.lang.say_count(amount, words, &[])
}

/// A limit: `100 requests a day`.
pub fn describe_limit(voice: Voice<'_>, limit: Limit) -> String {
    let sentence = match (limit.span.period, limit.span.window) {
        (Period::Minute, _) => "{amount} a minute",
        (Period::Day, Window::Rolling) => "{amount} in 24 hours",
        (Period::Day, Window::Calendar) => "{amount} a day",
        (Period::Week, Window::Rolling) => "{amount} in 7 days",
        (Period::Week, Window::Calendar) => "{amount} a week",
        (Period::Month, Window::Rolling) => "{amount} in 30 days",
        (Period::Month, Window::Calendar) => "{amount} a month",
    };
    // A limit is shown as it holds, and not rounded.
    let most = match limit.metric {
        Metric::Cost => voice.lang.money_in_full(NanoDollars(limit.max)),
        metric => amount(voice, metric, limit.max),
    };
    voice.lang.say(sentence, &[("amount", &most)])
}

/// One line on a limit: a bar, what is used, when it renews.
pub fn use_line(voice: Voice<'_>, used: &LimitUse) -> String {
    let lang = voice.lang;
    let metric = used.limit.metric;
    let mut line = lang.say(
        "{bar} {used} of {limit}, {left} left",
        &[
            ("bar", &bar(used)),
            ("used", &bare_amount(voice, metric, used.used)),
            ("limit", &describe_limit(voice, used.limit)),
            ("left", &bare_amount(voice, metric, used.shown_left())),
        ],
    );
    if let Some(at_ms) = used.renews_at_ms {
        line += &lang.say(", renews {when}", &[("when", &relative_time(at_ms))]);
    }
    line
}

/// Whose use a limit bounds, as a heading.
pub fn heading(voice: Voice<'_>, bound: Bound, tier: &str) -> String {
    let lang = voice.lang;
    let sentence = match bound {
        Bound::Tier => return lang.say("Your tier, {tier}", &[("tier", &tier)]),
        Bound::Role(role) => {
            let role = format!("<@&{role}>");
            return lang.say("Your role here, {role}", &[("role", &role)]);
        }
        Bound::Bot => "Everybody who uses the bot default",
        Bound::BotInServer => "This server's use of the bot default",
        Bound::BotForPerson => "Your own limit on the bot default",
        Bound::ServerKey => "This server's key, all members together",
        Bound::Member => "Your share of this server's key",
    };
    lang.words(sentence).to_owned()
}

/// An amount without the name of what is counted: `1,500`, `$5.00`.
pub fn bare_amount(voice: Voice<'_>, metric: Metric, amount: u64) -> String {
    match metric {
        Metric::Cost => voice.lang.money(NanoDollars(amount)),
        _ => voice.lang.number(amount),
    }
}

fn bar(used: &LimitUse) -> String {
    let LimitUse { limit, used, .. } = used;
    let filled = match limit.max {
        0 => u128::from(BAR),
        max => u128::from(*used) * u128::from(BAR) / u128::from(max),
    };
    let filled = usize::try_from(filled.min(BAR.into())).unwrap_or_default();
    let empty = usize::try_from(BAR).unwrap_or_default() - filled;
    format!("`{}{}`", "█".repeat(filled), "░".repeat(empty))
}
