//! Reads messages as utterances: what one message says, and who says it.
//! Notices of Discord's and of the bot's are nobody's words.

use std::collections::HashSet;

use serenity::all::{Message, MessageFlags, MessageId, MessageInteractionMetadata};

use crate::app::{MessageFile, tell_files};
use crate::bot::Bot;
use crate::bot::conversation::heard_files::HeardFiles;
use crate::bot::conversation::message_text::{
    files_of, message_text, only_embedded_pictures, replied_to, says_nothing, words_of,
};
use crate::bot::conversation::names::{Names, SOMEBODY, Speaker, asker};
use crate::bot::conversation::poll_result::poll_result;
use crate::bot::conversation::transcript::{self, OwnFiles, OwnMessage};
use crate::bot::conversation::turns::{files_left_out, is_picture, own_files, read_files};
use crate::model::{FileKind, LeftOut, Role, Turn, UnreadFile, WhyUnread, is_blank};

/// Stands for a message that Discord does not show, in what a model is told.
const HIDDEN: &str = "[a message that Discord does not show you]";
/// Stands for several of those, one after the other.
const SEVERAL_HIDDEN: &str = "[messages that Discord does not show you]";
/// Whoever wrote those.
const SEVERAL: &str = "several people";
/// Stands for a message in which there is nothing that can be told.
const UNTOLD: &str = "[something that can't be told in words]";

/// Stands for a notice of Discord's that somebody replies to.
const REPLIED_NOTICE: &str = "(replying to a notice of Discord's)";

/// How much a model is told once more of a message that is replied to.
const REPLIED_CHARACTERS: usize = 120;

/// What one message says, or a part of it, by one speaker.
#[derive(Debug)]
pub struct Utterance {
    /// The message's id.
    pub message: u64,
    /// The name of whoever said it; for the model, the bot's.
    pub speaker: String,
    pub turn: Turn,
    /// It only says that there was something which could not be read.
    pub is_unread: bool,
    /// The files that came with it and could not be read.
    pub unread: Vec<UnreadFile>,
}

/// Everything that was said in some messages.
#[derive(Default)]
pub struct Utterances {
    pub said: Vec<Utterance>,
    /// What of it was not read.
    pub left_out: Vec<LeftOut>,
    /// What became of the sounds.
    heard: HeardFiles,
}

/// Reads messages and their files, oldest first.
pub async fn read_utterances(bot: &Bot, messages: &[Message], heard: HeardFiles) -> Utterances {
    let mut known = HashSet::new();
    let words = messages.iter().filter_map(words_of);
    let words: Vec<&Message> = words
        .filter(|message| !is_loading(message) && known.insert(message.id))
        .collect();
    let mut all = Utterances {
        heard,
        ..Utterances::default()
    };
    let is_own = |message: &Message| message.author.id.get() == bot.user_id();
    let meant = words.iter().enumerate().map(|(at, message)| {
        let replied = || replied_apart(message, &words[..at]);
        (!is_own(message)).then(replied).flatten()
    });
    let meant: Vec<Option<&Message>> = meant.collect();
    let told = words.iter().chain(meant.iter().flatten());
    let told: Vec<&Message> = told.copied().collect();
    // Files come from elsewhere than names, and neither needs the other.
    let (mut files, names) = tokio::join!(
        read_files(bot, &words, &mut all.heard),
        Names::gather(bot, &told)
    );
    all.left_out = files_left_out(bot, &words, &files);
    let in_server = words.iter().any(|message| message.guild_id.is_some());
    let is_hidden = in_server && !bot.reads_messages;
    for (message, meant) in words.into_iter().zip(meant) {
        let files = files.remove(&message.id.get()).unwrap_or_default();
        if is_own(message) {
            // In servers, all that the bot posts answers somebody.
            if in_server || answers_somebody(message) {
                all.add_own(message, files, &names);
            }
        } else {
            let mut utterance = others_utterance(message, files, &names);
            if is_hidden && utterance.is_untold() {
                utterance.turn = Turn::person(HIDDEN);
                all.left_out.push(LeftOut::Hidden);
            }
            // The bot's name alone asks about what somebody else said.
            let meant = meant.filter(|it| !utterance.turn.is_empty() || !is_own(it));
            let meant = meant.and_then(|it| tell_replied(bot, it, &names));
            if let Some(meant) = meant.filter(|_| !utterance.is_unread) {
                let text = &mut utterance.turn.text.0;
                let whole = format!("{meant}\n{text}");
                whole.trim_end().clone_into(text);
            }
            all.add_others(utterance);
        }
    }
    all
}

