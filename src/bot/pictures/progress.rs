//! Pictures in the making: each stage shows in the channel, and at last the
//! pictures do.

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::{
    AnswerStart, Notice, PictureOutcome, PicturePlace, PictureProgress, ReadyPicture,
    UnsettledPictures, Waiter,
};
use crate::bot::answers::message_renderer::MessageRenderer;
use crate::bot::answers::{last_words, notices, refusals};
use crate::bot::connection::card::Card;
use crate::bot::connection::patience::TOKEN_LIVES;
use crate::bot::connection::rest::refuses_content;
use crate::bot::pictures::cards;
use crate::bot::pictures::late::{LatePicture, show_late};
use crate::bot::{Bot, explain_error, words};
use crate::model::Stage;

/// The message that shows how far pictures are, and then the pictures.
pub struct PictureMessage<'a> {
    pub renderer: MessageRenderer<'a>,
    /// When the pictures were asked for.
    pub requested_at: Instant,
    /// What they are made from.
    pub prompt: String,
}

impl PictureMessage<'_> {
    /// Has the pictures made, and shows each stage and what came of it.
    pub async fn follow_making(
        &mut self,
        ready: ReadyPicture,
        began: AnswerStart,
    ) -> anyhow::Result<()> {
        let bot = self.renderer.bot;
        let notes = bot.app.asks.log_answer(&began)?;
        let place = PicturePlace {
            id: notes.id.clone(),
            channel: began.channel,
            message: began.promised,
        };
        let running =
            bot.running_answers
                .begin(&place.id, began.person, self.renderer.watched.gone());
        let (sender, stages) = watch::channel(None);
        let done = CancellationToken::new();
        let making = async {
            let mut watch = |seen: PictureProgress| {
                if let PictureProgress::Stage(stage) = seen {
                    // The time that is shown is that of the change.
                    sender.send_if_modified(|known| known.replace(stage) != Some(stage));
                }
            };
            let waiter = Waiter::Here(&place);
            let made = bot
                .app
                .pictures
                .make(ready, waiter, &running.stop, &mut watch);
            let outcome = made.await;
            done.cancel();
            outcome
        };
        let following = self.show_stages(stages, &place.id, &done);
        let (mut outcome, ()) = tokio::join!(making, following);
        if outcome.goes_on {
            let card = words::pictures::continues_after_restart(self.renderer.voice);
            return self.renderer.show_instead(card).await;
        }
        let shown = self.show_end(&outcome, &place).await;
        if shown.is_err() {
            last_words::count_unsaid("a picture");
        }
        let budgets = settle_pictures(bot, outcome.unsettled.take(), shown.is_ok()).await;
        notes.close(outcome.attempt, &outcome.trace);
        bot.app.pictures.close_picture(&place.id).await?;
        notices::tell_key_owners(&self.renderer, &outcome.demoted).await;
        notices::tell_budget_owners(bot, self.renderer.voice, &budgets).await;
        shown
    }

    /// Shows each stage, until it is done.
    async fn show_stages(
        &mut self,
        mut stages: watch::Receiver<Option<Stage>>,
        id: &str,
        done: &CancellationToken,
    ) {
        let bot = self.renderer.bot;
        // The first at once: from then on the words stand in the channel.
        stages.mark_changed();
        while let Some(Ok(())) = done.run_until_cancelled(stages.changed()).await {
            let stage = *stages.borrow_and_update();
            if self.requested_at.elapsed() > TOKEN_LIVES {
                continue;
            }
            let now_s = bot.app.now_ms() / 1_000;
            let card = words::pictures::stage(self.renderer.voice, stage, now_s, id);
            self.renderer.show_meanwhile(card).await;
            let pause = tokio::time::sleep(bot.edit_pace.pause());
            done.run_until_cancelled(pause).await;
        }
    }

    /// Shows what came of it where it was promised, or elsewhere when that
    /// is over.
    async fn show_end(
        &mut self,
        outcome: &PictureOutcome,
        place: &PicturePlace,
    ) -> anyhow::Result<()> {
        let voice = self.renderer.voice;
        let card = match &outcome.result {
            Ok(made) => cards::picture_card(voice, made, &self.prompt, &place.id),
            Err(error) => explain_error(voice, error),
        };
        let is_private = outcome.result.as_ref().is_err_and(refusals::is_private);
        if self.requested_at.elapsed() < TOKEN_LIVES {
            let renderer = &mut self.renderer;
            let shown = match &outcome.result {
                Err(error) if is_private => refusals::refuse_in_place(renderer, error).await,
                _ => show_with_or_without_prompt(renderer, &card).await,
            };
            match shown {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::info!("could not show a picture where it was asked for: {error:#}");
                }
            }
        }
        let late = LatePicture {
            place,
            person: self.renderer.asker.0,
            heading: self.renderer.heading(),
            is_private,
        };
        show_late(self.renderer.bot, voice, late, &card).await
    }
}

/// Shows a card in its place, below the prompt; without it where Discord does
/// not take its words.
async fn show_with_or_without_prompt(
    renderer: &mut MessageRenderer<'_>,
    card: &Card,
) -> anyhow::Result<()> {
    let parts = cards::split_files(card.clone());
    match renderer.show_cards(parts).await {
        Err(error) if refuses_content(&error) && renderer.drop_heading() => {
            let parts = cards::split_files(card.clone());
            renderer.show_cards(parts).await
        }
        shown => shown,
    }
}

/// Settles what is owed for pictures that were shown; what nobody saw
/// nobody pays for.
pub async fn settle_pictures(
    bot: &Bot,
    unsettled: Option<UnsettledPictures>,
    shown: bool,
) -> Vec<Notice> {
    let Some(unsettled) = unsettled else {
        return Vec::new();
    };
    if shown {
        return bot.app.pictures.settle_shown(unsettled).await;
    }
    bot.app.pictures.release_unshown(unsettled).await;
    Vec::new()
}
