//! Pressed buttons about one key: under a reply, in a message about a server,
//! or in the panel. Who may do what is decided by whoever pressed, now.

use serenity::all::{ComponentInteraction, ComponentInteractionDataKind};

use crate::app::{AddForm, Error, KeyChoices, MemberDirectory};
use crate::bot::answers::running::promise::find_before_form;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::connection::wire::card::Card;
use crate::bot::connection::wire::form::Modal;
use crate::bot::interactions::keys::key_panel::{PanelVisit, enter_panel};
use crate::bot::interactions::keys::key_target::{KeyDeed, KeyPlace, KeyTarget, PanelView};
use crate::bot::interactions::private_reply::show_privately;
use crate::bot::words::{self, Voice};
use crate::bot::{Bot, explain_error};
use crate::model::{Caller, PersonId, ProviderId, Scope};

/// What is to be done, with which key.
#[derive(Clone, Copy)]
struct KeyPress<'a> {
    deed: KeyDeed,
    target: &'a KeyTarget,
}

/// Does something with a key, and shows what came of it.
pub async fn press_deed(
    bot: &Bot,
    press: &ComponentInteraction,
    deed: KeyDeed,
    target: &KeyTarget,
) -> anyhow::Result<()> {
    let wanted = KeyPress { deed, target };
    if let KeyPlace::Panel(view) = target.place {
        return press_in_panel(bot, press, view, wanted).await;
    }
    let handle = InteractionHandle::from(press);
    bot.rest.defer_ephemeral(&handle).await?;
    let voice = voice_at(bot, press, target.place);
    let done = match caller_at(bot, press, target.place).await {
        Ok(caller) => do_deed(bot, &caller, voice, wanted).await,
        Err(error) => Err(error),
    };
    let card = done.unwrap_or_else(|error| explain_error(voice, &error));
    let card = words::with_offers_about(voice, card, target.place.server());
    show_privately(bot, &handle, card).await
}

async fn press_in_panel(
    bot: &Bot,
    press: &ComponentInteraction,
    view: PanelView,
    wanted: KeyPress<'_>,
) -> anyhow::Result<()> {
    let Some(visit) = enter_panel(bot, press, view).await? else {
        return Ok(());
    };
    if wanted.deed == KeyDeed::Remove {
        return ask_to_remove(&visit, wanted.target).await;
    }
    let done = do_deed(bot, &visit.caller, visit.voice, wanted).await;
    visit.show(done.map(Some)).await
}

async fn ask_to_remove(visit: &PanelVisit<'_>, target: &KeyTarget) -> anyhow::Result<()> {
    let keys = &visit.bot.app.keys;
    let asked = keys.begin_remove(&visit.caller, target.provider.as_str(), target.scope);
    match asked.await {
        Ok((id, key)) => {
            let card = words::keys::confirm_removal_in_panel(visit.voice, id, &key, visit.view);
            visit.show_instead(card).await
        }
        Err(error) => visit.show(Err(error)).await,
    }
}

async fn do_deed(
    bot: &Bot,
    caller: &Caller,
    voice: Voice<'_>,
    KeyPress { deed, target }: KeyPress<'_>,
) -> Result<Card, Error> {
    let (keys, provider, scope) = (&bot.app.keys, target.provider.as_str(), target.scope);
    Ok(match deed {
        KeyDeed::Test => words::keys::tested(voice, &keys.test(caller, provider, scope).await?),
        KeyDeed::Pause => words::keys::paused(voice, &keys.pause(caller, provider, scope).await?),
        KeyDeed::Resume => {
            words::keys::resumed(voice, &keys.resume(caller, provider, scope).await?)
        }
        KeyDeed::Remove => {
            let (id, key) = keys.begin_remove(caller, provider, scope).await?;
            words::keys::confirm_removal(voice, id, &key)
        }
    })
}

/// Removes the key that the panel asked about.
pub async fn remove_in_panel(
    bot: &Bot,
    press: &ComponentInteraction,
    id: &str,
    view: PanelView,
) -> anyhow::Result<()> {
    let Some(visit) = enter_panel(bot, press, view).await? else {
        return Ok(());
    };
    let removed = bot.app.keys.finish_remove(&visit.caller, id).await;
    let done = removed.map(|(provider, scope)| {
        let card = words::keys::key_removed(visit.voice, &provider, scope);
        Some(card)
    });
    visit.show(done).await
}

