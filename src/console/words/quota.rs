//! Words for refusals about limits, blocks and tiers.

use std::fmt::Write;

use axum::http::StatusCode;

use crate::console::parts::when::day_and_time;
use crate::console::trouble::Trouble;
use crate::model::{
    BlockTarget, Blocked, Bound, Contradiction, DurationOf, LimitHit, Metric, OwnKeyWay,
    ProviderId, QuotaRefusal, SetBlock, Source,
};

use super::limits::{bare_amount, describe_amount, describe_limit};
use super::{Names, add_address, describe_wait, name_payer, skip_clause};

const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// The trouble that a limit, a block or a tier is.
pub fn describe_quota(names: Names<'_>, refusal: &QuotaRefusal) -> Trouble {
    match refusal {
        QuotaRefusal::LimitReached {
            hit,
            payer,
            provider,
            retry_after_s,
            own_key,
        } => {
            let mut trouble = limit_reached(hit, *retry_after_s);
            trouble.retry_after_s = *retry_after_s;
            offer_own_key(
                trouble,
                names,
                &LimitedPayer {
                    payer: *payer,
                    provider,
                    own_key: *own_key,
                },
            )
        }
        QuotaRefusal::UnknownPrice {
            provider,
            model,
            payer,
            own_key,
        } => {
            let trouble = unknown_price(model, *payer);
            offer_own_key(
                trouble,
                names,
                &LimitedPayer {
                    payer: *payer,
                    provider,
                    own_key: *own_key,
                },
            )
        }
        QuotaRefusal::Blocked(block) => blocked(block),
        QuotaRefusal::NoSuchTier { name } => Trouble::new(
            UNPROCESSABLE,
            "No such tier",
            format!("There is no tier called “{name}”. Choose one from the list."),
        ),
        QuotaRefusal::NoSuchLimit => no_such_limit(),
        QuotaRefusal::TooManyLimits { max } => Trouble::new(
            StatusCode::CONFLICT,
            "That is full",
            format!("There are {max} limits at the most, so nothing was changed. Clear one first."),
        ),
        QuotaRefusal::BadAmount => bad_amount(),
        QuotaRefusal::AmountTooLarge(metric) => too_large(*metric),
        QuotaRefusal::AmbiguousAmount { less, more } => ambiguous_amount(less, more),
        QuotaRefusal::NameOne => name_one(),
        QuotaRefusal::Contradiction(between) => Trouble::new(
            UNPROCESSABLE,
            "Those do not go together",
            format!("{} Nothing was changed.", contradiction(*between)),
        ),
        QuotaRefusal::BadServer => bad_server(),
        QuotaRefusal::NotInServer => not_in_server(),
        QuotaRefusal::BadDuration(of) => bad_duration(*of),
        QuotaRefusal::DurationTooLong(_) => too_long(),
        QuotaRefusal::ReportTooLong => Trouble::new(
            UNPROCESSABLE,
            "That is too much for one page",
            "So much was used in this period that a report of it is too long. Choose fewer days, \
             or take the CSV, which holds any number.",
        )
        .way("/usage?period=7d", "The last 7 days"),
    }
}

fn too_large(metric: Metric) -> Trouble {
    let most = describe_amount(metric, metric.most());
    let words = format!(
        "{most} is the most that can be counted. Type a smaller amount. Nothing was changed."
    );
    Trouble::new(UNPROCESSABLE, "That is too much", words)
}

fn too_long() -> Trouble {
    let days = DurationOf::DAYS_MAX;
    let words = format!("{days} days are the most. Type a shorter time. Nothing was changed.");
    Trouble::new(UNPROCESSABLE, "That is too long", words)
}

/// Nobody knows what a model costs, and whoever pays has a limit in dollars.
fn unknown_price(model: &str, payer: Source) -> Trouble {
    let words = format!(
        "Nobody knows what {model} costs, and {} has a limit in dollars, so it can’t \
         pay for it. Choose another model, or ask the operator to add its price.",
        name_payer(payer)
    );
    Trouble::new(StatusCode::FORBIDDEN, "Its price is not known", words)
        .way("/models", "Choose a model")
}

