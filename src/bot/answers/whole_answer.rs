//! Whole answers: laid out over messages, and what becomes of the rest where
//! Discord takes no more messages or no file.

use crate::bot::answers::message_renderer::MessageRenderer;
use crate::bot::answers::split;
use crate::bot::connection::card::{Button, Card, File};
use crate::bot::connection::rest::{code_of, refuses_content, status_of};
use crate::bot::conversation::transcript::ANSWER_FILE;
use crate::bot::words;

/// A whole answer, and what stands under it.
struct WholeAnswer<'a> {
    text: &'a str,
    footer: &'a str,
    buttons: Vec<Button>,
}

/// Where the rest of an answer is that is too long for its messages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Remainder {
    InFile,
    SentDirectly,
    NotAttached,
}

impl MessageRenderer<'_> {
    /// Shows the whole text and what stands under it. What cannot be shown as
    /// another message stands in a file; what cannot be attached goes to
    /// whoever asked.
    pub async fn show_whole(
        &mut self,
        text: &str,
        footer: &str,
        buttons: Vec<Button>,
    ) -> anyhow::Result<()> {
        let answer = WholeAnswer {
            text,
            footer,
            buttons,
        };
        let mut most = self.bot.chat.answer_messages;
        let mut remainder = Remainder::InFile;
        loop {
            let cards = self.lay_out(&answer, most, remainder);
            let (wanted, has_file) = (cards.len(), cards.iter().any(|card| !card.files.is_empty()));
            let Err(error) = self.show_last(cards).await else {
                return self.empty_messages(wanted).await;
            };
            let standing = self.count_shown();
            if has_file && refuses_files(&error) {
                remainder = self.send_directly(text).await;
            } else if (1..most.min(wanted)).contains(&standing) && !is_over(&error) {
                most = standing;
            } else if refuses_content(&error) && self.drop_heading() {
                // What Discord does not take may stand in the question.
                tracing::info!("shows an answer without its question: {error:#}");
            } else {
                return Err(error);
            }
        }
    }

    /// Lays an answer out over so many messages at the most.
    fn lay_out(&self, answer: &WholeAnswer<'_>, most: usize, remainder: Remainder) -> Vec<Card> {
        let mut parts = self.split_with_heading(answer.text);
        let is_cut = parts.len() > most;
        parts.truncate(most);
        let mut cards: Vec<Card> = parts.into_iter().map(Card::text).collect();
        if cards.is_empty() {
            // It said something, of which Discord shows nothing: a comment.
            cards.push(Card::text(words::answers::empty_answer(self.voice)));
        }
        let Some(last) = cards.last_mut() else {
            return cards;
        };
        let mut footer = answer.footer.to_owned();
        if is_cut {
            let sentence = match remainder {
                Remainder::InFile => words::answers::continued_in_file(self.voice),
                Remainder::SentDirectly => words::answers::continued_directly(self.voice),
                Remainder::NotAttached => words::answers::continued_nowhere(self.voice),
            };
            footer = format!("{sentence}\n{footer}");
        }
        // A footer of unusual length is a message of its own.
        if split::units(&last.text) + split::units(&footer) < split::LIMIT {
            last.text += "\n";
            last.text += &footer;
        } else {
            cards.push(Card::text(footer));
        }
        if let Some(last) = cards.last_mut() {
            if is_cut && remainder == Remainder::InFile {
                last.files.push(self.answer_file(answer.text));
            }
            last.buttons.clone_from(&answer.buttons);
        }
        cards
    }

    fn answer_file(&self, text: &str) -> File {
        let description = words::answers::answer_file(self.voice);
        File::of_markdown(ANSWER_FILE, description, text)
    }

    /// Sends the whole answer to whoever asked, since it could not be
    /// attached; returns where the rest of it is.
    async fn send_directly(&self, text: &str) -> Remainder {
        let file = self.answer_file(text);
        let card = Card {
            files: vec![file],
            ..words::answers::whole_answer_directly(self.voice, self.target.channel())
        };
        match self.bot.rest.direct_message(self.asker.0, &card).await {
            Ok(()) => Remainder::SentDirectly,
            Err(error) => {
                tracing::info!("could not send an answer directly: {error:#}");
                Remainder::NotAttached
            }
        }
    }
}

/// Whether the place takes nothing any more, so that a file would not help.
fn is_over(error: &anyhow::Error) -> bool {
    matches!(status_of(error), Some(401 | 404))
}

/// Whether Discord does not take a message's files: the bot may not attach
/// any, or they are too large.
fn refuses_files(error: &anyhow::Error) -> bool {
    matches!(code_of(error), Some(50_013 | 40_005 | 50_045)) || status_of(error) == Some(413)
}
