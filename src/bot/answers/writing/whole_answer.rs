//! Whole answers: laid out over messages, and what becomes of the rest where
//! Discord takes no more messages or no file.

use crate::bot::answers::layout::{Author, Layout};
use crate::bot::answers::split;
use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::connection::calls::rest::{code_of, refuses_content, status_of};
use crate::bot::connection::wire::card::{Button, Card, File};
use crate::bot::conversation::transcript::{self, ANSWER_FILE};
use crate::bot::words;
use crate::model::{is_blank, is_invisible};

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
    /// whoever asked. A notice stands for a text of which Discord shows
    /// nothing.
    pub async fn show_whole(
        &mut self,
        text: &str,
        footer: &str,
        buttons: Vec<Button>,
    ) -> anyhow::Result<()> {
        let notice = transcript::mark_notice(&words::answers::empty_answer(self.voice));
        let text = if shows_nothing(text) {
            notice.as_str()
        } else {
            text
        };
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
            let at_most = most.min(wanted);
            // One that grew stands already, without the words that are blocked.
            let all_stand = self.count_shown() >= at_most && refuses_content(&error);
            let standing = self.count_shown().saturating_sub(usize::from(all_stand));
            if has_file && refuses_files(&error) {
                remainder = self.send_directly(text).await;
            } else if (1..at_most).contains(&standing) && !is_over(&error) {
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

/// Whether Discord shows nothing of what a model said: a comment, markup
/// around nothing, characters without width.
pub fn shows_nothing(text: &str) -> bool {
    // Most answers begin with a letter, and need no second look. Fillers are
    // letters that show nothing.
    let mut seen = text.chars().filter(|c| !c.is_whitespace());
    if seen
        .next()
        .is_some_and(|c| c.is_alphanumeric() && !is_invisible(c))
    {
        return false;
    }
    let parts = Layout::new(Author::Model, split::LIMIT).end(text);
    let mut lines = parts.iter().flat_map(|part| part.lines());
    lines.all(is_bare_markup)
}

/// Whether a line is blank, or a mark of code or of a formula without any.
fn is_bare_markup(line: &str) -> bool {
    let line = line.trim();
    let language = line.trim_start_matches('`');
    let is_language = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-');
    let is_fence = line.len() - language.len() >= 3 && language.chars().all(is_language);
    let is_formula = line.len() > 1 && line.chars().all(|c| c == '$');
    is_blank(line) || is_fence || is_formula
}

/// Whether the place takes nothing any more, so that a file would not help.
fn is_over(error: &anyhow::Error) -> bool {
    matches!(status_of(error), Some(401 | 404))
}

/// Whether Discord does not take a message's files: the bot may not attach
/// any or may not post there, or they are too large.
pub(super) fn refuses_files(error: &anyhow::Error) -> bool {
    matches!(code_of(error), Some(50_013 | 40_005 | 50_045)) || status_of(error) == Some(413)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_discord_shows_nothing_of_is_known() {
        for empty in [
            "",
            " \n\t",
            "<!-- x -->",
            "<!-- one -->\n\n<!-- two -->",
            "```\n```",
            "```rust\n\n```",
            "<p></p>",
            "<br>",
            "&nbsp;",
            "$$$$",
            "\u{200b}",
            "\u{feff}\u{2800}",
            "\u{3164}\u{115f}",
        ] {
            assert!(shows_nothing(empty), "{empty:?}");
        }
        for answer in [
            "é",
            "42",
            "?",
            "$",
            "👍",
            "`x`",
            "```\nx\n```",
            "$$x$$",
            "<!-- a --> b",
            "- x",
        ] {
            assert!(!shows_nothing(answer), "{answer:?}");
        }
    }
}
