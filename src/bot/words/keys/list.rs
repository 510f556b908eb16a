//! The stored keys, as far as somebody may see them.

use crate::app::{Listing, ServerKeys};
use crate::bot::connection::wire::card::Card;
use crate::bot::words::quotas::describe_limit;
use crate::bot::words::speech::voice::{OwnKeys, Voice};
use crate::model::{Health, Key, LimitUse, ProviderId};

/// The stored keys, as far as one may see them.
pub fn list(voice: Voice<'_>, listing: &Listing) -> Card {
    let lang = voice.lang;
    let mut lines = Vec::new();
    if let Some(keys) = &listing.personal {
        lines.push(lang.words("**Your keys**").to_owned());
        let ending = |key| ending(voice, key, listing.now_ms);
        lines.extend(keys.iter().map(|key| row(voice, key) + &ending(key)));
        if keys.is_empty() {
            lines.push(no_personal(voice).to_owned());
        }
    }
    match &listing.server {
        None => {}
        Some(ServerKeys::Full(keys)) => {
            lines.push(lang.words("**This server's keys**").to_owned());
            let used_up = listing.used_up.as_ref();
            lines.extend(used_up.map(|used_up| pays_for_nobody(voice, used_up)));
            lines.extend(keys.iter().map(|key| {
                row(voice, key) + &ending(voice, key, listing.now_ms) + &added_by(voice, key)
            }));
            if keys.is_empty() {
                lines.push(no_server(voice).to_owned());
            }
        }
        Some(ServerKeys::Providers(providers)) => lines.push(of_server(voice, providers)),
    }
    Card::text(lines.join("\n"))
}

/// That a budget leaves nothing of a server's keys, and until when.
pub(super) fn pays_for_nobody(voice: Voice<'_>, used_up: &LimitUse) -> String {
    let lang = voice.lang;
    let limit = describe_limit(voice, used_up.limit);
    match used_up.renews_at_ms {
        Some(at_ms) => lang.say(
            "pays for nobody: the budget of {limit} is used up, and renews {when}",
            &[("limit", &limit), ("when", &moment(at_ms))],
        ),
        None => lang.say(
            "pays for nobody: the budget of {limit} is used up",
            &[("limit", &limit)],
        ),
    }
}

/// That somebody has no keys of their own, and how to add one.
pub(super) fn no_personal(voice: Voice<'_>) -> &str {
    voice.lang.words(match voice.own_keys {
        OwnKeys::No => "None.",
        _ => "None yet. Add one with `/keys add scope:user`.",
    })
}

/// That a server has no keys, and how whoever manages it adds one.
pub(super) fn no_server(voice: Voice<'_>) -> &str {
    voice
        .lang
        .words("None yet. Add one with `/keys add scope:guild`.")
}

/// What members may know of a server's keys.
pub(super) fn of_server(voice: Voice<'_>, providers: &[ProviderId]) -> String {
    let lang = voice.lang;
    let names: Vec<String> = providers.iter().map(|id| voice.name(id)).collect();
    if names.is_empty() {
        return lang.words("This server has no keys.").to_owned();
    }
    lang.say(
        "This server has keys for {names}.",
        &[("names", &lang.list(&names))],
    )
}

pub(super) fn row(voice: Voice<'_>, key: &Key) -> String {
    format!("- {} · {}", describe_key(voice, key), standing(voice, key))
}

/// How a key is, and when it was used last.
pub(super) fn standing(voice: Voice<'_>, key: &Key) -> String {
    let lang = voice.lang;
    // Its provider accepts it, and does not say whether its account has credit.
    let is_credit_unseen = key.health == Health::Unverified && key.checked_at_ms.is_some();
    let health = if is_credit_unseen {
        lang.words("accepted, credit not seen yet")
    } else {
        voice.health(key.health)
    };
    let mut parts = vec![health.to_owned()];
    if key.paused {
        parts.push(lang.words("paused").to_owned());
    }
    parts.push(match key.last_used_at_ms {
        Some(at_ms) => lang.say("last used {when}", &[("when", &moment(at_ms))]),
        None => lang.words("never used").to_owned(),
    });
    parts.join(" · ")
}

/// Until when a key is used that ends.
pub(super) fn ending(voice: Voice<'_>, key: &Key, now_ms: i64) -> String {
    let Some(at_ms) = key.expires_at_ms else {
        return String::new();
    };
    let sentence = if key.has_ended(now_ms) {
        " · ended {when}"
    } else {
        " · ends {when}"
    };
    voice.lang.say(sentence, &[("when", &moment(at_ms))])
}

pub(super) fn added_by(voice: Voice<'_>, key: &Key) -> String {
    // 0 stands for persons who were erased.
    if key.added_by.0 == 0 {
        return String::new();
    }
    voice
        .lang
        .say(" · added by <@{person}>", &[("person", &key.added_by)])
}

/// A key without its secret: provider, name, last characters.
pub fn describe_key(voice: Voice<'_>, key: &Key) -> String {
    let mut text = format!("**{}**", voice.name(&key.provider));
    let name = key
        .name
        .as_deref()
        .map(|name| format!(" “{}”", plain(name)));
    let hint = key.hint.as_deref().map(|hint| format!(" `…{hint}`"));
    text.extend(name.into_iter().chain(hint));
    text
}

/// A name that somebody typed, without Markdown that could disguise it.
pub fn plain(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| !"*_~`|<>@#[]()\\\n".contains(*c))
        .collect()
}

/// A day and an hour, as each reader's Discord shows them.
pub(super) fn date(at_ms: i64) -> String {
    format!("<t:{}:f>", at_ms / 1_000)
}

/// A time as each reader's Discord shows it.
fn moment(at_ms: i64) -> String {
    format!("<t:{}:R>", at_ms / 1_000)
}
