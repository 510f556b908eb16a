//! The panel of keys: shown, turned, and changed in its place.

use serenity::all::ComponentInteraction;

use crate::app::Error;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::connection::wire::card::Card;
use crate::bot::interactions::keys::key_target::PanelView;
use crate::bot::interactions::private_reply::show_privately;
use crate::bot::words::{self, Voice};
use crate::bot::{Bot, explain_error};
use crate::model::Caller;

/// Where a panel stands, who looks at it, and what it shows.
pub struct PanelVisit<'a> {
    pub bot: &'a Bot,
    pub handle: InteractionHandle,
    pub caller: Caller,
    pub voice: Voice<'a>,
    pub view: PanelView,
}

impl PanelVisit<'_> {
    /// Shows the keys as they are now, below what came of a press; what was
    /// refused is said beside them.
    pub async fn show(&self, done: Result<Option<Card>, Error>) -> anyhow::Result<()> {
        match done {
            Ok(outcome) => self.show_and_say(outcome, None).await,
            Err(error) => {
                let refused = explain_error(self.voice, &error);
                self.show_and_say(None, Some(refused)).await
            }
        }
    }

    /// Shows the keys below what came of something, and says beside them what
    /// was refused.
    pub async fn show_and_say(
        &self,
        outcome: Option<Card>,
        refused: Option<Card>,
    ) -> anyhow::Result<()> {
        let outcome = outcome.map(|card| card.text);
        let keys = &self.bot.app.keys;
        match keys.list(&self.caller, self.view.scope).await {
            Ok(listing) => {
                let card = words::keys::panel(self.voice, &listing, self.view, outcome);
                show_privately(self.bot, &self.handle, card).await?;
            }
            // The panel stays as it is.
            Err(_) if refused.is_some() => {}
            Err(error) => {
                let card = explain_error(self.voice, &error);
                self.say_beside(&card).await?;
            }
        }
        match refused {
            Some(card) => self.say_beside(&card).await,
            None => Ok(()),
        }
    }

    /// Shows something else in the panel's place.
    pub async fn show_instead(&self, card: Card) -> anyhow::Result<()> {
        show_privately(self.bot, &self.handle, card).await
    }

    async fn say_beside(&self, card: &Card) -> anyhow::Result<()> {
        let rest = &self.bot.rest;
        rest.follow_up_ephemeral(&self.handle, card).await.map(drop)
    }
}

/// Acknowledges a press in a panel by whoever it was made for; none is
/// returned for anybody else's, who is told so.
pub async fn enter_panel<'a>(
    bot: &'a Bot,
    press: &ComponentInteraction,
    view: PanelView,
) -> anyhow::Result<Option<PanelVisit<'a>>> {
    let handle = InteractionHandle::from(press);
    if !is_own(press) {
        let voice = bot.voice(&press.locale);
        let card = words::with_offers(voice, words::keys::panel_of_another(voice));
        bot.rest.reply(&handle, &card).await?;
        return Ok(None);
    }
    bot.rest.defer_update(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let voice = bot.voice_for(&caller, &press.locale).await;
    Ok(Some(PanelVisit {
        bot,
        handle,
        caller,
        voice,
        view,
    }))
}

/// Whether whoever pressed is who the message answers, as far as it says.
fn is_own(press: &ComponentInteraction) -> bool {
    use serenity::all::MessageInteractionMetadata as Metadata;
    let user = match press.message.interaction_metadata.as_deref() {
        Some(Metadata::Command(it)) => &it.user,
        Some(Metadata::Component(it)) => &it.user,
        Some(Metadata::ModalSubmit(it)) => &it.user,
        _ => return true,
    };
    user.id == press.user.id
}

/// Opens a panel as a message of its own, for whoever pressed.
pub async fn open_panel(
    bot: &Bot,
    press: &ComponentInteraction,
    view: PanelView,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    bot.rest.defer_ephemeral(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let voice = bot.voice_for(&caller, &press.locale).await;
    let card = match bot.app.keys.list(&caller, view.scope).await {
        Ok(listing) => words::keys::panel(voice, &listing, view, None),
        Err(error) => explain_error(voice, &error),
    };
    show_privately(bot, &handle, card).await
}
