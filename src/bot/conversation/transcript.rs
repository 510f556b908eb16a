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
//! The question stands there only under a command or a button: under a
//! message that asks, its answer may begin with a quote of its own.
//!
//! A notice of the bot's, such as why there is no answer, is not the model's
//! word. It holds a mark that nobody sees, so that it can be told apart when
//! it is read again: Discord gives a message nothing else to carry that.
//!
//! A question of more than 500 UTF-16 units stands in the file
//! `question.md`, with an excerpt of it above the answer. An answer fills as
//! many messages as it needs; where those are too many, the whole answer
//! stands in `answer.md` under its beginning.

use crate::bot::answers::split;
use crate::bot::conversation::markup::SMALL_PRINT;

/// The file of an answer that is too long for its messages.
pub const ANSWER_FILE: &str = "answer.md";
/// The file of a question that is too long to stand above its answer.
pub const QUESTION_FILE: &str = "question.md";

/// How much of a question is shown above its answer, in UTF-16 units.
const QUOTE_UNITS: usize = 500;
/// How much is shown of a longer one.
const EXCERPT_CHARACTERS: usize = 200;
/// What stands at the end of that.
const EXCERPT_END: &str = " …";
/// Discord's mark of a quoted line.
const QUOTED: &str = "> ";
/// Stands before what should not be in a picture.
const NEGATIVE: &str = "-# not: ";
/// What stands before the LoRA that it is made with.
const LORA: &str = "-# LoRA: ";
/// Stands before the name of a file that came with a question and is kept
/// nowhere.
const FILE: &str = "-# file: ";

/// Characters without width or meaning, in an order in which no writing has
/// them.
const NOTICE: &str = "\u{200b}\u{200c}\u{200b}";

/// One of the bot's own messages, as it stands in a channel.
#[derive(Clone, Copy, Debug)]
pub struct OwnMessage<'a> {
    pub content: &'a str,
    /// Whether a question can stand above the answer.
    pub may_quote: bool,
}

/// What one of the bot's own messages holds; either can be missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OwnWords {
    /// What somebody asked, where it stands above the answer.
    pub question: Option<String>,
    /// What the model said.
    pub answer: Option<String>,
    /// Whether that is the whole answer, from its file.
    pub is_whole: bool,
}

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
    pub lora: Option<String>,
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
            text: format!("{QUOTED}{line}{EXCERPT_END}\n\n"),
            is_excerpt: true,
        };
    }
    let lines = question.lines().map(|line| format!("{QUOTED}{line}\n"));
    Heading {
        text: lines.collect::<String>() + "\n",
        is_excerpt: false,
    }
}

/// Whether a quoted question is the excerpt of a longer one.
pub fn is_excerpt(quoted: &str) -> bool {
    let start = quoted.strip_suffix(EXCERPT_END);
    start.is_some_and(|start| start.chars().count() == EXCERPT_CHARACTERS)
}

/// Marks a notice of the bot's. The mark stands inside, where nothing trims
/// it.
pub fn mark_notice(words: &str) -> String {
    let mut marked = words.trim_end().to_owned();
    if let Some(last) = marked.pop() {
        marked.push_str(NOTICE);
        marked.push(last);
    }
    marked
}

/// A text without the mark of a notice, and whether it had one.
pub fn take_notice_mark(content: &str) -> (String, bool) {
    (content.replace(NOTICE, ""), content.contains(NOTICE))
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

/// What stands before a last line that begins so, and the rest of that line.
fn take_last_line<'a>(text: &'a str, begins: &str) -> Option<(&'a str, &'a str)> {
    let (before, last) = text.rsplit_once('\n')?;
    Some((before, last.strip_prefix(begins)?))
}

impl ImagePrompt {
    /// Writes a prompt as the question above its picture.
    pub fn write(prompt: &str, negative: &str, lora: Option<&str>) -> String {
        let negative = negative.replace('\n', " ");
        let mut written = prompt.to_owned();
        if !negative.trim().is_empty() {
            written = format!("{written}\n{NEGATIVE}{negative}");
        }
        match lora {
            Some(lora) => format!("{written}\n{LORA}{lora}"),
            None => written,
        }
    }

