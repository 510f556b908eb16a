//! Takes an ask for pictures: waits in line, finds out who pays, and has
//! them made.

use serenity::all::Attachment;
use tokio::time::Instant;

use crate::app::{AnswerStart, Error};
use crate::bot::answers::message_renderer::MessageRenderer;
use crate::bot::answers::promise::{PromiseTime, promise_if_slow, promise_when_secured};
use crate::bot::answers::refusals;
use crate::bot::answers::target::Target;
use crate::bot::conversation::files::FileReader;
use crate::bot::conversation::transcript::ImagePrompt;
use crate::bot::pictures::progress::PictureMessage;
use crate::bot::{Bot, words};
use crate::model::{ImageSpec, PICTURE_MB_MAX, Picture, PictureAsk, PictureRefusal, Words};

/// What is to be made, where it goes, and in which language.
pub struct PictureRequest<'a> {
    pub imagine: PictureAsk,
    /// The picture that is changed, as Discord keeps it.
    pub file: Option<Attachment>,
    /// Whether a language model rewrites the prompt first.
    pub enhance: bool,
    pub target: Target,
    pub locale: &'a str,
}

/// Makes pictures, and shows how far they are.
pub async fn make_pictures(bot: &Bot, request: PictureRequest<'_>) -> anyhow::Result<()> {
    let requested_at = Instant::now();
    let PictureRequest {
        mut imagine,
        file,
        enhance,
        target,
        locale,
    } = request;
    let voice = bot.voice_for(&imagine.caller, locale).await;
    let asker = imagine.caller.person;
    let mut renderer = MessageRenderer::new(bot, voice, &target, asker);
    renderer.quote_question(&write_prompt(&imagine.spec));
    let Some(mut permit) = bot.picture_queue.acquire(asker) else {
        let refusal = PictureRefusal::TooManyPicturesAtOnce.into();
        return refusals::turn_away(&mut renderer, refusal).await;
    };
    if permit.must_wait() || enhance {
        renderer.promise_answer().await?;
    }
    if permit.must_wait() {
        renderer
            .show_instead(words::answers::waiting_in_line(voice))
            .await?;
        permit.wait_turn().await;
    }
    imagine.spec.is_edit = file.is_some();
    if enhance {
        renderer
            .show_instead(words::pictures::rewriting_prompt(voice))
            .await?;
        match bot.app.pictures.enhance_prompt(&imagine).await {
            Ok(better) => imagine.spec.prompt = Words(better),
            Err(error) => return refusals::refuse_in_place(&mut renderer, &error).await,
        }
        renderer.quote_question(&write_prompt(&imagine.spec));
    }
    let choices = imagine.choices.clone();
    let server = imagine.caller.place.server();
    let prompt = imagine.spec.prompt.0.clone();
    let preparing = bot.app.pictures.prepare(imagine);
    let prepared = promise_if_slow(&mut renderer, preparing).await?;
    let securing = Box::pin(async {
        let mut ready = prepared.secure().await?;
        if let Some(file) = file {
            ready.take(download_picture(bot, &file).await?);
        }
        Ok(ready)
    });
    let ready = promise_when_secured(&mut renderer, PromiseTime::WhenSecured, securing).await?;
    let Some(ready) = ready else { return Ok(()) };
    let began = AnswerStart {
        person: asker,
        server,
        channel: target.channel(),
        promised: renderer.promised_message(),
        reply_to: target.reply_to(),
        choices,
    };
    let mut message = PictureMessage {
        renderer,
        requested_at,
        prompt,
    };
    Box::pin(message.follow_making(ready, began)).await
}

/// What pictures are made from, as it stands above them.
fn write_prompt(spec: &ImageSpec) -> String {
    ImagePrompt::write(&spec.prompt.0, &spec.negative.0)
}

/// Downloads the picture that came along.
async fn download_picture(bot: &Bot, file: &Attachment) -> Result<Picture, Error> {
    let mut limits = bot.chat.file_limits.clone();
    limits.picture_bytes = PICTURE_MB_MAX * 1024 * 1024;
    let reader = FileReader::new(bot.app.http(), &bot.api_url, &limits);
    let picture = reader.read_picture(file).await;
    picture.ok_or_else(|| PictureRefusal::BadPicture.into())
}
