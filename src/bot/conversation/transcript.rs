//! The transcript: how a conversation stands in a channel. The bot's own
//! messages are written and read in this one file:
//!
//! ```text
//! > A question that stands nowhere else in the channel.
//! > -# not: what should not be in its picture
//! > -# file: a picture that came with it, or a file that was not read
//!
//! The answer.
//! -# Small print: the model, who paid, what it used.
//! ```
//!
//! A question of more than 500 UTF-16 units stands in the file
//! `question.md`, with an excerpt of it above the answer. An answer fills as
//! many messages as it needs; where those are too many, the whole answer
//! stands in `answer.md` under its beginning.

use serenity::all::Message;

use crate::bot::answers::split;
use crate::model::Turn;

/// The file of an answer that is too long for its messages.
pub const ANSWER_FILE: &str = "answer.md";
/// The file of a question that is too long to stand above its answer.
pub const QUESTION_FILE: &str = "question.md";

/// How much of a question is shown above its answer, in UTF-16 units.
const QUOTE_UNITS: usize = 500;
/// How much is shown of a longer one.
const EXCERPT_CHARACTERS: usize = 200;
/// The longest name of a person that a model is told.
const NAME_CHARACTERS: usize = 32;
/// Discord's mark of small print, in which our footers stand.
pub const SMALL_PRINT: &str = "-# ";
/// Discord's mark of a quoted line.
const QUOTED: &str = "> ";
/// Stands before what should not be in a picture.
const NEGATIVE: &str = "-# not: ";
/// Stands before the name of a file that came with a question and is kept
/// nowhere.
const FILE: &str = "-# file: ";

/// What stands above an answer: its question, quoted.
pub struct Heading {
    pub text: String,
    /// The question is too long to stand there whole: it belongs into
    /// [`QUESTION_FILE`].
    pub is_excerpt: bool,
}

/// What a picture is made from, as it stands above the picture.
#[derive(Debug, PartialEq, Eq)]
pub struct ImagePrompt {
    pub prompt: String,
    /// What should not be in the picture; mostly empty.
    pub negative: String,
}

/// The files that came with one of the bot's own messages.
#[derive(Default)]
pub struct OwnFiles {
    pub question: Option<String>,
    pub answer: Option<String>,
}

/// Quotes a question as it stands above its answer.
pub fn heading(question: &str) -> Heading {
    let question = question.trim();
    if split::units(question) > QUOTE_UNITS {
        let start: String = question.chars().take(EXCERPT_CHARACTERS).collect();
        let line = start.replace('\n', " ");
        return Heading {
            text: format!("{QUOTED}{line} …\n\n"),
            is_excerpt: true,
        };
    }
    let lines = question.lines().map(|line| format!("{QUOTED}{line}\n"));
    Heading {
        text: lines.collect::<String>() + "\n",
        is_excerpt: false,
    }
}

/// A question as it stands above its answer, with the name of the file that
/// came with it.
pub fn question_with_file(question: &str, name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    format!("{question}\n{FILE}{name}")
}

/// A question that was read above its answer, as a model is told it: the file
/// that came with it is gone.
pub fn told_question(question: &str) -> String {
    let parts = question.rsplit_once('\n');
    let parts = parts.and_then(|(words, last)| Some((words, last.strip_prefix(FILE)?)));
    let Some((words, name)) = parts else {
        return question.to_owned();
    };
    format!(
        "{words}\n(A file came with this that you are not given any more: {name}. \
         Say so if it matters, and don't guess what is in it.)"
    )
}

/// Writes a line of small print. It is no part of the answer above it.
pub fn small_print(words: &str) -> String {
    format!("{SMALL_PRINT}{words}")
}

impl ImagePrompt {
    /// Writes a prompt as the question above its picture.
    pub fn write(prompt: &str, negative: &str) -> String {
        let negative = negative.replace('\n', " ");
        if negative.trim().is_empty() {
            prompt.to_owned()
        } else {
            format!("{prompt}\n{NEGATIVE}{negative}")
        }
    }

    /// Reads what [`ImagePrompt::write`] wrote.
    pub fn parse(question: &str) -> Self {
        let parts = question.rsplit_once('\n');
        let parts = parts.and_then(|(prompt, last)| Some((prompt, last.strip_prefix(NEGATIVE)?)));
        let (prompt, negative) = parts.unwrap_or((question, ""));
        Self {
            prompt: prompt.to_owned(),
            negative: negative.to_owned(),
        }
    }
}

impl OwnFiles {
    /// Whether a file of this name, under one of the bot's messages, is part
    /// of what it says there.
    pub fn is_one(name: &str) -> bool {
        matches!(name, ANSWER_FILE | QUESTION_FILE)
    }

    /// Takes a text file in, if its name says that it is the bot's.
    pub fn add(&mut self, name: &str, text: String) {
        match name {
            ANSWER_FILE => self.answer = Some(text),
            QUESTION_FILE => self.question = Some(text),
            _ => {}
        }
    }
}

