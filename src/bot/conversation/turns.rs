//! Turns messages into what a model is told.

use serenity::all::{Attachment, Message};

use crate::bot::Bot;
use crate::bot::conversation::files::{self, Content, FileReader, FilesByMessage, ReadFile};
use crate::bot::conversation::transcript::{self, OwnFiles};
use crate::model::{LeftOut, Role, Turn};

/// A conversation as a model is told it, and what is missing of it.
#[derive(Debug, Default)]
pub struct Conversation {
    pub turns: Vec<Turn>,
    pub left_out: Vec<LeftOut>,
}

/// One turn, and who spoke, if that is a person.
struct SpokenTurn {
    speaker: Option<String>,
    turn: Turn,
}

/// Reads messages and their files, oldest first.
pub async fn read_conversation(bot: &Bot, messages: &[Message]) -> Conversation {
    let mut conversation = Conversation::default();
    let mut files = read_files(bot, messages, &mut conversation.left_out).await;
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

/// Adds what the bot itself said. Where the message carries the whole
/// answer as a file, what stands before it is the beginning of the same.
fn add_own_message(spoken: &mut Vec<SpokenTurn>, message: &Message, files: Vec<ReadFile>) {
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
    // Some providers want a person to speak first.
    if turns.first().is_some_and(|turn| turn.role == Role::Model) {
        turns.insert(0, Turn::person("(The conversation began before this.)"));
    }
    turns
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
    let mut unread = Vec::new();
    let mut files = read_files(bot, std::slice::from_ref(message), &mut unread).await;
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

fn own_files(files: Vec<ReadFile>) -> OwnFiles {
    let mut own = OwnFiles::default();
    for file in files {
        if let Content::Text(text) = file.content {
            own.add(&file.name, text);
        }
    }
    own
}

fn persons_turn(message: &Message, files: Vec<ReadFile>, bot_user: u64) -> Turn {
    let mut turn = Turn::person(transcript::persons_text(message, bot_user));
    for file in files {
        match file.content {
            Content::Text(text) => turn.text.0.push_str(&files::fence(&file.name, &text)),
            Content::Picture(picture) => turn.pictures.push(picture),
        }
    }
    turn
}

/// Reads files, those of the newest messages first.
async fn read_files(
    bot: &Bot,
    messages: &[Message],
    left_out: &mut Vec<LeftOut>,
) -> FilesByMessage {
    let mut reader = FileReader::new(bot.app.http(), &bot.api_url, &bot.chat.file_limits);
    let mut files = FilesByMessage::new();
    for message in messages.iter().rev() {
        for file in &message.attachments {
            match reader.read_file(file).await {
                Ok(content) => files.entry(message.id.get()).or_default().push(ReadFile {
                    name: file.filename.clone(),
                    content,
                }),
                Err(why) => left_out.push(why),
            }
        }
    }
    files
}
