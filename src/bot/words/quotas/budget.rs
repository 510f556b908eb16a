//! Words about a server's budget, and about what the operator set.

use crate::app::{Budget, LimitSubject, OperatorsView};
use crate::bot::connection::card::Card;
use crate::model::{Blocked, Bound, Inside, Limit, PersonId};

use crate::bot::words::Voice;
use crate::bot::words::quotas::limits::{date, heading, limit, line};

/// A limit on a server's key was set.
pub fn budget_set(voice: Voice<'_>, bound: Bound, set: Limit) -> Card {
    let sentence = match bound {
        Bound::Role(_) => {
            "Each member with {role} may now use {limit} of this server's key, in place of the limit for each member."
        }
        Bound::Member => "Each member may now use {limit} of this server's key.",
        _ => "This server's key may now be used for {limit}, all members together.",
    };
    let role = match bound {
        Bound::Role(role) => format!("<@&{role}>"),
        _ => String::new(),
    };
    let mut text = voice
        .lang
        .say(sentence, &[("role", &role), ("limit", &limit(voice, set))]);
    text.push(' ');
    text += voice.lang.words(
        "Counting begins with the next ask, unless this limit was there before. \
         `/server budget show` shows all of them.",
    );
    Card::text(text)
}

/// Limits were cleared.
pub fn cleared(voice: Voice<'_>, cleared: u64) -> Card {
    Card::text(match cleared {
        1 => voice.lang.words("Cleared 1 limit.").to_owned(),
        _ => voice.lang.say("Cleared {n} limits.", &[("n", &cleared)]),
    })
}

/// A role was freed or bound.
pub fn exempted(voice: Voice<'_>, role: u64, exempt: bool) -> Card {
    let sentence = if exempt {
        "{role} is free from the limits on members. What the whole key may be used for holds for everybody."
    } else {
        "{role} is bound by the limits on members again."
    };
    let role = format!("<@&{role}>");
    Card::text(voice.lang.say(sentence, &[("role", &role)]))
}

/// A server's budget.
pub fn budget(voice: Voice<'_>, budget: &Budget) -> Card {
    let lang = voice.lang;
    if budget.whole.is_empty() && budget.members.is_empty() {
        return Card::text(lang.words(
            "This server's key has no limits: every member may use it. \
             Set one with `/server budget set`, such as `what:dollars amount:5 per:month`.",
        ));
    }
    let mut lines = Vec::new();
    if !budget.whole.is_empty() {
        lines.push(format!("**{}**", heading(voice, Bound::ServerKey, "")));
        lines.extend(budget.whole.iter().map(|used| line(voice, used)));
    }
    if !budget.members.is_empty() {
        lines.push(format!("**{}**", lang.words("Each member")));
    }
    for (bound, set) in &budget.members {
        let most = limit(voice, *set);
        lines.push(match bound {
            Bound::Role(role) => {
                let role = format!("<@&{role}>");
                lang.say(
                    "- with {role}: {limit}",
                    &[("role", &role), ("limit", &most)],
                )
            }
            _ => format!("- {most}"),
        });
    }
    if !budget.exempt_roles.is_empty() {
        let roles: Vec<String> = budget
            .exempt_roles
            .iter()
            .map(|id| format!("<@&{id}>"))
            .collect();
        lines.push(lang.say(
            "Free from the limits on members: {roles}",
            &[("roles", &roles.join(", "))],
        ));
    }
    lines.push(lang.words("Change them with `/server budget set` and `/server budget clear`; `/usage scope:guild` shows who used what.").into());
    Card::text(lines.join("\n"))
}

/// A tier was given or taken back.
pub fn tier_given(
    voice: Voice<'_>,
    person: PersonId,
    tier: Option<&str>,
    until_ms: Option<i64>,
) -> Card {
    let sentence = match (tier, until_ms) {
        (None, _) => "{person} has no tier by hand any more; SKUs and roles still count.",
        (Some(_), None) => "{person} has the tier {tier} now, unless they have a higher one.",
        (Some(_), Some(_)) => {
            "{person} has the tier {tier} until {until}, unless they have a higher one."
        }
    };
    Card::text(voice.lang.say(
        sentence,
        &[
            ("person", &format!("<@{person}>")),
            ("tier", &tier.unwrap_or_default()),
            ("until", &until_ms.map(date).unwrap_or_default()),
        ],
    ))
}

