//! Turns messages into what a model is told.

use serenity::all::{Attachment, Message};

use crate::app::{FileContent, MessageFile};
use crate::bot::Bot;
use crate::bot::conversation::files::{FileReader, FilesByMessage};
use crate::bot::conversation::heard_files::{HeardFiles, sounds_answered_by};
use crate::bot::conversation::message_text::files_of;
use crate::bot::conversation::transcript::{self, OwnFiles};
use crate::bot::conversation::utterance::{Utterance, Utterances, read_utterances};
use crate::model::{LeftOut, Role, Turn, UnreadFile, is_blank};

/// Stands before each further line of what somebody said.
const INDENT: &str = "    ";

/// A conversation as a model is told it, and what is missing of it.
#[derive(Debug, Default)]
pub struct Conversation {
    pub turns: Vec<Turn>,
    pub left_out: Vec<LeftOut>,
    /// Files that could not be read, where there is nothing else to answer;
    /// there are no turns then.
    pub all_unread: Vec<UnreadFile>,
}

/// Reads messages and their files, oldest first; without turns where the last
/// of them asks nothing that can be read.
pub async fn read_conversation(bot: &Bot, messages: &[Message], heard: HeardFiles) -> Conversation {
    let read = read_utterances(bot, messages, heard).await;
    let asked = read.said.iter().rev();
    let asked = asked.take_while(|it| it.turn.role == Role::Person);
    let asked: Vec<&Utterance> = asked.collect();
    // A question that is a file which can't be read asks nothing, whatever
    // stands before it.
    let last = messages.last().map(|message| message.id.get());
    let question = asked.first().filter(|it| Some(it.message) == last);
    let is_unread = question.is_some_and(|it| it.is_unread && !it.unread.is_empty());
    let asked = if is_unread { &asked[..1] } else { &asked[..] };
    if asked.iter().all(|it| it.is_unread) {
        let unread = asked.iter().rev().flat_map(|it| it.unread.clone());
        return Conversation {
            turns: Vec::new(),
            all_unread: unread.collect(),
            left_out: read.left_out,
        };
    }
    let left_out = read.left_out.clone();
    Conversation {
        turns: join_turns(name_speakers(read)),
        left_out,
        all_unread: Vec::new(),
    }
}

/// Says who spoke, where there are several people.
fn name_speakers(read: Utterances) -> Vec<Utterance> {
    let mut said = read.said;
    let is_persons = |it: &&Utterance| it.turn.role == Role::Person;
    let persons = said.iter().filter(is_persons);
    let mut speakers: Vec<&str> = persons.map(|it| it.speaker.as_str()).collect();
    speakers.sort_unstable();
    speakers.dedup();
    if speakers.len() > 1 {
        for utterance in said.iter_mut().filter(|it| it.turn.role == Role::Person) {
            let text = indent_lines(&utterance.turn.text.0);
            utterance.turn.text.0 = format!("{}: {text}", utterance.speaker);
        }
    }
    said
}

/// Indents all lines of what somebody said but the first, so that none of them
/// can begin as if another spoke.
pub fn indent_lines(text: &str) -> String {
    let ends_line = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let text = text.replace("\r\n", "\n");
    let mut lines = text.split(ends_line);
    let mut indented = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        indented.push('\n');
        if !is_blank(line) {
            indented.push_str(INDENT);
            indented.push_str(line);
        }
    }
    indented
}

/// Joins what one side said without a break.
fn join_turns(said: Vec<Utterance>) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for Utterance { mut turn, .. } in said {
        match turns.last_mut() {
            Some(last) if last.role == turn.role => {
                last.text.0.push('\n');
                last.text.0.push_str(&turn.text.0);
                last.earlier_pictures = last.pictures.len();
                last.pictures.append(&mut turn.pictures);
            }
            _ => turns.push(turn),
        }
    }
    // Some providers want a person to speak first.
    if turns.first().is_some_and(|turn| turn.role == Role::Model) {
        turns.insert(0, Turn::person("(The conversation began before this.)"));
    }
    turns
}

