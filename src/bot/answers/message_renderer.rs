//! The messages that an answer fills while it grows.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::app::Notes;
use crate::bot::Bot;
use crate::bot::answers::split;
use crate::bot::answers::target::Target;
use crate::bot::connection::card::{Button, Card, File};
use crate::bot::conversation;
use crate::bot::words::{self, Voice};

/// Room that is kept for what stands under an answer, in UTF-16 units.
const FOOT_UNITS: usize = 400;

/// Discord shows for ten seconds that somebody is writing.
const TYPING_LASTS: Duration = Duration::from_secs(8);

/// Shows one answer.
pub struct MessageRenderer<'a> {
    pub bot: &'a Bot,
    pub target: &'a Target,
    /// What stands above the answer.
    head: String,
    /// The question, where it is too long to.
    question: Option<File>,
    /// What stands under it while it grows.
    pub buttons: Vec<Button>,
    /// Where it is noted what the answer fills, once it has begun.
    pub notes: Option<Notes>,
    /// The message that was promised, if its id is known.
    pub promised: Option<u64>,
    /// Id and card of each message that stands in the channel.
    shown: Vec<(String, Card)>,
}

impl<'a> MessageRenderer<'a> {
    /// Has shown nothing yet. The question stands above the answer, unless
    /// it stands in the channel already.
    pub fn new(bot: &'a Bot, voice: Voice<'_>, target: &'a Target, question: Option<&str>) -> Self {
        let quoted = question.map(conversation::quote);
        let too_long = question.filter(|_| quoted == Some(None));
        Self {
            bot,
            target,
            head: quoted
                .flatten()
                .or(too_long.map(conversation::excerpt))
                .unwrap_or_default(),
            question: too_long.map(|text| file(QUESTION_FILE, words::whole_question(voice), text)),
            buttons: Vec::new(),
            notes: None,
            promised: None,
            shown: Vec::new(),
        }
    }

    /// Shows a text while it grows, until it is done.
    pub async fn follow(&mut self, heard: &mut watch::Receiver<String>, done: &CancellationToken) {
        while let Some(true) = done.run_until_cancelled(self.more(heard)).await {
            let text = heard.borrow_and_update().clone();
            // An edit that fails is made up for by the next, and by the last.
            if let Err(error) = self.paint(&text).await {
                tracing::debug!("could not show a part of an answer: {error:#}");
            }
            done.run_until_cancelled(sleep(self.bot.pace())).await;
        }
    }

    /// Waits for more text, and shows meanwhile that it will come.
    async fn more(&self, heard: &mut watch::Receiver<String>) -> bool {
        loop {
            match timeout(TYPING_LASTS, heard.changed()).await {
                Ok(changed) => return changed.is_ok(),
                Err(_) if self.shown.is_empty() => self.target.keep_promise(&self.bot.rest).await,
                Err(_) => {}
            }
        }
    }

    /// Shows a text that may still grow.
    async fn paint(&mut self, text: &str) -> anyhow::Result<()> {
        let mut parts = self.parts(text);
        parts.truncate(self.bot.chat.answer_messages);
        let buttons = self.buttons.clone();
        self.show(parts, buttons, Vec::new()).await
    }

    /// Shows the whole text and what stands under it.
    pub async fn finish(
        &mut self,
        voice: Voice<'_>,
        text: &str,
        foot: &str,
        buttons: Vec<Button>,
    ) -> anyhow::Result<()> {
        let mut parts = self.parts(text);
        let mut files = Vec::new();
        let most = self.bot.chat.answer_messages;
        if parts.len() > most {
            parts.truncate(most);
            files.push(file(ANSWER_FILE, words::whole_answer(voice), text));
        }
        if let Some(last) = parts.last_mut() {
            if !files.is_empty() {
                *last += "\n";
                *last += &words::in_a_file(voice);
            }
            *last += "\n";
            *last += foot;
        }
        self.show(parts, buttons, files).await
    }

    /// Puts a short message where the answer would be.
    pub async fn say_instead(&mut self, card: Card) -> anyhow::Result<()> {
        let Card { text, buttons, .. } = card;
        let text = format!("{}{text}", self.head);
        let parts = split::split(&text, split::LIMIT);
        self.show(parts, buttons, Vec::new()).await
    }

    /// Quotes another question.
    pub fn quote(&mut self, voice: Voice<'_>, question: &str) {
        let other = Self::new(self.bot, voice, self.target, Some(question));
        (self.head, self.question) = (other.head, other.question);
    }

    /// What stands above the answer.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Puts cards where the answer would be, with their files.
    pub async fn show_cards(&mut self, cards: Vec<Card>) -> anyhow::Result<()> {
        for (at, card) in cards.into_iter().enumerate() {
            let head = if at == 0 { self.head.as_str() } else { "" };
            let text = format!("{head}{}", card.text);
            self.show_one(at, Card { text, ..card }).await?;
        }
        Ok(())
    }

    /// The last message that stands in the channel, if its id is known.
    pub fn last_shown(&self) -> Option<u64> {
        self.shown.last().and_then(|(id, _)| id.parse().ok())
    }

    fn parts(&self, text: &str) -> Vec<String> {
        split::split(&format!("{}{text}", self.head), split::LIMIT - FOOT_UNITS)
    }

    /// Edits what changed and posts what is new. Buttons and files belong
    /// under the last message.
    async fn show(
        &mut self,
        parts: Vec<String>,
        buttons: Vec<Button>,
        files: Vec<File>,
    ) -> anyhow::Result<()> {
        let last = parts.len().saturating_sub(1);
        for (at, part) in parts.into_iter().enumerate() {
            let mut card = Card::text(part);
            if at == last {
                card.buttons.clone_from(&buttons);
                card.files.clone_from(&files);
            }
            self.show_one(at, card).await?;
        }
        Ok(())
    }

    async fn show_one(&mut self, at: usize, mut card: Card) -> anyhow::Result<()> {
        let (rest, target) = (&self.bot.rest, self.target);
        if let Some((id, shown)) = self.shown.get_mut(at) {
            if *shown != card {
                target.edit(rest, id, &card).await?;
                // Files stay where they were put.
                card.files.clear();
                *shown = card;
            }
            return Ok(());
        }
        let id = match self.shown.last() {
            None => {
                card.files.extend(self.question.take());
                target.first(rest, &card).await?
            }
            Some((before, _)) => target.next(rest, before, &card).await?,
        };
        card.files.clear();
        let message = id.parse().ok();
        self.shown.push((id, card));
        if let (Some(notes), Some(message)) = (&self.notes, message) {
            notes.stands(message);
        }
        Ok(())
    }
}

fn file(name: &'static str, description: String, text: &str) -> File {
    File {
        name: name.to_owned(),
        kind: "text/markdown",
        description,
        bytes: text.as_bytes().to_vec(),
    }
}

/// What the file of a long answer is called.
pub const ANSWER_FILE: &str = "answer.md";
/// What the file of a long question is called.
pub const QUESTION_FILE: &str = "question.md";
