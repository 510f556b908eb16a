//! How fast models write, for what nobody counted.

use crate::model::ProviderId;

/// How many tokens a model is taken to write in a second, as most do. A model
/// that says nothing may think, which is paid for like words.
pub const WRITTEN_PER_S: u64 = 100;
/// The same for providers whose machines are faster: what their fastest models
/// are said to write.
const WRITTEN_PER_S_BY: [(&str, u64); 2] = [("groq", 1_000), ("cerebras", 3_000)];

/// How many tokens a provider's models may write in a second.
pub fn written_per_s(provider: &ProviderId) -> u64 {
    let mut fast = WRITTEN_PER_S_BY.iter();
    let found = fast.find(|(name, _)| *name == provider.as_str());
    found.map_or(WRITTEN_PER_S, |(_, tokens)| *tokens)
}
