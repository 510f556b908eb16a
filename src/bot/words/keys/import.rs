//! What people read who import several keys at once.

use crate::app::{ImportForm, ImportOutcome, KeyImport, PendingKey};
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::connection::wire::form::{Field, Input, Modal, Typed};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::words::answers::buttons::button;
use crate::bot::words::keys::forms::scope_field;
use crate::bot::words::keys::list::describe_key;
use crate::bot::words::speech::formats::{count_of, duration};
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;
use crate::model::Health;

/// The fields into which keys are pasted, or a file is put.
pub const LINES_FIELD: &str = "lines";
pub const FILE_FIELD: &str = "file";

/// What a file of keys is called.
const FILE_KINDS: &[&str] = &[".env", ".txt"];

/// The form that asks for several keys.
pub fn import_form(voice: Voice<'_>, form: &ImportForm) -> Modal {
    let lang = voice.lang;
    let lines = Field {
        id: LINES_FIELD.to_owned(),
        label: lang.words("Lines of NAME=key, or keys alone").to_owned(),
        input: Input::Lines(Typed::default()),
        ..Field::default()
    };
    let file = Field {
        id: FILE_FIELD.to_owned(),
        label: lang.words("Or a .env file").to_owned(),
        description: lang
            .words("At most 64 kB. Each key goes to its own provider alone, for a check.")
            .to_owned(),
        input: Input::File(FILE_KINDS),
        ..Field::default()
    };
    let is_open = form.scopes.len() > 1;
    let scope = is_open.then(|| scope_field(voice, &form.scopes, form.scope));
    Modal {
        custom_id: CustomId::ImportForm(form.id.clone()).write(),
        title: lang.words("Add several keys").to_owned(),
        fields: [lines, file].into_iter().chain(scope).collect(),
    }
}

/// The keys that were found, and a button that stores those that can be.
pub fn found(voice: Voice<'_>, import: &KeyImport) -> Card {
    let lang = voice.lang;
    let storable = import.keys.iter().filter(|key| key.storable().is_some());
    let storable = storable.count();
    let mut lines = Vec::new();
    if storable == 0 {
        let nothing = if import.keys.is_empty() {
            "I found no key in it that I could store. A line is `NAME=key`, such as `OPENAI_API_KEY=sk-…`, or a key \
             alone. Run `/keys import` again with such lines."
        } else {
            "None of these can be stored, so nothing was. Make new ones at their providers, and run `/keys import` again."
        };
        lines.push(lang.words(nothing).to_owned());
    } else {
        let words = Plural(
            "I found {n} key that can be stored. Nothing is stored yet, and it waits for 15 minutes.",
            "I found {n} keys that can be stored. Nothing is stored yet, and they wait for 15 minutes.",
        );
        lines.push(lang.say_count(count_of(storable), words, &[]));
    }
    lines.extend(import.keys.iter().map(|key| describe_found(voice, key)));
    if !import.skipped.is_empty() {
        let words = Plural(
            "-# {n} line holds no key that I could store.",
            "-# {n} lines hold no key that I could store.",
        );
        lines.push(lang.say_count(count_of(import.skipped.len()), words, &[]));
    }
    let buttons = if storable == 0 {
        Vec::new()
    } else {
        import_buttons(voice, &import.id)
    };
    Card {
        buttons,
        ..Card::text(lines.join("\n"))
    }
}

fn import_buttons(voice: Voice<'_>, id: &str) -> Vec<Button> {
    let store = button(voice, "Store them", &CustomId::StoreImport(id.to_owned()));
    let forget = button(voice, "Forget them", &CustomId::ForgetImport(id.to_owned()));
    vec![
        Button {
            style: ButtonStyle::Primary,
            ..store
        },
        forget,
    ]
}

/// A key that was found, as it is and as what becomes of it.
fn describe_found(voice: Voice<'_>, key: &PendingKey) -> String {
    let lang = voice.lang;
    let name = voice.name(&key.provider);
    let hint = key.hint.as_deref().map(|hint| format!(" `…{hint}`"));
    let health = key.health.unwrap_or(Health::Unverified);
    let mut line = format!(
        "- **{name}**{} · {}",
        hint.unwrap_or_default(),
        voice.health(health)
    );
    let more = match &key.replaces {
        _ if key.is_stored => lang.words(" · stored already").to_owned(),
        Some(old) if key.storable().is_some() => {
            let old = describe_key(voice, old);
            lang.say(" · takes the place of {key}", &[("key", &old)])
        }
        Some(old) => {
            let old = describe_key(voice, old);
            lang.say(" · {key} stays", &[("key", &old)])
        }
        None => String::new(),
    };
    line.push_str(&more);
    line
}

/// What became of the keys. What still waits can be stored later.
pub fn imported(voice: Voice<'_>, id: &str, outcomes: &[ImportOutcome]) -> Card {
    let lines = outcomes
        .iter()
        .map(|outcome| describe_outcome(voice, outcome));
    let lines: Vec<String> = lines.collect();
    let waits = |outcome: &ImportOutcome| matches!(outcome, ImportOutcome::Later { .. });
    let buttons = if outcomes.iter().any(waits) {
        import_buttons(voice, id)
    } else {
        Vec::new()
    };
    Card {
        buttons,
        ..Card::text(lines.join("\n"))
    }
}

fn describe_outcome(voice: Voice<'_>, outcome: &ImportOutcome) -> String {
    let lang = voice.lang;
    let (sentence, provider) = match outcome {
        ImportOutcome::Stored { key, replaced } => {
            let sentence = if *replaced {
                "Replaced the {scope}: {key}."
            } else {
                "Stored the {scope}: {key}."
            };
            let scope = voice.scope(key.owner.scope());
            let key = describe_key(voice, key);
            return lang.say(sentence, &[("scope", &scope), ("key", &key)]);
        }
        ImportOutcome::Later {
            provider,
            retry_after_s,
        } => {
            let values: &[(&str, &dyn std::fmt::Display)] = &[
                ("provider", &voice.name(provider)),
                ("wait", &duration(voice, *retry_after_s)),
            ];
            return lang.say(
                "{provider}: it must be checked first. Press the button again in {wait}.",
                values,
            );
        }
        ImportOutcome::Gone => {
            let gone =
                "One of them was stored before, or has waited too long. Run `/keys import` again.";
            return lang.words(gone).to_owned();
        }
        ImportOutcome::StoredBefore(provider) => (
            "{provider}: it is stored already, so nothing changed.",
            provider,
        ),
        ImportOutcome::Refused(provider) => (
            "{provider}: its provider refused it, so it was not stored.",
            provider,
        ),
        ImportOutcome::KeptWorking(provider) => (
            "{provider}: the new key can't pay, so the one that works stays.",
            provider,
        ),
        ImportOutcome::OneOfTwo(provider) => (
            "{provider}: there is one key for each provider, so the first of several was stored.",
            provider,
        ),
    };
    lang.say(sentence, &[("provider", &voice.name(provider))])
}

/// None of them was wanted.
pub fn forgotten(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words("Forgot what was not stored yet."))
}

/// The file could not be read.
pub fn file_unread(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "I could not read that file as text, so I looked for no key in it. Nothing was stored. Run `/keys import` \
         again with another file, or paste its lines.",
    ))
}
