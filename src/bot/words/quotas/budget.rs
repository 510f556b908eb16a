//! What managers of a server read about its budget.

use crate::app::Budget;
use crate::bot::connection::wire::card::Card;
use crate::bot::words::quotas::limits::{describe_limit, heading, uses};
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;
use crate::model::{Bound, Limit};

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
    let set = voice.lang.say(
        sentence,
        &[("role", &role), ("limit", &describe_limit(voice, set))],
    );
    let counting = voice.lang.words(
        "Counting begins with the next ask, unless this limit was there before. \
         `/server budget show` shows all of them.",
    );
    Card::text(voice.lang.sentences(&[set.as_str(), counting]))
}

/// Limits were cleared.
pub fn limits_cleared(voice: Voice<'_>, cleared: u64) -> Card {
    let words = Plural("Cleared {n} limit.", "Cleared {n} limits.");
    Card::text(voice.lang.say_count(cleared, words, &[]))
}

/// A role was freed or bound.
pub fn role_exempted(voice: Voice<'_>, role: u64, exempt: bool) -> Card {
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
        lines.push(uses(voice, &Vec::from_iter(&budget.whole)));
    }
    if !budget.members.is_empty() {
        lines.push(format!("**{}**", lang.words("Each member")));
    }
    for (bound, set) in &budget.members {
        let most = describe_limit(voice, *set);
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
            &[("roles", &lang.list(&roles))],
        ));
    }
    lines.push(lang.words("Change them with `/server budget set` and `/server budget clear`; `/usage scope:guild` shows who used what.").into());
    Card::text(lines.join("\n"))
}
