//! Paths of OpenAI's dialect that some providers alone answer.

/// Where sound is written down as it is spoken.
pub const TRANSCRIPTIONS_PATH: &str = "/audio/transcriptions";
/// Where sound is written down in English.
pub const TRANSLATIONS_PATH: &str = "/audio/translations";
/// Where words are read aloud.
pub const SPEECH_PATH: &str = "/audio/speech";
/// Where documents are ranked.
pub const RERANK_PATH: &str = "/rerank";
