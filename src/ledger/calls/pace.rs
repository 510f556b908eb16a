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

/// How a provider works on what nobody listens to.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many tokens its models may write in a second.
    pub written_per_s: u64,
    /// Whether it stops, and bills no more, once nobody listens.
    pub stops_when_left: bool,
}

impl Pace {
    pub fn of(provider: &ProviderId) -> Self {
        let name = provider.as_str();
        let fast = WRITTEN_PER_S_BY.iter().find(|(fast, _)| *fast == name);
        Self {
            written_per_s: fast.map_or(WRITTEN_PER_S, |(_, tokens)| *tokens),
            stops_when_left: STOP_WHEN_LEFT.contains(&name),
        }
    }
}
