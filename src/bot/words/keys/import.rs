//! What people read who import several keys at once.

use std::collections::BTreeSet;

use crate::app::{
    AddedEnd, ImportForm, ImportOutcome, KeyImport, PendingKey, SkippedLine, WhySkipped,
};
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::connection::wire::form::{Field, Input, Modal, TypedText};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::words::answers::buttons::button;
use crate::bot::words::files::reason;
use crate::bot::words::keys::changes::until_when;
use crate::bot::words::keys::forms::scope_field;
use crate::bot::words::keys::list::describe_key;
use crate::bot::words::refusal::pasted::form_button;
use crate::bot::words::speech::formats::{count_of, duration};
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;
use crate::model::{Health, ProviderId, Scope, WhyUnread};

/// How many providers have a button for a key of nobody knows whose.
const OWNER_BUTTONS_MAX: usize = 8;

/// How many lines without a key are named.
const LINES_NAMED_MAX: usize = 10;

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
        input: Input::Lines(TypedText::default()),
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
        lines.push(why_nothing(voice, import));
    } else {
        lines.push(what_waits(voice, storable, import));
    }
    lines.extend(import.keys.iter().map(|key| describe_found(voice, key)));
    let (unclear, others): (Vec<_>, Vec<_>) = import
        .skipped
        .iter()
        .partition(|line| matches!(line.why, WhySkipped::OneOfSeveral(_)));
    lines.extend(unclear.iter().map(|line| ask_whose(voice, line)));
    if !others.is_empty() {
        let words = Plural(
            "-# {n} line holds no key that I could store: {lines}.",
            "-# {n} lines hold no key that I could store: {lines}.",
        );
        let numbers = number_lines(voice, &others);
        lines.push(lang.say_count(count_of(others.len()), words, &[("lines", &numbers)]));
    }
    let mut buttons = if storable == 0 {
        Vec::new()
    } else {
        import_buttons(voice, &import.id)
    };
    buttons.extend(owner_buttons(voice, &unclear, import.scope));
    Card {
        buttons,
        ..Card::text(lines.join("\n"))
    }
}

/// The numbers of lines in their file, as many as are worth reading.
fn number_lines(voice: Voice<'_>, lines: &[&SkippedLine]) -> String {
    let shown = lines.iter().take(LINES_NAMED_MAX);
    let mut shown: Vec<String> = shown.map(|line| line.line.to_string()).collect();
    if lines.len() > LINES_NAMED_MAX {
        shown.push("…".to_owned());
    }
    voice.lang.list(&shown)
}

/// Why none of the keys that were found is stored.
fn why_nothing(voice: Voice<'_>, import: &KeyImport) -> String {
    if let Some(wait_s) = import.checkable_in_s {
        return voice.lang.say(
            "Nothing is stored: I can't ask about all of these right now, and no key makes way for one that is not \
             checked. Run `/keys import` again in {wait}.",
            &[("wait", &duration(voice, wait_s))],
        );
    }
    voice.lang.words(why_none(import)).to_owned()
}

/// Why none is stored of the keys that were found, all of which were checked.
fn why_none(import: &KeyImport) -> &'static str {
    let stored = import.keys.iter().filter(|key| key.is_stored).count();
    let has_unclear = import
        .skipped
        .iter()
        .any(|line| matches!(line.why, WhySkipped::OneOfSeveral(_)));
    if import.keys.is_empty() && has_unclear {
        "Nothing is stored: I can't tell whose this is, and sent it to nobody."
    } else if import.keys.is_empty() {
        "I found no key in it that I could store. A line is `NAME=key`, such as `OPENAI_API_KEY=sk-…`, or a key \
         alone. Run `/keys import` again with such lines."
    } else if stored == import.keys.len() {
        "What I found is stored already, so nothing changed."
    } else if stored > 0 {
        "Nothing of this is new and can be stored. Make new ones of those that can't at their providers, and run \
         `/keys import` again."
    } else {
        "None of these can be stored, so nothing was. Make new ones at their providers, and run `/keys import` again."
    }
}

