//! Words about limits: what is limited, what is used, what renews when.

use crate::app::Notice;
use crate::bot::connection::card::{Button, ButtonStyle, Card};
use crate::bot::interactions::custom_id::CustomId;
use crate::model::{
    Blocked, Bound, Inside, Limit, LimitHit, LimitUse, Metric, NanoDollars, Period, ProviderId,
    Source, Window,
};

use crate::bot::words::Voice;

/// How long a bar is, in characters.
const BAR: u64 = 10;

/// An amount of a metric: `1,500 output tokens`, `$5.00`.
pub fn amount(voice: Voice<'_>, metric: Metric, amount: u64) -> String {
    let lang = voice.lang;
    let n = grouped(amount);
    let values: &[(&str, &dyn std::fmt::Display)] = &[("n", &n)];
    match (metric, amount) {
        (Metric::Requests, 1) => lang.words("1 request").to_owned(),
        (Metric::Requests, _) => lang.say("{n} requests", values),
        (Metric::OutputTokens, 1) => lang.words("1 output token").to_owned(),
        (Metric::OutputTokens, _) => lang.say("{n} output tokens", values),
        (Metric::Images, 1) => lang.words("1 image").to_owned(),
        (Metric::Images, _) => lang.say("{n} images", values),
        (Metric::Cost, nano) => NanoDollars(nano).to_string(),
    }
}

/// A limit: `100 requests a day`.
pub fn limit(voice: Voice<'_>, limit: Limit) -> String {
    let sentence = match (limit.span.period, limit.span.window) {
        (Period::Minute, _) => "{amount} a minute",
        (Period::Day, Window::Rolling) => "{amount} in 24 hours",
        (Period::Day, Window::Calendar) => "{amount} a day",
        (Period::Week, Window::Rolling) => "{amount} in 7 days",
        (Period::Week, Window::Calendar) => "{amount} a week",
        (Period::Month, Window::Rolling) => "{amount} in 30 days",
        (Period::Month, Window::Calendar) => "{amount} a month",
    };
    let most = amount(voice, limit.metric, limit.max);
    voice.lang.say(sentence, &[("amount", &most)])
}

