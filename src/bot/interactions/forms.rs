//! Submitted forms and pressed buttons. Nothing waits for them in memory:
//! what they mean is in the database, and permission is read again from
//! their own payload.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serenity::all::{ActionRowComponent, ComponentInteraction, ModalInteraction};

use crate::app::Error;
use crate::bot::answers::buttons;
use crate::bot::answers::streaming::{AnswerRequest, answer_request};
use crate::bot::answers::target::Target;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::interaction_calls::InteractionHandle;
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::private_reply;
use crate::bot::pictures::buttons::{RepeatFrom, repeat_picture, show_seed};
use crate::bot::words;
use crate::bot::{Bot, explain_error};
use crate::model::{AccessRefusal, Refusal, Scope, Words};

/// Takes a form. It is acknowledged before anybody is asked about the key.
pub async fn submitted(bot: &Bot, mut form: ModalInteraction) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(&form);
    let voice = bot.voice(&form.locale);
    if let Some(CustomId::Once(id)) = CustomId::parse(&form.data.custom_id) {
        return ask_once(bot, &handle, form, &id).await;
    }
    bot.rest.defer_ephemeral(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_form(&form)).await;
    let done = match CustomId::parse(&form.data.custom_id) {
        Some(CustomId::Add(id)) => {
            let mut typed = take_typed(&mut form);
            let secret = typed.remove(words::KEY_FIELD).unwrap_or_default();
            let added = bot.app.keys.finish_add(&caller, &id, secret, typed).await;
            added.map(|added| words::added(voice, &added))
        }
        Some(CustomId::Erase(id)) => {
            let typed = text_of(&form, words::CONFIRM_FIELD);
            let erased = bot.app.people.finish_erase(&caller, &id, &typed).await;
            erased.map(|()| words::erased(voice))
        }
        _ => Err(Error::Refused(Refusal::Access(AccessRefusal::StaleForm))),
    };
    let card = done.unwrap_or_else(|error| explain_error(voice, &error));
    private_reply::show(bot, &handle, card).await
}

/// Asks with a key that was typed for this once; everybody sees the answer.
async fn ask_once(
    bot: &Bot,
    handle: &InteractionHandle,
    mut form: ModalInteraction,
    id: &str,
) -> anyhow::Result<()> {
    let prompt = Words(text_of(&form, words::PROMPT_FIELD));
    let mut typed = take_typed(&mut form);
    let secret = typed.remove(words::KEY_FIELD).unwrap_or_default();
    typed.remove(words::PROMPT_FIELD);
    let caller = bot.complete_caller(RawCaller::from_form(&form)).await;
    let ask = bot
        .app
        .asks
        .finish_once(caller, id, prompt, secret, typed)
        .await;
    match ask {
        Ok(ask) => {
            let request = AnswerRequest {
                quoted: Some(text_of(&form, words::PROMPT_FIELD)),
                is_promised: false,
                ask,
                target: Target::Interaction(handle.clone()),
                locale: &form.locale,
            };
            Box::pin(answer_request(bot, request)).await
        }
        Err(error) => {
            let card = explain_error(bot.voice(&form.locale), &error);
            bot.rest.reply(handle, &card).await
        }
    }
}

/// Takes a press of a button.
pub async fn pressed(bot: &Bot, press: ComponentInteraction) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(&press);
    let voice = bot.voice(&press.locale);
    match CustomId::parse(&press.data.custom_id) {
        Some(CustomId::Keep) => bot.rest.update(&handle, &words::kept(voice)).await,
        Some(CustomId::Remove(id)) => {
            bot.rest.defer_update(&handle).await?;
            let caller = bot.complete_caller(RawCaller::from_button(&press)).await;
            match bot.app.keys.finish_remove(&caller, &id).await {
                Ok((provider, scope)) => {
                    private_reply::show(bot, &handle, words::removed(voice, &provider, scope)).await
                }
                // The message stays as it is: it may be somebody else's.
                Err(error) => {
                    let why = explain_error(voice, &error);
                    bot.rest.follow_up_ephemeral(&handle, &why).await.map(drop)
                }
            }
        }
        Some(CustomId::Own(provider)) => {
            let caller = bot.complete_caller(RawCaller::from_button(&press)).await;
            // A form must be the first answer, so nothing slow may come before it.
            match bot
                .app
                .keys
                .begin_add(&caller, &provider, Scope::User, None)
                .await
            {
                Ok(form) => {
                    bot.rest
                        .open_modal(&handle, &words::added_form(voice, &form))
                        .await
                }
                Err(error) => bot.rest.reply(&handle, &explain_error(voice, &error)).await,
            }
        }
        Some(CustomId::Stop(id)) => buttons::stop_answer(bot, &press, &id).await,
        Some(CustomId::Again(id)) => buttons::repeat_answer(bot, &press, &id, None).await,
        Some(CustomId::Other(id)) => buttons::offer_models(bot, &press, &id).await,
        Some(CustomId::Model(id)) => {
            let model = buttons::picked_model(&press);
            buttons::repeat_answer(bot, &press, &id, model).await
        }
        Some(CustomId::Redo(id)) => repeat_picture(bot, &press, &id, RepeatFrom::Words).await,
        Some(CustomId::Vary(id)) => repeat_picture(bot, &press, &id, RepeatFrom::Picture).await,
        Some(CustomId::Seed(id)) => show_seed(bot, &press, &id).await,
        Some(CustomId::Details(id)) => buttons::show_details(bot, &press, &id).await,
        Some(CustomId::Add(_) | CustomId::Once(_) | CustomId::Erase(_)) | None => {
            let stale = Error::Refused(Refusal::Access(AccessRefusal::StaleForm));
            bot.rest.reply(&handle, &explain_error(voice, &stale)).await
        }
    }
}

/// What was typed into a field that holds no secret.
fn text_of(form: &ModalInteraction, field: &str) -> String {
    let mut rows = form.data.components.iter().flat_map(|row| &row.components);
    let typed = rows.find_map(|component| match component {
        ActionRowComponent::InputText(input) if input.custom_id == field => input.value.clone(),
        _ => None,
    });
    typed.unwrap_or_default()
}

/// What was typed, by field, moved out of the payload and into secrets.
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
