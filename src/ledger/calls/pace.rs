//! How fast models write, and which stop once nobody listens, for what nobody
//! counted.

use crate::model::ProviderId;

/// How many tokens a model is taken to write in a second, as most do. A model
/// that says nothing may think, which is paid for like words.
pub const WRITTEN_PER_S: u64 = 100;
/// The same for providers whose machines are faster: what their fastest models
/// are said to write.
const WRITTEN_PER_S_BY: [(&str, u64); 2] = [("groq", 1_000), ("cerebras", 3_000)];

/// The providers that stop working, and bill no more, once a stream is left
/// (`docs/providers.md` §6.5), and those on one's own machine. Of others nobody
/// says it, and OpenRouter has models of both kinds.
const STOP_WHEN_LEFT: [&str; 11] = [
    "anthropic",
    "cohere",
    "deepseek",
    "fireworks",
    "llamacpp",
    "lmstudio",
    "ollama",
    "openai",
    "together",
    "vllm",
    "xai",
];

/// Whether a provider stops, and bills no more, once nobody listens.
pub fn stops_when_left(provider: &ProviderId) -> bool {
    STOP_WHEN_LEFT.contains(&provider.as_str())
}

/// How many tokens a provider's models may write in a second.
pub fn written_per_s(provider: &ProviderId) -> u64 {
    let mut fast = WRITTEN_PER_S_BY.iter();
    let found = fast.find(|(name, _)| *name == provider.as_str());
    found.map_or(WRITTEN_PER_S, |(_, tokens)| *tokens)
}
