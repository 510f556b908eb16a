//! The messages that an answer fills while it grows.

use tokio_util::sync::CancellationToken;

use crate::app::AnswerLog;
use crate::bot::Bot;
use crate::bot::answers::layout::{Author, Layout};
use crate::bot::answers::running::deletions::WatchedWork;
use crate::bot::answers::split;
use crate::bot::answers::writing::target::{Insistence, Part, StandingMessage, Target};
use crate::bot::connection::calls::channel_calls::random_nonce;
use crate::bot::connection::wire::card::{Button, Card, File};
use crate::bot::conversation::transcript;
use crate::bot::words::{self, Voice};
use crate::model::{PersonId, ServerId, is_blank};

/// Room that is kept for what stands under an answer, in UTF-16 units.
const FOOTER_UNITS: usize = 400;
/// How many characters all nonces of an answer begin with.
const NONCE_BASE: usize = 20;

/// What has become of the message that says that an answer will come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PromiseState {
    None,
    Made,
    /// It is taken away.
    Withdrawn,
}

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
    pub(super) layout: Option<Layout>,
    /// How often these were taken back before they were laid out.
    pub(super) beginnings: usize,
    /// Whether links that the model wrote show a preview of their pages.
    pub shows_previews: bool,
    /// The question, where it is too long to stand above its answer.
    question: Option<File>,
    /// How many files stand in the first message that its last word drops.
    passing_files: usize,
    /// What stands under the answer while it grows.
    pub buttons: Vec<Button>,
    /// What the answer depends on: when that is deleted, it stops.
    pub watched: WatchedWork,
    /// Where it is noted which messages the answer fills, once it has begun.
    pub notes: Option<AnswerLog>,
    /// What has become of the message that says that an answer will come.
    pub(super) promise: PromiseState,
    /// The message that promises it, if there is one and its id is known.
    pub(super) promised_message: Option<u64>,
    /// The messages that stand in the channel.
    pub(super) shown: Vec<ShownMessage>,
    /// What should stand there last of all.
    intended: Vec<Card>,
    /// Whether what is shown is the last word.
    pub(super) insistence: Insistence,
    /// What the nonces of the messages begin with, once there is one.
    pub(super) nonce: Option<String>,
    /// The next message was posted before, and nobody knows whether it came.
    pub(super) may_stand_already: bool,
    /// Stops the model, where the answer can't be shown.
    pub stop: Option<CancellationToken>,
    /// Says under the answer who wrote down the voice message that it answers.
    pub heard: Option<String>,
    /// How many messages the place takes while the answer grows, once it has
    /// refused one more.
    pub(super) growing_most: Option<usize>,
    /// Why the place takes no message at all.
    pub(super) refusal: Option<anyhow::Error>,
}

/// A message as it stands in the channel. Its files are left out: they stay
/// where they were put.
pub(super) struct ShownMessage {
    pub(super) message: StandingMessage,
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

