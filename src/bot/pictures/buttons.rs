//! The buttons under a picture.

use serenity::all::{Attachment, ComponentInteraction};

use crate::app::Error;
use crate::bot::answers::target::Target;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::interaction_calls::InteractionHandle;
use crate::bot::conversation;
use crate::bot::words;
use crate::bot::{Bot, explain};
use crate::model::{
    Caller, ConversationRefusal, ImageSpec, Imagine, PictureJob, PictureRefusal, Words,
};

use crate::bot::pictures::{Wanted, make, show};

/// Makes a picture again: from the same words, or from the picture itself
/// where somebody here can.
pub async fn redo(
    bot: &Bot,
    press: &ComponentInteraction,
    id: &str,
    vary: bool,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let voice = bot.voice(&press.locale);
    let who = bot.complete_caller(RawCaller::from_button(press)).await;
    match wished(bot, press, who, (id, vary)).await {
        Ok((imagine, file)) => {
            let wanted = Wanted {
                imagine,
                file,
                enhance: false,
                target: Target::Interaction(handle),
                locale: &press.locale,
            };
            Box::pin(make(bot, wanted)).await
        }
        Err(error) => bot.rest.reply(&handle, &explain(voice, &error)).await,
    }
}

async fn wished(
    bot: &Bot,
    press: &ComponentInteraction,
    who: Caller,
    (id, vary): (&str, bool),
) -> Result<(Imagine, Option<Attachment>), Error> {
    let job = here(bot, press, id).await?;
    let choices = bot.app.picture_choices(&job).await?;
    let asked = conversation::question_of(bot, &press.message).await;
    let (prompt, negative) = show::read(&asked.ok_or(ConversationRefusal::QuestionGone)?);
    let wish = ImageSpec {
        prompt: Words(prompt),
        negative: Words(negative),
        size: job.size,
        count: job.count,
        ..ImageSpec::default()
    };
    let shown = press.message.attachments.first().filter(|_| vary);
    let varied = shown.and_then(|file| Some((bot.app.varied(&choices)?, file.clone())));
    let (choices, file) = match varied {
        Some((choices, file)) => (choices, Some(file)),
        None => (choices, None),
    };
    if job.is_edit && file.is_none() {
        return Err(PictureRefusal::PictureNotKept.into());
    }
    let imagine = Imagine {
        age_restricted: bot.is_age_restricted(&who).await,
        caller: who,
        choices,
        wish,
        request_key: None,
    };
    Ok((imagine, file))
}

/// Buttons are pressed where they stand.
async fn here(bot: &Bot, press: &ComponentInteraction, id: &str) -> Result<PictureJob, Error> {
    let job = bot.app.picture(id).await?;
    let direct = press.guild_id.is_none() && job.person.0 == press.user.id.get();
    if job.channel == Some(press.channel_id.get()) || direct {
        Ok(job)
    } else {
        Err(ConversationRefusal::StaleAnswer.into())
    }
}

/// Says what a picture began with.
pub async fn seed(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let voice = bot.voice(&press.locale);
    let card = match here(bot, press, id).await {
        Ok(job) => words::seed(voice, job.seed),
        Err(error) => explain(voice, &error),
    };
    bot.rest.reply(&handle, &card).await
}
