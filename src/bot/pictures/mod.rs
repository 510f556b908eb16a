//! Pictures: asked for, followed while they are made, and shown.

mod buttons;
mod resume;
mod show;

use std::time::Duration;

use serenity::all::Attachment;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::{
    Began, Error, Notice, PictureOutcome, PicturePlace, ReadyPicture, Seen, UnsettledPictures,
    Waiter,
};
use crate::model::{Imagine, PersonId, Picture, PictureRefusal, Refusal, Stage, Words};

use crate::bot::answers::message_renderer::MessageRenderer;
use crate::bot::answers::streaming;
use crate::bot::answers::target::Target;
use crate::bot::conversation::{Content, FileReader};
use crate::bot::words::{self, Voice};
use crate::bot::{Bot, explain};

use show::Late;

pub use buttons::{redo, seed};
pub use resume::go_on_with_all;

/// Discord's tokens live for 15 minutes; from then on the bot is on its own.
const TOKEN_LIVES: Duration = Duration::from_secs(14 * 60 + 30);

/// What is to be made, where it goes, and in which language.
pub struct Wanted<'a> {
    pub imagine: Imagine,
    /// The picture that is changed, as Discord keeps it.
    pub file: Option<Attachment>,
    /// Whether a language model rewrites the prompt first.
    pub enhance: bool,
    pub target: Target,
    pub locale: &'a str,
}

/// A place to show a picture, and when it was asked for.
struct Board<'a> {
    bot: &'a Bot,
    voice: Voice<'a>,
    painter: MessageRenderer<'a>,
    since: Instant,
    person: u64,
    /// What the picture is made from.
    prompt: String,
}

/// Makes pictures, and shows how far they are.
pub async fn make(bot: &Bot, wanted: Wanted<'_>) -> anyhow::Result<()> {
    let since = Instant::now();
    let voice = bot.voice(wanted.locale);
    let Wanted {
        mut imagine,
        file,
        enhance,
        target,
        ..
    } = wanted;
    let asker = imagine.caller.person;
    let quoted = show::written(&imagine.wish);
    let mut painter = MessageRenderer::new(bot, voice, &target, Some(&quoted));
    let Some(mut place) = bot.painters.enter(asker.0) else {
        let refusal = Refusal::Picture(PictureRefusal::TooManyPicturesAtOnce);
        return streaming::turn_away(&mut painter, voice, (refusal, false)).await;
    };
    let mut promised = false;
    if place.must_wait() || enhance {
        painter.promised = target.promise(&bot.rest).await?;
        promised = true;
    }
    if place.must_wait() {
        painter.say_instead(words::in_line(voice)).await?;
        place.turn().await;
    }
    imagine.wish.is_edit = file.is_some();
    if enhance {
        painter.say_instead(words::rewriting(voice)).await?;
        match bot.app.enhance(&imagine).await {
            Ok(better) => imagine.wish.prompt = Words(better),
            Err(error) => return streaming::refuse(&mut painter, voice, asker, &error).await,
        }
        painter.quote(voice, &show::written(&imagine.wish));
    }
    let choices = imagine.choices.clone();
    let server = imagine.caller.place.server();
    let prompt = imagine.wish.prompt.0.clone();
    let considered = bot.app.consider_picture(imagine).await;
    let securing = Box::pin(async {
        let mut ready = bot.app.secure_picture(considered?).await?;
        if let Some(file) = file {
            ready.take(read(bot, &file).await?);
        }
        Ok(ready)
    });
    let ready =
        streaming::promise(bot, &mut painter, voice, asker, (false, promised), securing).await?;
    let Some(ready) = ready else { return Ok(()) };
    let began = Began {
        person: asker,
        server,
        channel: target.channel(),
        promised: painter.promised,
        reply_to: target.reply_to(),
        choices,
    };
    let mut board = Board {
        bot,
        voice,
        painter,
        since,
        person: asker.0,
        prompt,
    };
    Box::pin(board.make(ready, began)).await
}