/// Nobody set such a limit, or it was cleared.
fn no_such_limit() -> Trouble {
    Trouble::new(
        StatusCode::NOT_FOUND,
        "There is no such limit",
        "No such limit is set, so none was cleared. Open the page again to see those that are.",
    )
}

/// What was typed as a duration is none.
fn bad_duration(of: DurationOf) -> Trouble {
    let left_out = match of {
        DurationOf::LookBack => "",
        DurationOf::Block => " Left empty, it holds until it is lifted.",
        DurationOf::Tier => " Left empty, the tier is given for good.",
        DurationOf::Token => " Left empty, the token works for 90 days.",
    };
    let words = format!(
        "Type a number and a unit: m for minutes, h for hours, d for days or w for weeks, such as \
         12h.{left_out} Nothing was changed."
    );
    Trouble::new(UNPROCESSABLE, "That is no duration", words)
}

/// Which amounts limits can have.
pub const AMOUNTS: &str = "a whole number such as 1500, up to 1,000,000,000,000,000; or for dollars \
                           an amount such as 4.50, up to 1,000,000";

/// What was typed as an amount is none.
fn bad_amount() -> Trouble {
    Trouble::new(
        UNPROCESSABLE,
        "That is no amount",
        format!("Type {AMOUNTS}. Nothing was changed."),
    )
}

/// What was typed as an amount has two readings.
fn ambiguous_amount(less: &str, more: &str) -> Trouble {
    Trouble::new(
        UNPROCESSABLE,
        "That can be read in two ways",
        format!(
            "It may mean {less}, or {more}. Write one of these two: a point stands before a \
             fraction, and nothing between thousands. Nothing was changed."
        ),
    )
}

/// None was chosen where one has to be, or several were.
fn name_one() -> Trouble {
    Trouble::new(
        UNPROCESSABLE,
        "Choose one",
        "Choose one person, role or channel, and only one. Nothing was changed.",
    )
}

/// What was typed is no server's id.
fn bad_server() -> Trouble {
    Trouble::new(
        UNPROCESSABLE,
        "That is no server’s id",
        "Turn on Developer Mode in Discord’s settings, right-click the server, and choose \
         Copy Server ID. Nothing was changed.",
    )
}

fn not_in_server() -> Trouble {
    Trouble::new(
        UNPROCESSABLE,
        "The bot is not in that server",
        "A digit of the id may be wrong. With developer mode on, right-click the server in \
         Discord and choose Copy Server ID, or add the bot there first. Nothing was changed.",
    )
}

/// A limit that leaves no room: what it is, and when it renews.
fn limit_reached(hit: &LimitHit, retry_after_s: Option<u64>) -> Trouble {
    let whose = match hit.bound {
        Bound::Tier => "You have used what your tier allows of the bot default",
        Bound::Bot => "What the operator pays for everybody is used up",
        Bound::BotInServer => "What the operator pays for this server is used up",
        Bound::BotForPerson => "What the operator pays for you is used up",
        Bound::ServerKey => "The server’s key has reached its budget",
        Bound::Member | Bound::Role(_) => "You have used your share of the server’s key",
    };
    let mut words = format!(
        "{whose}: {} of {}.",
        bare_amount(hit.limit.metric, hit.used),
        describe_limit(hit.limit)
    );
    if hit.remaining() > 0 {
        let left = describe_amount(hit.limit.metric, hit.shown_remaining());
        // Writing to a string does not fail.
        let _ = write!(words, " The {left} that are left are too little for this.");
    }
    let again = match retry_after_s {
        Some(seconds) => format!(" There is room again in {}.", describe_wait(seconds)),
        None => " This question alone needs more than that; a shorter one may fit.".to_owned(),
    };
    words += &again;
    Trouble::new(StatusCode::TOO_MANY_REQUESTS, "A limit is reached", words)
        .way("/usage", "See your limits")
}

