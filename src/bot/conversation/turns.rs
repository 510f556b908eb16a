//! Turns messages into what a model is told.

use serenity::all::{Attachment, Message};

use crate::bot::Bot;
use crate::bot::conversation::files::{
    Content, FileReader, FilesByMessage, MessageFile, tell_files,
};
use crate::bot::conversation::transcript::{self, OwnFiles};
use crate::model::{LeftOut, Role, Turn, UnreadFile};

/// A conversation as a model is told it, and what is missing of it.
#[derive(Debug, Default)]
pub struct Conversation {
    pub turns: Vec<Turn>,
    pub left_out: Vec<LeftOut>,
    /// Files that could not be read, where there is nothing else to answer;
    /// there are no turns then.
    pub all_unread: Vec<UnreadFile>,
}

/// One turn, and who spoke, if that is a person.
struct SpokenTurn {
    speaker: Option<String>,
    turn: Turn,
}

/// Reads messages and their files, oldest first.
pub async fn read_conversation(bot: &Bot, messages: &[Message]) -> Conversation {
    let files = read_files(bot, messages).await;
    match all_unread(bot, messages, &files) {
        unread if unread.is_empty() => begin_with_person(tell_conversation(bot, messages, files)),
        all_unread => Conversation {
            all_unread,
            ..Conversation::default()
        },
    }
}

/// Reads a conversation of which the last message asks. Where that has
/// nothing but files that cannot be read, nothing is asked.
pub async fn read_question(bot: &Bot, messages: &[Message]) -> Conversation {
    let files = read_files(bot, messages).await;
    let question = messages.last().map_or(&[][..], std::slice::from_ref);
    for part in [question, messages] {
        let all_unread = all_unread(bot, part, &files);
        if !all_unread.is_empty() {
            return Conversation {
                all_unread,
                ..Conversation::default()
            };
        }
    }
    begin_with_person(tell_conversation(bot, messages, files))
}

/// Reads messages one by one, each as a conversation of its own; the limits
/// on files hold for all of them together.
pub async fn read_each(bot: &Bot, messages: &[Message]) -> (Vec<Conversation>, Vec<UnreadFile>) {
    let mut files = read_files(bot, messages).await;
    let all_unread = all_unread(bot, messages, &files);
    let each = messages.iter().map(|message| {
        let id = message.id.get();
        let files = files.remove(&id).map(|files| (id, files)).into_iter();
        tell_conversation(bot, std::slice::from_ref(message), files.collect())
    });
    (each.collect(), all_unread)
}

/// The files of messages that could not be read, where those are all there
/// is to the messages.
fn all_unread(bot: &Bot, messages: &[Message], files: &FilesByMessage) -> Vec<UnreadFile> {
    let files_of = |message: &Message| files.get(&message.id.get()).into_iter().flatten();
    let says_something = |message: &Message| {
        message.author.id.get() == bot.user_id()
            || files_of(message).any(MessageFile::is_read)
            || !transcript::persons_text(message, bot.user_id()).is_empty()
    };
    if messages.iter().any(says_something) {
        return Vec::new();
    }
    let all = messages.iter().flat_map(files_of);
    all.filter_map(MessageFile::unread).collect()
}

/// Makes turns of messages whose files were read.
fn tell_conversation(bot: &Bot, messages: &[Message], mut files: FilesByMessage) -> Conversation {
    let mut conversation = Conversation {
        left_out: files_left_out(bot, messages, &files),
        ..Conversation::default()
    };
    let bot_user = bot.user_id();
    let mut speakers: Vec<u64> = Vec::new();
    let mut spoken: Vec<SpokenTurn> = Vec::new();
    for message in messages {
        let files = files.remove(&message.id.get()).unwrap_or_default();
        if message.author.id.get() == bot_user {
            add_own_message(&mut spoken, message, files);
            continue;
        }
        let turn = persons_turn(message, files, bot_user);
        if turn.is_empty() {
            if message.content.is_empty() && message.attachments.is_empty() {
                conversation.left_out.push(LeftOut::Hidden);
            }
            continue;
        }
        speakers.push(message.author.id.get());
        spoken.push(SpokenTurn {
            speaker: Some(transcript::author_name(message)),
            turn,
        });
    }
    speakers.sort_unstable();
    speakers.dedup();
    if speakers.len() > 1 {
        spoken.iter_mut().for_each(name_speaker);
    }
    conversation.turns = join_turns(spoken);
    conversation
}

