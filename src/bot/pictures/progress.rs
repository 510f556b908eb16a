//! Pictures in the making: each stage shows in the channel, and at last the
//! pictures do.

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::{
    AnswerStart, Notice, PictureOutcome, PicturePlace, PictureProgress, ReadyPicture,
    UnsettledPictures, Waiter,
};
use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::answers::{last_words, notices, refusals};
use crate::bot::connection::calls::patience::TOKEN_LIVES;
use crate::bot::connection::calls::rest::{refusal_of_files, refuses_words};
use crate::bot::connection::wire::card::Card;
use crate::bot::pictures::cards::{ShownPictures, preview_file};
use crate::bot::pictures::forms::{Outlet, show_pictures};
use crate::bot::pictures::late::{LatePicture, show_late};
use crate::bot::{Bot, explain_error, words};
use crate::model::{Picture, PriceEstimate, Stage, Steps};

/// The message that shows how far pictures are, and then the pictures.
pub struct PictureMessage<'a> {
    pub renderer: MessageRenderer<'a>,
    /// When the pictures were asked for.
    pub requested_at: Instant,
    /// What they are made from.
    pub prompt: String,
    /// Whether nobody sees them before they press on them.
    pub is_spoiler: bool,
}

/// What is shown of pictures while they are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenProgress {
    pub stage: Option<Stage>,
    /// Since when, in seconds since 1970.
    pub since_s: i64,
    pub steps: Option<Steps>,
    pub estimate: Option<PriceEstimate>,
    /// What it looks like so far.
    pub preview: Option<Picture>,
}

impl SeenProgress {
    /// Notes what is seen now. A stage begins once, however often it is seen.
    fn note(&mut self, seen: PictureProgress, now_s: i64) {
        match seen {
            PictureProgress::Payer(_, estimate) => {
                let since_s = self.since_s;
                let stage = self.stage;
                *self = Self {
                    stage,
                    since_s,
                    estimate,
                    ..Self::default()
                };
            }
            PictureProgress::Stage(stage) if self.stage == Some(stage) => {}
            PictureProgress::Stage(stage) => {
                self.stage = Some(stage);
                self.since_s = now_s;
                self.steps = None;
            }
            PictureProgress::Steps(steps) => self.steps = Some(steps),
            PictureProgress::Preview(preview) => self.preview = Some(preview),
        }
    }
}

impl PictureMessage<'_> {
    /// Has the pictures made, and shows each stage and what came of it.
    pub async fn follow_making(
        &mut self,
        ready: ReadyPicture,
        began: AnswerStart,
    ) -> anyhow::Result<()> {
        let bot = self.renderer.bot;
        let mut notes = bot.app.asks.log_answer(&began)?;
        notes.begun().await;
        let place = PicturePlace {
            id: notes.id.clone(),
            channel: began.channel,
            message: began.promised,
            is_spoiler: self.is_spoiler,
        };
        let running =
            bot.running_answers
                .begin(&place.id, began.person, self.renderer.watched.gone());
        let (sender, stages) = watch::channel(SeenProgress {
            since_s: bot.app.now_ms() / 1_000,
            ..SeenProgress::default()
        });
        let done = CancellationToken::new();
        let making = async {
            let mut watch = |seen: PictureProgress| {
                // The time that is shown is that of the change.
                sender.send_if_modified(|known| {
                    let before = known.clone();
                    known.note(seen, bot.app.now_ms() / 1_000);
                    *known != before
                });
            };
            let waiter = Waiter::Here(&place);
            let made = bot
                .app
                .pictures
                .make(ready, waiter, &running.stop, &mut watch);
            let outcome = Box::pin(made).await;
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
        notices::tell_budget_owners(bot, &budgets).await;
        shown
    }

    /// Shows each stage, until it is done.
    async fn show_stages(
        &mut self,
        mut stages: watch::Receiver<SeenProgress>,
        id: &str,
        done: &CancellationToken,
    ) {
        let bot = self.renderer.bot;
        // The first at once: from then on the words stand in the channel.
        stages.mark_changed();
        let mut previewed = None;
        while let Some(Ok(())) = done.run_until_cancelled(stages.changed()).await {
            let seen = stages.borrow_and_update().clone();
            if self.requested_at.elapsed() > TOKEN_LIVES {
                continue;
            }
            let mut card = words::pictures::stage(self.renderer.voice, &seen, id);
            if let Some(preview) = &seen.preview
                && previewed.as_ref() != Some(preview)
            {
                let description = words::pictures::preview_alt_text(self.renderer.voice);
                card.files
                    .push(preview_file(preview, self.is_spoiler, description));
                self.renderer.show_preview(card).await;
                previewed.clone_from(&seen.preview);
            } else {
                // The preview stays where it was put.
                self.renderer.show_meanwhile(card).await;
            }
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
        let error = match &outcome.result {
            Ok(made) => {
                let bot = self.renderer.bot;
                let prompt = self.prompt.clone();
                let shown = ShownPictures {
                    made,
                    prompt: &prompt,
                    id: &place.id,
                    is_spoiler: place.is_spoiler,
                };
                return show_pictures(bot, voice, Outlet::AsPromised(self, place), shown).await;
            }
            Err(error) => error,
        };
        let cards = [explain_error(voice, error)];
        let is_private = refusals::is_private(error);
        if self.requested_at.elapsed() < TOKEN_LIVES {
            let renderer = &mut self.renderer;
            let shown = if refusals::is_for_everyone(error) {
                show_with_or_without_prompt(renderer, &cards).await
            } else {
                refusals::refuse_in_place(renderer, error).await
            };
            match shown {
                Ok(()) => return Ok(()),
                Err(error) => log_unshown(&error),
            }
        }
        self.show_late(place, &cards, is_private).await
    }

    /// Shows cards in their place, or elsewhere where that does not take them.
    pub async fn show_cards(&mut self, place: &PicturePlace, cards: &[Card]) -> anyhow::Result<()> {
        if self.requested_at.elapsed() < TOKEN_LIVES {
            match show_with_or_without_prompt(&mut self.renderer, cards).await {
                Ok(()) => return Ok(()),
                // No other place takes the file either.
                Err(error) if refusal_of_files(&error).is_some() => return Err(error),
                Err(error) => log_unshown(&error),
            }
        }
        self.show_late(place, cards, false).await
    }

    async fn show_late(
        &self,
        place: &PicturePlace,
        cards: &[Card],
        is_private: bool,
    ) -> anyhow::Result<()> {
        let question = self.renderer.question_file();
        let late = LatePicture {
            place,
            person: self.renderer.asker.0,
            heading: self.renderer.heading(),
            question: question.as_ref(),
            is_private,
        };
        show_late(self.renderer.bot, self.renderer.voice, late, cards).await
    }
}

fn log_unshown(error: &anyhow::Error) {
    tracing::info!("could not show a picture where it was asked for: {error:#}");
}

/// Shows cards in their place, below the prompt; without it where Discord does
/// not take its words.
async fn show_with_or_without_prompt(
    renderer: &mut MessageRenderer<'_>,
    cards: &[Card],
) -> anyhow::Result<()> {
    match renderer.show_cards(cards.to_vec()).await {
        Err(error) if refuses_words(&error) && renderer.drop_heading() => {
            renderer.show_cards(cards.to_vec()).await
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