/// Whether Discord shows only that an answer will come.
fn is_loading(message: &Message) -> bool {
    let flags = message.flags.unwrap_or_default();
    flags.contains(MessageFlags::LOADING)
}

impl Utterance {
    /// Whether nothing can be told of it, not even files by name.
    fn is_untold(&self) -> bool {
        self.is_unread && self.unread.is_empty()
    }
}

impl Utterances {
    /// The files that could not be read, where nothing else was said.
    pub fn all_unread(&self) -> Vec<UnreadFile> {
        if self.said.iter().any(|it| !it.is_unread) {
            return Vec::new();
        }
        let all = self.said.iter().flat_map(|it| it.unread.clone());
        all.collect()
    }

    /// Adds what somebody other than the bot said, if it is anything. What
    /// could not be read is counted once where it comes several times in a
    /// row.
    fn add_others(&mut self, utterance: Utterance) {
        match self.said.last_mut() {
            _ if utterance.turn.is_empty() => {}
            Some(last) if last.is_untold() && utterance.is_untold() => {
                last.turn = Turn::person(SEVERAL_HIDDEN);
                SEVERAL.clone_into(&mut last.speaker);
            }
            _ => self.said.push(utterance),
        }
    }

    /// Adds what the bot's own message holds: what somebody asked, and what
    /// the model said. Where the message carries the whole answer as a file,
    /// what stands before it is the beginning of the same.
    fn add_own(&mut self, message: &Message, files: Vec<MessageFile>, names: &Names) {
        let quotes_sounds = self.heard.is_quoted_in(message);
        let own = OwnMessage {
            content: &message.content,
            may_quote: may_quote(message) || quotes_sounds,
        };
        let mut words = transcript::own_words(own, own_files(files));
        // That was told with the sounds.
        words.question.take_if(|_| quotes_sounds);
        if words.is_whole {
            let is_part = |last: &mut Utterance| last.turn.role == Role::Model;
            while self.said.pop_if(is_part).is_some() {}
        }
        let metadata = message.interaction_metadata.as_deref();
        let asker = metadata.and_then(asker).map(Speaker::of_user);
        let asker = asker
            .as_ref()
            .map_or(SOMEBODY, |who| names.speaker_name(who));
        let bot = Speaker::of_message(message);
        let question = words.question.map(|text| (asker, Turn::person(text)));
        let answer = words
            .answer
            .map(|text| (names.speaker_name(&bot), Turn::model(text)));
        let said = question.into_iter().chain(answer);
        self.said.extend(said.map(|(speaker, turn)| Utterance {
            message: message.id.get(),
            speaker: speaker.to_owned(),
            turn,
            is_unread: false,
            unread: Vec::new(),
        }));
    }
}

