//! The messages that an answer fills while it grows.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::app::AnswerLog;
use crate::bot::Bot;
use crate::bot::answers::layout::{Author, Layout};
use crate::bot::answers::split;
use crate::bot::answers::target::Target;
use crate::bot::connection::card::{Button, Card, File};
use crate::bot::conversation::transcript::{self, ANSWER_FILE, QUESTION_FILE};
use crate::bot::words::{self, Voice};
use crate::model::{PersonId, ServerId};

/// Room that is kept for what stands under an answer, in UTF-16 units.
const FOOTER_UNITS: usize = 400;
/// How often the sign that somebody is writing is renewed; Discord shows it
/// for ten seconds.
const TYPING_LASTS: Duration = Duration::from_secs(8);

/// Shows one answer in its place: promises it, edits it while it grows, and
/// ends it.
pub struct MessageRenderer<'a> {
    pub bot: &'a Bot,
    pub voice: Voice<'a>,
    pub target: &'a Target,
    /// Whoever asked.
    pub asker: PersonId,
    /// Where they asked; none in direct messages.
    pub server: Option<ServerId>,
    /// What stands above the answer.
    heading: String,
    /// The model's words as messages, while it says them.
    layout: Option<Layout>,
    /// Whether links that the model wrote show a preview of their pages.
    pub shows_previews: bool,
    /// The question, where it is too long to stand above its answer.
    question: Option<File>,
    /// What stands under the answer while it grows.
    pub buttons: Vec<Button>,
    /// Where it is noted which messages the answer fills, once it has begun.
    pub notes: Option<AnswerLog>,
    /// Whether it shows already that an answer will come.
    is_promised: bool,
    /// The message that promises it, if there is one and its id is known.
    promised_message: Option<u64>,
    /// The messages that stand in the channel.
    shown: Vec<ShownMessage>,
}

/// A message as it stands in the channel. Its files are left out: they stay
/// where they were put.
struct ShownMessage {
    id: String,
    card: Card,
}

impl<'a> MessageRenderer<'a> {
    /// Leads to the question, where it is a message in a server.
    pub fn question_link(&self) -> Option<String> {
        let (server, message) = (self.server?, self.target.reply_to()?);
        let channel = self.target.channel();
        Some(format!(
            "https://discord.com/channels/{server}/{channel}/{message}"
        ))
    }

    /// Shows nothing yet.
    pub fn new(bot: &'a Bot, voice: Voice<'a>, target: &'a Target, asker: PersonId) -> Self {
        Self {
            bot,
            voice,
            target,
            asker,
            server: None,
            heading: String::new(),
            layout: None,
            shows_previews: false,
            question: None,
            buttons: Vec::new(),
            notes: None,
            is_promised: false,
            promised_message: None,
            shown: Vec::new(),
        }
    }

    /// Puts a question above the answer, for it stands nowhere else in the
    /// channel.
    pub fn quote_question(&mut self, question: &str) {
        let heading = transcript::heading(question);
        self.question = heading.is_excerpt.then(|| {
            let description = words::answers::question_file(self.voice);
            markdown_file(QUESTION_FILE, description, question)
        });
        self.heading = heading.text;
    }

    /// Shows that an answer will come, unless that shows already.
    pub async fn promise_answer(&mut self) -> anyhow::Result<()> {
        if !self.is_promised {
            self.promised_message = self.target.promise_answer(&self.bot.rest).await?;
            self.is_promised = true;
        }
        Ok(())
    }

    /// Notes that somebody else has shown that an answer will come.
    pub fn mark_promised(&mut self) {
        self.is_promised = true;
    }

    /// Whether it shows already that an answer will come.
    pub fn is_promised(&self) -> bool {
        self.is_promised
    }

    /// The message that promises the answer, if its id is known.
    pub fn promised_message(&self) -> Option<u64> {
        self.promised_message
    }

    /// What stands above the answer.
    pub fn heading(&self) -> &str {
        &self.heading
    }

    /// The last message that stands in the channel, if its id is known.
    pub fn last_shown(&self) -> Option<u64> {
        self.shown.last().and_then(|last| last.id.parse().ok())
    }

