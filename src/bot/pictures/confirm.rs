//! Asks whether pictures are worth what they may cost, and takes the answer.

use serenity::all::ComponentInteraction;

use crate::app::{CostlyPicture, Error};
use crate::bot::answers::writing::target::Target;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::connection::wire::card::{Card, File};
use crate::bot::conversation::transcript::{self, ImagePrompt};
use crate::bot::conversation::turns::{is_picture, question_in};
use crate::bot::pictures::make::{PictureRequest, make_pictures};
use crate::bot::words::{self, Voice};
use crate::bot::{Bot, explain_error};
use crate::model::{
    Caller, ConversationRefusal, ImageSpec, Picture, PictureAsk, PictureRefusal, Words,
};

/// Asks whether pictures are worth it. The words stand above it, and what is
/// to be changed below: nothing else keeps them.
pub fn confirmation_card(
    voice: Voice<'_>,
    id: &str,
    costly: CostlyPicture,
    source: Option<Picture>,
) -> Card {
    let files = source.map(|picture| File {
        name: format!("source.{}", picture.kind.extension()),
        kind: picture.kind.media_type(),
        description: words::pictures::source_alt_text(voice),
        bytes: picture.bytes.to_vec(),
    });
    Card {
        text: transcript::mark_notice(&words::pictures::confirm(voice, costly)),
        buttons: words::pictures::confirm_buttons(voice, id),
        files: files.into_iter().collect(),
        ..Card::default()
    }
}

/// Makes pictures whose price was confirmed, in the message with the button.
pub async fn confirm_picture(
    bot: &Bot,
    press: &ComponentInteraction,
    id: &str,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    bot.rest.defer_update(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    match confirmed_request(bot, press, (caller, id)).await {
        Ok(request) => Box::pin(make_pictures(bot, request)).await,
        // The message stays as it is: it may be somebody else's.
        Err(error) => {
            let card = explain_error(bot.voice(&press.locale), &error);
            bot.rest.follow_up_ephemeral(&handle, &card).await.map(drop)
        }
    }
}

async fn confirmed_request<'a>(
    bot: &Bot,
    press: &'a ComponentInteraction,
    (caller, id): (Caller, &str),
) -> Result<PictureRequest<'a>, Error> {
    let question = question_in(bot, &press.message).await;
    let question = question.ok_or(ConversationRefusal::QuestionGone)?;
    let kept = bot.app.pictures.take_unconfirmed(&caller, id).await?;
    let mut files = press.message.attachments.iter();
    let file = files.find(|file| is_picture(file)).cloned();
    if kept.spec.is_edit && file.is_none() {
        return Err(PictureRefusal::PictureNotKept.into());
    }
    let ImagePrompt {
        prompt,
        negative,
        lora,
    } = ImagePrompt::parse(&question);
    Ok(PictureRequest {
        imagine: PictureAsk {
            age_restricted: bot.is_age_restricted(&caller).await,
            caller,
            choices: kept.choices,
            spec: ImageSpec {
                prompt: Words(prompt),
                negative: Words(negative),
                lora,
                previews: bot.app.pictures.previews(),
                ..kept.spec
            },
            request_key: None,
        },
        file,
        enhance: false,
        is_spoiler: kept.is_spoiler,
        confirmed_in: Some(press.message.id.get()),
        target: Target::Interaction(press.into()),
        locale: &press.locale,
    })
}

/// Leaves pictures unmade.
pub async fn leave_picture(
    bot: &Bot,
    press: &ComponentInteraction,
    id: &str,
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(press);
    let voice = bot.voice(&press.locale);
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    match bot.app.pictures.take_unconfirmed(&caller, id).await {
        Ok(_) => {
            let question = question_in(bot, &press.message).await.unwrap_or_default();
            let heading = transcript::heading(&question).text;
            let card = words::pictures::left(voice, &heading);
            bot.rest.update(&handle, &card).await
        }
        Err(error) => bot.rest.reply(&handle, &explain_error(voice, &error)).await,
    }
}
