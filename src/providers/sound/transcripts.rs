//! Who writes sound down, and what that is paid for by; `docs/providers.md`
//! §14.13.

use crate::model::{PromptTokens, ProviderId, SOUND_TOKENS_PER_S, SoundAmount};

use crate::providers::catalogue::{Provider, glob};
use crate::providers::dialect::Untranslatable;

use super::SoundLength;
use super::form::Form;

/// How models begin that hear or speak, and whose they are.
const MODELS: [(&str, &str); 9] = [
    ("tts-1*", "openai"),
    ("gpt-4o*-tts*", "openai"),
    ("gemini-*-tts*", "google"),
    ("canopylabs/orpheus*", "groq"),
    ("whisper-large*", "groq"),
    ("whisper-*", "openai"),
    ("gpt-transcribe*", "openai"),
    ("gpt-4o*-transcribe*", "openai"),
    ("voxtral*", "mistral"),
];
/// What a voice message is written down with at each of them.
const VOICE_MODELS: [(&str, &str); 3] = [
    ("groq", "whisper-large-v3-turbo"),
    ("openai", "gpt-transcribe"),
    ("mistral", "voxtral-mini-latest"),
];
/// The fewest seconds that Groq takes money for.
const GROQS_SECONDS_MIN: u64 = 10;
/// How many bytes of a sound last a second where nothing tells: 64 kbit/s.
const BYTES_PER_S: u64 = 8_000;
/// What fits into OpenAI's models that are paid by tokens: `docs/providers.md`
/// §14.13.
const TOKENS_MAX: u64 = 16_000;
/// The longest transcript of these models, in tokens.
const TRANSCRIPT_TOKENS_MAX: u64 = 2_000;
/// Fields of OpenAI's that Mistral has no word for.
const UNKNOWN_TO_MISTRAL: [&str; 7] = [
    "prompt",
    "languages[]",
    "keywords[]",
    "include[]",
    "chunking_strategy",
    "known_speaker_names[]",
    "known_speaker_references[]",
];

/// What a model that writes sound down is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaidBy {
    /// Whole seconds, and so many at the least.
    Seconds(u64),
    Tokens,
}

impl PaidBy {
    /// What a model is paid for; none where nobody knows.
    pub fn of(provider: &Provider, model: &str) -> Option<Self> {
        let is_like = |pattern: &str| glob(pattern, model);
        match provider.id.as_str() {
            "openai" if is_like("*-diarize*") => None,
            "openai" if is_like("gpt-4o*-transcribe*") => Some(Self::Tokens),
            "openai" if is_like("whisper-*") || is_like("gpt-transcribe*") => {
                Some(Self::Seconds(0))
            }
            "groq" if is_like("whisper-*") => Some(Self::Seconds(GROQS_SECONDS_MIN)),
            "mistral" if is_like("*-realtime*") => None,
            "mistral" if is_like("voxtral-mini-*") || is_like("voxtral-*-transcribe-*") => {
                Some(Self::Seconds(0))
            }
            _ if provider.may_check_no_keys() => Some(Self::Seconds(0)),
            _ => None,
        }
    }

    /// How much sound a form holds, and the longest answer in tokens. Where its
    /// bytes do not tell how long it lasts, that is estimated.
    pub fn amounts(self, form: &Form) -> (SoundAmount, u64) {
        let file_bytes = form.file().map_or(0, |file| file.bytes.len() as u64);
        let seconds = form.length().map(SoundLength::seconds);
        let likely = seconds.unwrap_or(file_bytes.div_ceil(BYTES_PER_S));
        let is_measured = seconds.is_some();
        match self {
            Self::Seconds(least) => (
                SoundAmount {
                    seconds: likely.max(least),
                    seconds_min: least,
                    is_measured,
                    ..SoundAmount::default()
                },
                0,
            ),
            Self::Tokens => (
                SoundAmount {
                    tokens: PromptTokens {
                        likely: likely.saturating_mul(SOUND_TOKENS_PER_S).min(TOKENS_MAX),
                        most: TOKENS_MAX,
                    },
                    is_measured,
                    ..SoundAmount::default()
                },
                TRANSCRIPT_TOKENS_MAX,
            ),
        }
    }
}

/// Whether the events of a provider's transcripts have other names than OpenAI's.
pub fn has_other_events(provider: &Provider) -> bool {
    provider.id.as_str() == "mistral"
}

/// The built-in providers that voice messages are written down with, and their
/// models.
pub fn voice_models() -> impl Iterator<Item = (ProviderId, &'static str)> {
    let all = VOICE_MODELS.iter();
    all.map(|(provider, model)| (ProviderId::from(*provider), *model))
}

/// Whose a model is that hears or speaks and is named alone.
pub fn owner_of_sound(model: &str) -> Option<&'static str> {
    let found = MODELS.iter().find(|(pattern, _)| glob(pattern, model));
    found.map(|(_, provider)| *provider)
}

/// Puts a form of OpenAI's into the words of its provider.
pub fn translate_form(provider: &Provider, form: &mut Form) -> Result<(), Untranslatable> {
    if provider.id.as_str() != "mistral" {
        return Ok(());
    }
    let mut names = form.fields().iter().map(|it| it.name.as_str());
    if let Some(unknown) = names.find(|it| UNKNOWN_TO_MISTRAL.contains(it)) {
        return Err(Untranslatable::new(format!("`{unknown}`")));
    }
    if form.text("response_format").is_some_and(|it| it != "json") {
        return Err(Untranslatable::new("`response_format` but for `json`"));
    }
    form.remove("response_format");
    form.rename("timestamp_granularities[]", "timestamp_granularities");
    Ok(())
}