/// Somebody was stopped.
pub fn was_blocked(voice: Voice<'_>, whom: Blocked, until_ms: Option<i64>) -> Card {
    let sentence = match until_ms {
        Some(_) => "Stopped for {whom} until {until}. What is running finishes. `{undo}` lifts it.",
        None => "Stopped for {whom}. What is running finishes. `{undo}` lifts it.",
    };
    let undo = match whom {
        Blocked::Everyone => "/admin resume".to_owned(),
        Blocked::Server(server) => format!("/admin resume server:{server}"),
        Blocked::Person(_) | Blocked::Role(_) | Blocked::Channel(_) => "/admin unblock".to_owned(),
        Blocked::Inside(..) => "/server unblock".to_owned(),
    };
    Card::text(voice.lang.say(
        sentence,
        &[
            ("whom", &name(voice, whom)),
            ("until", &until_ms.map(date).unwrap_or_default()),
            ("undo", &undo),
        ],
    ))
}

/// Somebody may go on.
pub fn was_unblocked(voice: Voice<'_>, whom: Blocked, was: bool) -> Card {
    let sentence = if was {
        "No longer stopped for {whom}."
    } else {
        "It was not stopped for {whom}, so nothing was changed."
    };
    let whom = name(voice, whom);
    Card::text(voice.lang.say(sentence, &[("whom", &whom)]))
}

/// A limit on the bot default was set.
pub fn operators_limit_set(voice: Voice<'_>, whom: LimitSubject, set: Limit) -> Card {
    let whom = match whom {
        LimitSubject::Everyone => Blocked::Everyone,
        LimitSubject::Server(server) => Blocked::Server(server),
        LimitSubject::Person(person) => Blocked::Person(person),
    };
    Card::text(voice.lang.say(
        "The bot default now pays {limit} for {whom}, beside what tiers allow. Counting begins with the next ask, \
         unless this limit was there before.",
        &[("limit", &limit(voice, set)), ("whom", &name(voice, whom))],
    ))
}

/// What the operator has set.
pub fn operators_view(voice: Voice<'_>, view: &OperatorsView) -> Card {
    let lang = voice.lang;
    let until = |until_ms: &Option<i64>| {
        until_ms.map_or_else(String::new, |at| {
            lang.say(" until {until}", &[("until", &date(at))])
        })
    };
    let mut lines = Vec::new();
    for ((subject, set), used) in view.rules.limits.iter().zip(&view.uses) {
        let of = match set.bound {
            Bound::BotInServer => lang.say("Server {id}", &[("id", subject)]),
            Bound::BotForPerson => format!("<@{subject}>"),
            _ => lang.words("Everybody together").to_owned(),
        };
        lines.push(format!("{of}: {}", line(voice, used)));
    }
    for (whom, at) in &view.rules.blocks {
        let values: &[(&str, &dyn std::fmt::Display)] =
            &[("whom", &name(voice, *whom)), ("until", &until(at))];
        lines.push(lang.say("Stopped for {whom}{until}", values));
    }
    for (person, tier, at) in &view.rules.tiers {
        lines.push(format!("<@{person}>: {tier}{}", until(at)));
    }
    if lines.is_empty() {
        return Card::text(lang.words(
            "Nothing is set beside the configuration's tiers. `/admin limit`, `/admin tier`, \
             `/admin block` and `/admin stop` set something.",
        ));
    }
    Card::text(lines.join("\n"))
}

fn name(voice: Voice<'_>, whom: Blocked) -> String {
    match whom {
        Blocked::Everyone => voice.lang.words("everybody").to_owned(),
        Blocked::Server(server) => voice.lang.say("server {id}", &[("id", &server)]),
        Blocked::Person(person) | Blocked::Inside(_, Inside::Person(person)) => {
            format!("<@{person}>")
        }
        Blocked::Role(role) | Blocked::Inside(_, Inside::Role(role)) => format!("<@&{role}>"),
        Blocked::Channel(channel) | Blocked::Inside(_, Inside::Channel(channel)) => {
            format!("<#{channel}>")
        }
    }
}

/// Whom a server has stopped.
pub fn blocks_here(voice: Voice<'_>, blocks: &[(Blocked, Option<i64>)]) -> Card {
    let lang = voice.lang;
    let line = |(whom, until_ms): &(Blocked, Option<i64>)| {
        let whom = name(voice, *whom);
        match until_ms {
            Some(at) => lang.say(
                "Stopped for {whom} until {until}",
                &[("whom", &whom), ("until", &date(*at))],
            ),
            None => lang.say("Stopped for {whom}", &[("whom", &whom)]),
        }
    };
    if blocks.is_empty() {
        return Card::text(
            lang.words("Nobody is stopped in this server. `/server block` stops somebody."),
        );
    }
    Card::text(blocks.iter().map(line).collect::<Vec<_>>().join("\n"))
}
