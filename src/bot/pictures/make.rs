//! Takes an ask for pictures: waits in line, finds out who pays, and has
//! them made.

use serenity::all::Attachment;
use tokio::time::Instant;

use crate::app::{AnswerStart, Error, Permit, ReadyPicture, UnconfirmedPicture};
use crate::bot::answers::running::promise::{PromiseTime, promise_if_slow, promise_when_secured};
use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::answers::writing::target::Target;
use crate::bot::answers::{last_words, refusals};
use crate::bot::conversation::files::FileReader;
use crate::bot::conversation::transcript::ImagePrompt;
use crate::bot::pictures::confirm::confirmation_card;
use crate::bot::pictures::progress::PictureMessage;
use crate::bot::{Bot, words};
use crate::model::{
    Caller, Choices, ImageSpec, PICTURE_MB_MAX, PersonId, Picture, PictureAsk, PictureRefusal,
    ServerId, Words,
};

/// What is to be made, where it goes, and in which language.
pub struct PictureRequest<'a> {
    pub imagine: PictureAsk,
    /// The picture that is changed, as Discord keeps it.
    pub file: Option<Attachment>,
    /// Whether a language model rewrites the prompt first.
    pub enhance: bool,
    /// Whether nobody sees the pictures before they press on them.
    pub is_spoiler: bool,
    /// The message with the button by which their price was confirmed.
    pub confirmed_in: Option<u64>,
    pub target: Target,
    pub locale: &'a str,
}

/// Makes pictures, and shows how far they are.
pub async fn make_pictures(bot: &Bot, request: PictureRequest<'_>) -> anyhow::Result<()> {
    let requested_at = Instant::now();
    let caller = &request.imagine.caller;
    let voice = bot.voice_for(caller, request.locale).await;
    let asker = request.imagine.caller.person;
    let target = request.target.clone();
    let is_spoiler = request.is_spoiler;
    let mut renderer = MessageRenderer::new(bot, voice, &target, asker);
    renderer.set_server(request.imagine.caller.place.server());
    renderer.quote_question(&write_prompt(&request.imagine.spec));
    if let Some(message) = request.confirmed_in {
        renderer.mark_promised_by(message);
    }
    let secured = match Box::pin(secure_pictures(&mut renderer, request)).await {
        Ok(Some(secured)) => secured,
        Ok(None) => return Ok(()),
        Err(error) => {
            Box::pin(last_words::say_elsewhere(&mut renderer, error)).await;
            return Ok(());
        }
    };
    let began = AnswerStart {
        person: asker,
        server: secured.server,
        channel: target.channel(),
        promised: renderer.promised_message(),
        reply_to: target.reply_to(),
        choices: secured.choices,
    };
    let mut message = PictureMessage {
        renderer,
        requested_at,
        prompt: secured.prompt,
        is_spoiler,
    };
    let made = Box::pin(message.follow_making(secured.ready, began)).await;
    drop(secured.permit);
    made
}

/// Pictures that somebody pays for, and what is noted of them.
struct SecuredPictures {
    ready: ReadyPicture,
    server: Option<ServerId>,
    choices: Choices,
    prompt: String,
    /// Their place among those of their person, until they are shown.
    permit: Permit<PersonId>,
}

