//! Pressed buttons. Nothing waits for them in memory: what they mean is in
//! the database, and permission is read again from their own payload.

use serenity::all::ComponentInteraction;

use crate::app::{BudgetClearing, Error};
use crate::bot::answers::buttons;
use crate::bot::answers::running::promise::find_before_form;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::keys::key_imports::{forget_import, open_import, store_import};
use crate::bot::interactions::keys::key_panel::{enter_panel, open_panel};
use crate::bot::interactions::keys::key_presses::{
    open_key_form, open_or_explain, open_picked_form, press_deed, remove_in_panel, reopen_key_form,
};
use crate::bot::interactions::model_choice::{choose_picked, offer_choice};
use crate::bot::interactions::private_reply::{answer_in_place, answer_press, show_privately};
use crate::bot::pictures::buttons::{RepeatFrom, repeat_picture, show_seed};
use crate::bot::pictures::confirm::{confirm_picture, leave_picture};
use crate::bot::words;
use crate::bot::{Bot, explain_error};
use crate::model::{AccessRefusal, Blocked};

/// Takes a press of a button, or a choice from a menu.
pub async fn handle_press(bot: &Bot, press: &ComponentInteraction) -> anyhow::Result<()> {
    match CustomId::parse(&press.data.custom_id) {
        Some(CustomId::KeepKey) => {
            let card = words::keys::kept(bot.voice(&press.locale));
            bot.rest.update(&press.into(), &card).await
        }
        Some(CustomId::OpenImport(scope)) => open_import(bot, press, scope).await,
        Some(CustomId::StoreImport(id)) => store_import(bot, press, &id).await,
        Some(CustomId::ForgetImport(id)) => forget_import(bot, press, &id).await,
        Some(CustomId::RemoveKey(id)) => remove_key(bot, press, &id).await,
        Some(CustomId::ReplaceKey(id)) => replace_key(bot, press, &id).await,
        Some(CustomId::ClearBudget(id)) => clear_budget(bot, press, &id).await,
        Some(CustomId::StopEverybody(id)) => stop_everybody(bot, press, &id).await,
        Some(CustomId::AddAgain(id, place)) => reopen_key_form(bot, press, &id, place).await,
        Some(CustomId::OnceAgain(id)) => reopen_once_form(bot, press, &id).await,
        Some(CustomId::RemoveInPanel(id, view)) => remove_in_panel(bot, press, &id, view).await,
        Some(CustomId::KeyForm(target)) => open_key_form(bot, press, &target).await,
        Some(CustomId::KeyDeed(deed, target)) => press_deed(bot, press, deed, &target).await,
        Some(CustomId::ProviderMenu(scope, place)) => {
            open_picked_form(bot, press, scope, place).await
        }
        Some(CustomId::OpenPanel(view)) => open_panel(bot, press, view).await,
        Some(CustomId::TurnPanel(view)) => match enter_panel(bot, press, view).await? {
            Some(visit) => visit.show(Ok(None)).await,
            None => Ok(()),
        },
        Some(CustomId::ShowPayers) => show_payers(bot, press).await,
        Some(CustomId::ShowLimits) => show_limits(bot, press).await,
        Some(CustomId::OfferModels) => offer_choice(bot, press).await,
        Some(CustomId::ChosenModel) => choose_picked(bot, press).await,
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
        Some(
            CustomId::AddKeyForm(..)
            | CustomId::ImportForm(_)
            | CustomId::OnceForm(_)
            | CustomId::EraseForm(_),
        )
        | None => {
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

/// Clears the limits of a server's key that the message lists, if whoever pressed
/// may still do so.
async fn clear_budget(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    answer_in_place(bot, press, async |caller, voice| {
        Ok(
            match bot.app.quotas.finish_clear_budget(caller, id).await? {
                BudgetClearing::Cleared(limits) => words::quotas::limits_cleared(voice, &limits),
                BudgetClearing::Changed(button, limits) => {
                    words::quotas::limits_changed(voice, button, &limits)
                }
            },
        )
    })
    .await
}

/// Stops everybody from asking, if whoever pressed may still do so.
async fn stop_everybody(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    answer_in_place(bot, press, async |caller, voice| {
        let until = bot.app.people.finish_stop(caller, id).await?;
        Ok(words::quotas::was_blocked(voice, Blocked::Everyone, until))
    })
    .await
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

/// Opens the form of a key for one ask again, with the prompt as the message
/// quotes it.
async fn reopen_once_form(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let voice = bot.voice_for(&caller, &press.locale).await;
    let prompt = words::keys::quoted_prompt(&press.message.content);
    let modal = find_before_form(bot.app.asks.reopen_once(&caller, id)).await;
    let modal = modal.map(|form| words::keys::once_form(voice, &form, prompt));
    open_or_explain(bot, press, modal).await
}

/// Shows which key pays for what here.
async fn show_payers(bot: &Bot, press: &ComponentInteraction) -> anyhow::Result<()> {
    answer_press(bot, press, async |caller, voice| {
        let status = bot.app.asks.read_status(caller, None).await?;
        Ok(words::keys::status(voice, &status))
    })
    .await
}

/// Shows what whoever pressed may still use here.
async fn show_limits(bot: &Bot, press: &ComponentInteraction) -> anyhow::Result<()> {
    answer_press(bot, press, async |caller, voice| {
        let status = bot.app.quotas.read_status(caller).await?;
        Ok(words::quotas::status(voice, &status))
    })
    .await
}
