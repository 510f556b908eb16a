//! Sounds that come with a question: voice messages and files, which are written
//! down, and then asked like words.

use serenity::all::Message;

use crate::app::{Error, FileContent, HeardVoice};
use crate::bot::answers::running::admission::Admission;
use crate::bot::connection::wire::card::Card;
use crate::bot::conversation::files::{FileReader, refuse_large_sound};
use crate::bot::conversation::heard_files::{HeardFiles, repeat_words, write_down};
use crate::bot::conversation::sounds::{Sound, is_voice, sounds_asked_about};
use crate::bot::words::Voice;
use crate::bot::{Bot, words};
use crate::model::{AskRefusal, Caller, Refusal, WhyUnread, is_blank};

/// How many times a sound is in memory while it is sent: as it came, in a form,
/// and on its way.
const COPIES: usize = 3;
/// How many sounds of a question are written down.
const SOUNDS_MAX: usize = 4;

/// A sound that was written down.
pub struct HeardSound {
    pub voice: HeardVoice,
    /// What its file is called, if it is no voice message.
    pub file: Option<String>,
}

/// What became of the sounds of a question.
#[derive(Default)]
pub struct Heard {
    pub files: HeardFiles,
    /// Those that were paid for.
    pub sounds: Vec<HeardSound>,
    /// What was said in all of them, as a model is told it.
    told: Vec<String>,
    /// Why the first of those was not heard that were not.
    pub unheard: Option<Unheard>,
}

impl Heard {
    /// What was said in sounds, which stands nowhere in the channel.
    pub fn quoted(&self) -> Option<String> {
        let told = self.told.iter().map(String::as_str);
        let told: Vec<&str> = told.filter(|told| !told.is_empty()).collect();
        (!told.is_empty()).then(|| told.join("\n"))
    }

    /// Has sounds written down in their order, when it is their turn and there is
    /// memory for them. Nobody pays for one that was heard already.
    pub async fn hear_sounds(
        &mut self,
        bot: &Bot,
        (caller, channel): (&Caller, u64),
        sounds: &[Sound<'_>],
    ) -> Result<(), Unheard> {
        let is_known = |sound: &Sound<'_>| self.files.said_in(sound.file).is_some();
        let _turn = if sounds.iter().all(is_known) {
            None
        } else {
            let place = Admission::enter(bot, caller.person, channel);
            let mut place = place.map_err(|refusal| Unheard::Refused(Error::Refused(refusal)))?;
            place.wait_turn().await;
            Some(place)
        };
        let mut tried = 0;
        for sound in sounds {
            if let Some(said) = self.files.said_in(sound.file) {
                self.told.push(repeat_words(sound, said));
                continue;
            }
            tried += 1;
            let heard = if tried <= SOUNDS_MAX {
                hear_sound(bot, caller, sound).await
            } else {
                Err(Unheard::Unread(WhyUnread::TooManySounds {
                    most: SOUNDS_MAX,
                }))
            };
            self.note(sound, heard);
        }
        Ok(())
    }

    fn note(&mut self, sound: &Sound<'_>, heard: Result<HeardVoice, Unheard>) {
        let content = match heard {
            Ok(voice) => {
                let file = sound.file.waveform.is_none();
                let told = write_down(sound, &voice.words);
                self.sounds.push(HeardSound {
                    file: file.then(|| sound.file.filename.clone()),
                    voice,
                });
                self.told.push(told.clone());
                FileContent::Said(told)
            }
            // It may be something else that can be read.
            Err(Unheard::Unread(WhyUnread::Kind(_))) => return,
            Err(Unheard::Unread(why)) => FileContent::Unread(why),
            Err(unheard) => {
                self.unheard.get_or_insert(unheard);
                FileContent::Unread(WhyUnread::NotHeard)
            }
        };
        self.files.note(sound.file, content);
    }
}

/// Why nothing is asked, or why a sound is not heard.
pub enum Unheard {
    /// It can't be had, or nobody writes down what it is.
    Unread(WhyUnread),
    NobodyPays,
    NoWords,
    /// Discord takes no calls from here right now.
    DiscordAway,
    /// Nothing can be said in the place.
    PlaceClosed,
    Refused(Error),
}

impl Unheard {
    fn of_error(error: Error) -> Self {
        match error {
            Error::Refused(Refusal::Ask(AskRefusal::OwnKeyOnly { .. })) => {
                Self::Unread(WhyUnread::OfUnknownLength)
            }
            error => Self::Refused(error),
        }
    }

    /// What is said of it in the place of an answer.
    pub fn card(&self, voice: Voice<'_>) -> Option<Card> {
        match self {
            Self::NobodyPays => Some(words::answers::nobody_hears(voice)),
            Self::NoWords => Some(words::answers::heard_no_words(voice)),
            Self::DiscordAway => Some(words::answers::discord_was_away(voice)),
            Self::Unread(_) | Self::PlaceClosed | Self::Refused(_) => None,
        }
    }
}

/// Has the sounds of a question written down, and those of the message that it
/// replies to, unless what was said in them is known.
pub async fn listen(
    bot: &Bot,
    (caller, message): (&Caller, &Message),
    known: HeardFiles,
) -> Result<Heard, Unheard> {
    let sounds: Vec<Sound<'_>> = sounds_asked_about(message).collect();
    let place = (caller, message.channel_id.get());
    let mut heard = Heard {
        files: known,
        ..Heard::default()
    };
    heard.hear_sounds(bot, place, &sounds).await?;
    if !is_voice(message) {
        // Files are named with the reason; who pays is said of voice messages.
        heard
            .unheard
            .take_if(|it| !matches!(it, Unheard::Refused(_)));
        return Ok(heard);
    }
    if !heard.told.is_empty() && heard.told.iter().all(|told| is_blank(told)) {
        return Err(Unheard::NoWords);
    }
    Ok(heard)
}

async fn hear_sound(bot: &Bot, caller: &Caller, sound: &Sound<'_>) -> Result<HeardVoice, Unheard> {
    refuse_large_sound(sound.file).map_err(Unheard::Unread)?;
    let bytes = usize::try_from(sound.file.size).unwrap_or(usize::MAX);
    let bytes = bytes.saturating_mul(COPIES);
    let memory = bot.app.memory.reserve_for(caller.person, bytes);
    let Ok(_memory) = memory.await else {
        return Err(Unheard::Unread(WhyUnread::NotFetched));
    };
    let reader = FileReader::new(bot.app.http(), &bot.api_url, &bot.chat.file_limits);
    let bytes = reader.read_sound(sound.file).await;
    let bytes = bytes.map_err(Unheard::Unread)?;
    let heard = Box::pin(bot.app.programs.hear_voice(caller, bytes.into())).await;
    heard.map_err(Unheard::of_error)?.ok_or(Unheard::NobodyPays)
}
