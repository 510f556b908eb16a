//! What a message says, without what Discord and we put around it.

use serenity::all::Message;

use crate::bot::answers::split;
use crate::model::Turn;

/// How much of a question is shown above its answer, in UTF-16 units.
const QUOTE_UNITS: usize = 500;
/// How much is shown of a longer one.
const EXCERPT_CHARACTERS: usize = 200;
/// Discord's mark of small print, in which our footers stand.
const SMALL_PRINT: &str = "-# ";
const QUOTED: &str = "> ";

/// What a person wrote: names in the place of ids, and the bot's own left
/// out.
pub fn persons_words(said: &Message, me: u64) -> String {
    let mut text = said.content.clone();
    for user in &said.mentions {
        let id = user.id.get();
        let name = match user.global_name.as_ref() {
            _ if id == me => String::new(),
            Some(name) => format!("@{name}"),
            None => format!("@{}", user.name),
        };
        text = text.replace(&format!("<@{id}>"), &name);
        text = text.replace(&format!("<@!{id}>"), &name);
    }
    text.trim().to_owned()
}

/// How a person is called, on one line.
pub fn name(said: &Message) -> String {
    let nick = said.member.as_ref().and_then(|member| member.nick.as_ref());
    let name = nick
        .or(said.author.global_name.as_ref())
        .unwrap_or(&said.author.name);
    let plain = name.chars().filter(|c| !c.is_control() && *c != ':');
    plain.take(32).collect::<String>().trim().to_owned()
}

/// What the bot answered, without the footer.
pub fn answers_words(content: &str) -> &str {
    let mut text = content.trim_end();
    loop {
        let (above, last) = text.rsplit_once('\n').unwrap_or(("", text));
        if !last.starts_with(SMALL_PRINT) {
            return text;
        }
        text = above.trim_end();
    }
}

/// A question as it stands above its answer; none if it is too long to.
pub fn quote(question: &str) -> Option<String> {
    let question = question.trim();
    if split::units(question) > QUOTE_UNITS {
        return None;
    }
    let lines = question.lines().map(|line| format!("{QUOTED}{line}\n"));
    Some(lines.collect::<String>() + "\n")
}

/// The beginning of a question that is too long to stand above its answer.
pub fn excerpt(question: &str) -> String {
    let start: String = question.trim().chars().take(EXCERPT_CHARACTERS).collect();
    let line = start.replace('\n', " ");
    format!("{QUOTED}{line} …\n\n")
}

/// The question above an answer, if one stands there, and the answer.
pub fn unquote(content: &str) -> (Option<String>, &str) {
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

/// A question and its answer, as they stand in the bot's message.
pub fn first_turns(content: &str) -> Vec<Turn> {
    let (question, answer) = unquote(content);
    let answer = answers_words(answer);
    let said = (!answer.is_empty()).then(|| Turn::model(answer));
    question.map(Turn::person).into_iter().chain(said).collect()
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
            assert_eq!(answers_words(content), answer);
        }
    }

    #[test]
    fn a_question_above_its_answer_can_be_read_again() {
        for question in ["why?", "two\nlines", "> already quoted", "with\n\nroom"] {
            let content = quote(question).unwrap() + "Because.\n-# small print";
            assert_eq!(
                first_turns(&content),
                [Turn::person(question), Turn::model("Because.")]
            );
        }
        assert_eq!(quote(&"x".repeat(501)), None);
        assert_eq!(first_turns("> the answer quotes").len(), 1);
    }
}
