//! Pressed buttons. Nothing waits for them in memory: what they mean is in
//! the database, and permission is read again from their own payload.

use serenity::all::ComponentInteraction;

use crate::app::Error;
use crate::bot::answers::buttons;
use crate::bot::answers::promise::find_before_form;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::card::Modal;
use crate::bot::connection::interaction_calls::InteractionHandle;
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::private_reply::show_privately;
use crate::bot::pictures::buttons::{RepeatFrom, repeat_picture, show_seed};
use crate::bot::pictures::confirm::{confirm_picture, leave_picture};
use crate::bot::words::{self, Voice};
use crate::bot::{Bot, explain_error};
use crate::model::{AccessRefusal, Scope};

/// Takes a press of a button, or a choice from a menu.
pub async fn handle_press(bot: &Bot, press: &ComponentInteraction) -> anyhow::Result<()> {
    match CustomId::parse(&press.data.custom_id) {
        Some(CustomId::KeepKey) => {
            let card = words::keys::kept(bot.voice(&press.locale));
            bot.rest.update(&press.into(), &card).await
        }
        Some(CustomId::RemoveKey(id)) => remove_key(bot, press, &id).await,
        Some(CustomId::ReplaceKey(id)) => replace_key(bot, press, &id).await,
        Some(CustomId::AddAgain(id)) => reopen_key_form(bot, press, &id).await,
        Some(CustomId::OnceAgain(id)) => reopen_once_form(bot, press, &id).await,
        Some(CustomId::OwnKey(provider)) => open_key_form(bot, press, &provider, Scope::User).await,
        Some(CustomId::ServerKey(provider)) => {
            open_key_form(bot, press, &provider, Scope::Guild).await
        }
        Some(CustomId::StopAnswer(id)) => buttons::stop_answer(bot, press, &id).await,
        Some(CustomId::RepeatAnswer(id)) => {
            Box::pin(buttons::repeat_answer(bot, press, &id, None)).await
        }
        Some(CustomId::OtherModel(id)) => buttons::offer_models(bot, press, &id).await,
        Some(CustomId::ModelMenu(id)) => {
            let model = buttons::picked_model(press);
            Box::pin(buttons::repeat_answer(bot, press, &id, model)).await
        }
        Some(CustomId::AnswerDetails(id)) => buttons::show_details(bot, press, &id).await,
        Some(CustomId::RepeatPicture(id)) => {
            repeat_picture(bot, press, &id, RepeatFrom::Words).await
        }
        Some(CustomId::VaryPicture(id)) => {
            repeat_picture(bot, press, &id, RepeatFrom::Picture).await
        }
        Some(CustomId::ConfirmPicture(id)) => Box::pin(confirm_picture(bot, press, &id)).await,
        Some(CustomId::LeavePicture(id)) => leave_picture(bot, press, &id).await,
        Some(CustomId::PictureSeed(id)) => show_seed(bot, press, &id).await,
        Some(CustomId::AddKeyForm(_) | CustomId::OnceForm(_) | CustomId::EraseForm(_)) | None => {
            let stale = Error::from(AccessRefusal::StaleForm);
            let card = explain_error(bot.voice(&press.locale), &stale);
            bot.rest.reply(&press.into(), &card).await
        }
    }
}

/// Removes a key, if whoever pressed may still do so.
async fn remove_key(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let voice = bot.voice(&press.locale);
    bot.rest.defer_update(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    match bot.app.keys.finish_remove(&caller, id).await {
        Ok((provider, scope)) => {
            let card = words::keys::key_removed(voice, &provider, scope);
            show_privately(bot, &handle, card).await
        }
        // The message stays as it is: it may be somebody else's.
        Err(error) => {
            let card = explain_error(voice, &error);
            bot.rest.follow_up_ephemeral(&handle, &card).await.map(drop)
        }
    }
}

/// Has a key take the place of one that works, if whoever pressed may still do
/// so.
async fn replace_key(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    bot.rest.defer_update(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let voice = bot.voice_for(&caller, &press.locale).await;
    match bot.app.keys.finish_replace(&caller, id).await {
        Ok(added) => show_privately(bot, &handle, words::keys::added(voice, &added)).await,
        // The message stays as it is: it may be somebody else's.
        Err(error) => {
            let card = explain_error(voice, &error);
            bot.rest.follow_up_ephemeral(&handle, &card).await.map(drop)
        }
    }
}

/// Opens the form for a key of one's own, or of the server's.
async fn open_key_form(
    bot: &Bot,
    press: &ComponentInteraction,
    provider: &str,
    scope: Scope,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let voice = bot.voice_for(&caller, &press.locale).await;
    // A form must be the first answer, so nothing slow may come before it.
    let beginning = bot.app.keys.begin_add(&caller, provider, scope, None);
    let modal = find_before_form(beginning).await;
    let modal = modal.map(|form| words::keys::add_form(voice, &form));
    open_or_explain(bot, &handle, voice, modal).await
}

/// Opens the form of a key again, with what was chosen for it.
async fn reopen_key_form(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let voice = bot.voice_for(&caller, &press.locale).await;
    let modal = find_before_form(bot.app.keys.reopen_add(&caller, id)).await;
    let modal = modal.map(|form| words::keys::add_form(voice, &form));
    open_or_explain(bot, &handle, voice, modal).await
}

/// Opens the form of a key for one ask again, with the prompt as the message
/// quotes it.
async fn reopen_once_form(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let voice = bot.voice_for(&caller, &press.locale).await;
    let prompt = words::keys::quoted_prompt(&press.message.content);
    let modal = find_before_form(bot.app.asks.reopen_once(&caller, id)).await;
    let modal = modal.map(|form| words::keys::once_form(voice, &form, prompt));
    open_or_explain(bot, &handle, voice, modal).await
}

/// Opens a form, or says why there is none.
async fn open_or_explain(
    bot: &Bot,
    handle: &InteractionHandle,
    voice: Voice<'_>,
    modal: Result<Modal, Error>,
) -> anyhow::Result<()> {
    match modal {
        Ok(modal) => bot.rest.open_modal(handle, &modal).await,
        Err(error) => bot.rest.reply(handle, &explain_error(voice, &error)).await,
    }
}
