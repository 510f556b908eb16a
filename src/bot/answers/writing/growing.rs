//! An answer while it grows: what the model has said so far, shown at a
//! steady pace for as long as somebody can see it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::answers::writing::target::{Insistence, Target};
use crate::bot::connection::calls::rest::{
    EDITED_TOO_OFTEN, MESSAGE_GONE, code_of, hides_place, refuses_content, refuses_place,
};

/// How often the sign that somebody is writing is renewed; Discord shows it
/// for ten seconds.
const TYPING_LASTS: Duration = Duration::from_secs(8);

/// What a model has said so far.
#[derive(Default)]
pub struct GrowingText {
    pub words: String,
    /// How often what was said before was taken back.
    beginnings: usize,
}

impl GrowingText {
    /// Takes back what was said.
    pub fn begin_anew(&mut self) {
        self.words.clear();
        self.beginnings += 1;
    }
}

impl MessageRenderer<'_> {
    /// Shows a text while it grows, until it is done.
    pub async fn follow_text(
        &mut self,
        text: &mut watch::Receiver<GrowingText>,
        done: &CancellationToken,
    ) {
        while let Some(true) = done.run_until_cancelled(self.wait_for_more(text)).await {
            let parts = self.split_growing(&text.borrow_and_update());
            // An edit that fails is made up for by the next, and by the last.
            if let Err(error) = self.show_growing(parts).await {
                tracing::debug!("could not show a part of an answer: {error:#}");
                // Somebody took away what would be read.
                let first = self.shown.first().map(|shown| &shown.message);
                if code_of(&error) == Some(MESSAGE_GONE)
                    && self.target.has_lost(&self.bot.rest, first).await
                {
                    self.watched.gone().cancel();
                }
                // Each further part would hold the same words, or come too often.
                if refuses_content(&error) || code_of(&error) == Some(EDITED_TOO_OFTEN) {
                    return;
                }
                self.stop_if_refused(error);
                if self
                    .stop
                    .as_ref()
                    .is_some_and(CancellationToken::is_cancelled)
                {
                    return;
                }
            }
            let pause = sleep(self.bot.edit_pace.pause());
            done.run_until_cancelled(pause).await;
        }
    }

    /// Stops the model where the channel takes no message at all, or shows
    /// the bot nothing any more: nobody would see what is paid for. Where it
    /// takes no further message, those that stand there still grow.
    fn stop_if_refused(&mut self, error: anyhow::Error) {
        if !matches!(self.target, Target::Channel { .. }) {
            return;
        }
        if self.shown.is_empty() {
            if !refuses_place(&error) {
                return;
            }
            self.refusal = Some(error);
        } else if !hides_place(&error) {
            if refuses_place(&error) {
                self.growing_most = Some(self.shown.len());
            }
            return;
        }
        if let Some(stop) = &self.stop {
            stop.cancel();
        }
    }

    /// Waits for more text, and shows meanwhile that it will come.
    async fn wait_for_more(&self, text: &mut watch::Receiver<GrowingText>) -> bool {
        loop {
            match timeout(TYPING_LASTS, text.changed()).await {
                Ok(changed) => return changed.is_ok(),
                Err(_) if self.shown.is_empty() => {
                    self.target.renew_promise(&self.bot.rest).await;
                }
                Err(_) => {}
            }
        }
    }

    async fn show_growing(&mut self, mut parts: Vec<String>) -> anyhow::Result<()> {
        self.insistence = Insistence::Growing;
        let most = self.bot.chat.answer_messages;
        parts.truncate(self.growing_most.unwrap_or(most));
        // Another one might stand there twice.
        if self.may_stand_already && !matches!(self.target, Target::Channel { .. }) {
            parts.truncate(self.shown.len().max(1));
        }
        let (buttons, wanted) = (self.buttons.clone(), parts.len());
        self.show_each(self.cards_of(parts, &buttons)).await?;
        self.empty_messages(wanted).await
    }

    /// The messages of an answer that grows.
    fn split_growing(&mut self, text: &GrowingText) -> Vec<String> {
        let is_same = self.beginnings == text.beginnings;
        self.beginnings = text.beginnings;
        let kept = self.layout.take().filter(|_| is_same);
        let layout = kept.unwrap_or_else(|| self.new_layout());
        self.layout.insert(layout).grow(&text.words)
    }
}
