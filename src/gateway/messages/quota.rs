//! Messages to programs for refusals about limits, blocks and tiers.

use crate::gateway::messages::Message;
use crate::gateway::replies::problem::Problem;
use crate::gateway::rest::format_time;
use crate::model::{
    BlockTarget, Blocked, DurationOf, LimitHit, Metric, NO_MODEL, NanoDollars, ProviderId,
    QuotaRefusal, SetBlock,
};

/// The problem for a refusal about a limit, a block or a tier.
pub fn about_quota(refusal: &QuotaRefusal) -> Problem {
    let text = |text: &str| text.to_owned();
    let message: Message = match refusal {
        QuotaRefusal::LimitReached {
            hit, retry_after_s, ..
        } => return limit_reached(hit, *retry_after_s),
        QuotaRefusal::UnknownPrice {
            provider, model, ..
        } => (403, "unknown_price", unknown_price(provider, model)),
        QuotaRefusal::Blocked(block) => blocked(block),
        QuotaRefusal::NoSuchTier { name } => (
            404,
            "no_such_tier",
            format!("There is no tier called `{name}`."),
        ),
        QuotaRefusal::NoSuchLimit => (
            404,
            "no_such_limit",
            text("There is no such limit, so nothing was cleared."),
        ),
        QuotaRefusal::TooManyLimits { max } => (
            409,
            "too_many_limits",
            format!("There are {max} limits at the most, and that is full. Clear one first."),
        ),
        QuotaRefusal::BadAmount => bad_amount(),
        QuotaRefusal::AmountTooLarge(_) => too_large(),
        QuotaRefusal::AmbiguousAmount { less, more } => ambiguous_amount(less, more),
        QuotaRefusal::NameOne => (
            400,
            "name_one",
            text("Name one person, role or channel, and only one. Nothing was changed."),
        ),
        QuotaRefusal::Contradiction(_) => (
            400,
            "contradiction",
            text("Two of these options do not go together. Nothing was changed."),
        ),
        QuotaRefusal::BadServer => (400, "malformed_server", text("That is not a server's id.")),
        QuotaRefusal::NotInServer => (
            422,
            "not_in_server",
            text(
                "The bot is not in a server with that id. Nothing was changed; correct the id, or add the bot there.",
            ),
        ),
        QuotaRefusal::BadDuration(_) => bad_duration(),
        QuotaRefusal::DurationTooLong(_) => too_long(),
        QuotaRefusal::ReportTooLong => (
            422,
            "report_too_long",
            text(
                "So much was used in this period that a report of it is too long. Ask for fewer days at once, such as `days=7`.",
            ),
        ),
    };
    message.into()
}

/// Somebody was stopped: by whom, since when, until when, and who can lift it.
fn blocked(block: &SetBlock) -> Message {
    let whom = match block.whom {
        Blocked::Everyone => "The bot's operator stopped all asks",
        Blocked::Server(_) => "The bot's operator stopped this server",
        Blocked::Person(_) => "The bot's operator stopped you",
        Blocked::Role(_) => "The bot's operator stopped one of your roles",
        Blocked::Channel(_) => "The bot's operator stopped this channel",
        Blocked::InServer(_, BlockTarget::Person(_)) => {
            "Whoever manages this server stopped you there"
        }
        Blocked::InServer(_, BlockTarget::Role(_)) => {
            "Whoever manages this server stopped one of your roles there"
        }
        Blocked::InServer(_, BlockTarget::Channel(_)) => {
            "Whoever manages this server stopped this channel"
        }
    };
    let since = format_time(block.since_ms);
    let until = match block.until_ms {
        Some(at_ms) => format!(
            ", until {}. No key pays meanwhile, and only they can lift it sooner.",
            format_time(at_ms)
        ),
        None => ". No key pays until they lift it.".to_owned(),
    };
    let elsewhere = match block.whom {
        Blocked::InServer(..) | Blocked::Server(_) | Blocked::Channel(_) => {
            " Outside of it, calls are answered."
        }
        _ => "",
    };
    let message = format!("{whom} at {since}{until}{elsewhere}");
    (403, "blocked", message)
}

/// Nobody knows what a call costs whose payer has a limit in dollars.
fn unknown_price(provider: &ProviderId, model: &str) -> String {
    let whose = match model {
        NO_MODEL => format!("a call to `{provider}` that names no model"),
        model => format!("`{provider}/{model}`"),
    };
    format!(
        "Dollars are limited here, and nobody knows what {whose} costs. Use another model, or a key of your own."
    )
}

/// The amount is none.
fn bad_amount() -> Message {
    let message = "The amount is not one that can be counted. Give a whole number of 1 or more, or dollars such as `4.50`.";
    (400, "malformed_amount", message.to_owned())
}

/// The amount is larger than any.
fn too_large() -> Message {
    let message = "The amount is larger than can be counted. Give a smaller one.";
    (400, "malformed_amount", message.to_owned())
}

/// The duration is longer than any.
fn too_long() -> Message {
    let days = DurationOf::DAYS_MAX;
    let message = format!("The duration is {days} days at the most. Give a shorter one.");
    (400, "malformed_duration", message)
}

/// The duration is none.
fn bad_duration() -> Message {
    let message = "The duration can't be read. Write a number and a unit, such as `30m`, `12h`, `7d` or `4w`.";
    (400, "malformed_duration", message.to_owned())
}

/// The amount has two readings.
fn ambiguous_amount(less: &str, more: &str) -> Message {
    let message = format!(
        "The amount can be read as {less} or as {more}. Write one of these two. Nothing was changed."
    );
    (400, "ambiguous_amount", message)
}

fn limit_reached(hit: &LimitHit, retry_after_s: Option<u64>) -> Problem {
    let (metric, most) = (hit.limit.metric, hit.limit.max);
    let most = match metric {
        Metric::Cost => NanoDollars(most).in_full(),
        _ => format!("{most} {}", metric.as_str().replace('_', " ")),
    };
    let per = hit.limit.span.period.as_str();
    let message = format!(
        "A limit is reached: {most} a {per}. `GET /api/v1/quota` shows each limit, and what is left of it.",
    );
    Problem {
        retry_after_s,
        limit: Some(Box::new(hit.clone())),
        ..Problem::new(429, "limit_reached", message)
    }
}