/// How many keys can be stored, or wait until all can be checked; and for how long.
fn what_waits(voice: Voice<'_>, storable: usize, import: &KeyImport) -> String {
    let Some(wait_s) = import.checkable_in_s else {
        let words = Plural(
            "I found {n} key that can be stored. Nothing is stored yet, and it waits for 15 minutes.",
            "I found {n} keys that can be stored. Nothing is stored yet, and they wait for 15 minutes.",
        );
        return voice.lang.say_count(count_of(storable), words, &[]);
    };
    let words = Plural(
        "I found {n} key. Nothing is stored yet. It can be checked in {wait}, and waits for 15 minutes more.",
        "I found {n} keys. Nothing is stored yet. Those that are not checked can be in {wait}, and all wait for 15 \
         minutes more.",
    );
    let wait = duration(voice, wait_s);
    let waiting = import.keys.iter().filter(|key| key.id.is_some()).count();
    voice
        .lang
        .say_count(count_of(waiting), words, &[("wait", &wait)])
}

/// Asks whose a key is that begins as those of several providers do.
fn ask_whose(voice: Voice<'_>, line: &SkippedLine) -> String {
    let names: Vec<String> = owners_of(line).iter().map(|id| voice.name(id)).collect();
    let owners = voice.lang.either(&names, voice.lang.words(" or "));
    voice.lang.say(
        "- Whose is the key in line {line}? Keys of {owners} begin so. Paste it again by the button of its \
         provider or with `/keys add provider:…`, or write a name before it, such as `DEEPSEEK_API_KEY=`.",
        &[("line", &line.line), ("owners", &owners)],
    )
}

fn owners_of(line: &SkippedLine) -> &[ProviderId] {
    match &line.why {
        WhySkipped::OneOfSeveral(owners) => owners,
        _ => &[],
    }
}

/// Buttons for the providers whose keys lines may hold: as many as fit into two
/// rows with the two others.
fn owner_buttons(voice: Voice<'_>, unclear: &[&SkippedLine], scope: Scope) -> Vec<Button> {
    let owners = unclear.iter().flat_map(|line| owners_of(line));
    let owners: BTreeSet<&ProviderId> = owners.collect();
    let of = |id: &ProviderId| Button {
        style: ButtonStyle::Secondary,
        ..form_button(voice, id, scope)
    };
    owners.into_iter().take(OWNER_BUTTONS_MAX).map(of).collect()
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
        _ if key.is_second => lang
            .words(" · left out: there is one key for each provider, and the one above is taken")
            .to_owned(),
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
            let named = describe_key(voice, key);
            let said = lang.say(sentence, &[("scope", &scope), ("key", &named)]);
            let kept_ms = key.expires_at_ms.filter(|_| *replaced);
            let end = kept_ms.map(|at_ms| until_when(voice, AddedEnd::Kept(at_ms)));
            return match end {
                Some(end) => format!("{said} {end}"),
                None => said,
            };
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
        ImportOutcome::KeptUnasked(provider) => (
            "{provider} could not be asked about the new key right now, so the one that works stays. \
             Import it again later.",
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
pub fn file_unread(voice: Voice<'_>, why: &WhyUnread) -> Card {
    if let WhyUnread::Kind(_) = why {
        return Card::text(voice.lang.words(
            "That file holds no text, so I looked for no key in it, and nothing was stored. Run `/keys import` again \
             with a text file such as a `.env` file, or paste its lines.",
        ));
    }
    Card::text(voice.lang.say(
        "I could not read that file: {why}. I looked for no key in it, and nothing was stored. Run `/keys import` \
         again with another file, or paste its lines.",
        &[("why", &reason(voice, why))],
    ))
}

/// The form came back with nothing in it.
pub fn nothing_pasted(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "No lines were pasted and no file was chosen, so there was nothing to look at. Run `/keys import` again.",
    ))
}
