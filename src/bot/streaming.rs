//! An answer that grows in the channel while the model speaks.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::app::{Asked, Demotion, Error, ReadyAsk};
use crate::model::{Ask, PersonId, Refusal};

use super::calls::{Handle, ORIGINAL};
use super::card::Card;
use super::reply::{self, Voice};
use super::{Bot, explain, split};

/// How long the reason for a no may take to be found before "thinking" is
/// shown to everyone. Discord gives up after three seconds.
const QUICK: Duration = Duration::from_secs(1);
/// How many messages an answer fills at the most. Where only the person
/// installed the app, Discord allows five after the first.
const PARTS_MAX: usize = 5;
/// Room that is kept for what stands under an answer, in UTF-16 units.
const FOOT_UNITS: usize = 400;

/// Answers an ask in the place where it was asked.
pub async fn answer(bot: &Bot, handle: &Handle, locale: &str, ask: Ask) -> anyhow::Result<()> {
    let voice = bot.voice(locale);
    let asker = ask.caller.person;
    let mut preparing = pin!(bot.app.prepare(ask));
    let ready = match timeout(QUICK, &mut preparing).await {
        Ok(Ok(ready)) => {
            bot.rest.defer(handle).await?;
            ready
        }
        Ok(Err(error)) => return bot.rest.reply(handle, &explain(voice, &error)).await,
        Err(_) => {
            bot.rest.defer(handle).await?;
            match preparing.await {
                Ok(ready) => ready,
                Err(error) => {
                    bot.rest
                        .edit(handle, ORIGINAL, &reply::continued_privately(voice))
                        .await?;
                    return bot
                        .rest
                        .follow_up_ephemeral(handle, &explain(voice, &error))
                        .await;
                }
            }
        }
    };
    let mut painter = Painter {
        bot,
        handle,
        shown: Vec::new(),
    };
    let (outcome, text) = paint_while_asking(bot, &mut painter, ready).await;
    let shown = finish(&mut painter, voice, asker, &outcome, text).await;
    for demotion in &outcome.demoted {
        tell(bot, handle, voice, asker, demotion).await;
    }
    for notice in &outcome.notices {
        let card = reply::notice(voice, notice);
        if let Err(error) = bot.rest.direct_message(notice.tell.0, &card).await {
            tracing::info!("could not tell the owner of a budget: {error:#}");
        }
    }
    shown
}

/// Runs the ask, and shows what has been said so far at a steady pace. The
/// two run side by side: a Discord that is slow does not stop the model,
/// and no edit is given up half-way, since it could arrive after the last.
async fn paint_while_asking(
    bot: &Bot,
    painter: &mut Painter<'_>,
    ready: ReadyAsk,
) -> (Asked, String) {
    let (said, mut heard) = watch::channel(String::new());
    let done = CancellationToken::new();
    let asking = async {
        let mut listener = |text: &str| {
            if !text.is_empty() {
                said.send_modify(|all| all.push_str(text));
            }
        };
        let asked = bot.app.answer(ready, &mut listener).await;
        done.cancel();
        asked
    };
    let (asked, ()) = tokio::join!(asking, painter.follow(&mut heard, &done));
    let text = heard.borrow().clone();
    (asked, text)
}

/// Shows the whole answer, or why there is none.
async fn finish(
    painter: &mut Painter<'_>,
    voice: Voice<'_>,
    asker: PersonId,
    outcome: &Asked,
    text: String,
) -> anyhow::Result<()> {
    let (bot, handle) = (painter.bot, painter.handle);
    match &outcome.result {
        Ok(answer) => {
            let text = if text.trim().is_empty() {
                reply::no_answer(voice)
            } else {
                text
            };
            painter
                .finish(voice, &text, &reply::footer(voice, answer))
                .await
        }
        Err(error) if text.trim().is_empty() && is_private(error) => {
            bot.rest
                .edit(handle, ORIGINAL, &reply::continued_privately(voice))
                .await?;
            // Whoever is told that their key stopped working knows already.
            if outcome
                .demoted
                .iter()
                .any(|demotion| demotion.tell == asker)
            {
                return Ok(());
            }
            bot.rest
                .follow_up_ephemeral(handle, &explain(voice, error))
                .await
        }
        Err(error) if text.trim().is_empty() => {
            bot.rest
                .edit(handle, ORIGINAL, &explain(voice, error))
                .await
        }
        Err(error) => {
            let why = explain(voice, error).text;
            painter
                .finish(voice, &text, &reply::broken_off(voice, &why))
                .await
        }
    }
}

