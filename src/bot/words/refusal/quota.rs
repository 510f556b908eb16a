//! Words of refusals about limits, blocks and tiers.

use crate::bot::connection::wire::card::Card;
use crate::bot::words::quotas::{amount, reached};
use crate::bot::words::speech::formats::{count_of, in_code};
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;
use crate::model::{
    Contradiction, DurationOf, Metric, OwnKeyWay, ProviderId, QuotaRefusal, Source,
};

/// What a person reads when a limit, a block or a tier stands in the way.
pub fn about_quota(voice: Voice<'_>, refusal: &QuotaRefusal) -> Card {
    let lang = voice.lang;
    match refusal {
        QuotaRefusal::LimitReached {
            hit,
            payer,
            provider,
            own_key,
            ..
        } => {
            let payers = limited_payer(*payer, provider, *own_key);
            reached::limit_reached(voice, hit, &payers)
        }
        QuotaRefusal::UnknownPrice {
            provider,
            model,
            payer,
            own_key,
        } => {
            let payers = limited_payer(*payer, provider, *own_key);
            reached::unknown_price(voice, model, &payers)
        }
        QuotaRefusal::Blocked(block) => {
            Card::text(reached::blocked(voice, block.whom, block.until_ms))
        }
        QuotaRefusal::NoSuchTier { name } => Card::text(lang.say(
            "There is no tier called `{subject}`. Pick one from the list that appears \
             while you type `tier:`.",
            &[("subject", &in_code(name))],
        )),
        QuotaRefusal::NoSuchLimit => Card::text(lang.say(
            "There is no such limit, so nothing was cleared. `show` lists those that are \
             set.",
            &[],
        )),
        QuotaRefusal::TooManyLimits { max } => too_many_limits(voice, *max),
        QuotaRefusal::BadAmount => Card::text(lang.say(
            "That amount is not one that can be counted. Give a whole number of 1 or \
             more, or dollars such as `4.50`.",
            &[],
        )),
        QuotaRefusal::AmountTooLarge(metric) => too_large(voice, *metric),
        QuotaRefusal::AmbiguousAmount { less, more } => ambiguous_amount(voice, less, more),
        QuotaRefusal::NameOne => Card::text(lang.say(
            "Name one of `user:`, `role:` and `channel:`, and only one. Nothing was \
             changed.",
            &[],
        )),
        QuotaRefusal::Contradiction(between) => {
            let words = lang.words(contradiction(*between));
            Card::text(lang.say("{why} Nothing was changed.", &[("why", &words)]))
        }
        QuotaRefusal::BadServer => Card::text(lang.say(
            "That is not a server's id. Turn on Developer Mode in Discord's settings, \
             right-click the server, and choose Copy Server ID.",
            &[],
        )),
        QuotaRefusal::NotInServer => Card::text(lang.say(
            "I am not in a server with that id, so nothing was changed. Copy it again: turn on \
             Developer Mode in Discord's settings, right-click the server, and choose Copy Server ID.",
            &[],
        )),
        QuotaRefusal::BadDuration(of) => Card::text(bad_duration(voice, *of)),
        QuotaRefusal::DurationTooLong(of) => Card::text(too_long(voice, *of)),
        QuotaRefusal::ReportTooLong => Card::text(lang.say(
            "So much was used in this time that I can't sum it up at once. Choose a shorter \
             `period:` for `/usage`.",
            &[],
        )),
    }
}

fn too_many_limits(voice: Voice<'_>, max: usize) -> Card {
    Card::text(voice.lang.say_count(
        count_of(max),
        Plural(
            "A budget has {n} limit at the most, and that is full. Nothing was \
             changed. Clear it first with `/server budget clear`.",
            "A budget has {n} limits at the most, and that is full. Nothing was \
             changed. Clear one first with `/server budget clear`.",
        ),
        &[],
    ))
}

/// What was typed for an option is no duration: which are, and what comes of
/// leaving it out.
fn bad_duration(voice: Voice<'_>, of: DurationOf) -> &str {
    voice.lang.words(match of {
        DurationOf::LookBack => {
            "I can't read that as a time. Write a number and a unit: `m` for minutes, `h` for \
             hours, `d` for days or `w` for weeks, such as `since:12h`. Without it I read the \
             newest messages, as many as `messages:` says. Nothing was read."
        }
        DurationOf::Block => {
            "I can't read that as a time. Write a number and a unit: `m` for minutes, `h` for \
             hours, `d` for days or `w` for weeks, such as `during:12h`. Without it, it holds \
             until it is lifted. Nothing was changed."
        }
        DurationOf::Tier => {
            "I can't read that as a time. Write a number and a unit: `m` for minutes, `h` for \
             hours, `d` for days or `w` for weeks, such as `during:30d`. Without it the tier is \
             given for good. Nothing was changed."
        }
        DurationOf::Token => {
            "I can't read that as a time. Write a number and a unit: `m` for minutes, `h` for \
             hours, `d` for days or `w` for weeks, such as `expires:30d`. Without it the token \
             works for 90 days. No token was made."
        }
    })
}

/// What was typed for an option is longer than can be.
fn too_large(voice: Voice<'_>, metric: Metric) -> Card {
    Card::text(voice.lang.say(
        "That is more than I can count: {most} is the most. Nothing was changed.",
        &[("most", &amount(voice, metric, metric.most()))],
    ))
}

fn too_long(voice: Voice<'_>, of: DurationOf) -> String {
    let sentence = match of {
        DurationOf::LookBack => {
            "I look back {days} days at the most. Give a shorter time, such as `since:12h`. Nothing was read."
        }
        DurationOf::Block => {
            "A stop for a time lasts {days} days at the most. Give a shorter time, or leave `during:` out, and it \
             holds until it is lifted. Nothing was changed."
        }
        DurationOf::Tier | DurationOf::Token => {
            "A tier for a time is given for {days} days at the most. Give a shorter time, or leave `during:` out, and \
             it is given for good. Nothing was changed."
        }
    };
    let days = voice.lang.number(DurationOf::DAYS_MAX);
    voice.lang.say(sentence, &[("days", &days)])
}

fn ambiguous_amount(voice: Voice<'_>, less: &str, more: &str) -> Card {
    Card::text(voice.lang.say(
        "That amount can be read as `{less}` or as `{more}`. Write one of these two. \
         Nothing was changed.",
        &[("less", &less), ("more", &more)],
    ))
}

fn limited_payer(
    payer: Source,
    provider: &ProviderId,
    own_key: OwnKeyWay,
) -> reached::LimitedPayer<'_> {
    reached::LimitedPayer {
        payer,
        provider,
        own_key,
    }
}

/// Why two options do not go together, and what to type instead.
fn contradiction(between: Contradiction) -> &'static str {
    match between {
        Contradiction::PersonAndServer => "Name one of `user:` and `server:`, and only one.",
        Contradiction::RoleAndTogether => {
            "`role:` is about each member with that role, so it does not go with `who:everybody together`. \
             Leave one of them out."
        }
        Contradiction::MinuteAndCalendar => {
            "A minute has no calendar: its limit always counts the last 60 seconds. Leave `window:` out, or choose \
             another `per:`."
        }
        Contradiction::DollarsOfACount => {
            "The amount is one of dollars, and something else is limited. Choose `what:dollars`, or write the amount \
             without a sign."
        }
        Contradiction::DurationWithoutTier => {
            "`during:` says for how long a tier is given, and no `tier:` is named. Name one, or leave `during:` out to \
             take the tier back."
        }
    }
}