    /// What stands under an answer, with who wrote down the voice message.
    pub fn below_heard(&self, footer: String) -> String {
        match &self.heard {
            Some(heard) => format!("{footer}\n{heard}"),
            None => footer,
        }
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
            beginnings: 0,
            shows_previews: false,
            question: None,
            passing_files: 0,
            buttons: Vec::new(),
            watched: bot.deletions.watch(target.channel(), target.reply_to()),
            notes: None,
            promise: PromiseState::None,
            promised_message: None,
            shown: Vec::new(),
            intended: Vec::new(),
            insistence: Insistence::Growing,
            nonce: None,
            may_stand_already: false,
            stop: None,
            heard: None,
            growing_most: None,
            refusal: None,
        }
    }

    /// Says where the asker asked.
    pub fn set_server(&mut self, server: Option<ServerId>) {
        self.server = server;
        self.watched.set_server(server);
    }

    /// Puts a question above the answer, for it stands nowhere else in the
    /// channel.
    pub fn quote_question(&mut self, question: &str) {
        let heading = transcript::heading(question);
        self.question = words::answers::file_of_question(self.voice, &heading, question);
        self.heading = heading.text;
    }

    /// The question, where it is too long to stand above its answer.
    pub fn question_file(&self) -> Option<File> {
        self.question.clone()
    }

    /// Shows that an answer will come, unless that shows already.
    pub async fn promise_answer(&mut self) -> anyhow::Result<()> {
        if !self.is_promised() {
            self.promised_message = self.target.promise_answer(&self.bot.rest).await?;
            if let Some(message) = self.promised_message {
                self.watched.add_message(message);
            }
            self.promise = PromiseState::Made;
        }
        Ok(())
    }

    /// Notes that somebody else has shown that an answer will come.
    pub fn mark_promised(&mut self) {
        self.promise = PromiseState::Made;
    }

    /// Notes which message shows that an answer will come.
    pub fn mark_promised_by(&mut self, message: u64) {
        self.watched.add_message(message);
        self.promised_message = Some(message);
        self.promise = PromiseState::Made;
    }

    /// Whether it shows already that an answer will come.
    pub fn is_promised(&self) -> bool {
        self.promise != PromiseState::None
    }

    /// The message that promises the answer, if its id is known.
    pub fn promised_message(&self) -> Option<u64> {
        self.promised_message
    }

    /// What stands above the answer.
    pub fn heading(&self) -> &str {
        &self.heading
    }

    /// Whether anything of the answer stands in the channel.
    pub fn has_shown(&self) -> bool {
        !self.shown.is_empty()
    }

    /// The last message that stands in the channel, if its id is known.
    pub fn last_shown(&self) -> Option<u64> {
        self.shown.last().and_then(|last| last.message.id)
    }

    /// The messages that stand in the channel, in their order; before the
    /// first, the one that promises it.
    pub fn standing_ids(&self) -> Vec<u64> {
        let shown = self.shown.iter().filter_map(|shown| shown.message.id);
        let shown: Vec<u64> = shown.collect();
        if shown.is_empty() {
            return self.promised_message.into_iter().collect();
        }
        shown
    }

    /// How many messages stand in the channel.
    pub fn count_shown(&self) -> usize {
        self.shown.len()
    }

    /// Says what should stand there, where it could not be shown.
    pub fn intend(&mut self, card: Card) {
        self.intended = vec![card];
    }

    /// A notice with the question above it, where there is room.
    pub fn below_question(&self, card: Card) -> Card {
        let text = format!("{}{}", self.heading, transcript::mark_notice(&card.text));
        let has_question = !is_blank(&self.heading.replace('>', ""));
        if !has_question || split::units(&text) > split::LIMIT {
            return card;
        }
        let mut files = card.files;
        files.extend(self.question.clone());
        Card {
            text,
            files,
            ..card
        }
    }

    /// What should stand there last of all, if that is known yet.
    pub fn intended(&self) -> &[Card] {
        &self.intended
    }

    /// Why the place takes no message at all, if it does not.
    pub fn take_refusal(&mut self) -> Option<anyhow::Error> {
        self.refusal.take()
    }

    /// Leaves nothing but a notice in the messages after so many: what stood
    /// there was taken back, and no answer is without a message.
    pub async fn empty_messages(&mut self, wanted: usize) -> anyhow::Result<()> {
        for at in wanted.max(1)..self.shown.len() {
            let notice = words::answers::nothing_more(self.voice);
            let card = Card::text(transcript::mark_notice(&notice));
            self.show_one(at, card).await?;
        }
        Ok(())
    }

    /// Shows what stands there last of all.
    pub async fn show_last(&mut self, mut cards: Vec<Card>) -> anyhow::Result<()> {
        self.insistence = Insistence::Last;
        for card in &mut cards {
            card.hides_previews = !self.shows_previews;
        }
        self.intended.clone_from(&cards);
        self.show_each(cards).await
    }

    /// Puts a notice where the answer would be, for good.
    pub async fn show_instead(&mut self, card: Card) -> anyhow::Result<()> {
        let card = words::with_offers(self.voice, card);
        let parts = self.parts_instead(&card);
        self.show_last(self.cards_of(parts, &card.buttons)).await
    }

    /// Puts a notice in the place of the message that grew last, for good:
    /// no more of the answer comes there.
    pub async fn replace_growing(&mut self, card: &Card) -> anyhow::Result<()> {
        self.insistence = Insistence::Last;
        let at = self.shown.len().saturating_sub(1);
        let heading = if at == 0 { self.heading.as_str() } else { "" };
        let notice = transcript::mark_notice(&card.text);
        let card = Card::text(format!("{heading}{notice}"));
        self.show_one(at, card).await
    }

    /// Leaves out what stands above the answer; says whether something did.
    pub fn drop_heading(&mut self) -> bool {
        self.layout = None;
        !std::mem::take(&mut self.heading).is_empty()
    }

    /// Puts a notice where the answer will be, until it comes. One
    /// that fails is made up for by the next.
    pub async fn show_meanwhile(&mut self, card: Card) {
        self.insistence = Insistence::Growing;
        let cards = self.cards_of(self.parts_instead(&card), &card.buttons);
        if let Err(error) = self.show_each(cards).await {
            tracing::debug!("could not show how far an answer is: {error:#}");
        }
    }

    /// Shows how far a picture is, with what it looks like so far. One that fails
    /// is made up for by the next.
    pub async fn show_preview(&mut self, card: Card) {
        self.insistence = Insistence::Growing;
        let notice = transcript::mark_notice(&card.text);
        let text = format!("{}{notice}", self.heading);
        self.passing_files = card.files.len();
        if let Err(error) = self.show_one(0, Card { text, ..card }).await {
            tracing::debug!("could not show a picture on the way: {error:#}");
        }
    }

    fn parts_instead(&self, card: &Card) -> Vec<String> {
        let notice = transcript::mark_notice(&card.text);
        split::split(&format!("{}{notice}", self.heading), split::LIMIT)
    }

    /// Puts cards where the answer would be, with their files.
    pub async fn show_cards(&mut self, cards: Vec<Card>) -> anyhow::Result<()> {
        self.insistence = Insistence::Last;
        for (at, card) in cards.into_iter().enumerate() {
            let heading = if at == 0 { self.heading.as_str() } else { "" };
            let text = format!("{heading}{}", card.text);
            self.show_one(at, Card { text, ..card }).await?;
        }
        Ok(())
    }

    /// The heading and a text, laid out and cut as Discord shows them.
    pub fn split_with_heading(&self, text: &str) -> Vec<String> {
        self.new_layout().end(text)
    }

    pub(super) fn new_layout(&self) -> Layout {
        Layout::new(Author::Model, split::LIMIT - FOOTER_UNITS)
            .below(&self.heading)
            .at_most(self.bot.chat.answer_messages)
    }

    /// Parts as cards, with the buttons under the last.
    pub(super) fn cards_of(&self, parts: Vec<String>, buttons: &[Button]) -> Vec<Card> {
        let mut cards: Vec<Card> = parts.into_iter().map(Card::text).collect();
        for card in &mut cards {
            card.hides_previews = !self.shows_previews;
        }
        if let Some(last) = cards.last_mut() {
            last.buttons = buttons.to_vec();
        }
        cards
    }

    /// Edits what changed and posts what is new.
    pub(super) async fn show_each(&mut self, cards: Vec<Card>) -> anyhow::Result<()> {
        for (at, card) in cards.into_iter().enumerate() {
            self.show_one(at, card).await?;
        }
        Ok(())
    }

    /// Answers an interaction with a card, if it was not promised an answer.
    /// Says whether it did.
    pub async fn reply_unpromised(&self, card: &Card) -> anyhow::Result<bool> {
        match self.target {
            Target::Interaction(handle) | Target::Private(handle) if !self.is_promised() => {
                self.bot.rest.reply(handle, card).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn show_one(&mut self, at: usize, mut card: Card) -> anyhow::Result<()> {
        if at >= self.shown.len() {
            let Some(standing) = self.add_message(&card).await? else {
                return Ok(());
            };
            // An earlier attempt was heard: what it said stands there.
            self.shown.push(standing);
        }
        let (rest, target, insistence) = (&self.bot.rest, self.target, self.insistence);
        if let Some(shown) = self.shown.get_mut(at)
            && shown.card != card
        {
            // An edit that brings files drops those that it does not bring.
            let is_last_word = insistence == Insistence::Last;
            let own_files = card.files.len();
            let drops = at == 0 && is_last_word && std::mem::take(&mut self.passing_files) > 0;
            if at == 0 && (drops || !card.files.is_empty()) {
                card.files.extend(self.question.clone());
            }
            card.drops_files = drops && card.files.is_empty();
            let part = Part {
                card: &card,
                insistence,
            };
            if let Err(refusal) = target.edit_message(rest, &shown.message, part).await {
                card.files.truncate(own_files);
                return self.replace(at, card, refusal).await;
            }
            card.files.clear();
            card.drops_files = false;
            shown.card = card;
        }
        Ok(())
    }

    /// Adds a message to those that stand there. Returns it instead where it
    /// stood there already, with another text.
    pub(super) async fn add_message(
        &mut self,
        card: &Card,
    ) -> anyhow::Result<Option<ShownMessage>> {
        let (rest, target) = (&self.bot.rest, self.target);
        let mut card = card.clone();
        let is_growing = self.insistence == Insistence::Growing;
        if let Target::Channel { .. } = target {
            card.nonce = Some(self.part_nonce()?);
        } else if is_growing && !self.shown.is_empty() {
            // A follow-up has no nonce. One whose answer is lost stands there,
            // and nobody would take its buttons away.
            card.buttons.clear();
        }
        if self.shown.is_empty() {
            card.files.extend(self.question.clone());
            card.reply_to = self.watched.copy_of_question();
        }
        let part = Part {
            card: &card,
            insistence: self.insistence,
        };
        let before = self.shown.last().and_then(|before| before.message.id);
        let sent = if self.shown.is_empty() && self.promise != PromiseState::Withdrawn {
            target.send_first(rest, part).await
        } else {
            target.send_next(rest, before, part).await
        };
        let was_unsure = std::mem::replace(&mut self.may_stand_already, sent.is_err());
        let message = sent?;
        if let (Some(notes), Some(id)) = (&self.notes, message.id) {
            notes.note_message(id);
        }
        if let Some(id) = message.id {
            self.watched.add_message(id);
        }
        (card.files, card.nonce, card.reply_to) = (Vec::new(), None, None);
        if let Some(text) = &message.text
            && was_unsure
            && text.trim() != card.text.trim()
        {
            let card = Card::text(text.as_str());
            return Ok(Some(ShownMessage { message, card }));
        }
        self.shown.push(ShownMessage { message, card });
        Ok(None)
    }

    /// By which Discord knows the next message, however often it is posted.
    fn part_nonce(&mut self) -> anyhow::Result<String> {
        let base = if let Some(base) = &self.nonce {
            base.clone()
        } else {
            let mut base = random_nonce()?;
            base.truncate(NONCE_BASE);
            self.nonce.insert(base).clone()
        };
        Ok(format!("{base}{:03}", self.shown.len() % 1_000))
    }
}
