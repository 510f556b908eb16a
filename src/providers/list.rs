//! Lists the models that a key can use; `docs/providers.md` §13.

use serde_json::Value;
use tokio::time::Instant;

use crate::model::{Credential, FailureClass, ProviderFailure};

use super::abilities::Abilities;
use super::catalogue::Provider;
use super::dialect::{Dialect, parse_tree};
use super::registry::Providers;
use super::transport::http::failed;

/// The largest list that is read.
const LIST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many models of a provider are kept.
const MODELS_MAX: usize = 1_000;
/// The longest name that is believed.
const NAME_BYTES_MAX: usize = 100;
/// Parts of the names of models that do not chat.
const NOT_CHAT: &[&str] = &[
    "embed",
    "tts",
    "whisper",
    "moderation",
    "dall-e",
    "image",
    "audio",
    "realtime",
    "transcribe",
    "sora",
    "veo",
    "imagen",
    "rerank",
    "ocr",
    "guard",
];

/// A model in a provider's list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedModel {
    pub name: String,
    pub abilities: Abilities,
}

impl Providers {
    /// Lists the models that chat, free of charge, as far as one page
    /// names them.
    pub async fn models(
        &self,
        provider: &Provider,
        credential: Option<&Credential>,
    ) -> Result<Vec<ListedModel>, ProviderFailure> {
        let deadline = Instant::now() + self.outbound.timeouts.check;
        let path = provider.dialect.models_path();
        let sent = self.outbound.get(provider, path, credential, deadline);
        let mut incoming = sent.await?;
        if incoming.status != 200 {
            return Err(incoming.read_error(deadline).await.failure(provider));
        }
        let body = incoming.read_body(LIST_BYTES_MAX, deadline).await;
        let body = body.map_err(|class| failed(&provider.id, class))?;
        let list = parse_tree(body.trim_ascii()).map_err(|class| failed(&provider.id, class))?;
        let list = list.ok_or_else(|| failed(&provider.id, FailureClass::Upstream))?;
        Ok(chat_models(provider.dialect, &list))
    }
}

/// The models in a list that chat, in the alphabetical order of their names.
fn chat_models(dialect: Dialect, list: &Value) -> Vec<ListedModel> {
    let chats = |name: &str| !NOT_CHAT.iter().any(|part| name.contains(part));
    let mut models: Vec<ListedModel> = dialect
        .listed_models(list)
        .filter(|(name, _)| chats(name) && is_plain(name))
        .map(|(name, entry)| ListedModel {
            name: name.to_owned(),
            abilities: Abilities::of(entry),
        })
        .take(MODELS_MAX)
        .collect();
    models.sort_unstable();
    models.dedup_by(|second, first| second.name == first.name);
    models
}

fn is_plain(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+".contains(c);
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::Catalogue;

    fn read(provider: &str, list: &Value) -> Vec<String> {
        let catalogue = Catalogue::new(&[]).unwrap();
        let models = chat_models(catalogue.find(provider).unwrap().dialect, list);
        models.into_iter().map(|it| it.name).collect()
    }

    #[test]
    fn every_vendors_list_is_read() {
        let openai =
            json!({"data": [{"id": "gpt-6-luna"}, {"id": "text-embedding-3"}, {"id": "b\n"}]});
        assert_eq!(read("openai", &openai), ["gpt-6-luna"]);
        let google = json!({"models": [
            {"name": "models/gemini-x", "supportedGenerationMethods": ["generateContent"]},
            {"name": "models/aqa", "supportedGenerationMethods": ["generateAnswer"]},
        ]});
        assert_eq!(read("google", &google), ["gemini-x"]);
        let anthropic = json!({"data": [
            {"id": "claude-new", "lifecycle": "active"}, {"id": "claude-old", "lifecycle": "retired"},
        ]});
        assert_eq!(read("anthropic", &anthropic), ["claude-new"]);
        let ollama = json!({"models": [{"name": "llama3.2:latest", "model": "llama3.2:latest"}]});
        assert_eq!(read("ollama", &ollama), ["llama3.2:latest"]);
        for provider in ["openai", "anthropic", "google", "ollama"] {
            assert!(read(provider, &json!("nonsense")).is_empty());
        }
    }
}
