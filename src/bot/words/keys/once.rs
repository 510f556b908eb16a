//! The form of a key for one ask.

use crate::app::OnceForm;
use crate::bot::connection::card::{Field, Modal};
use crate::bot::interactions::custom_id::CustomId;

use crate::bot::words::Voice;
use crate::bot::words::keys::changes::key_fields;

/// The field that the prompt stands in.
pub const PROMPT_FIELD: &str = "prompt";

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