/// How the bot speaks to whoever pressed: of "that server" where the button is
/// about one.
fn voice_at<'a>(bot: &'a Bot, press: &ComponentInteraction, place: KeyPlace) -> Voice<'a> {
    let voice = bot.voice(&press.locale);
    match place {
        KeyPlace::About(_) => voice.elsewhere(),
        KeyPlace::Reply | KeyPlace::Panel(_) => voice,
    }
}

/// Who pressed: where they are, or in the server that the button is about,
/// as Discord says now.
async fn caller_at(
    bot: &Bot,
    press: &ComponentInteraction,
    place: KeyPlace,
) -> Result<Caller, Error> {
    match place {
        KeyPlace::About(server) => {
            let person = PersonId(press.user.id.get());
            MemberDirectory::caller(bot, person, Some(server), true).await
        }
        KeyPlace::Reply | KeyPlace::Panel(_) => {
            Ok(bot.complete_caller(RawCaller::from_button(press)).await)
        }
    }
}

/// Opens the form for a key.
pub async fn open_key_form(
    bot: &Bot,
    press: &ComponentInteraction,
    target: &KeyTarget,
) -> anyhow::Result<()> {
    // A form must be the first answer, so nothing slow may come before it.
    let voice = voice_at(bot, press, target.place);
    let opened = find_before_form(begin_form(bot, press, target)).await;
    let modal = opened.map(|form| words::keys::add_form(voice, &form, target.place));
    open_or_explain(bot, press, modal).await
}

/// Opens the form of a key again, with what was chosen for it.
pub async fn reopen_key_form(
    bot: &Bot,
    press: &ComponentInteraction,
    id: &str,
    place: KeyPlace,
) -> anyhow::Result<()> {
    let voice = voice_at(bot, press, place);
    let reopening = async {
        let caller = caller_at(bot, press, place).await?;
        bot.app.keys.reopen_add(&caller, id).await
    };
    let opened = find_before_form(reopening).await;
    let modal = opened.map(|form| words::keys::add_form(voice, &form, place));
    open_or_explain(bot, press, modal).await
}

/// Opens a form, or says why there is none.
pub async fn open_or_explain(
    bot: &Bot,
    press: &ComponentInteraction,
    modal: Result<Modal, Error>,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    match modal {
        Ok(modal) => bot.rest.open_modal(&handle, &modal).await,
        Err(error) => {
            let caller = bot.complete_caller(RawCaller::from_button(press)).await;
            let voice = bot.voice_for(&caller, &press.locale).await;
            let card = explain_error(voice, &error);
            bot.rest.reply(&handle, &card).await
        }
    }
}

async fn begin_form<'a>(
    bot: &'a Bot,
    press: &ComponentInteraction,
    target: &KeyTarget,
) -> Result<AddForm<'a>, Error> {
    let caller = caller_at(bot, press, target.place).await?;
    let choices = KeyChoices::of(target.provider.clone(), target.scope);
    bot.app.keys.begin_add(&caller, choices).await
}

/// Opens the form for a key of the provider that was picked.
pub async fn open_picked_form(
    bot: &Bot,
    press: &ComponentInteraction,
    scope: Scope,
    place: KeyPlace,
) -> anyhow::Result<()> {
    let picked = picked(press).unwrap_or_default();
    let more = picked.strip_prefix(words::keys::MORE_FROM);
    if let Some(from) = more.and_then(|from| from.parse().ok()) {
        let voice = voice_at(bot, press, place);
        let card = words::keys::more_providers(voice, (scope, place), from);
        return bot.rest.reply(&press.into(), &card).await;
    }
    let target = KeyTarget {
        scope,
        place,
        provider: ProviderId::from(picked),
    };
    open_key_form(bot, press, &target).await
}

/// What was picked from a menu.
pub fn picked(press: &ComponentInteraction) -> Option<&str> {
    match &press.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => values.first().map(String::as_str),
        _ => None,
    }
}
