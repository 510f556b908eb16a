//! The button that offers models to choose for all that somebody asks.

use serenity::all::ComponentInteraction;

use crate::bot::Bot;
use crate::bot::interactions::keys::key_presses::picked;
use crate::bot::interactions::private_reply::answer_press;
use crate::bot::words;
use crate::model::ChoiceScope;

/// Offers the models that the keys here can use.
pub async fn offer_choice(bot: &Bot, press: &ComponentInteraction) -> anyhow::Result<()> {
    answer_press(bot, press, async |caller, voice| {
        bot.app.asks.refuse_blocked(caller).await?;
        let models = bot.app.asks.list_models(caller).await?;
        Ok(words::choices::choice_menu(voice, &models))
    })
    .await
}

/// Chooses the model that was picked, for all that whoever picked it asks.
pub async fn choose_picked(bot: &Bot, press: &ComponentInteraction) -> anyhow::Result<()> {
    answer_press(bot, press, async |caller, voice| {
        let scope = ChoiceScope::Person(caller.person);
        let model = picked(press).unwrap_or_default();
        let chosen = bot.app.asks.choose_model(caller, scope, model).await?;
        Ok(words::choices::chosen_model(voice, scope, &chosen))
    })
    .await
}
