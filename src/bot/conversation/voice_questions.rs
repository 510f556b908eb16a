//! Voice messages to the bot: they are written down, and then asked like words.

use serenity::all::{Attachment, Message, MessageFlags};

use crate::app::{Error, HeardVoice};
use crate::bot::answers::running::admission::Admission;
use crate::bot::connection::wire::card::Card;
use crate::bot::conversation::files::FileReader;
use crate::bot::conversation::incoming::MessageQuestion;
use crate::bot::words::Voice;
use crate::bot::{Bot, words};

/// What came of listening to a message.
pub enum Listened {
    /// It is no voice message, or it can't be had: Discord does not hand it out, or
    /// there is no memory for it.
    NoVoice,
    /// The message, with what was said in it as its words.
    Words(Box<(Message, HeardVoice)>),
    /// Why nobody wrote it down.
    Unheard(Card),
    Refused(Error),
}

/// How many times a sound is in memory while it is sent: as it came, in a form,
/// and on its way.
const COPIES: usize = 3;

/// Has a voice message written down, when it is its turn and there is memory for
/// it.
pub async fn listen(bot: &Bot, question: &MessageQuestion<'_>, voice: Voice<'_>) -> Listened {
    let Some(file) = voice_of(question.message) else {
        return Listened::NoVoice;
    };
    let (person, channel) = (question.caller.person, question.message.channel_id.get());
    let mut place = match Admission::enter(bot, person, channel) {
        Ok(place) => place,
        Err(refusal) => return Listened::Refused(Error::Refused(refusal)),
    };
    place.wait_turn().await;
    let bytes = usize::try_from(file.size).unwrap_or(usize::MAX);
    let memory = bot
        .app
        .memory
        .reserve_for(person, bytes.saturating_mul(COPIES));
    let Ok(_memory) = memory.await else {
        return Listened::NoVoice;
    };
    let reader = FileReader::new(bot.app.http(), &bot.api_url, &bot.chat.file_limits);
    let Some(sound) = reader.read_sound(file).await else {
        return Listened::NoVoice;
    };
    let programs = &bot.app.programs;
    match Box::pin(programs.hear_voice(&question.caller, sound.into())).await {
        Ok(Some(heard)) if heard.words.is_empty() => {
            Listened::Unheard(words::answers::heard_no_words(voice))
        }
        Ok(Some(heard)) => {
            let mut message = question.message.clone();
            message.content.clone_from(&heard.words);
            message.attachments.clear();
            Listened::Words(Box::new((message, heard)))
        }
        Ok(None) => Listened::Unheard(words::answers::nobody_hears(voice)),
        Err(error) => Listened::Refused(error),
    }
}

/// The sound of a voice message. Other files may have a length too, so that the
/// flag alone tells: `docs/discord.md` §6.
pub fn voice_of(message: &Message) -> Option<&Attachment> {
    let flags = message.flags?;
    let is_voice = flags.contains(MessageFlags::IS_VOICE_MESSAGE);
    message.attachments.first().filter(|_| is_voice)
}