impl Board<'_> {
    async fn make(&mut self, ready: ReadyPicture, began: Began) -> anyhow::Result<()> {
        let (bot, asker) = (self.bot, began.person);
        let notes = bot.app.note_answer(&began)?;
        let spot = PicturePlace {
            id: notes.id.clone(),
            channel: began.channel,
            message: began.promised,
        };
        let run = bot.running.begin(&spot.id, asker);
        let (tell, stages) = watch::channel(None);
        let done = CancellationToken::new();
        let making = async {
            let mut watch = |seen: Seen| {
                if let Seen::Stage(stage) = seen {
                    // The time that is shown is that of the change.
                    tell.send_if_modified(|known| known.replace(stage) != Some(stage));
                }
            };
            let waits = Waiter::Here(&spot);
            let made = bot.app.make_pictures(ready, waits, &run.stop, &mut watch);
            let pictured = made.await;
            done.cancel();
            pictured
        };
        let (mut pictured, ()) = tokio::join!(making, self.follow(stages, &spot.id, &done));
        if pictured.goes_on {
            let card = words::goes_on(self.voice);
            return self.painter.say_instead(card).await;
        }
        let shown = self.show_end(&pictured, &spot).await;
        let notices = settle(bot, pictured.due.take(), shown.is_ok()).await;
        notes.ended(pictured.attempt, &pictured.trace);
        bot.app.picture_ended(&spot.id).await?;
        for demotion in &pictured.demoted {
            streaming::tell(bot, self.painter.target, self.voice, asker, demotion).await;
        }
        streaming::tell_owners(bot, self.voice, &notices).await;
        shown
    }

    /// Shows each stage, until it is done.
    async fn follow(
        &mut self,
        mut stages: watch::Receiver<Option<Stage>>,
        id: &str,
        done: &CancellationToken,
    ) {
        // The first at once: from then on the words stand in the channel.
        stages.mark_changed();
        while let Some(Ok(())) = done.run_until_cancelled(stages.changed()).await {
            let stage = *stages.borrow_and_update();
            if self.since.elapsed() > TOKEN_LIVES {
                continue;
            }
            let now_s = self.bot.app.now_ms() / 1_000;
            let card = words::stage(self.voice, stage, now_s, id);
            // A card that fails is made up for by the next, and by the last.
            if let Err(error) = self.painter.say_instead(card).await {
                tracing::debug!("could not show how far a picture is: {error:#}");
            }
            let pause = tokio::time::sleep(self.bot.pace());
            done.run_until_cancelled(pause).await;
        }
    }

    /// Shows what came of it where it was promised, or elsewhere when that
    /// is over.
    async fn show_end(
        &mut self,
        pictured: &PictureOutcome,
        spot: &PicturePlace,
    ) -> anyhow::Result<()> {
        let card = match &pictured.result {
            Ok(made) => show::card(self.voice, made, &self.prompt, &spot.id),
            Err(error) => explain(self.voice, error),
        };
        let is_private = pictured.result.as_ref().is_err_and(streaming::is_private);
        if self.since.elapsed() < TOKEN_LIVES {
            let shown = match &pictured.result {
                Err(error) if is_private => {
                    let asker = PersonId(self.person);
                    streaming::refuse(&mut self.painter, self.voice, asker, error).await
                }
                _ => self.painter.show_cards(show::parts(card.clone())).await,
            };
            match shown {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::info!("could not show a picture where it was asked for: {error:#}");
                }
            }
        }
        let late = Late {
            person: self.person,
            head: self.painter.head(),
            is_private,
        };
        show::later(self.bot, self.voice, spot, late, card).await
    }
}

/// Settles what is owed for pictures that were shown; what nobody saw
/// nobody pays for.
async fn settle(bot: &Bot, due: Option<UnsettledPictures>, shown: bool) -> Vec<Notice> {
    let Some(due) = due else { return Vec::new() };
    if shown {
        return bot.app.pictures_shown(due).await;
    }
    bot.app.pictures_not_shown(due).await;
    Vec::new()
}

/// Reads the picture that came along.
async fn read(bot: &Bot, file: &Attachment) -> Result<Picture, Error> {
    let mut limits = bot.chat.limits.clone();
    limits.picture_bytes = PICTURE_BYTES_MAX;
    let mut reader = FileReader::new(bot.app.http(), &bot.api_url, &limits);
    match reader.read(file).await {
        Ok(Content::Picture(picture)) => Ok(picture),
        _ => Err(PictureRefusal::BadPicture.into()),
    }
}

/// The largest picture that is taken along.
const PICTURE_BYTES_MAX: usize = 8 * 1024 * 1024;
