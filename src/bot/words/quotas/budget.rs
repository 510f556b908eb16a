//! What managers of a server read about its budget.

use crate::app::Budget;
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::words::answers::buttons::button;
use crate::bot::words::quotas::limits::{describe_limit, heading, used_already, uses};
use crate::bot::words::speech::formats::count_of;
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;
use crate::model::{Bound, Limit, SetLimit};

/// What a budget limits is not there.
const NO_KEY: &str = "This server has no key right now, so nobody can use any of it: `/keys add scope:guild` adds one.";

/// A limit on a server's key was set.
pub fn budget_set(voice: Voice<'_>, (bound, set): (Bound, Limit), budget: &Budget) -> Card {
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
    let lang = voice.lang;
    let used = used_already(voice, budget.used_of(bound, set));
    let set = lang.say(
        sentence,
        &[("role", &role), ("limit", &describe_limit(voice, set))],
    );
    let all = lang.words("`/server budget show` shows all of them.");
    let mut sentences = vec![set.as_str(), used.as_str(), all];
    if !budget.has_key {
        sentences.push(lang.words(NO_KEY));
    }
    Card::text(lang.sentences(&sentences))
}

/// Asks once before all limits of a server's key are cleared.
pub fn confirm_clearing(voice: Voice<'_>, id: String, limits: &[SetLimit]) -> Card {
    let lang = voice.lang;
    let words = Plural(
        "Clear the {n} limit of this server's key? Every member may then use the key without it:",
        "Clear all {n} limits of this server's key? Every member may then use the key without them:",
    );
    let clear = Button {
        label: lang.words("Clear them").into(),
        custom_id: CustomId::ClearBudget(id).write(),
        style: ButtonStyle::Danger,
    };
    let keep = button(voice, "Keep", &CustomId::KeepKey);
    Card {
        buttons: vec![clear, keep],
        ..Card::text(list_limits(voice, words, limits))
    }
}

/// Asks once more before limits are cleared that are others by now.
pub fn limits_changed(voice: Voice<'_>, id: String, limits: &[SetLimit]) -> Card {
    let asked = confirm_clearing(voice, id, limits);
    let changed = voice
        .lang
        .words("The limits were changed since I asked, so nothing was cleared.");
    Card {
        text: [changed, asked.text.as_str()].join("\n"),
        ..asked
    }
}

/// Limits were cleared.
pub fn limits_cleared(voice: Voice<'_>, cleared: &[SetLimit]) -> Card {
    let words = Plural("Cleared {n} limit:", "Cleared {n} limits:");
    Card::text(list_limits(voice, words, cleared))
}

/// Limits in lines, below words that say how many they are.
fn list_limits(voice: Voice<'_>, words: Plural, limits: &[SetLimit]) -> String {
    let lang = voice.lang;
    let head = lang.say_count(count_of(limits.len()), words, &[]);
    let line = |set: &SetLimit| {
        let whose = match set.bound {
            Bound::Member => lang.words("Each member").to_owned(),
            Bound::ServerKey => heading(voice, set.bound, ""),
            bound => return describe_members(voice, bound, set.limit),
        };
        let limit = describe_limit(voice, set.limit);
        format!("- {}", lang.labelled(&whose, &limit))
    };
    let lines = limits.iter().map(line);
    [head]
        .into_iter()
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A limit on each member, or on each with a role.
fn describe_members(voice: Voice<'_>, bound: Bound, set: Limit) -> String {
    let limit = describe_limit(voice, set);
    match bound {
        Bound::Role(role) => {
            let role = format!("<@&{role}>");
            let values: &[(&str, &dyn std::fmt::Display)] = &[("role", &role), ("limit", &limit)];
            voice.lang.say("- with {role}: {limit}", values)
        }
        _ => format!("- {limit}"),
    }
}

/// A role was freed or bound.
pub fn role_exempted(voice: Voice<'_>, role: u64, exempt: bool) -> Card {
    let sentence = if exempt {
        "{role} is free from the limits on members. What the whole key may be used for holds for everybody."
    } else {
        "{role} is bound by the limits on members."
    };
    let role = format!("<@&{role}>");
    Card::text(voice.lang.say(sentence, &[("role", &role)]))
}

/// A server's budget.
pub fn budget(voice: Voice<'_>, budget: &Budget) -> Card {
    let lang = voice.lang;
    if budget.whole.is_empty() && budget.members.is_empty() {
        if !budget.has_key {
            return Card::text(lang.words(NO_KEY));
        }
        return Card::text(lang.words(
            "This server's key has no limits: every member may use it. \
             Set one with `/server budget set`, such as `what:dollars amount:5 per:month`.",
        ));
    }
    let mut lines = Vec::new();
    if !budget.has_key {
        lines.push(lang.words(NO_KEY).to_owned());
    }
    if !budget.whole.is_empty() {
        lines.push(format!("**{}**", heading(voice, Bound::ServerKey, "")));
        lines.push(uses(voice, &Vec::from_iter(&budget.whole)));
    }
    if !budget.members.is_empty() {
        lines.push(format!("**{}**", lang.words("Each member")));
    }
    let members = budget.members.iter();
    lines.extend(members.map(|(bound, set)| describe_members(voice, *bound, *set)));
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
    lines.push(lang.words("Each limit counts from when it was set; `/usage scope:guild` shows all that was used, and by whom. \
         Change limits with `/server budget set` and `/server budget clear`.").into());
    Card::text(lines.join("\n"))
}