/// One line on a limit: a bar, what is used, when it renews.
pub fn line(voice: Voice<'_>, used: &LimitUse) -> String {
    let lang = voice.lang;
    let metric = used.limit.metric;
    let mut line = lang.say(
        "{bar} {used} of {limit}, {left} left",
        &[
            ("bar", &bar(used)),
            ("used", &bare(metric, used.used)),
            ("limit", &limit(voice, used.limit)),
            ("left", &bare(metric, used.left())),
        ],
    );
    if let Some(at_ms) = used.renews_at_ms {
        line += &lang.say(", renews {when}", &[("when", &when(at_ms))]);
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

/// A limit that leaves no room: what it is, when it renews, and what helps.
pub fn limit_reached(
    voice: Voice<'_>,
    hit: &LimitHit,
    payer: Source,
    provider: &ProviderId,
) -> Card {
    let lang = voice.lang;
    let sentence = match hit.bound {
        Bound::Tier => "You have used what your tier allows of the {source}",
        Bound::Bot => "What the bot's operator pays for everybody is used up",
        Bound::BotInServer => "What the bot's operator pays for this server is used up",
        Bound::BotForPerson => "What the bot's operator pays for you is used up",
        Bound::ServerKey => "This server's key has reached its budget",
        Bound::Member | Bound::Role(_) => "You have used your share of this server's key",
    };
    let mut text = lang.say(sentence, &[("source", &voice.source(payer))]);
    text += &lang.say(
        ": {used} of {limit}.",
        &[
            ("used", &bare(hit.limit.metric, hit.used)),
            ("limit", &limit(voice, hit.limit)),
        ],
    );
    if hit.remaining() > 0 {
        text += &lang.say(
            " The {left} that are left are too little for this ask.",
            &[("left", &amount(voice, hit.limit.metric, hit.remaining()))],
        );
    }
    text += &match hit.renews_at_ms {
        Some(at_ms) => lang.say(" There is room again {when}.", &[("when", &when(at_ms))]),
        None => lang
            .words(" This ask alone needs more than that; a shorter one may fit.")
            .to_owned(),
    };
    with_own_key(voice, text, provider)
}

/// Dollars are limited, and nobody knows the price.
pub fn unknown_price(voice: Voice<'_>, provider: &ProviderId, model: &str, payer: Source) -> Card {
    let text = voice.lang.say(
        "Nobody knows what {model} costs, and the {source} has a limit in dollars, so it can't pay for it. \
         Name another model, or ask the bot's operator to add its price (`quota.prices_file`).",
        &[
            ("model", &crate::bot::words::answers::footer::plain_model(model)),
            ("source", &voice.source(payer)),
        ],
    );
    with_own_key(voice, text, provider)
}

/// Adds the way out that is always there: a key of one's own.
fn with_own_key(voice: Voice<'_>, mut text: String, provider: &ProviderId) -> Card {
    let name = voice.name(provider);
    if !voice.byok {
        text.push('\n');
        text += voice.lang.words("`/quota status` shows every limit.");
        return Card::text(text);
    }
    text.push('\n');
    text += &voice.lang.say(
        "Your own {provider} key would have no such limit: press the button, or `/keys add provider:{id} scope:user`. \
         `/quota status` shows every limit.",
        &[("provider", &name), ("id", provider)],
    );
    let label = voice
        .lang
        .say("Use my own {provider} key", &[("provider", &name)]);
    Card {
        buttons: vec![Button {
            label,
            custom_id: CustomId::OwnKey(provider.to_string()).write(),
            style: ButtonStyle::Primary,
        }],
        ..Card::text(text)
    }
}

/// Somebody was stopped by the operator.
pub fn blocked(voice: Voice<'_>, whom: Blocked, until_ms: Option<i64>) -> String {
    let lang = voice.lang;
    let sentence = match whom {
        Blocked::Everyone => "The bot's operator has stopped it for everybody",
        Blocked::Server(_) => "The bot's operator has stopped it in this server",
        Blocked::Person(_) => "The bot's operator has stopped it for you",
        Blocked::Role(_) => "The bot's operator has stopped it for one of your roles",
        Blocked::Channel(_) => "The bot's operator has stopped it in this channel",
        Blocked::Inside(_, Inside::Person(_)) => {
            "Whoever manages this server has stopped it for you here"
        }
        Blocked::Inside(_, Inside::Role(_)) => {
            "Whoever manages this server has stopped it for one of your roles here"
        }
        Blocked::Inside(_, Inside::Channel(_)) => {
            "Whoever manages this server has stopped it in this channel"
        }
    };
    let mut text = lang.words(sentence).to_owned();
    text += &match until_ms {
        Some(at_ms) => lang.say(" until {when}.", &[("when", &date(at_ms))]),
        None => lang.words(" for now.").to_owned(),
    };
    text.push(' ');
    text += lang.words("Keys and settings are kept; `/keys list` still works.");
    text
}

/// Tells the owner of a budget that most of it is used.
pub fn notice(voice: Voice<'_>, notice: &Notice) -> Card {
    let used = &notice.limit;
    let sentence = match notice.server {
        Some(_) => {
            "The key of your server ({server}) has used most of its budget: {used} of {limit}. \
             It stops there until it renews {when}. `/server budget show` in that server shows it, \
             `/server budget set` changes it. I say this once in each period."
        }
        None => {
            "The bot default has used most of its limit for everybody: {used} of {limit}. \
             It stops there until it renews {when}. `/admin show` shows it, `/admin limit` changes it. \
             I say this once in each period."
        }
    };
    let server = notice.server.map(|server| server.to_string());
    Card::text(voice.lang.say(
        sentence,
        &[
            ("used", &bare(used.limit.metric, used.used)),
            ("limit", &limit(voice, used.limit)),
            ("when", &used.renews_at_ms.map(when).unwrap_or_default()),
            ("server", &server.unwrap_or_default()),
        ],
    ))
}

/// A relative time, which Discord counts down by itself.
pub fn when(at_ms: i64) -> String {
    format!("<t:{}:R>", at_ms.div_euclid(1_000) + 1)
}

/// A date and time, in the reader's own time zone.
pub fn date(at_ms: i64) -> String {
    format!("<t:{}:f>", at_ms.div_euclid(1_000))
}

fn bare(metric: Metric, amount: u64) -> String {
    match metric {
        Metric::Cost => NanoDollars(amount).to_string(),
        _ => grouped(amount),
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

/// Digits in threes, as English writes them.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_in_threes() {
        for (number, written) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), written);
        }
    }
}
