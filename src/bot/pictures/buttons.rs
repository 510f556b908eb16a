//! The buttons under a picture.

use serenity::all::{Attachment, ComponentInteraction};

use crate::app::Error;
use crate::bot::answers::writing::target::Target;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::conversation::transcript::ImagePrompt;
use crate::bot::conversation::turns::{is_picture, question_in};
use crate::bot::pictures::make::{PictureRequest, make_pictures};
use crate::bot::{Bot, explain_error, words};
use crate::model::{ConversationRefusal, ImageSpec, PictureAsk, PictureJob, PictureRefusal, Words};

/// What a picture is made from when it is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepeatFrom {
    /// The words that it was made from.
    Words,
    /// The picture itself, where somebody here can.
    Picture,
}

/// Makes a picture again.
pub async fn repeat_picture(
    bot: &Bot,
    press: &ComponentInteraction,
    id: &str,
    from: RepeatFrom,
) -> anyhow::Result<()> {
    match request_again(bot, press, id, from).await {
        Ok(request) => Box::pin(make_pictures(bot, request)).await,
        Err(error) => {
            let card = explain_error(bot.voice(&press.locale), &error);
            bot.rest.reply(&press.into(), &card).await
        }
    }
}

async fn request_again<'a>(
    bot: &Bot,
    press: &'a ComponentInteraction,
    id: &str,
    from: RepeatFrom,
) -> Result<PictureRequest<'a>, Error> {
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let job = job_under_button(bot, press, id).await?;
    let choices = bot.app.pictures.choices_of(&job).await?;
    let question = question_in(bot, &press.message).await;
    let question = question.ok_or(ConversationRefusal::QuestionGone)?;
    let ImagePrompt {
        prompt,
        negative,
        lora,
    } = ImagePrompt::parse(&question);
    let spec = ImageSpec {
        prompt: Words(prompt),
        negative: Words(negative),
        lora,
        size: job.size,
        count: job.count,
        previews: bot.app.pictures.previews(),
        ..ImageSpec::default()
    };
    let shown = press.message.attachments.first();
    let shown = shown.filter(|file| from == RepeatFrom::Picture && is_picture(file));
    let varied =
        shown.and_then(|file| Some((bot.app.pictures.vary_choices(&choices)?, file.clone())));
    let (choices, file): (_, Option<Attachment>) = match varied {
        Some((choices, file)) => (choices, Some(file)),
        None => (choices, None),
    };
    if job.is_edit && file.is_none() {
        return Err(PictureRefusal::PictureNotKept.into());
    }
    let imagine = PictureAsk {
        age_restricted: bot.is_age_restricted(&caller).await,
        caller,
        choices,
        spec,
        request_key: None,
    };
    Ok(PictureRequest {
        imagine,
        file,
        enhance: false,
        is_spoiler: job.is_spoiler,
        confirmed_in: None,
        target: Target::Interaction(press.into()),
        locale: &press.locale,
    })
}

/// The picture that a button stands under. Buttons are pressed where they
/// stand, or by whoever asked in their direct messages.
async fn job_under_button(
    bot: &Bot,
    press: &ComponentInteraction,
    id: &str,
) -> Result<PictureJob, Error> {
    let job = bot.app.pictures.find_picture(id).await?;
    let direct = press.guild_id.is_none() && job.person.0 == press.user.id.get();
    if job.channel == Some(press.channel_id.get()) || direct {
        Ok(job)
    } else {
        Err(ConversationRefusal::StaleAnswer.into())
    }
}

/// Says which seed a picture began with.
pub async fn show_seed(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    let voice = bot.voice(&press.locale);
    let card = match job_under_button(bot, press, id).await {
        Ok(job) if job.is_edit => words::pictures::seed_of_edit(voice, job.seed),
        Ok(job) => words::pictures::seed(voice, job.seed),
        Err(error) => explain_error(voice, &error),
    };
    bot.rest.reply(&press.into(), &card).await
}
