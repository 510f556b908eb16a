//! Sounds that come with a question: voice messages and files, which are written
//! down, and then asked like words.

use serenity::all::{Attachment, Message, MessageFlags};

use crate::app::{Error, HeardVoice};
use crate::bot::answers::running::admission::Admission;
use crate::bot::connection::wire::card::Card;
use crate::bot::conversation::files::{FileReader, may_be_sound};
use crate::bot::conversation::incoming::MessageQuestion;
use crate::bot::words::Voice;
use crate::bot::{Bot, words};
use crate::model::Caller;

/// How many times a sound is in memory while it is sent: as it came, in a form,
/// and on its way.
const COPIES: usize = 3;
/// How many sounds of a question are written down.
const SOUNDS_MAX: usize = 4;
/// Stands behind the name of a file whose words follow.
const WRITTEN_DOWN: &str = ", written down:)";

/// A sound that was written down.
pub struct HeardSound {
    pub voice: HeardVoice,
    /// What its file is called, if it is no voice message.
    pub file: Option<String>,
}

/// A message with what was said in its sounds.
pub struct HeardMessage {
    pub message: Message,
    pub sounds: Vec<HeardSound>,
    /// Whether one of them is the message's own, so that its words stand nowhere.
    pub is_own: bool,
}

impl HeardMessage {
    /// What was asked, where it stands nowhere in the channel.
    pub fn quoted(&self) -> Option<String> {
        self.is_own.then(|| self.message.content.clone())
    }
}

/// Why nothing is asked, or why a sound is not heard.
pub enum Unheard {
    /// It can't be had: Discord does not hand it out, nobody writes down what it
    /// is, or there is no memory for it.
    NotFetched,
    NobodyPays,
    NoWords,
    /// Discord takes no calls from here right now.
    DiscordAway,
    /// Nothing can be said in the place.
    PlaceClosed,
    Refused(Error),
}

impl Unheard {
    /// What is said of it in the place of an answer.
    pub fn card(&self, voice: Voice<'_>) -> Option<Card> {
        match self {
            Self::NobodyPays => Some(words::answers::nobody_hears(voice)),
            Self::NoWords => Some(words::answers::heard_no_words(voice)),
            Self::DiscordAway => Some(words::answers::discord_was_away(voice)),
            Self::NotFetched | Self::PlaceClosed | Self::Refused(_) => None,
        }
    }
}

/// Has the sounds of a message written down, and those of the one that it replies
/// to; none where there are none that can be heard.
pub async fn listen(
    bot: &Bot,
    question: &MessageQuestion<'_>,
) -> Result<Option<HeardMessage>, Unheard> {
    let mut message = question.message.clone();
    let (channel, is_voice) = (message.channel_id.get(), is_voice(&message));
    let own = std::mem::take(&mut message.attachments);
    let (own, others): (Vec<_>, Vec<_>) = own.into_iter().partition(|it| is_sound(it, is_voice));
    let answered = sounds_answered(&message).cloned().collect::<Vec<_>>();
    let files = own.iter().chain(&answered).take(SOUNDS_MAX);
    let mut heard = hear_files(bot, (&question.caller, channel), files).await?;
    let is_sound_alone = message.content.trim().is_empty() && others.is_empty();
    if is_sound_alone && heard.iter().all(Result::is_err) {
        refuse_unheard(&mut heard, is_voice)?;
    }
    let mut heard = heard.into_iter();
    let (mut sounds, mut told) = (Vec::new(), vec![message.content.clone()]);
    message.attachments = others;
    for file in own {
        match heard.next() {
            Some(Ok(voice)) => take_heard(voice, &file, (&mut sounds, &mut told)),
            _ => message.attachments.push(file),
        }
    }
    let is_own = !sounds.is_empty();
    for (file, voice) in answered.iter().zip(heard) {
        if let Ok(voice) = voice {
            take_heard(voice, file, (&mut sounds, &mut told));
        }
    }
    if sounds.is_empty() {
        return Ok(None);
    }
    told.retain(|said| !said.trim().is_empty());
    message.content = told.join("\n");
    if message.content.is_empty() && message.attachments.is_empty() {
        return Err(Unheard::NoWords);
    }
    Ok(Some(HeardMessage {
        message,
        sounds,
        is_own,
    }))
}