/// Waits in line and finds out who pays; or says why there are no pictures.
async fn secure_pictures(
    renderer: &mut MessageRenderer<'_>,
    request: PictureRequest<'_>,
) -> anyhow::Result<Option<SecuredPictures>> {
    let (bot, voice) = (renderer.bot, renderer.voice);
    let PictureRequest {
        mut imagine,
        file,
        enhance,
        is_spoiler,
        confirmed_in,
        ..
    } = request;
    let Some(mut permit) = bot.picture_queue.acquire(renderer.asker) else {
        let refusal = PictureRefusal::TooManyPicturesAtOnce.into();
        return refusals::turn_away(renderer, refusal).await.map(|()| None);
    };
    if permit.must_wait() || enhance {
        renderer.promise_answer().await?;
    }
    if permit.must_wait() {
        let card = words::answers::waiting_in_line(voice);
        renderer.show_meanwhile(card).await;
        permit.wait_turn().await;
    }
    imagine.spec.is_edit = file.is_some();
    if enhance && !make_more_of_prompt(renderer, &mut imagine).await? {
        return Ok(None);
    }
    let choices = imagine.choices.clone();
    let server = imagine.caller.place.server();
    let prompt = imagine.spec.prompt.0.clone();
    let unconfirmed = unconfirmed_picture(&imagine, is_spoiler);
    let caller = imagine.caller.clone();
    let preparing = bot.app.pictures.prepare(imagine);
    let prepared = promise_if_slow(renderer, preparing).await?;
    let securing = Box::pin(async {
        let mut ready = prepared.secure().await?;
        if let Some(file) = file {
            ready.take(download_picture(bot, &file).await?)?;
        }
        Ok(ready)
    });
    let ready = promise_when_secured(renderer, PromiseTime::WhenSecured, securing).await?;
    let Some(ready) = ready else {
        return Ok(None);
    };
    let unconfirmed = (caller, unconfirmed);
    let ready = if confirmed_in.is_some() {
        Some(ready)
    } else {
        ask_if_costly(renderer, ready, unconfirmed).await?
    };
    let Some(ready) = ready else {
        return Ok(None);
    };
    Ok(Some(SecuredPictures {
        ready,
        server,
        choices,
        prompt,
        permit,
    }))
}

/// What is kept of a picture until its price is confirmed: no words of it.
fn unconfirmed_picture(imagine: &PictureAsk, is_spoiler: bool) -> UnconfirmedPicture {
    UnconfirmedPicture {
        choices: imagine.choices.clone(),
        spec: ImageSpec {
            prompt: Words::default(),
            negative: Words::default(),
            ..imagine.spec.clone()
        },
        is_spoiler,
    }
}

/// Has a language model rewrite the prompt; false where that is refused, which
/// was then said.
async fn make_more_of_prompt(
    renderer: &mut MessageRenderer<'_>,
    imagine: &mut PictureAsk,
) -> anyhow::Result<bool> {
    let card = words::pictures::rewriting_prompt(renderer.voice);
    renderer.show_meanwhile(card).await;
    match renderer.bot.app.pictures.enhance_prompt(imagine).await {
        Ok(better) => imagine.spec.prompt = Words(better),
        Err(error) => {
            refusals::refuse_in_place(renderer, &error).await?;
            return Ok(false);
        }
    }
    renderer.quote_question(&write_prompt(&imagine.spec));
    Ok(true)
}

/// Asks whether pictures are worth it that cost more than is spent unasked. None
/// where it is asked: what was held is given back until somebody says yes.
async fn ask_if_costly(
    renderer: &mut MessageRenderer<'_>,
    ready: ReadyPicture,
    (caller, unconfirmed): (Caller, UnconfirmedPicture),
) -> anyhow::Result<Option<ReadyPicture>> {
    let pictures = &renderer.bot.app.pictures;
    let Some(costly) = pictures.find_costly(&ready) else {
        return Ok(Some(ready));
    };
    let source = ready.source_picture();
    drop(ready);
    let id = pictures.keep_unconfirmed(&caller, unconfirmed).await?;
    let card = confirmation_card(renderer.voice, &id, costly, source);
    renderer.show_cards(vec![card]).await?;
    Ok(None)
}

/// What pictures are made from, as it stands above them.
fn write_prompt(spec: &ImageSpec) -> String {
    ImagePrompt::write(&spec.prompt.0, &spec.negative.0, spec.lora.as_deref())
}

/// Downloads the picture that came along.
async fn download_picture(bot: &Bot, file: &Attachment) -> Result<Picture, Error> {
    let mut limits = bot.chat.file_limits.clone();
    limits.picture_bytes = PICTURE_MB_MAX * 1024 * 1024;
    let reader = FileReader::new(bot.app.http(), &bot.api_url, &limits);
    let picture = reader.read_picture(file).await;
    picture.ok_or_else(|| PictureRefusal::BadPicture.into())
}
