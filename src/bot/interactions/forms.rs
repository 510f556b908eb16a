//! Submitted forms. Nothing waits for them in memory: what they mean is in
//! the database, and permission is read again from their own payload.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serenity::all::{ActionRowComponent, InputText, ModalInteraction};

use crate::app::{AddedKey, Error, FailedAdd, FailedOnce, MemberDirectory, SentForm, TypedKey};
use crate::bot::answers::running::promise::find_before_form;
use crate::bot::answers::writing::streaming::{AnswerRequest, answer_request};
use crate::bot::answers::writing::target::Target;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::connection::wire::card::Card;
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::keys::key_imports::handle_import;
use crate::bot::interactions::keys::key_panel::PanelVisit;
use crate::bot::interactions::keys::key_target::{KeyPlace, PanelView};
use crate::bot::interactions::private_reply::show_privately;
use crate::bot::words::{self, Voice};
use crate::bot::{Bot, explain_error};
use crate::model::{AccessRefusal, Caller, Words};

/// Takes a form. It is acknowledged before anybody is asked about the key.
pub async fn handle_form(bot: &Bot, mut form: ModalInteraction) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(&form);
    let id = CustomId::parse(&form.data.custom_id);
    if let Some(CustomId::OnceForm(id)) = id {
        return ask_once(bot, form, &id).await;
    }
    if let Some(CustomId::ImportForm(id)) = id {
        return handle_import(bot, form, &id).await;
    }
    if let Some(CustomId::AddKeyForm(id, KeyPlace::Panel(view))) = id {
        return add_in_panel(bot, form, &id, view).await;
    }
    bot.rest.defer_ephemeral(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_form(&form)).await;
    let voice = bot.voice_for(&caller, &form.locale).await;
    let mut about = None;
    let done = match id {
        Some(CustomId::AddKeyForm(id, place)) => {
            about = place.server();
            let voice = if about.is_some() {
                voice.elsewhere()
            } else {
                voice
            };
            let sent = take_sent(&mut form);
            let added = match about {
                Some(server) => {
                    let acting = MemberDirectory::caller(bot, caller.person, Some(server), true);
                    finish_add(bot, acting.await, &id, sent).await
                }
                None => finish_add(bot, Ok(caller), &id, sent).await,
            };
            Ok(show_added(voice, added, place))
        }
        Some(CustomId::EraseForm(id)) => {
            let typed = take_text(&mut form, words::privacy::CONFIRM_FIELD);
            let typed = typed.unwrap_or_default();
            let erased = bot.app.people.finish_erase(&caller, &id, &typed).await;
            erased.map(|()| words::privacy::erased(voice))
        }
        _ => Err(AccessRefusal::StaleForm.into()),
    };
    let card = done.unwrap_or_else(|error: Error| explain_error(voice, &error));
    let card = words::with_offers_about(voice, card, about);
    show_privately(bot, &handle, card).await
}

/// Stores a key that was typed into a form that the panel opened, and shows
/// it there.
async fn add_in_panel(
    bot: &Bot,
    mut form: ModalInteraction,
    id: &str,
    view: PanelView,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(&form);
    bot.rest.defer_update(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_form(&form)).await;
    let voice = bot.voice_for(&caller, &form.locale).await;
    let sent = take_sent(&mut form);
    let added = bot.app.keys.finish_add(&caller, id, sent).await;
    let visit = PanelVisit {
        bot,
        handle,
        caller,
        voice,
        view,
    };
    match added {
        Ok(added) => {
            let card = words::keys::added(voice, &added);
            visit.show_and_say(Some(card), None).await
        }
        // What is said beside the panel is a reply of its own.
        failed => {
            let card = show_added(voice, failed, KeyPlace::Reply);
            visit.show_and_say(None, Some(card)).await
        }
    }
}

/// Stores a key for whoever may act, if they may.
async fn finish_add(
    bot: &Bot,
    caller: Result<Caller, Error>,
    id: &str,
    sent: SentForm,
) -> Result<AddedKey, FailedAdd> {
    bot.app.keys.finish_add(&caller?, id, sent).await
}

/// What came of a key that was typed. The form of one that was not stored can be
/// opened again.
fn show_added(voice: Voice<'_>, added: Result<AddedKey, FailedAdd>, place: KeyPlace) -> Card {
    match added {
        Ok(added) => words::keys::added(voice, &added),
        Err(FailedAdd { error, again }) => {
            let card = explain_error(voice, &error);
            words::keys::offer_form_again(voice, card, again.as_ref(), place)
        }
    }
}

/// Asks with a key that was typed for this once; everybody sees the answer.
async fn ask_once(bot: &Bot, mut form: ModalInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(&form);
    let prompt = take_text(&mut form, words::keys::PROMPT_FIELD);
    let prompt = Words(prompt.unwrap_or_default());
    let typed = take_key(&mut form);
    let caller = bot.complete_caller(RawCaller::from_form(&form)).await;
    let voice = bot.voice_for(&caller, &form.locale).await;
    let question = prompt.0.clone();
    // An answer is promised to everybody, and a refusal only to whoever asked.
    let finishing = bot.app.asks.finish_once(caller, id, prompt, typed);
    let ask = find_before_form(finishing).await;
    match ask {
        Ok(ask) => {
            let request = AnswerRequest {
                ask,
                // What was typed into a form stands nowhere in the channel.
                quoted: Some(question),
                heard: Vec::new(),
                is_promised: false,
                target: Target::Interaction(handle),
                locale: &form.locale,
            };
            Box::pin(answer_request(bot, request)).await
        }
        Err(FailedOnce { error, again }) => {
            let card = explain_error(voice, &error);
            let card = words::keys::offer_once_again(voice, card, again.as_deref(), &question);
            bot.rest.reply(&handle, &card).await
        }
    }
}

/// What was typed or chosen in a field that holds no secret, moved out of the
/// payload; none where the form does not have the field.
pub fn take_text(form: &mut ModalInteraction, field: &str) -> Option<String> {
    let mut inputs = inputs(form);
    inputs.find_map(|input| input.value.take_if(|_| input.custom_id == field))
}

/// Moves a key, and what was chosen beside it, out of the payload.
fn take_sent(form: &mut ModalInteraction) -> SentForm {
    SentForm {
        provider: take_text(form, words::keys::PROVIDER_FIELD),
        scope: take_text(form, words::keys::SCOPE_FIELD),
        name: take_text(form, words::keys::NAME_FIELD),
        lifetime: take_text(form, words::keys::DAYS_FIELD),
        typed: take_key(form),
    }
}

/// Moves a key, and what its provider needs beside it, out of the payload.
fn take_key(form: &mut ModalInteraction) -> TypedKey {
    let mut typed = take_typed(form);
    TypedKey {
        secret: typed.remove(words::keys::KEY_FIELD).unwrap_or_default(),
        extras: typed,
    }
}

/// Moves what was typed out of the payload and into secrets, by field.
fn take_typed(form: &mut ModalInteraction) -> BTreeMap<String, SecretString> {
    let typed = inputs(form).filter_map(|input| {
        let value = SecretString::from(input.value.take()?);
        Some((std::mem::take(&mut input.custom_id), value))
    });
    typed.collect()
}

/// The fields of a form, each of which is laid out as one of text.
fn inputs(form: &mut ModalInteraction) -> impl Iterator<Item = &mut InputText> {
    let rows = form.data.components.iter_mut();
    let fields = rows.flat_map(|row| row.components.iter_mut());
    fields.filter_map(|field| match field {
        ActionRowComponent::InputText(input) => Some(input),
        _ => None,
    })
}
