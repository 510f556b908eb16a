//! What became of the sounds of a conversation: what was said in them, as a model
//! is told it and as it stands above the bot's answers.
//!
//! ```text
//! > What was said in a voice message.
//! > (talk.ogg, written down:) What was said in a file.
//!
//! The answer.
//! ```

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use serenity::all::{Attachment, Message};

use crate::app::{FileContent, MessageFile};
use crate::bot::conversation::files::kept_name;
use crate::bot::conversation::message_text::replied_to;
use crate::bot::conversation::sounds::{Sound, sounds_of};
use crate::model::is_blank;

/// Stands behind the name of a file whose words follow.
const WRITTEN_DOWN: &str = ", written down:) ";
/// Stands for what is said in a file where that is nothing.
const NO_WORDS: &str = "[no words]";

/// What became of sounds, by the ids of their files.
#[derive(Clone, Default)]
pub struct HeardFiles {
    contents: HashMap<u64, FileContent>,
    /// The bot's own messages above which stands what was said.
    quoting: HashSet<u64>,
}

impl HeardFiles {
    /// Notes what became of a sound. What was said in it counts more than why it
    /// was not heard, and else what was noted first.
    pub fn note(&mut self, file: &Attachment, content: FileContent) {
        let is_said = |content: &FileContent| matches!(content, FileContent::Said(_));
        match self.contents.entry(file.id.get()) {
            Entry::Vacant(entry) => {
                entry.insert(content);
            }
            Entry::Occupied(mut entry) if is_said(&content) && !is_said(entry.get()) => {
                entry.insert(content);
            }
            Entry::Occupied(_) => {}
        }
    }

    /// The file with what became of it; none where nobody has tried to hear it.
    pub fn find(&self, file: &Attachment) -> Option<MessageFile> {
        let content = self.contents.get(&file.id.get())?;
        Some(MessageFile {
            name: file.filename.clone(),
            description: file.description.clone(),
            content: content.clone(),
        })
    }

    /// Whether what was said in sounds stands above an answer of the bot's.
    pub fn is_quoted_in(&self, answer: &Message) -> bool {
        self.quoting.contains(&answer.id.get())
    }

    /// What was said in a sound, where somebody has heard it.
    pub fn said_in(&self, file: &Attachment) -> Option<&str> {
        match self.contents.get(&file.id.get())? {
            FileContent::Said(said) => Some(said),
            _ => None,
        }
    }

    /// Notes what was said in the sounds that an answer was given to, as it stands
    /// in the quote above that.
    pub fn note_quoted(&mut self, answer: &Message, quote: &str, sounds: &[Sound<'_>]) {
        let mut quoted = QuotedWords::read(quote);
        for sound in sounds {
            if let Some(said) = quoted.take(sound) {
                self.note(sound.file, FileContent::Said(said));
                self.quoting.insert(answer.id.get());
            }
        }
    }
}

/// The sounds of the message that one replies to, and of the one that that replies
/// to.
pub fn sounds_answered_by<'a>(answer: &Message, messages: &[&'a Message]) -> Vec<Sound<'a>> {
    let find = |id: u64| messages.iter().copied().find(|it| it.id.get() == id);
    let question = replied_to(answer).and_then(find);
    let subject = question.and_then(replied_to).and_then(find);
    let own = question.into_iter().flat_map(sounds_of);
    let others = subject.into_iter().flat_map(sounds_of);
    own.chain(others.map(Sound::of_another)).collect()
}

/// What was said in a sound, as a model is told it and as it is quoted.
pub fn write_down(sound: &Sound<'_>, words: &str) -> String {
    if sound.is_question {
        return words.to_owned();
    }
    let words = if is_blank(words) { NO_WORDS } else { words };
    format!("({}{WRITTEN_DOWN}{words}", plain_name(sound.file))
}

/// What was said in a sound that was written down for another question.
pub fn repeat_words(sound: &Sound<'_>, told: &str) -> String {
    if name_in(told).is_some() {
        return told.to_owned();
    }
    write_down(sound, told)
}

/// A name on one line, of as many characters.
fn plain_name(file: &Attachment) -> String {
    let name = file.filename.chars();
    name.map(|c| if c.is_control() { '_' } else { c }).collect()
}

/// A quote above an answer, as far as sounds were not found in it yet.
struct QuotedWords {
    /// What stands before the first file.
    question: Option<String>,
    /// Names of files as Discord keeps them, and what was said in them, with the
    /// name.
    files: Vec<(String, String)>,
}

impl QuotedWords {
    fn read(quote: &str) -> Self {
        let mut question: Option<String> = None;
        let mut files: Vec<(String, String)> = Vec::new();
        for line in quote.lines() {
            let said = match (name_in(line), files.last_mut()) {
                (Some(name), _) => {
                    files.push((kept_name(name), line.to_owned()));
                    continue;
                }
                (None, Some((_, said))) => said,
                (None, None) => question.get_or_insert_default(),
            };
            if !said.is_empty() {
                said.push('\n');
            }
            said.push_str(line);
        }
        Self { question, files }
    }

    /// Takes what was said in a sound. Its file may have come under another name:
    /// events have the name that Discord keeps, and not the one that it was given.
    fn take(&mut self, sound: &Sound<'_>) -> Option<String> {
        if sound.is_question {
            return self.question.take();
        }
        let name = kept_name(&sound.file.filename);
        let at = self.files.iter().position(|(known, _)| *known == name)?;
        Some(self.files.remove(at).1)
    }
}

/// The name of the file whose words begin in a line.
fn name_in(line: &str) -> Option<&str> {
    let named = line.strip_prefix('(')?;
    named.split_once(WRITTEN_DOWN).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WhyUnread;
    use serde_json::json;

    fn sound(name: &str) -> Attachment {
        let file = json!({"id": "1", "filename": name, "size": 9, "url": "https://x", "proxy_url": "https://x"});
        serde_json::from_value(file).unwrap()
    }

    #[test]
    fn what_was_said_counts_more_than_why_it_was_not_heard() {
        let file = sound("talk.ogg");
        let mut heard = HeardFiles::default();
        for (content, said) in [
            (FileContent::Unread(WhyUnread::NotHeard), None),
            (FileContent::Said("one".to_owned()), Some("one")),
            (FileContent::Said("two".to_owned()), Some("one")),
            (FileContent::Unread(WhyUnread::NotHeard), Some("one")),
        ] {
            heard.note(&file, content);
            assert_eq!(heard.said_in(&file), said);
        }
    }

    #[test]
    fn a_file_is_found_by_any_of_its_names() {
        for (given, kept) in [
            ("talk.ogg", "talk.ogg"),
            ("my talk (2).ogg", "my_talk__2_.ogg"),
            ("_talk.ogg", "talk.ogg"),
            ("\u{442}\u{43e}\u{43a}.ogg", "ogg"),
            ("a\u{7}b.ogg", "a_b.ogg"),
        ] {
            for (written, read) in [(given, kept), (kept, given), (given, given)] {
                let (written, read) = (sound(written), sound(read));
                let line = write_down(&Sound::of_file(&written), "one");
                let taken = QuotedWords::read(&line).take(&Sound::of_file(&read));
                assert_eq!(taken, Some(line));
            }
        }
    }
}