/// The question and the answer that one of the bot's own messages holds;
/// either can be missing.
pub fn own_turns(content: &str, files: OwnFiles) -> Vec<Turn> {
    if let Some(answer) = files.answer {
        return vec![Turn::model(answer)];
    }
    let (quoted, rest) = take_quote(content);
    let answer = without_small_print(rest);
    let answer = (!answer.is_empty()).then(|| Turn::model(answer));
    let quoted = quoted.map(|question| Turn::person(told_question(&question)));
    let mut turns: Vec<Turn> = quoted.into_iter().chain(answer).collect();
    if let (Some(question), Some(first)) = (files.question, turns.first_mut()) {
        // The whole question in the place of its excerpt.
        first.text.0 = told_question(&question);
    }
    turns
}

/// The question that stands above an answer, if one does.
pub fn quoted_question(content: &str) -> Option<String> {
    take_quote(content).0
}

fn take_quote(content: &str) -> (Option<String>, &str) {
    let mut rest = content;
    let mut question = Vec::new();
    while let Some(line) = rest.strip_prefix(QUOTED) {
        let (line, after) = line.split_once('\n').unwrap_or((line, ""));
        question.push(line);
        rest = after;
    }
    let question = (!question.is_empty()).then(|| question.join("\n"));
    (question, rest.trim_start_matches('\n'))
}

fn without_small_print(content: &str) -> &str {
    let mut text = content.trim_end();
    loop {
        let (above, last) = text.rsplit_once('\n').unwrap_or(("", text));
        if !last.starts_with(SMALL_PRINT) {
            return text;
        }
        text = above.trim_end();
    }
}

/// What a person wrote: names in the place of ids, and the bot's own name
/// left out.
pub fn persons_text(message: &Message, bot_user: u64) -> String {
    let mut text = message.content.clone();
    for user in &message.mentions {
        let id = user.id.get();
        let name = match user.global_name.as_ref() {
            _ if id == bot_user => String::new(),
            Some(name) => format!("@{name}"),
            None => format!("@{}", user.name),
        };
        text = text.replace(&format!("<@{id}>"), &name);
        text = text.replace(&format!("<@!{id}>"), &name);
    }
    text.trim().to_owned()
}

/// How whoever wrote a message is called, on one line.
pub fn author_name(message: &Message) -> String {
    let member = message.member.as_ref();
    let name = member
        .and_then(|member| member.nick.as_ref())
        .or(message.author.global_name.as_ref())
        .unwrap_or(&message.author.name);
    let plain = name.chars().filter(|c| !c.is_control() && *c != ':');
    let plain: String = plain.take(NAME_CHARACTERS).collect();
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_is_no_part_of_the_answer() {
        for (content, answer) in [
            ("Yes.\n-# Groq x · bot default", "Yes."),
            ("Yes.\n-# one\n-# two", "Yes."),
            ("-# all small", ""),
            ("No footer\n- a list", "No footer\n- a list"),
            ("", ""),
        ] {
            assert_eq!(without_small_print(content), answer);
        }
    }

    #[test]
    fn a_question_above_its_answer_can_be_read_again() {
        for question in ["why?", "two\nlines", "> already quoted", "with\n\nroom"] {
            let heading = heading(question);
            assert!(!heading.is_excerpt);
            let content = heading.text + "Because.\n" + &small_print("small print");
            assert_eq!(
                own_turns(&content, OwnFiles::default()),
                [Turn::person(question), Turn::model("Because.")]
            );
        }
        assert_eq!(
            own_turns("> the answer quotes", OwnFiles::default()).len(),
            1
        );
    }

    #[test]
    fn what_is_too_long_is_read_from_its_file() {
        let question = "x".repeat(501);
        let heading = heading(&question);
        assert!(heading.is_excerpt);
        let content = heading.text + "Because.";
        let mut files = OwnFiles::default();
        files.add(QUESTION_FILE, question.clone());
        files.add("notes.md", "somebody else's".into());
        assert_eq!(
            own_turns(&content, files),
            [Turn::person(question.as_str()), Turn::model("Because.")]
        );
        let mut files = OwnFiles::default();
        files.add(ANSWER_FILE, "all of it".into());
        assert_eq!(
            own_turns("its beginning", files),
            [Turn::model("all of it")]
        );
    }

    #[test]
    fn a_file_that_came_with_a_question_is_gone_when_it_is_read_again() {
        let question = question_with_file("what is it?", "cat.png");
        assert!(told_question(&question).starts_with("what is it?\n(A file came with this"));
        assert!(told_question(&question).contains(": cat.png."));
        for question in ["why?", "-# file: x", "two\nlines"] {
            assert_eq!(told_question(question), question);
        }
    }

    #[test]
    fn an_image_prompt_reads_as_it_was_written() {
        for (prompt, negative) in [
            ("a lighthouse", ""),
            ("a lighthouse", "people, boats"),
            ("two\nlines", "people"),
        ] {
            assert_eq!(
                ImagePrompt::parse(&ImagePrompt::write(prompt, negative)),
                ImagePrompt {
                    prompt: prompt.into(),
                    negative: negative.into(),
                }
            );
        }
    }
}