/// Whether a no is about a key, which is nobody else's business.
fn is_private(error: &Error) -> bool {
    match error {
        Error::Refused(Refusal::Provider { failure, .. }) => failure.class.is_about_the_key(),
        Error::Refused(Refusal::Stopping) => false,
        Error::Refused(_) => true,
        Error::Failed(_) => false,
    }
}

/// Tells the owner of a key that it stopped working: here, if that is who
/// asked, or else directly.
async fn tell(bot: &Bot, handle: &Handle, voice: Voice<'_>, asker: PersonId, demotion: &Demotion) {
    let told = if demotion.tell == asker {
        bot.rest
            .follow_up_ephemeral(handle, &reply::demoted(voice, demotion))
            .await
    } else {
        bot.rest
            .direct_message(demotion.tell.0, &reply::demoted_directly(voice, demotion))
            .await
    };
    if let Err(error) = told {
        // People can close their direct messages; `/keys list` still shows it.
        tracing::info!("could not tell the owner of a key: {error:#}");
    }
}

/// The messages that an answer fills.
struct Painter<'a> {
    bot: &'a Bot,
    handle: &'a Handle,
    /// Id and text of each message that stands in the channel.
    shown: Vec<(String, String)>,
}

impl Painter<'_> {
    /// Shows a text while it grows, until it is done.
    async fn follow(&mut self, heard: &mut watch::Receiver<String>, done: &CancellationToken) {
        while let Some(Ok(())) = done.run_until_cancelled(heard.changed()).await {
            let text = heard.borrow_and_update().clone();
            // An edit that fails is made up for by the next, and by the last.
            if let Err(error) = self.paint(&text).await {
                tracing::debug!("could not show a part of an answer: {error:#}");
            }
            done.run_until_cancelled(sleep(self.bot.edit_interval))
                .await;
        }
    }

    /// Shows a text that may still grow.
    async fn paint(&mut self, text: &str) -> anyhow::Result<()> {
        let mut parts = split::split(text, split::LIMIT - FOOT_UNITS);
        parts.truncate(PARTS_MAX);
        self.show(parts).await
    }

    /// Shows the whole text and what stands under it.
    async fn finish(&mut self, voice: Voice<'_>, text: &str, foot: &str) -> anyhow::Result<()> {
        let mut parts = split::split(text, split::LIMIT - FOOT_UNITS);
        let whole = parts.len() <= PARTS_MAX;
        parts.truncate(PARTS_MAX);
        if let Some(last) = parts.last_mut() {
            if !whole {
                *last += "\n";
                *last += &reply::too_long(voice);
            }
            *last += "\n";
            *last += foot;
        }
        self.show(parts).await
    }

    /// Edits what changed and posts what is new.
    async fn show(&mut self, parts: Vec<String>) -> anyhow::Result<()> {
        for (at, part) in parts.into_iter().enumerate() {
            match self.shown.get_mut(at) {
                Some((_, text)) if *text == part => {}
                Some((id, text)) => {
                    self.bot
                        .rest
                        .edit(self.handle, id, &Card::text(part.as_str()))
                        .await?;
                    *text = part;
                }
                None if at == 0 => {
                    self.bot
                        .rest
                        .edit(self.handle, ORIGINAL, &Card::text(part.as_str()))
                        .await?;
                    self.shown.push((ORIGINAL.to_owned(), part));
                }
                None => {
                    let id = self
                        .bot
                        .rest
                        .follow_up(self.handle, &Card::text(part.as_str()))
                        .await?;
                    self.shown.push((id, part));
                }
            }
        }
        Ok(())
    }
}
