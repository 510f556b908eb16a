//! Words about stored keys. All of it is ephemeral.

use crate::app::Kind;
use crate::app::{AddForm, AddedKey, Listing, Provider, ServerKeys, TestedKey};
use crate::bot::connection::card::{Button, ButtonStyle, Card, Field, Modal};
use crate::bot::interactions::custom_id::CustomId;
use crate::model::{Check, Key, ProviderId, Scope};

use crate::bot::words::Voice;
use crate::bot::words::refusal::page;

/// Discord's limits on the parts of a form, in characters.
const LABEL_CHARACTERS_MAX: usize = 45;
const PLACEHOLDER_CHARACTERS_MAX: usize = 100;

/// The id of the field that the key is typed into.
pub const KEY_FIELD: &str = "key";

/// The form that asks for a key and for what goes with it.
pub fn added_form(voice: Voice<'_>, form: &AddForm<'_>) -> Modal {
    let lang = voice.lang;
    let name = &form.provider.name;
    let title = match form.scope {
        Scope::User => lang.say("Your {provider} key", &[("provider", name)]),
        Scope::Guild => lang.say("This server's {provider} key", &[("provider", name)]),
    };
    let label = "API key (shown while you type, stored sealed)";
    let fields = key_fields(voice, form.provider, label);
    let custom_id = CustomId::AddKeyForm(form.id.clone()).write();
    Modal {
        custom_id,
        title: clip(&title, LABEL_CHARACTERS_MAX),
        fields,
    }
}

/// The fields of a key and of what goes with it.
pub fn key_fields(voice: Voice<'_>, provider: &Provider, label: &str) -> Vec<Field> {
    let lang = voice.lang;
    let mut fields = vec![Field {
        id: KEY_FIELD.into(),
        label: lang.words(label).into(),
        placeholder: lang.say("From {page}", &[("page", &provider.key_page)]),
        required: true,
        value: None,
    }];
    fields.extend(provider.extras.iter().map(|extra| Field {
        id: extra.field.into(),
        label: lang.words(extra.label).into(),
        placeholder: lang.words(extra.placeholder).into(),
        required: extra.required,
        value: None,
    }));
    for field in &mut fields {
        field.label = clip(&field.label, LABEL_CHARACTERS_MAX);
        field.placeholder = clip(&field.placeholder, PLACEHOLDER_CHARACTERS_MAX);
    }
    fields
}

/// A key was stored.
pub fn added(voice: Voice<'_>, added: &AddedKey) -> Card {
    let lang = voice.lang;
    let provider = voice.name(&added.key.provider);
    let first = if added.replaced {
        "Replaced the {scope}: {key}."
    } else {
        "Stored the {scope}: {key}."
    };
    let scope = voice.scope(added.key.owner.scope());
    let mut lines = vec![
        lang.say(
            first,
            &[("scope", &scope), ("key", &describe(voice, &added.key))],
        ),
        check(voice, &added.key.provider, &added.check),
    ];
    if !added.looks_right {
        lines.push(lang.say(
            "It does not look like other {provider} keys, so check that you copied the right one.",
            &[("provider", &provider)],
        ));
    }
    if added.check != Check::OutOfCredit {
        lines.push(where_used(voice, added));
    }
    Card::text(lines.join("\n"))
}

/// What a key that was just added is good for.
fn where_used(voice: Voice<'_>, added: &AddedKey) -> String {
    let sentence = match (added.kind, added.key.owner.scope()) {
        (Kind::Chat, Scope::User) => {
            "It pays for your asks with {provider} everywhere, before any server's key. Try `/ask provider:{id}`."
        }
        (Kind::Chat, Scope::Guild) => {
            "It pays for everybody's asks with {provider} in this server, unless they have a key of their own."
        }
        (Kind::Image, Scope::User) => {
            "It is kept for images that you make with {provider}; `/ask` does not use it."
        }
        (Kind::Image, Scope::Guild) => {
            "It is kept for images made with {provider} in this server; `/ask` does not use it."
        }
    };
    let provider = voice.name(&added.key.provider);
    voice.lang.say(
        sentence,
        &[("provider", &provider), ("id", &added.key.provider)],
    )
}

