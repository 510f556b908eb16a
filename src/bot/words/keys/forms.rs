//! The forms into which keys are typed.

use crate::app::{AddForm, FormAgain, OnceForm, ProviderInfo};
use crate::bot::answers::split;
use crate::bot::connection::card::{Button, ButtonStyle, Card, Field, Modal};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::key_target::KeyPlace;
use crate::bot::words::refusal::pasted::form_button;
use crate::bot::words::voice::Voice;
use crate::model::Scope;

/// Discord's limits on the parts of a form, in characters.
const LABEL_CHARACTERS_MAX: usize = 45;

const PLACEHOLDER_CHARACTERS_MAX: usize = 100;

/// What Discord shows a line as quoted by.
const QUOTE: &str = "> ";

/// The id of the field that the key is typed into.
pub const KEY_FIELD: &str = "key";

/// The field that the prompt stands in.
pub const PROMPT_FIELD: &str = "prompt";

/// The form that asks for a key and for what goes with it, as a button opens
/// it in its place.
pub fn add_form(voice: Voice<'_>, form: &AddForm<'_>, place: KeyPlace) -> Modal {
    let lang = voice.lang;
    let name = &form.provider.name();
    let title = match form.scope {
        Scope::User => lang.say("Your {provider} key", &[("provider", name)]),
        Scope::Guild => voice.say("{This} server's {provider} key", &[("provider", name)]),
        Scope::System => lang.say("The bot's {provider} key", &[("provider", name)]),
    };
    let label = "API key (shown while you type, stored sealed)";
    let fields = key_fields(voice, form.provider, label);
    let custom_id = CustomId::AddKeyForm(form.id.clone(), place).write();
    Modal {
        custom_id,
        title: clip(&title, LABEL_CHARACTERS_MAX),
        fields,
    }
}

/// The form that asks for a prompt and a key.
pub fn once_form(voice: Voice<'_>, form: &OnceForm<'_>, prompt: String) -> Modal {
    let lang = voice.lang;
    let mut fields = vec![Field {
        id: PROMPT_FIELD.to_owned(),
        label: lang.words("What to ask").to_owned(),
        placeholder: String::new(),
        required: true,
        value: Some(prompt),
    }];
    let label = "API key (used once, never stored)";
    fields.extend(key_fields(voice, form.provider, label));
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
    let new = form_button(voice, &again.provider, again.scope);
    card.buttons
        .retain(|button| button.custom_id != new.custom_id);
    let custom_id = CustomId::AddAgain(again.id.clone(), place).write();
    card.buttons.push(Button { custom_id, ..new });
    card
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
    card.buttons.push(Button {
        label: voice.lang.words("Type the key again").into(),
        custom_id: CustomId::OnceAgain(form.to_owned()).write(),
        style: ButtonStyle::Primary,
    });
    card
}

/// The prompt that stands in a message of [`offer_once_again`]'s.
pub fn quoted_prompt(text: &str) -> String {
    let lines = text.lines().filter_map(|line| line.strip_prefix(QUOTE));
    lines.collect::<Vec<_>>().join("\n")
}

/// The fields of a key and of what goes with it.
fn key_fields(voice: Voice<'_>, provider: ProviderInfo<'_>, label: &str) -> Vec<Field> {
    let lang = voice.lang;
    let mut fields = vec![Field {
        id: KEY_FIELD.into(),
        label: lang.words(label).into(),
        placeholder: lang.say("From {page}", &[("page", &provider.key_page())]),
        required: true,
        value: None,
    }];
    fields.extend(provider.extras().map(|extra| Field {
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

fn clip(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}
