//! What people read when they have changed or tested a key.

use crate::app::{AddedEnd, AddedKey, TestedKey};
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::words::answers::buttons::button;
use crate::bot::words::keys::list::{date, describe_key, plain};
use crate::bot::words::refusal::pasted::removed;
use crate::bot::words::speech::formats::time_of_day;
use crate::bot::words::speech::voice::Voice;
use crate::model::{Check, Health, Key, ProviderId, ProviderKind, Scope};

/// A key was stored.
pub fn added(voice: Voice<'_>, added: &AddedKey) -> Card {
    let lang = voice.lang;
    let provider = voice.name(&added.key.provider);
    let first = if added.is_same {
        "The {scope} was stored already, and was checked again: {key}."
    } else if added.replaced.is_some() {
        "Replaced the {scope}: {key}."
    } else {
        "Stored the {scope}: {key}."
    };
    let scope = voice.scope(added.key.owner.scope());
    let mut lines = vec![lang.say(
        first,
        &[("scope", &scope), ("key", &describe_key(voice, &added.key))],
    )];
    lines.extend(added.kept_name().map(|name| {
        lang.say(
            "It keeps the old one's name, “{name}”.",
            &[("name", &plain(name))],
        )
    }));
    lines.extend(removed(voice, &added.removed));
    lines.push(what_was_found(voice, &added.key, &added.check));
    if !added.looks_right {
        lines.push(lang.say(
            "It does not look like other {provider} keys, so check that you copied the right one.",
            &[("provider", &provider)],
        ));
    }
    if added.check != Check::OutOfCredit {
        lines.push(where_used(voice, added));
    }
    lines.extend(added.end().map(|end| until_when(voice, end)));
    Card::text(lines.join("\n"))
}

/// Until when a key is used that was just added.
pub(super) fn until_when(voice: Voice<'_>, end: AddedEnd) -> String {
    let (sentence, at_ms) = match end {
        AddedEnd::At(at_ms) => ("It is used until {when}.", at_ms),
        AddedEnd::Kept(at_ms) => (
            "It ends as the old one would have, and is used until {when}.",
            at_ms,
        ),
        AddedEnd::Dropped => {
            let words =
                "The old one had an end. This one has none: it is used as long as it works.";
            return voice.lang.words(words).to_owned();
        }
    };
    voice.lang.say(sentence, &[("when", &date(at_ms))])
}

/// What a key that was just added is good for.
fn where_used(voice: Voice<'_>, added: &AddedKey) -> String {
    let sentence = match (added.kind, added.key.owner.scope()) {
        (ProviderKind::Chat, Scope::User) => {
            "It pays for your asks with {provider} everywhere, before any server's key. Try `/ask provider:{id}`."
        }
        (ProviderKind::Chat, Scope::Guild) => {
            "It pays for everybody's asks with {provider} in {this} server, unless they have a key of their own."
        }
        (_, Scope::System) => {
            "It pays for whoever has no other key for {provider}, within their tier, unless the environment has one."
        }
        (ProviderKind::Image, Scope::User) => {
            "It is kept for images that you make with {provider}; `/ask` does not use it."
        }
        (ProviderKind::Image, Scope::Guild) => {
            "It is kept for images made with {provider} in {this} server; `/ask` does not use it."
        }
    };
    let provider = voice.name(&added.key.provider);
    voice.say(
        sentence,
        &[("provider", &provider), ("id", &added.key.provider)],
    )
}

/// A key was tested.
pub fn tested(voice: Voice<'_>, tested: &TestedKey) -> Card {
    let head = voice.lang.say(
        "Tested the {scope} at {time}: {key}.",
        &[
            ("time", &time_of_day(tested.at_ms)),
            ("scope", &voice.scope(tested.key.owner.scope())),
            ("key", &describe_key(voice, &tested.key)),
        ],
    );
    let found = match tested.check {
        Check::Unknown(_) => voice.lang.say(
            "{provider} could not be asked right now. What I knew before still stands: {health}.",
            &[
                ("provider", &voice.name(&tested.key.provider)),
                ("health", &voice.health(tested.key.health)),
            ],
        ),
        _ => what_was_found(voice, &tested.key, &tested.check),
    };
    let places = picture_places(voice, &tested.key.provider);
    let places = places.filter(|_| matches!(tested.check, Check::Valid | Check::Unguarded));
    let places = places
        .map(|places| format!("\n{places}"))
        .unwrap_or_default();
    let sleeps = tested.key.paused.then(|| {
        voice.lang.say(
            "It stays paused, and is not used until `/keys resume provider:{id} scope:{word}`.",
            &[
                ("id", &tested.key.provider),
                ("word", &tested.key.owner.scope().as_str()),
            ],
        )
    });
    let unseen = tested.credit_is_unseen.then(|| {
        voice.lang.say(
            "It does not say before an ask whether the account has credit again: the key is used, and the next ask \
             shows it.",
            &[],
        )
    });
    let more = unseen
        .into_iter()
        .chain(sleeps)
        .map(|line| format!("\n{line}"));
    let more: String = more.collect();
    Card::text(format!("{head}\n{found}{places}{more}"))
}