/// A key was tested.
pub fn tested(voice: Voice<'_>, tested: &TestedKey) -> Card {
    let head = voice.lang.say(
        "Tested the {scope}: {key}.",
        &[
            ("scope", &voice.scope(tested.key.owner.scope())),
            ("key", &describe(voice, &tested.key)),
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
        _ => check(voice, &tested.key.provider, &tested.check),
    };
    Card::text(format!("{head}\n{found}"))
}

/// What a provider said of a key.
fn check(voice: Voice<'_>, provider: &ProviderId, check: &Check) -> String {
    let sentence = match check {
        Check::Valid => "{provider} accepts it.",
        Check::Invalid => {
            "{provider} refuses it, so it is not used. Make a new one at {page} and run `/keys add provider:{id}`."
        }
        Check::OutOfCredit => {
            "{provider} knows it, but its account is out of credit, so it is not used yet. \
             Top up at {page}, then run `/keys test provider:{id}`."
        }
        Check::Restricted => {
            "{provider} accepts it, but with restrictions: its permissions, plan or region may stop some asks."
        }
        Check::WrongExtra => {
            "{provider} accepts the key, but finds nothing under the ids that you gave with it. \
             Run `/keys add provider:{id}` again with the right ones."
        }
        Check::Unknown(_) => {
            "{provider} could not be asked about it right now. It is used as it is; \
             `/keys test provider:{id}` asks again."
        }
    };
    voice.lang.say(
        sentence,
        &[
            ("provider", &voice.name(provider)),
            ("id", provider),
            ("page", &page(voice, provider)),
        ],
    )
}

/// Asks once before a key is removed.
pub fn removal(voice: Voice<'_>, id: String, key: &Key) -> Card {
    let lang = voice.lang;
    let text = lang.say(
        "Remove the {scope}: {key}? It can't be brought back.",
        &[
            ("scope", &voice.scope(key.owner.scope())),
            ("key", &describe(voice, key)),
        ],
    );
    let remove = Button {
        label: lang.words("Remove").into(),
        custom_id: CustomId::RemoveKey(id).write(),
        style: ButtonStyle::Danger,
    };
    let keep = Button {
        label: lang.words("Keep").into(),
        custom_id: CustomId::KeepKey.write(),
        style: ButtonStyle::Secondary,
    };
    Card {
        buttons: vec![remove, keep],
        ..Card::text(text)
    }
}

/// A key is gone.
pub fn removed(voice: Voice<'_>, provider: &ProviderId, scope: Scope) -> Card {
    Card::text(voice.lang.say(
        "Removed the {scope} for {provider}. To be thorough, revoke it at {page} too.",
        &[
            ("scope", &voice.scope(scope)),
            ("provider", &voice.name(provider)),
            ("page", &page(voice, provider)),
        ],
    ))
}

/// A key was kept after all.
pub fn kept(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words("Kept. Nothing was changed."))
}

/// A key sleeps.
pub fn paused(voice: Voice<'_>, key: &Key) -> Card {
    Card::text(voice.lang.say(
        "Paused the {scope}: {key}. It is kept, and not used until `/keys resume provider:{id} scope:{word}`.",
        &[
            ("scope", &voice.scope(key.owner.scope())),
            ("key", &describe(voice, key)),
            ("id", &key.provider),
            ("word", &key.owner.scope().as_str()),
        ],
    ))
}

/// A key is awake again.
pub fn resumed(voice: Voice<'_>, key: &Key) -> Card {
    Card::text(voice.lang.say(
        "Resumed the {scope}: {key}. It is used again.",
        &[
            ("scope", &voice.scope(key.owner.scope())),
            ("key", &describe(voice, key)),
        ],
    ))
}

/// The stored keys, as far as one may see them.
pub fn listing(voice: Voice<'_>, listing: &Listing) -> Card {
    let lang = voice.lang;
    let mut lines = Vec::new();
    if let Some(keys) = &listing.personal {
        lines.push(lang.words("**Your keys**").to_owned());
        lines.extend(keys.iter().map(|key| row(voice, key)));
        if keys.is_empty() {
            lines.push(
                lang.words("None yet. Add one with `/keys add scope:user`.")
                    .to_owned(),
            );
        }
    }
    match &listing.server {
        None => {}
        Some(ServerKeys::Full(keys)) => {
            lines.push(lang.words("**This server's keys**").to_owned());
            lines.extend(
                keys.iter()
                    .map(|key| row(voice, key) + &added_by(voice, key)),
            );
            if keys.is_empty() {
                lines.push(
                    lang.words("None yet. Add one with `/keys add scope:guild`.")
                        .to_owned(),
                );
            }
        }
        Some(ServerKeys::Providers(providers)) => {
            let names: Vec<String> = providers.iter().map(|id| voice.name(id)).collect();
            lines.push(if names.is_empty() {
                lang.words("This server has no keys.").to_owned()
            } else {
                lang.say(
                    "This server has keys for {names}.",
                    &[("names", &names.join(", "))],
                )
            });
        }
    }
    Card::text(lines.join("\n"))
}

fn row(voice: Voice<'_>, key: &Key) -> String {
    let lang = voice.lang;
    let mut parts = vec![voice.health(key.health).to_owned()];
    if key.paused {
        parts.push(lang.words("paused").to_owned());
    }
    parts.push(match key.last_used_at_ms {
        Some(at_ms) => lang.say("last used {when}", &[("when", &moment(at_ms))]),
        None => lang.words("never used").to_owned(),
    });
    format!("- {} · {}", describe(voice, key), parts.join(" · "))
}

fn added_by(voice: Voice<'_>, key: &Key) -> String {
    voice
        .lang
        .say(" · added by <@{person}>", &[("person", &key.added_by)])
}

/// A key without its secret: provider, name, last characters.
fn describe(voice: Voice<'_>, key: &Key) -> String {
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
fn plain(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| !"*_~`|<>@#[]()\\\n".contains(*c))
        .collect()
}

/// A time as each reader's Discord shows it.
fn moment(at_ms: i64) -> String {
    format!("<t:{}:R>", at_ms / 1_000)
}

fn clip(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}