/// Whose limit leaves no room, and what a key of the asker's own would change.
struct LimitedPayer<'a> {
    payer: Source,
    provider: &'a ProviderId,
    own_key: OwnKeyWay,
}

/// Adds the way out, where there is one: a key of one's own that pays, or
/// that can be made to.
fn offer_own_key(mut trouble: Trouble, names: Names<'_>, limited: &LimitedPayer<'_>) -> Trouble {
    let LimitedPayer {
        payer,
        provider,
        own_key,
    } = *limited;
    if payer.is_own() || own_key == OwnKeyWay::NoHelp {
        return trouble;
    }
    let name = names.name(provider);
    if let OwnKeyWay::Mend(skip) = own_key {
        let why = skip_clause(skip);
        let own = format!(" Your own {name} key has no such limit, but it {why}.");
        trouble.words += &own;
        return trouble.way("/keys", "Go to your keys");
    }
    let own = format!(" A key of your own for {name} would have no such limit.");
    trouble.words += &own;
    trouble.way(add_address(provider), format!("Add a key for {name}"))
}

/// Somebody was stopped: by whom, since when, until when, and what to do.
fn blocked(block: &SetBlock) -> Trouble {
    let who = match block.whom {
        Blocked::Everyone => "The bot’s operator stopped all questions",
        Blocked::Server(_) => "The bot’s operator stopped this server",
        Blocked::Person(_) => "The bot’s operator stopped you",
        Blocked::Role(_) => "The bot’s operator stopped one of your roles",
        Blocked::Channel(_) => "The bot’s operator stopped this channel",
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
    let since = day_and_time(block.since_ms);
    let until = block.until_ms.map_or_else(
        || "until it is lifted".to_owned(),
        |at_ms| format!("until {}", day_and_time(at_ms)),
    );
    let lifted = match block.whom {
        Blocked::Everyone => {
            "Nobody’s key pays meanwhile, typed for one question or stored. Only the operator can \
             lift it."
        }
        Blocked::Person(_) | Blocked::Role(_) => {
            "No key pays for you meanwhile. Only the operator can lift it: write to them if it is \
             a mistake."
        }
        Blocked::Server(_) | Blocked::Channel(_) => {
            "No key pays there meanwhile; elsewhere you can ask. Only the operator can lift it."
        }
        Blocked::InServer(..) => {
            "No key pays there meanwhile; elsewhere you can ask. Whoever manages the server can \
             lift it."
        }
    };
    let words = format!("{who} on {since}, {until}. {lifted} What is stored is kept.");
    let title = match block.whom {
        Blocked::Everyone => "Everything is stopped",
        Blocked::Server(_) => "This server is stopped",
        Blocked::Channel(_) | Blocked::InServer(_, BlockTarget::Channel(_)) => {
            "This channel is stopped"
        }
        Blocked::Person(_) | Blocked::Role(_) | Blocked::InServer(..) => "You are stopped",
    };
    Trouble::new(StatusCode::FORBIDDEN, title, words).way("/keys", "Go to your keys")
}

/// Why two choices do not go together, and what to choose instead.
fn contradiction(between: Contradiction) -> &'static str {
    match between {
        Contradiction::PersonAndServer => "Choose a person or a server, and not both.",
        Contradiction::RoleAndTogether => {
            "A role’s limit is for each member with that role, and not for everybody together. \
             Leave one of them out."
        }
        Contradiction::MinuteAndCalendar => {
            "A minute has no calendar: its limit always counts the last 60 seconds. Choose \
             another period."
        }
        Contradiction::DollarsOfACount => {
            "The amount is one of dollars, and something else is limited. Choose dollars, or write \
             the amount without a sign."
        }
        Contradiction::DurationWithoutTier => {
            "A duration says for how long a tier is given, and no tier is chosen. Choose one, or \
             leave the duration empty to take the tier back."
        }
    }
}