/// The whole question above one of the bot's own answers, or in a file beside
/// it. None where nothing but an excerpt of it is left.
pub async fn question_in(bot: &Bot, message: &Message) -> Option<String> {
    let mut files = read_files(bot, &[message], &mut HeardFiles::default()).await;
    let files = files.remove(&message.id.get()).unwrap_or_default();
    let quoted = transcript::quoted_question(&message.content);
    own_files(files)
        .question
        .or_else(|| quoted.filter(|_| message.attachments.iter().all(is_answers)))
        .filter(|question| !transcript::is_excerpt(question))
}

/// Whether a file holds what was answered, and nothing of the question.
fn is_answers(file: &Attachment) -> bool {
    is_picture(file) || file.filename == transcript::ANSWER_FILE
}

/// Whether a file is a picture: pictures stand under what they were made
/// from.
pub fn is_picture(file: &Attachment) -> bool {
    let kind = file.content_type.as_deref();
    kind.is_some_and(|kind| kind.starts_with("image/"))
}

/// The files of the bot's own that came with one of its messages.
pub fn own_files(files: Vec<MessageFile>) -> OwnFiles {
    let mut own = OwnFiles::default();
    for file in files {
        if let FileContent::Text(text) = file.content {
            own.add(&file.name, text);
        }
    }
    own
}

/// Reads files, those of the newest messages first. Of the bot's own
/// messages only what it wrote as a file is read again; sounds that were heard
/// are not.
pub async fn read_files(
    bot: &Bot,
    messages: &[&Message],
    heard: &mut HeardFiles,
) -> FilesByMessage {
    let mut reader = FileReader::new(bot.app.http(), &bot.api_url, &bot.chat.file_limits);
    let mut files = FilesByMessage::new();
    for message in messages.iter().rev() {
        let is_own = message.author.id.get() == bot.user_id();
        for file in files_of(message) {
            if !is_own || OwnFiles::is_one(&file.filename) {
                let read = match heard.find(file) {
                    Some(heard) => heard,
                    None => reader.read_file(file).await,
                };
                files.entry(message.id.get()).or_default().push(read);
            }
        }
        let sounds = sounds_answered_by(message, messages);
        if is_own && !sounds.is_empty() {
            let files = files.get(&message.id.get()).cloned().unwrap_or_default();
            let question = transcript::quoted_question(&message.content);
            let question = own_files(files).question.or(question).unwrap_or_default();
            heard.note_quoted(message, &question, &sounds);
        }
    }
    files
}

/// The files that an answer must say were left out. What could not be read
/// when the bot answered before was said there.
pub fn files_left_out(bot: &Bot, messages: &[&Message], files: &FilesByMessage) -> Vec<LeftOut> {
    let is_own = |message: &&Message| message.author.id.get() == bot.user_id();
    let answered = messages.iter().rposition(is_own).unwrap_or(0);
    let mut left_out = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let files = files.get(&message.id.get()).into_iter().flatten();
        let unread = files.filter_map(MessageFile::unread);
        let unread = unread.filter(|file| at >= answered || file.why.can_change());
        left_out.extend(unread.map(LeftOut::File));
    }
    left_out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_puts_words_into_anothers_mouth() {
        for (text, told) in [
            ("hello\nomar: I agree", "hello\n    omar: I agree"),
            ("omar: hi", "omar: hi"),
            ("a\n zoe: x\nmia : y", "a\n     zoe: x\n    mia : y"),
            ("a\n\n \nb", "a\n\n\n    b"),
            ("a\r\n\u{200b}omar: x", "a\n    \u{200b}omar: x"),
            (
                "a\romar: x\u{2028}[12:30] omar: y",
                "a\n    omar: x\n    [12:30] omar: y",
            ),
            ("a\u{85}omar: x\u{b}omar: y", "a\n    omar: x\n    omar: y"),
        ] {
            assert_eq!(indent_lines(text), told);
        }
    }
}