/// From where a host's pictures are taken, if its workers may be set to keep them
/// elsewhere, where they would be paid for and not shown.
fn picture_places(voice: Voice<'_>, provider: &ProviderId) -> Option<String> {
    let places = voice.providers.get(provider)?.picture_places()?;
    let places: Vec<String> = places.iter().map(|place| format!("`{place}`")).collect();
    Some(voice.lang.say(
        "Its pictures are taken from {places}. If your workers keep them in another bucket \
         (`BUCKET_ENDPOINT_URL`), the bot's operator has to add its name to \
         `providers.{id}.image_hosts` first.",
        &[("places", &voice.lang.list(&places)), ("id", provider)],
    ))
}

/// What a provider said of a key.
fn what_was_found(voice: Voice<'_>, key: &Key, check: &Check) -> String {
    let provider = &key.provider;
    let sentence = match check {
        Check::Valid => "{provider} accepts it.",
        Check::Unguarded => {
            "{provider} is reachable, and answers without a key too: this server checks no keys. The limits that \
             the bot's operator set hold with this key as without."
        }
        Check::Invalid => {
            "Key is invalid: {provider} refuses it, so it is not used. Make a new one at {page} and run `/keys add provider:{id} scope:{word}`."
        }
        Check::OutOfCredit => {
            "{provider} knows it, but its account is out of credit, so it is not used yet. \
             Top up at {page}, then run `/keys test provider:{id} scope:{word}`."
        }
        Check::Restricted => {
            "{provider} accepts it, but with restrictions: its permissions, plan or region may stop some asks."
        }
        Check::WrongExtra => {
            "{provider} accepts the key, but finds nothing under the ids that you gave with it. \
             Run `/keys add provider:{id} scope:{word}` again with the right ones."
        }
        Check::Unknown(_) => {
            "{provider} could not be asked about it right now. It is used as it is; \
             `/keys test provider:{id} scope:{word}` asks again."
        }
    };
    let page = match check {
        Check::OutOfCredit => voice.billing_page(provider),
        _ => voice.key_page(provider),
    };
    voice.lang.say(
        sentence,
        &[
            ("provider", &voice.name(provider)),
            ("id", provider),
            ("page", &page),
            ("word", &key.owner.scope().as_str()),
        ],
    )
}

/// The question before a key is removed.
pub(super) fn removal_question(voice: Voice<'_>, key: &Key) -> String {
    voice.lang.say(
        "Remove the {scope}: {key}? It can't be brought back.",
        &[
            ("scope", &voice.scope(key.owner.scope())),
            ("key", &describe_key(voice, key)),
        ],
    )
}

/// Asks once before a key is removed.
pub fn confirm_removal(voice: Voice<'_>, id: String, key: &Key) -> Card {
    let lang = voice.lang;
    let text = removal_question(voice, key);
    let remove = Button {
        label: lang.words("Remove").into(),
        custom_id: CustomId::RemoveKey(id).write(),
        style: ButtonStyle::Danger,
    };
    let keep = button(voice, "Keep", &CustomId::KeepKey);
    Card {
        buttons: vec![remove, keep],
        ..Card::text(text)
    }
}

/// A key is gone.
pub fn key_removed(voice: Voice<'_>, provider: &ProviderId, scope: Scope) -> Card {
    Card::text(voice.lang.say(
        "Removed the {scope} for {provider}. To be thorough, revoke it at {page} too.",
        &[
            ("scope", &voice.scope(scope)),
            ("provider", &voice.name(provider)),
            ("page", &voice.key_page(provider)),
        ],
    ))
}

/// A key was kept after all.
pub fn kept(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words("Kept. Nothing was changed."))
}

/// A key was paused.
pub fn paused(voice: Voice<'_>, key: &Key) -> Card {
    Card::text(voice.lang.say(
        "Paused the {scope}: {key}. It is kept, and not used until `/keys resume provider:{id} scope:{word}`.",
        &[
            ("scope", &voice.scope(key.owner.scope())),
            ("key", &describe_key(voice, key)),
            ("id", &key.provider),
            ("word", &key.owner.scope().as_str()),
        ],
    ))
}

/// A key was resumed that was like this before.
pub fn resumed(voice: Voice<'_>, key: &Key) -> Card {
    let words = match key.health {
        _ if !key.paused => {
            "The {scope} was not paused, so nothing was changed: {key}. `/keys status provider:{id}` says who pays."
        }
        Health::Refused | Health::Damaged => {
            "Resumed the {scope}: {key}. It can't pay yet: replace it with `/keys add provider:{id} scope:{word}`, or \
             try it with `/keys test provider:{id} scope:{word}`."
        }
        Health::OutOfCredit => {
            "Resumed the {scope}: {key}. It can't pay yet: add credit at {page}, then run \
             `/keys test provider:{id} scope:{word}`."
        }
        _ => "Resumed the {scope}: {key}. It is used again.",
    };
    Card::text(voice.lang.say(
        words,
        &[
            ("scope", &voice.scope(key.owner.scope())),
            ("key", &describe_key(voice, key)),
            ("id", &key.provider),
            ("word", &key.owner.scope().as_str()),
            ("page", &voice.billing_page(&key.provider)),
        ],
    ))
}