    /// Reads what [`ImagePrompt::write`] wrote.
    pub fn parse(question: &str) -> Self {
        let (question, lora) = match take_last_line(question, LORA) {
            Some((before, lora)) => (before, Some(lora)),
            None => (question, None),
        };
        let parts = take_last_line(question, NEGATIVE);
        let (prompt, negative) = parts.unwrap_or((question, ""));
        Self {
            prompt: prompt.to_owned(),
            negative: negative.to_owned(),
            lora: lora.map(ToOwned::to_owned),
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

/// Reads the question and the answer in one of the bot's own messages.
pub fn own_words(own: OwnMessage<'_>, files: OwnFiles) -> OwnWords {
    let (quoted, rest) = if own.may_quote {
        take_quote(own.content)
    } else {
        (None, own.content)
    };
    // The whole question in the place of its excerpt.
    let question = quoted.and_then(|quoted| files.question.or(Some(quoted)));
    let question = question.map(|question| told_question(&question));
    if files.answer.is_some() {
        return OwnWords {
            question,
            answer: files.answer,
            is_whole: true,
        };
    }
    let (answer, is_notice) = take_notice_mark(without_small_print(rest));
    OwnWords {
        question,
        answer: Some(answer).filter(|answer| !answer.is_empty() && !is_notice),
        is_whole: false,
    }
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

/// Whether small print stands under what a message says.
pub fn has_small_print(content: &str) -> bool {
    without_small_print(content).len() < content.trim_end().len()
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

    fn read(content: &str, files: OwnFiles) -> OwnWords {
        let may_quote = true;
        own_words(OwnMessage { content, may_quote }, files)
    }

    fn words(question: Option<&str>, answer: Option<&str>) -> OwnWords {
        OwnWords {
            question: question.map(str::to_owned),
            answer: answer.map(str::to_owned),
            is_whole: false,
        }
    }

    #[test]
    fn a_question_above_its_answer_can_be_read_again() {
        for question in ["why?", "two\nlines", "> already quoted", "with\n\nroom"] {
            let heading = heading(question);
            assert!(!heading.is_excerpt);
            let content = heading.text + "Because.\n" + &small_print("small print");
            assert_eq!(
                read(&content, OwnFiles::default()),
                words(Some(question), Some("Because."))
            );
        }
        // Where no question stands above it, a quote is the model's.
        let own = OwnMessage {
            content: "> To be, or not to be\n\nThat is Hamlet.",
            may_quote: false,
        };
        assert_eq!(
            own_words(own, OwnFiles::default()),
            words(None, Some(own.content))
        );
    }

    #[test]
    fn what_is_too_long_is_read_from_its_file() {
        let question = "x".repeat(501);
        let heading = heading(&question);
        assert!(heading.is_excerpt);
        assert!(is_excerpt(&quoted_question(&heading.text).unwrap()));
        assert!(!is_excerpt("a short one …") && !is_excerpt(&question));
        let content = heading.text + "Because.";
        let mut files = OwnFiles::default();
        files.add(QUESTION_FILE, question.clone());
        files.add("notes.md", "somebody else's".into());
        assert_eq!(
            read(&content, files),
            words(Some(&question), Some("Because."))
        );
        let mut files = OwnFiles::default();
        files.add(ANSWER_FILE, "all of it".into());
        let whole = OwnWords {
            is_whole: true,
            ..words(None, Some("all of it"))
        };
        assert_eq!(read("its beginning", files), whole);
    }

    #[test]
    fn a_notice_is_not_the_models_word() {
        for notice in ["I could not answer.", "⏳", "Ask again: `/ask`", "é"] {
            let marked = mark_notice(notice);
            assert_eq!(take_notice_mark(&marked), (notice.to_owned(), true));
            assert!(!marked.ends_with(NOTICE) && marked.chars().count() > notice.chars().count());
            let under_question = heading("why?").text + &marked;
            assert_eq!(
                read(&under_question, OwnFiles::default()),
                words(Some("why?"), None)
            );
            let with_footer = format!("{marked}\n{}", small_print("demo"));
            assert_eq!(read(&with_footer, OwnFiles::default()), words(None, None));
        }
        assert_eq!(mark_notice(""), "");
        assert!(!take_notice_mark("An answer, with a \u{200b} in it.").1);
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
        for (prompt, negative, lora) in [
            ("a lighthouse", "", None),
            ("a lighthouse", "people, boats", None),
            ("two\nlines", "people", None),
            ("a lighthouse", "", Some("a/woodcut.safetensors")),
            ("two\nlines", "people", Some("woodcut.safetensors")),
        ] {
            assert_eq!(
                ImagePrompt::parse(&ImagePrompt::write(prompt, negative, lora)),
                ImagePrompt {
                    prompt: prompt.into(),
                    negative: negative.into(),
                    lora: lora.map(Into::into),
                }
            );
        }
    }
}
