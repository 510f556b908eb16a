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
const VOICE_MODELS: [(&str, &str); 4] = [
    ("groq", "whisper-large-v3-turbo"),
    ("openai", "gpt-transcribe"),
    ("mistral", "voxtral-mini-latest"),
    ("google", "gemini-3.1-flash-lite"),
];
/// The fewest seconds that Groq takes money for.
const GROQS_SECONDS_MIN: u64 = 10;
/// How many bytes of a sound last a second where nothing tells: 64 kbit/s.
const BYTES_PER_S: u64 = 8_000;
/// OpenAI's models that are paid by tokens: `docs/providers.md` §14.13.
const OF_OPENAI: SoundTokens = SoundTokens {
    per_s: SOUND_TOKENS_PER_S,
    most: 16_000,
    is_limited_by_us: false,
    written_max: 2_000,
};
/// Google's models: `docs/providers.md` §14.13.
const OF_GOOGLE: SoundTokens = SoundTokens {
    per_s: 32,
    most: 1_048_576,
    is_limited_by_us: true,
    written_max: 65_536,
};
/// The longest transcript of a sound that is asked for where we set its limit: so
/// many tokens, and for each second so many more. Speech has about four in a second.
const WRITTEN_TOKENS: u64 = 1_024;
const WRITTEN_TOKENS_PER_S: u64 = 10;
/// Models of Google's that hear nothing, or answer with something else than words.
const OTHERS_OF_GOOGLE: [&str; 5] = ["-tts", "-image", "-embedding", "-live", "-native-audio"];
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
    Tokens(SoundTokens),
}

/// How a model that is paid by tokens counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundTokens {
    per_s: u64,
    /// What it reads at the most.
    most: u64,
    /// Whether the call says how long its answer may be, and the sound is counted
    /// by its length alone.
    is_limited_by_us: bool,
    /// The longest transcript.
    written_max: u64,
}

impl SoundTokens {
    /// What a sound of so many seconds comes to, if that is sure, and the longest
    /// transcript of it.
    fn amounts(self, seconds: u64, is_measured: bool) -> (PromptTokens, u64) {
        let likely = seconds.saturating_mul(self.per_s).min(self.most);
        if !self.is_limited_by_us || !is_measured {
            let most = self.most;
            return (PromptTokens { likely, most }, self.written_max);
        }
        // One more, where it counts what is begun.
        let most = likely.saturating_add(self.per_s).min(self.most);
        let written = seconds.saturating_mul(WRITTEN_TOKENS_PER_S);
        let written = written.saturating_add(WRITTEN_TOKENS);
        (PromptTokens { likely, most }, written.min(self.written_max))
    }
}

impl PaidBy {
    /// What a model is paid for; none where nobody knows.
    pub fn of(provider: &Provider, model: &str) -> Option<Self> {
        let is_like = |pattern: &str| glob(pattern, model);
        match provider.id.as_str() {
            "openai" if is_like("*-diarize*") => None,
            "openai" if is_like("gpt-4o*-transcribe*") => Some(Self::Tokens(OF_OPENAI)),
            "openai" if is_like("whisper-*") || is_like("gpt-transcribe*") => {
                Some(Self::Seconds(0))
            }
            "google" if OTHERS_OF_GOOGLE.iter().any(|it| model.contains(it)) => None,
            "google" if is_like("gemini-*") => Some(Self::Tokens(OF_GOOGLE)),
            "groq" if is_like("whisper-*") => Some(Self::Seconds(GROQS_SECONDS_MIN)),
            "mistral" if is_like("*-realtime*") => None,
            "mistral" if is_like("voxtral-mini-*") || is_like("voxtral-*-transcribe-*") => {
                Some(Self::Seconds(0))
            }
            _ if provider.may_check_no_keys() => Some(Self::Seconds(0)),
            _ => None,
        }
    }

    /// Whether a call has a bound, however long its sound plays.
    pub fn is_bounded_without_length(self) -> bool {
        matches!(self, Self::Tokens(counted) if !counted.is_limited_by_us)
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
            Self::Tokens(counted) => {
                let (tokens, written) = counted.amounts(likely, is_measured);
                let sound = SoundAmount {
                    is_measured,
                    tokens,
                    ..SoundAmount::default()
                };
                (sound, written)
            }
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
