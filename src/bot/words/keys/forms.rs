//! The forms into which keys are typed, and what is chosen beside them.

use crate::app::{AddForm, FormAgain, OnceForm, PlainExtras, ProviderInfo};
use crate::bot::answers::split;
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card, Choice};
use crate::bot::connection::wire::form::{FIELDS_MAX, Field, Input, Modal, OPTIONS_MAX, TypedText};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::keys::key_target::KeyPlace;
use crate::bot::words::refusal::pasted::{TYPE_AGAIN, form_button};
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;
use crate::model::{LIFETIMES_DAYS, Lifetime, Scope};

/// What Discord shows a line as quoted by.
const QUOTE: &str = "> ";

/// The longest name of a key, in characters.
const NAME_CHARACTERS_MAX: u16 = 40;

/// The id of the field that the key is typed into.
pub const KEY_FIELD: &str = "key";

/// The fields of what is chosen beside a key. All others are what its provider
/// needs.
pub const PROVIDER_FIELD: &str = "provider";
pub const SCOPE_FIELD: &str = "scope";
pub const NAME_FIELD: &str = "name";
pub const DAYS_FIELD: &str = "days";

/// The field that the prompt stands in.
pub const PROMPT_FIELD: &str = "prompt";

/// The form that asks for a key and for what goes with it, as a button opens
/// it in its place.
pub fn add_form(voice: Voice<'_>, form: &AddForm<'_>, place: KeyPlace) -> Modal {
    let label = "API key (shown while you type, stored sealed)";
    let mut fields = match form.provider {
        Some(provider) => key_fields(voice, provider, label, &form.extras),
        None => vec![key_field(voice, None, label)],
    };
    fields.extend(fitting_choices(voice, form, FIELDS_MAX - fields.len()));
    Modal {
        custom_id: CustomId::AddKeyForm(form.id.clone(), place).write(),
        title: title(voice, form),
        fields,
    }
}

fn title(voice: Voice<'_>, form: &AddForm<'_>) -> String {
    let Some(provider) = form.provider else {
        return voice.lang.words("Add a key").to_owned();
    };
    let name = &provider.name();
    match form.scope {
        Scope::User => voice.lang.say("Your {provider} key", &[("provider", name)]),
        Scope::Guild => voice.say("{This} server's {provider} key", &[("provider", name)]),
        Scope::System => voice
            .lang
            .say("The bot's {provider} key", &[("provider", name)]),
    }
}

/// What is chosen beside a key, as far as there is room: what is not known yet
/// before what is.
fn fitting_choices(voice: Voice<'_>, form: &AddForm<'_>, room: usize) -> Vec<Field> {
    let is_open = form.scopes.len() > 1;
    let scope = is_open.then(|| scope_field(voice, &form.scopes, form.scope));
    let provider = provider_field(voice, form);
    let rank = |id: &str| match id {
        PROVIDER_FIELD if form.provider.is_none() => 0,
        DAYS_FIELD => 1,
        NAME_FIELD => 2,
        SCOPE_FIELD => 3,
        _ => 4,
    };
    let all = [
        Some(provider),
        scope,
        Some(name_field(voice, form)),
        Some(days_field(voice, form)),
    ];
    let all: Vec<Field> = all.into_iter().flatten().collect();
    let mut ranks: Vec<u8> = all.iter().map(|field| rank(&field.id)).collect();
    ranks.sort_unstable();
    ranks.truncate(room);
    let fits = |field: &Field| ranks.contains(&rank(&field.id));
    all.into_iter().filter(fits).collect()
}

fn provider_field(voice: Voice<'_>, form: &AddForm<'_>) -> Field {
    let chosen = form.provider.map(|provider| provider.id().to_string());
    let choice = |provider: ProviderInfo<'_>| Choice {
        label: provider.name().to_owned(),
        value: provider.id().to_string(),
    };
    let mut choices: Vec<Choice> = voice.providers.iter().map(choice).collect();
    let are_all = choices.len() <= OPTIONS_MAX;
    if !are_all {
        // The one that is chosen is among those that there is room for.
        choices.sort_by_key(|choice| chosen.as_ref() != Some(&choice.value));
        choices.truncate(OPTIONS_MAX);
    }
    let description = if are_all {
        "Left out, the key itself tells, if it can."
    } else {
        "Left out, the key itself tells. Others: /keys add provider:…"
    };
    Field {
        id: PROVIDER_FIELD.to_owned(),
        label: voice.lang.words("Provider").to_owned(),
        description: voice.lang.words(description).to_owned(),
        placeholder: voice.lang.words("Whose key it is").to_owned(),
        required: false,
        input: Input::Menu { choices, chosen },
    }
}

/// Who uses a key, of those who can.
pub(super) fn scope_field(voice: Voice<'_>, scopes: &[Scope], chosen: Scope) -> Field {
    let choice = |scope: &Scope| Choice {
        label: who_uses_it(voice, *scope),
        value: scope.as_str().to_owned(),
    };
    Field {
        id: SCOPE_FIELD.to_owned(),
        label: voice.lang.words("Who uses it").to_owned(),
        required: true,
        input: Input::Menu {
            choices: scopes.iter().map(choice).collect(),
            chosen: Some(chosen.as_str().to_owned()),
        },
        ..Field::default()
    }
}

fn who_uses_it(voice: Voice<'_>, scope: Scope) -> String {
    voice.say(
        match scope {
            Scope::User | Scope::System => "You, everywhere",
            Scope::Guild => "Everybody in {this} server",
        },
        &[],
    )
}

