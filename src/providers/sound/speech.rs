//! Words that are read aloud: what that is paid for, and how each provider is
//! asked; `docs/providers.md` §14.14.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::model::SoundAmount;

use crate::providers::catalogue::{Provider, glob};
use crate::providers::dialect::{Dialect, RawObject, Untranslatable, refuse_fields};

use super::google_speech;

/// Fields of OpenAI's that Mistral has no word for.
const UNKNOWN_TO_MISTRAL: [&str; 3] = ["instructions", "speed", "stream_format"];
/// The media type of each format that words are read aloud in.
const FORMATS: [(&str, &str); 6] = [
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("flac", "audio/flac"),
    ("opus", "audio/ogg"),
    ("aac", "audio/aac"),
    ("pcm", "audio/pcm"),
];

/// Whether a model is paid by the character.
pub fn is_paid_by_character(provider: &Provider, model: &str) -> bool {
    match provider.id.as_str() {
        "openai" => glob("tts-1*", model),
        "groq" => model.contains("orpheus"),
        "mistral" => glob("voxtral-*-tts-*", model),
        _ => provider.may_check_no_keys(),
    }
}

/// How much is read aloud: the characters of OpenAI's and Mistral's `input`.
pub fn spoken_amount(fields: &RawObject) -> SoundAmount {
    let input: String = fields.get("input").unwrap_or_default();
    let characters = input.chars().count() as u64;
    SoundAmount {
        characters,
        is_measured: characters > 0,
        ..SoundAmount::default()
    }
}

/// How the sound comes that a provider answers with JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackedSound {
    /// Of this media type, in Mistral's words.
    OfMistral(&'static str),
    /// Samples, which get the head of a file unless they are wanted without.
    OfGoogle { is_raw: bool },
}

/// What becomes of a call in OpenAI's dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpokenCall {
    AsItCame,
    Changed,
    /// Its answer is JSON with the sound in it.
    Packed(PackedSound),
}

impl PackedSound {
    /// The media type of the sound.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::OfMistral(media_type) => media_type,
            Self::OfGoogle { is_raw: true } => "audio/pcm",
            Self::OfGoogle { is_raw: false } => "audio/wav",
        }
    }

    /// The sound in an answer; none where there is none.
    pub fn read(self, answer: &Value) -> Option<Bytes> {
        match self {
            Self::OfMistral(_) => read_mistrals(answer),
            Self::OfGoogle { is_raw } => google_speech::read_sound(answer, is_raw),
        }
    }
}

/// Puts a call in OpenAI's dialect into the words of its provider.
pub fn translate_speech(
    provider: &Provider,
    fields: &mut RawObject,
) -> Result<SpokenCall, Untranslatable> {
    if provider.dialect == Dialect::Google {
        let is_raw = google_speech::write_for_google(fields)?;
        return Ok(SpokenCall::Packed(PackedSound::OfGoogle { is_raw }));
    }
    match provider.id.as_str() {
        // Its models speak in no other format, and refuse OpenAI's usual one.
        "groq" if fields.raw("response_format").is_none() => {
            fields.set("response_format", &json!("wav"));
            Ok(SpokenCall::Changed)
        }
        "mistral" => {
            refuse_fields(fields, &UNKNOWN_TO_MISTRAL)?;
            fields.rename("voice", "voice_id");
            let packed = PackedSound::OfMistral(media_type_of(fields));
            Ok(SpokenCall::Packed(packed))
        }
        _ => Ok(SpokenCall::AsItCame),
    }
}

/// The media type of the sound that a call asks for.
fn media_type_of(fields: &RawObject) -> &'static str {
    let asked: Option<String> = fields.get("response_format");
    let asked = asked.as_deref().unwrap_or("mp3");
    let known = FORMATS.iter().find(|(format, _)| *format == asked);
    known.map_or("application/octet-stream", |(_, media_type)| media_type)
}

fn read_mistrals(answer: &Value) -> Option<Bytes> {
    let sound = STANDARD.decode(answer["audio_data"].as_str()?);
    sound.ok().map(Bytes::from)
}