    /// Shows a text while it grows, until it is done.
    pub async fn follow_text(
        &mut self,
        text: &mut watch::Receiver<String>,
        done: &CancellationToken,
    ) {
        while let Some(true) = done.run_until_cancelled(self.wait_for_more(text)).await {
            let parts = self.split_growing(&text.borrow_and_update());
            // An edit that fails is made up for by the next, and by the last.
            if let Err(error) = self.show_growing(parts).await {
                tracing::debug!("could not show a part of an answer: {error:#}");
            }
            let pause = sleep(self.bot.edit_pace.pause());
            done.run_until_cancelled(pause).await;
        }
    }

    /// Waits for more text, and shows meanwhile that it will come.
    async fn wait_for_more(&self, text: &mut watch::Receiver<String>) -> bool {
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
        parts.truncate(self.bot.chat.answer_messages);
        let buttons = self.buttons.clone();
        self.show_parts(parts, buttons, Vec::new()).await
    }

    /// Shows the whole text and what stands under it.
    pub async fn show_whole(
        &mut self,
        text: &str,
        footer: &str,
        buttons: Vec<Button>,
    ) -> anyhow::Result<()> {
        let mut parts = self.split_with_heading(text);
        let mut files = Vec::new();
        let most = self.bot.chat.answer_messages;
        if parts.len() > most {
            parts.truncate(most);
            let description = words::answers::answer_file(self.voice);
            files.push(markdown_file(ANSWER_FILE, description, text));
        }
        let footer = if files.is_empty() {
            footer.to_owned()
        } else {
            let continued = words::answers::continued_in_file(self.voice);
            format!("{continued}\n{footer}")
        };
        match parts.last_mut() {
            Some(last) if split::units(last) + split::units(&footer) < split::LIMIT => {
                *last += "\n";
                *last += &footer;
            }
            _ => parts.push(footer),
        }
        self.show_parts(parts, buttons, files).await
    }

    /// Puts a short message where the answer would be.
    pub async fn show_instead(&mut self, card: Card) -> anyhow::Result<()> {
        let Card { text, buttons, .. } = card;
        let text = format!("{}{text}", self.heading);
        let parts = split::split(&text, split::LIMIT);
        self.show_parts(parts, buttons, Vec::new()).await
    }

    /// Puts cards where the answer would be, with their files.
    pub async fn show_cards(&mut self, cards: Vec<Card>) -> anyhow::Result<()> {
        for (at, card) in cards.into_iter().enumerate() {
            let heading = if at == 0 { self.heading.as_str() } else { "" };
            let text = format!("{heading}{}", card.text);
            self.show_one(at, Card { text, ..card }).await?;
        }
        Ok(())
    }

    fn split_with_heading(&self, text: &str) -> Vec<String> {
        self.new_layout().end(text)
    }

    /// The messages of an answer that grows.
    fn split_growing(&mut self, text: &str) -> Vec<String> {
        let kept = self.layout.take();
        let layout = kept.unwrap_or_else(|| self.new_layout());
        self.layout.insert(layout).grow(text)
    }

    fn new_layout(&self) -> Layout {
        Layout::new(Author::Model, split::LIMIT - FOOTER_UNITS)
            .below(&self.heading)
            .at_most(self.bot.chat.answer_messages)
    }

    /// Edits what changed and posts what is new. Buttons and files belong
    /// under the last message.
    async fn show_parts(
        &mut self,
        parts: Vec<String>,
        buttons: Vec<Button>,
        files: Vec<File>,
    ) -> anyhow::Result<()> {
        let last = parts.len().saturating_sub(1);
        for (at, part) in parts.into_iter().enumerate() {
            let mut card = Card::text(part);
            card.hides_previews = !self.shows_previews;
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
        if let Some(shown) = self.shown.get_mut(at) {
            if shown.card != card {
                target.edit_message(rest, &shown.id, &card).await?;
                card.files.clear();
                shown.card = card;
            }
            return Ok(());
        }
        let id = match self.shown.last() {
            None => {
                card.files.extend(self.question.take());
                target.send_first(rest, &card).await?
            }
            Some(before) => target.send_next(rest, &before.id, &card).await?,
        };
        card.files.clear();
        let message = id.parse().ok();
        self.shown.push(ShownMessage { id, card });
        if let (Some(notes), Some(message)) = (&self.notes, message) {
            notes.note_message(message);
        }
        Ok(())
    }
}

fn markdown_file(name: &'static str, description: String, text: &str) -> File {
    File {
        name: name.to_owned(),
        kind: "text/markdown",
        description,
        bytes: text.as_bytes().to_vec(),
    }
}
