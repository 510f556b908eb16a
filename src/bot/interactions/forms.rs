//! Submitted forms. Nothing waits for them in memory: what they mean is in
//! the database, and permission is read again from their own payload.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serenity::all::{ActionRowComponent, ModalInteraction};

use crate::app::{AddedKey, Error, FailedAdd, FailedOnce, MemberDirectory, TypedKey};
use crate::bot::answers::promise::find_before_form;
use crate::bot::answers::streaming::{AnswerRequest, answer_request};
use crate::bot::answers::target::Target;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::card::Card;
use crate::bot::connection::interaction_calls::InteractionHandle;
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::key_panel::PanelVisit;
use crate::bot::interactions::key_target::{KeyPlace, PanelView};
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
            let typed = take_key(&mut form);
            let added = match about {
                Some(server) => {
                    let acting = MemberDirectory::caller(bot, caller.person, Some(server), true);
                    finish_add(bot, acting.await, &id, typed).await
                }
                None => finish_add(bot, Ok(caller), &id, typed).await,
            };
            Ok(show_added(voice, added, place))
        }
        Some(CustomId::EraseForm(id)) => {
            let typed = typed_text(&form, words::privacy::CONFIRM_FIELD);
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
    let typed = take_key(&mut form);
    let added = bot.app.keys.finish_add(&caller, id, typed).await;
    let done = match added {
        Ok(added) => Ok(Some(words::keys::added(voice, &added))),
        Err(FailedAdd { error, .. }) => Err(*error),
    };
    let visit = PanelVisit {
        bot,
        handle,
        caller,
        voice,
        view,
    };
    visit.show(done).await
}

/// Stores a key for whoever may act, if they may.
async fn finish_add(
    bot: &Bot,
    caller: Result<Caller, Error>,
    id: &str,
    typed: TypedKey,
) -> Result<AddedKey, FailedAdd> {
    bot.app.keys.finish_add(&caller?, id, typed).await
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
    let prompt = Words(typed_text(&form, words::keys::PROMPT_FIELD));
    let mut typed = take_key(&mut form);
    typed.extras.remove(words::keys::PROMPT_FIELD);
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

/// What was typed into a field that holds no secret.
fn typed_text(form: &ModalInteraction, field: &str) -> String {
    let mut rows = form.data.components.iter().flat_map(|row| &row.components);
    let typed = rows.find_map(|component| match component {
        ActionRowComponent::InputText(input) if input.custom_id == field => input.value.clone(),
        _ => None,
    });
    typed.unwrap_or_default()
}

/// Moves a key, and what was typed beside it, out of the payload.
fn take_key(form: &mut ModalInteraction) -> TypedKey {
    let mut typed = take_typed(form);
    TypedKey {
        secret: typed.remove(words::keys::KEY_FIELD).unwrap_or_default(),
        extras: typed,
    }
}

/// Moves what was typed out of the payload and into secrets, by field.
fn take_typed(form: &mut ModalInteraction) -> BTreeMap<String, SecretString> {
    let rows = form
        .data
        .components
        .iter_mut()
        .flat_map(|row| row.components.iter_mut());
    rows.filter_map(|component| match component {
        ActionRowComponent::InputText(input) => {
            let value = SecretString::from(input.value.take()?);
            Some((std::mem::take(&mut input.custom_id), value))
        }
        _ => None,
    })
    .collect()
}