/// The files that an answer must say were left out. What could not be read
/// when the bot answered before was said there.
fn files_left_out(bot: &Bot, messages: &[Message], files: &FilesByMessage) -> Vec<LeftOut> {
    let is_own = |message: &Message| message.author.id.get() == bot.user_id();
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

/// Adds what the bot itself said. Where the message carries the whole
/// answer as a file, what stands before it is the beginning of the same.
fn add_own_message(spoken: &mut Vec<SpokenTurn>, message: &Message, files: Vec<MessageFile>) {
    if !answers_somebody(message) {
        return;
    }
    let files = own_files(files);
    if files.answer.is_some() {
        let is_part = |last: &mut SpokenTurn| last.turn.role == Role::Model;
        while spoken.pop_if(is_part).is_some() {}
    }
    let turns = transcript::own_turns(&message.content, files);
    spoken.extend(turns.into_iter().map(|turn| SpokenTurn {
        speaker: None,
        turn,
    }));
}

/// Says who spoke, where there are several people.
fn name_speaker(spoken: &mut SpokenTurn) {
    if let Some(name) = &spoken.speaker {
        spoken.turn.text.0 = format!("{name}: {}", spoken.turn.text.0);
    }
}

/// Joins what one side said without a break.
fn join_turns(spoken: Vec<SpokenTurn>) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for SpokenTurn { mut turn, .. } in spoken {
        match turns.last_mut() {
            Some(last) if last.role == turn.role => {
                last.text.0.push('\n');
                last.text.0.push_str(&turn.text.0);
                last.pictures.append(&mut turn.pictures);
            }
            _ => turns.push(turn),
        }
    }
    turns
}

/// Has a person speak first, as some providers want it.
fn begin_with_person(mut conversation: Conversation) -> Conversation {
    let first = conversation.turns.first();
    if first.is_some_and(|turn| turn.role == Role::Model) {
        let beginning = Turn::person("(The conversation began before this.)");
        conversation.turns.insert(0, beginning);
    }
    conversation
}

/// Whether a message of the bot's answers somebody. Notices, such as that a
/// key stopped working, are no part of a conversation.
fn answers_somebody(message: &Message) -> bool {
    message.message_reference.is_some()
        || message.interaction_metadata.is_some()
        || message.webhook_id.is_some()
}

/// The question above one of the bot's own answers, or in a file beside it.
pub async fn question_in(bot: &Bot, message: &Message) -> Option<String> {
    let mut files = read_files(bot, std::slice::from_ref(message)).await;
    let files = files.remove(&message.id.get()).unwrap_or_default();
    let quoted = transcript::quoted_question(&message.content);
    own_files(files)
        .question
        .or_else(|| quoted.filter(|_| message.attachments.iter().all(is_picture)))
}

/// Whether a file is a picture: pictures stand under what they were made
/// from.
fn is_picture(file: &Attachment) -> bool {
    let kind = file.content_type.as_deref();
    kind.is_some_and(|kind| kind.starts_with("image/"))
}

fn own_files(files: Vec<MessageFile>) -> OwnFiles {
    let mut own = OwnFiles::default();
    for file in files {
        if let Content::Text(text) = file.content {
            own.add(&file.name, text);
        }
    }
    own
}

fn persons_turn(message: &Message, files: Vec<MessageFile>, bot_user: u64) -> Turn {
    let mut turn = Turn::person(transcript::persons_text(message, bot_user));
    tell_files(&mut turn, files);
    turn
}

/// Reads files, those of the newest messages first. Of the bot's own
/// messages only what it wrote as a file is read again.
async fn read_files(bot: &Bot, messages: &[Message]) -> FilesByMessage {
    let mut reader = FileReader::new(bot.app.http(), &bot.api_url, &bot.chat.file_limits);
    let mut files = FilesByMessage::new();
    for message in messages.iter().rev() {
        let is_own = message.author.id.get() == bot.user_id();
        for file in files_of(message) {
            if !is_own || OwnFiles::is_one(&file.filename) {
                let read = reader.read_file(file).await;
                files.entry(message.id.get()).or_default().push(read);
            }
        }
    }
    files
}

/// The files of a message, and of what it forwards.
fn files_of(message: &Message) -> impl Iterator<Item = &Attachment> {
    let forwarded = message.message_snapshots.iter();
    let forwarded = forwarded.flat_map(|snapshot| &snapshot.attachments);
    message.attachments.iter().chain(forwarded)
}