/// What somebody other than the bot said; an empty turn where that is the
/// bot's name alone, or where the files say what there is to say.
fn others_utterance(message: &Message, files: Vec<MessageFile>, names: &Names) -> Utterance {
    let mut turn = Turn::person(message_text(message, names));
    let is_read = files.iter().any(MessageFile::is_read);
    let mut unread: Vec<UnreadFile> = files.iter().filter_map(MessageFile::unread).collect();
    let pictures = only_embedded_pictures(message, names);
    let is_untold = turn.is_empty() || !pictures.is_empty() || says_nothing(message);
    let has_nothing_else = is_untold && !is_read;
    unread.extend(pictures.into_iter().map(|name| UnreadFile {
        name,
        why: WhyUnread::Kind(FileKind::EmbeddedPicture),
    }));
    let is_unread = has_nothing_else && (!unread.is_empty() || says_nothing(message));
    tell_files(&mut turn, files);
    if is_unread && turn.is_empty() {
        turn = Turn::person(UNTOLD);
    }
    let speaker = names.speaker_name(&Speaker::of_message(message));
    Utterance {
        message: message.id.get(),
        speaker: speaker.to_owned(),
        turn,
        is_unread,
        unread,
    }
}

/// The message that one replies to, as far as it is at hand, unless it is the
/// one just before: then it is clear which one is meant.
fn replied_apart<'a>(message: &'a Message, before: &[&'a Message]) -> Option<&'a Message> {
    let id = replied_to(message)?;
    if before.last().is_some_and(|last| last.id.get() == id) {
        return None;
    }
    let found = before.iter().rev().find(|it| it.id.get() == id);
    found.copied().or(message.referenced_message.as_deref())
}

/// Tells a model which message one replies to, in one line: who wrote it, and
/// how it begins. None where nothing of it can be told.
fn tell_replied(bot: &Bot, replied: &Message, names: &Names) -> Option<String> {
    if let Some(result) = poll_result(replied, names) {
        return Some(format!("(replying to the result of a poll: {result})"));
    }
    // What a notice of Discord's quotes is nobody's words, and may be what
    // was blocked.
    let Some(replied) = words_of(replied) else {
        return Some(REPLIED_NOTICE.to_owned());
    };
    let said = if replied.author.id.get() == bot.user_id() {
        let own = OwnMessage {
            content: &replied.content,
            may_quote: may_quote(replied),
        };
        let words = transcript::own_words(own, OwnFiles::default());
        words.answer.or(words.question)?
    } else {
        let text = message_text(replied, names);
        let file = files_of(replied).next().filter(|_| is_blank(&text));
        file.map_or(text, |file| format!("[file: {}]", file.filename))
    };
    if is_blank(&said) {
        return None;
    }
    let speaker = names.speaker_name(&Speaker::of_message(replied));
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let beginning: String = line.chars().take(REPLIED_CHARACTERS).collect();
    let rest = if beginning.len() < line.len() {
        "…"
    } else {
        ""
    };
    Some(format!("(replying to {speaker}: {beginning}{rest})"))
}

/// Whether a message of the bot's answers somebody. What it writes of its own
/// accord, such as that a key stopped working, is no part of a conversation.
/// Where Discord takes no reply, an answer stands by itself above its small
/// print.
fn answers_somebody(message: &Message) -> bool {
    message.message_reference.is_some()
        || transcript::has_small_print(&message.content)
        || message.interaction_metadata.is_some()
        || message.webhook_id.is_some()
}

/// Whether a question can stand above the answer in one of the bot's own
/// messages: in the first one after a command or a button, and above pictures.
fn may_quote(message: &Message) -> bool {
    let has_pictures = message.attachments.iter().any(is_picture);
    let metadata = message.interaction_metadata.as_deref();
    let is_first = metadata.is_some_and(|metadata| follows(metadata).is_none());
    has_pictures || (is_first && message.message_reference.is_none())
}

/// The first message that an interaction was answered with, for those that
/// came after it.
fn follows(metadata: &MessageInteractionMetadata) -> Option<u64> {
    let first = match metadata {
        MessageInteractionMetadata::Command(it) => it.original_response_message_id,
        MessageInteractionMetadata::Component(it) => it.original_response_message_id,
        MessageInteractionMetadata::ModalSubmit(it) => it.original_response_message_id,
        _ => None,
    };
    first.map(MessageId::get)
}
