//! What the operator's people read about limits, blocks and tiers.

use crate::app::{LimitSubject, OperatorsView, SystemKey};
use crate::bot::connection::wire::card::Card;
use crate::bot::words::keys::system_keys;
use crate::bot::words::quotas::blocks::blocked_name;
use crate::bot::words::quotas::limits::{describe_limit, used_already, uses};
use crate::bot::words::speech::formats::date_and_time;
use crate::bot::words::speech::voice::Voice;
use crate::model::{Blocked, Bound, Limit, LimitUse, PersonId, ServerId};

/// A tier was given or taken back.
pub fn tier_given(
    voice: Voice<'_>,
    person: PersonId,
    tier: Option<&str>,
    until_ms: Option<i64>,
) -> Card {
    let sentence = match (tier, until_ms) {
        (None, _) => "{person} has no tier by hand; SKUs and roles still count.",
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
            ("until", &until_ms.map(date_and_time).unwrap_or_default()),
        ],
    ))
}

/// A limit on the bot default was set.
pub fn operators_limit_set(
    voice: Voice<'_>,
    whom: LimitSubject,
    set: Limit,
    used: Option<&LimitUse>,
) -> Card {
    let whom = match whom {
        LimitSubject::Everyone => Blocked::Everyone,
        LimitSubject::Server(server) => Blocked::Server(server),
        LimitSubject::Person(person) => Blocked::Person(person),
    };
    Card::text(voice.lang.say(
        "The bot default now pays {limit} for {whom}, beside what tiers allow. {used}",
        &[
            ("limit", &describe_limit(voice, set)),
            ("whom", &blocked_name(voice, whom)),
            ("used", &used_already(voice, used)),
        ],
    ))
}

/// What the operator has set, and the keys that the operator pays with.
pub fn operators_view(
    voice: Voice<'_>,
    view: &OperatorsView,
    keys: &[SystemKey],
    now_ms: i64,
) -> Card {
    let lang = voice.lang;
    let until = |until_ms: &Option<i64>| {
        until_ms.map_or_else(String::new, |at| {
            lang.say(" until {until}", &[("until", &date_and_time(at))])
        })
    };
    let mut lines = Vec::new();
    let limits = view.rules.limits.iter().zip(&view.uses);
    let limits = limits.map(|((subject, set), used)| (whose(voice, *subject, set.bound), used));
    let limits: Vec<(String, &LimitUse)> = limits.collect();
    for of_one in limits.chunk_by(|(one, _), (other, _)| one == other) {
        lines.extend(of_one.first().map(|(whose, _)| format!("**{whose}**")));
        let of_one = of_one.iter().map(|(_, used)| *used);
        lines.push(uses(voice, &of_one.collect::<Vec<_>>()));
    }
    for block in &view.rules.blocks {
        let (whom, until) = (blocked_name(voice, block.whom), until(&block.until_ms));
        let values: &[(&str, &dyn std::fmt::Display)] = &[("whom", &whom), ("until", &until)];
        lines.push(lang.say("Stopped for {whom}{until}", values));
    }
    for (person, tier, at) in &view.rules.tiers {
        let given = format!("{tier}{}", until(at));
        lines.push(lang.labelled(&format!("<@{person}>"), &given));
    }
    if lines.is_empty() {
        lines.push(
            lang.words(
                "Nothing is set beside the configuration's tiers. `/admin limit`, `/admin tier`, \
                 `/admin block` and `/admin stop` set something.",
            )
            .to_owned(),
        );
    }
    lines.extend(system_keys(voice, keys, now_ms));
    Card::text(lines.join("\n"))
}

/// Whose use a limit of the operator's bounds.
fn whose(voice: Voice<'_>, subject: u64, bound: Bound) -> String {
    match bound {
        Bound::BotInServer => {
            let name = voice.server(ServerId(subject));
            name.unwrap_or_else(|| voice.lang.say("Server {id}", &[("id", &subject)]))
        }
        Bound::BotForPerson => format!("<@{subject}>"),
        _ => voice.lang.words("Everybody together").to_owned(),
    }
}