/// Why nothing is asked where a message holds sounds alone, and none was heard.
fn refuse_unheard(
    heard: &mut Vec<Result<HeardVoice, Unheard>>,
    is_voice: bool,
) -> Result<(), Unheard> {
    let says_why = |it: &Result<HeardVoice, Unheard>| match it {
        Err(Unheard::Refused(_)) => true,
        Err(Unheard::NobodyPays) => is_voice,
        _ => false,
    };
    match heard.iter().position(says_why) {
        Some(at) => heard.swap_remove(at).map(drop),
        None => Ok(()),
    }
}

/// Keeps what was heard of a file, and what a model is told of it.
fn take_heard(
    voice: HeardVoice,
    file: &Attachment,
    (sounds, told): (&mut Vec<HeardSound>, &mut Vec<String>),
) {
    let name = file.waveform.is_none().then(|| file.filename.clone());
    let words = voice.words.clone();
    told.push(match &name {
        Some(name) if !words.is_empty() => write_down(name, &words),
        _ => words,
    });
    sounds.push(HeardSound { voice, file: name });
}

/// What was said in a file, as a model is told it.
pub fn write_down(name: &str, words: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    format!("({name}{WRITTEN_DOWN} {words}")
}

/// Whether a question holds what was said in a file.
pub fn is_written_down(question: &str) -> bool {
    question.contains(WRITTEN_DOWN)
}

/// Has files written down in their order, when it is their turn and there is
/// memory for them.
pub async fn hear_files<'a>(
    bot: &Bot,
    (caller, channel): (&Caller, u64),
    files: impl Iterator<Item = &'a Attachment>,
) -> Result<Vec<Result<HeardVoice, Unheard>>, Unheard> {
    let place = Admission::enter(bot, caller.person, channel);
    let mut place = place.map_err(|refusal| Unheard::Refused(Error::Refused(refusal)))?;
    place.wait_turn().await;
    let mut all = Vec::new();
    for file in files {
        all.push(hear_file(bot, caller, file).await);
    }
    Ok(all)
}

async fn hear_file(bot: &Bot, caller: &Caller, file: &Attachment) -> Result<HeardVoice, Unheard> {
    let bytes = usize::try_from(file.size).unwrap_or(usize::MAX);
    let bytes = bytes.saturating_mul(COPIES);
    let memory = bot.app.memory.reserve_for(caller.person, bytes);
    let Ok(_memory) = memory.await else {
        return Err(Unheard::NotFetched);
    };
    let reader = FileReader::new(bot.app.http(), &bot.api_url, &bot.chat.file_limits);
    let sound = reader.read_sound(file).await.ok_or(Unheard::NotFetched)?;
    let heard = Box::pin(bot.app.programs.hear_voice(caller, sound.into())).await;
    heard.map_err(Unheard::Refused)?.ok_or(Unheard::NobodyPays)
}

/// Whether a message has sounds, or replies to one that has.
pub fn has_sounds(message: &Message) -> bool {
    let is_voice = is_voice(message);
    let mut own = message.attachments.iter();
    own.any(|it| is_sound(it, is_voice)) || sounds_answered(message).next().is_some()
}

/// The sounds of the message that one replies to.
fn sounds_answered(message: &Message) -> impl Iterator<Item = &Attachment> {
    let answered = message.referenced_message.as_deref();
    let answered = answered.filter(|answered| !answered.author.bot);
    answered.into_iter().flat_map(|answered| {
        let is_voice = is_voice(answered);
        let files = answered.attachments.iter();
        files.filter(move |file| is_sound(file, is_voice))
    })
}

/// Whether a message is a voice message. Other files may have a length too, so
/// that the flag alone tells: `docs/discord.md` §6.
fn is_voice(message: &Message) -> bool {
    let flags = message.flags.unwrap_or_default();
    flags.contains(MessageFlags::IS_VOICE_MESSAGE)
}

/// Whether a file of a voice message, or of another, may be a sound.
pub fn is_sound(file: &Attachment, is_voice: bool) -> bool {
    is_voice || may_be_sound(file)
}
