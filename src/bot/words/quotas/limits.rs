//! Limits: what is limited, what is used, what renews when.

use crate::bot::words::speech::formats::{figures, relative_time};
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;
use crate::model::{Bound, Limit, LimitUse, Metric, NanoDollars, Period, Window};

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
    let most = match limit.metric {
        Metric::Cost => bare_limit(voice, limit),
        metric => amount(voice, metric, limit.max),
    };
    say_span(voice, limit, &most)
}

/// So much, or what, over how long.
fn say_span(voice: Voice<'_>, limit: Limit, what: &str) -> String {
    let sentence = match (limit.span.period, limit.span.window) {
        (Period::Minute, _) => "{amount} a minute",
        (Period::Day, Window::Rolling) => "{amount} in 24 hours",
        (Period::Day, Window::Calendar) => "{amount} a day",
        (Period::Week, Window::Rolling) => "{amount} in 7 days",
        (Period::Week, Window::Calendar) => "{amount} a week",
        (Period::Month, Window::Rolling) => "{amount} in 30 days",
        (Period::Month, Window::Calendar) => "{amount} a month",
    };
    voice.lang.say(sentence, &[("amount", &what)])
}

/// What is used of a limit that was set a moment ago: none where each member has
/// a count of their own.
pub fn used_already(voice: Voice<'_>, set: Option<&LimitUse>) -> String {
    let lang = voice.lang;
    let Some(set) = set else {
        return lang
            .words("What was counted under such a limit before still counts.")
            .to_owned();
    };
    let used = amount(voice, set.limit.metric, set.used);
    match set.renews_at_ms.map(relative_time) {
        _ if set.used == 0 => lang
            .words("Counting begins now: what was used before does not count.")
            .to_owned(),
        Some(when) if set.used >= set.limit.max => lang.say(
            "Used of it already: {used}, so nothing more is paid until it renews {when}.",
            &[("used", &used), ("when", &when)],
        ),
        _ => lang.say("{used} of it is used already.", &[("used", &used)]),
    }
}

/// What is used of limits and what is left, as a table, and when each renews.
pub fn uses(voice: Voice<'_>, uses: &[&LimitUse]) -> String {
    let lang = voice.lang;
    let head = [
        "",
        lang.words("used"),
        lang.words("limit"),
        lang.words("left"),
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for of_metric in uses.chunk_by(|one, other| one.limit.metric == other.limit.metric) {
        let metric = of_metric.first().map(|used| used.limit.metric);
        rows.extend(metric.map(|metric| vec![metric_name(voice, metric).to_owned()]));
        rows.extend(of_metric.iter().map(|used| use_row(voice, used)));
    }
    let lines: Vec<String> = std::iter::once(figures(&rows))
        .chain(renewals(voice, uses))
        .collect();
    lines.join("\n")
}

/// What is used of limits, in one line.
pub fn uses_in_a_line(voice: Voice<'_>, uses: &[&LimitUse]) -> String {
    let parts = uses.iter().map(|used| {
        let when = used.renews_at_ms.map(relative_time);
        let sentence = match when {
            Some(_) => "{used} of {limit}, renews {when}",
            None => "{used} of {limit}",
        };
        let values: &[(&str, &dyn std::fmt::Display)] = &[
            ("used", &bare_amount(voice, used.limit.metric, used.used)),
            ("limit", &describe_limit(voice, used.limit)),
            ("when", &when.as_deref().unwrap_or_default()),
        ];
        voice.lang.say(sentence, values)
    });
    parts.collect::<Vec<_>>().join(" · ")
}

fn use_row(voice: Voice<'_>, used: &LimitUse) -> Vec<String> {
    let metric = used.limit.metric;
    vec![
        format!("  {}", span_name(voice, used.limit)),
        bare_amount(voice, metric, used.used),
        bare_limit(voice, used.limit),
        bare_amount(voice, metric, used.shown_left()),
    ]
}

/// When some of each limit can be used again that any of is used: in one line
/// for those of the same moment.
fn renewals(voice: Voice<'_>, uses: &[&LimitUse]) -> Vec<String> {
    let mut moments: Vec<(String, Vec<String>)> = Vec::new();
    for used in uses {
        let Some(when) = used.renews_at_ms.map(relative_time) else {
            continue;
        };
        let limit = say_span(voice, used.limit, metric_name(voice, used.limit.metric));
        match moments.iter_mut().find(|(moment, _)| *moment == when) {
            Some((_, limits)) => limits.push(limit),
            None => moments.push((when, vec![limit])),
        }
    }
    let lines = moments.into_iter().map(|(when, limits)| {
        let renews = voice.lang.say("renews {when}", &[("when", &when)]);
        let limits = voice.lang.list(&limits);
        format!("-# {}", voice.lang.labelled(&limits, &renews))
    });
    lines.collect()
}

/// What is limited, above the rows of a table.
fn metric_name(voice: Voice<'_>, metric: Metric) -> &str {
    voice.lang.words(match metric {
        Metric::Requests => "Requests",
        Metric::OutputTokens => "Output tokens",
        Metric::Images => "Images",
        Metric::Cost => "Dollars",
    })
}

/// Over how long a limit counts, in a table.
fn span_name(voice: Voice<'_>, limit: Limit) -> &str {
    voice
        .lang
        .words(match (limit.span.period, limit.span.window) {
            (Period::Minute, _) => "a minute",
            (Period::Day, Window::Rolling) => "in 24 hours",
            (Period::Day, Window::Calendar) => "a day",
            (Period::Week, Window::Rolling) => "in 7 days",
            (Period::Week, Window::Calendar) => "a week",
            (Period::Month, Window::Rolling) => "in 30 days",
            (Period::Month, Window::Calendar) => "a month",
        })
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

/// A limit without the name of what is counted: as it holds, and not rounded.
fn bare_limit(voice: Voice<'_>, limit: Limit) -> String {
    match limit.metric {
        Metric::Cost => voice.lang.money_in_full(NanoDollars(limit.max)),
        metric => bare_amount(voice, metric, limit.max),
    }
}
