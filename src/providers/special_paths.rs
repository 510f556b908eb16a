//! What some providers alone answer in OpenAI's dialect, by its path: calls about
//! sound, and rankings.

use crate::model::{RERANK_PATH, SPEECH_PATH, TRANSCRIPTIONS_PATH, TRANSLATIONS_PATH};

use super::catalogue::Provider;
use super::dialect::Dialect;

/// What the built-in providers answer.
const PATHS: [(&str, &[&str]); 8] = [
    (
        "openai",
        &[TRANSCRIPTIONS_PATH, TRANSLATIONS_PATH, SPEECH_PATH],
    ),
    (
        "groq",
        &[TRANSCRIPTIONS_PATH, TRANSLATIONS_PATH, SPEECH_PATH],
    ),
    ("mistral", &[TRANSCRIPTIONS_PATH, SPEECH_PATH]),
    (
        "vllm",
        &[TRANSCRIPTIONS_PATH, TRANSLATIONS_PATH, RERANK_PATH],
    ),
    (
        "google",
        &[TRANSCRIPTIONS_PATH, TRANSLATIONS_PATH, SPEECH_PATH],
    ),
    ("cohere", &[RERANK_PATH]),
    ("openrouter", &[RERANK_PATH]),
    ("together", &[RERANK_PATH]),
];

/// Whether a provider answers a call at such a path.
pub fn answers_at(provider: &Provider, path: &str) -> bool {
    if !provider.is_built_in {
        return matches!(provider.dialect, Dialect::OpenAi(_));
    }
    let mut known = PATHS.iter();
    let found = known.find(|(id, _)| *id == provider.id.as_str());
    found.is_some_and(|(_, paths)| paths.contains(&path))
}
