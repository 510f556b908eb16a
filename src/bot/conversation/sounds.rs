//! The sounds that come with messages: voice messages and files.

use serenity::all::{Attachment, Message, MessageFlags};

use crate::bot::conversation::files::may_be_sound;
use crate::bot::conversation::message_text::files_of;

/// A file that may be a sound.
#[derive(Clone, Copy)]
pub struct Sound<'a> {
    pub file: &'a Attachment,
    /// It is a voice message, and the question itself.
    pub is_question: bool,
}

impl<'a> Sound<'a> {
    /// A sound that is a file, or somebody else's message.
    pub fn of_file(file: &'a Attachment) -> Self {
        Self {
            file,
            is_question: false,
        }
    }

    /// The same sound, as what a question is about.
    pub fn of_another(self) -> Self {
        Self::of_file(self.file)
    }
}

/// The sounds of a message, and of what it forwards.
pub fn sounds_of(message: &Message) -> impl Iterator<Item = Sound<'_>> {
    let is_question = is_voice(message);
    let files = files_of(message).filter(move |file| is_question || may_be_sound(file));
    files.map(move |file| Sound { file, is_question })
}

/// The sounds of a message that asks, and of the one that it replies to.
pub fn sounds_asked_about(message: &Message) -> impl Iterator<Item = Sound<'_>> {
    let answered = message.referenced_message.as_deref();
    let answered = answered.filter(|answered| !answered.author.bot);
    let answered = answered.into_iter().flat_map(sounds_of);
    sounds_of(message).chain(answered.map(Sound::of_another))
}

/// Whether a message is a voice message. Other files may have a length too, so
/// that the flag alone tells: `docs/discord.md` §6.
pub fn is_voice(message: &Message) -> bool {
    let flags = message.flags.unwrap_or_default();
    flags.contains(MessageFlags::IS_VOICE_MESSAGE)
}