fn name_field(voice: Voice<'_>, form: &AddForm<'_>) -> Field {
    Field {
        id: NAME_FIELD.to_owned(),
        label: voice.lang.words("Name").to_owned(),
        placeholder: voice.lang.words("What to call it").to_owned(),
        input: Input::Line(TypedText {
            value: form.name.clone().unwrap_or_default(),
            characters_max: NAME_CHARACTERS_MAX,
        }),
        ..Field::default()
    }
}

fn days_field(voice: Voice<'_>, form: &AddForm<'_>) -> Field {
    let lang = voice.lang;
    let for_good = Choice {
        label: lang.words("As long as it works").to_owned(),
        value: Lifetime::WhileItWorks.word(),
    };
    let kept = form.may_keep_an_end.then(|| Choice {
        label: lang
            .words("As before; a new key as long as it works")
            .to_owned(),
        value: Lifetime::AsBefore.word(),
    });
    let chosen = match form.lifetime {
        Lifetime::AsBefore if !form.may_keep_an_end => Lifetime::WhileItWorks,
        chosen => chosen,
    };
    let lifetimes = LIFETIMES_DAYS.iter().map(|days| Choice {
        label: lang.say_count(u64::from(*days), Plural("{n} day", "{n} days"), &[]),
        value: Lifetime::Days(*days).word(),
    });
    Field {
        id: DAYS_FIELD.to_owned(),
        label: lang.words("How long it is used").to_owned(),
        required: true,
        input: Input::Menu {
            choices: kept
                .into_iter()
                .chain([for_good])
                .chain(lifetimes)
                .collect(),
            chosen: Some(chosen.word()),
        },
        ..Field::default()
    }
}

/// The form that asks for a prompt and a key.
pub fn once_form(voice: Voice<'_>, form: &OnceForm<'_>, prompt: String) -> Modal {
    let lang = voice.lang;
    let mut fields = vec![Field {
        id: PROMPT_FIELD.to_owned(),
        label: lang.words("What to ask").to_owned(),
        required: true,
        input: Input::Lines(TypedText::holding(prompt)),
        ..Field::default()
    }];
    let label = "API key (used once, never stored)";
    fields.extend(key_fields(voice, form.provider, label, &form.extras));
    Modal {
        custom_id: CustomId::OnceForm(form.id.clone()).write(),
        title: lang.words("Ask with a key for this once").to_owned(),
        fields,
    }
}

/// Adds to why a key was not stored what opens its form again, in the place of
/// what opens a new one.
pub fn offer_form_again(
    voice: Voice<'_>,
    mut card: Card,
    again: Option<&FormAgain>,
    place: KeyPlace,
) -> Card {
    let Some(again) = again else { return card };
    let custom_id = CustomId::AddAgain(again.id.clone(), place).write();
    let button = match &again.provider {
        Some(provider) => {
            let new = form_button(voice, provider, again.scope);
            card.buttons.retain(|button| button.label != new.label);
            Button { custom_id, ..new }
        }
        None => again_button(voice, custom_id),
    };
    card.buttons.push(button);
    card
}

fn again_button(voice: Voice<'_>, custom_id: String) -> Button {
    Button {
        label: voice.lang.words(TYPE_AGAIN).into(),
        custom_id,
        style: ButtonStyle::Primary,
    }
}

/// Adds to why a key was not used what opens its form again, and the prompt,
/// which is kept nowhere else.
pub fn offer_once_again(
    voice: Voice<'_>,
    mut card: Card,
    again: Option<&str>,
    prompt: &str,
) -> Card {
    let Some(form) = again else { return card };
    let quoted: Vec<String> = prompt
        .lines()
        .map(|line| format!("{QUOTE}{line}"))
        .collect();
    let text = format!("{}\n{}", card.text, quoted.join("\n"));
    if text.chars().count() <= split::LIMIT {
        card.text = text;
    }
    let custom_id = CustomId::OnceAgain(form.to_owned()).write();
    card.buttons.push(again_button(voice, custom_id));
    card
}

/// The prompt that stands in a message of [`offer_once_again`]'s.
pub fn quoted_prompt(text: &str) -> String {
    let lines = text.lines().filter_map(|line| line.strip_prefix(QUOTE));
    lines.collect::<Vec<_>>().join("\n")
}

/// The fields of a key and of what goes with it.
fn key_fields(
    voice: Voice<'_>,
    provider: ProviderInfo<'_>,
    label: &str,
    typed: &PlainExtras,
) -> Vec<Field> {
    let lang = voice.lang;
    let extras = provider.extras().map(|extra| Field {
        id: extra.field.into(),
        label: lang.words(extra.label).into(),
        placeholder: lang.words(extra.placeholder).into(),
        required: extra.required,
        input: Input::Line(TypedText::holding(
            typed.get(extra.field).cloned().unwrap_or_default(),
        )),
        ..Field::default()
    });
    std::iter::once(key_field(voice, Some(provider), label))
        .chain(extras)
        .collect()
}

fn key_field(voice: Voice<'_>, provider: Option<ProviderInfo<'_>>, label: &str) -> Field {
    let from = provider.map(ProviderInfo::key_page);
    let from = from.map(|page| voice.lang.say("From {page}", &[("page", &page)]));
    Field {
        id: KEY_FIELD.into(),
        label: voice.lang.words(label).into(),
        placeholder: from.unwrap_or_default(),
        required: true,
        ..Field::default()
    }
}
