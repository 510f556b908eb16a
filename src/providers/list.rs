//! The models that a key can use; `providers.md` §1.6.

use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

use crate::model::{Credential, FailureClass, ProviderFailure};

use super::Providers;
use super::catalogue::{Dialect, Provider};
use super::chat::{base_headers, below};
use super::outbound::{Call, failed};

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

impl Providers {
    /// Lists the models that chat, free of charge, as far as one page
    /// names them.
    pub async fn models(
        &self,
        provider: &Provider,
        credential: Option<&Credential>,
    ) -> Result<Vec<String>, ProviderFailure> {
        let deadline = Instant::now() + self.outbound.timeouts.check;
        let call = Call {
            provider,
            method: Method::GET,
            to: below(provider.url_for(credential), path(provider)),
            headers: &base_headers(provider, credential),
            passed_on: &[],
            body: None,
            deadline,
        };
        let mut incoming = self.outbound.send(call, credential).await?;
        let body = incoming.body(LIST_BYTES_MAX, deadline).await;
        let body = body.map_err(|class| failed(provider, class))?;
        let listed: Option<Value> = serde_json::from_slice(body.trim_ascii()).ok();
        match listed.filter(|_| incoming.status == 200) {
            Some(listed) => Ok(read(&listed)),
            None => Err(failed(provider, FailureClass::Upstream)),
        }
    }
}

fn path(provider: &Provider) -> &'static str {
    match provider.dialect {
        Dialect::Anthropic => "/v1/models?limit=100",
        Dialect::Google => "/models?pageSize=200",
        Dialect::Ollama => "/api/tags",
        Dialect::OpenAi(_) | Dialect::None => "/models",
    }
}

/// Reads a list of any vendor's shape.
fn read(listed: &Value) -> Vec<String> {
    let all = listed["data"].as_array().or(listed["models"].as_array());
    let mut names: Vec<String> = all
        .into_iter()
        .flatten()
        .filter(|model| model["lifecycle"] != "retired" && chats(model))
        .filter_map(|model| model["id"].as_str().or(model["name"].as_str()))
        .map(|name| name.strip_prefix("models/").unwrap_or(name))
        .filter(|name| is_plain(name))
        .map(str::to_owned)
        .take(MODELS_MAX)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Google says what a model can do; of others only the name tells.
fn chats(model: &Value) -> bool {
    let methods = model["supportedGenerationMethods"].as_array();
    let generates = methods.is_none_or(|all| all.iter().any(|method| method == "generateContent"));
    let name = model["id"]
        .as_str()
        .or(model["name"].as_str())
        .unwrap_or_default();
    generates && !NOT_CHAT.iter().any(|part| name.contains(part))
}

fn is_plain(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+".contains(c);
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn every_vendors_list_is_read() {
        let openai =
            json!({"data": [{"id": "gpt-6-luna"}, {"id": "text-embedding-3"}, {"id": "b\n"}]});
        assert_eq!(read(&openai), ["gpt-6-luna"]);
        let google = json!({"models": [
            {"name": "models/gemini-x", "supportedGenerationMethods": ["generateContent"]},
            {"name": "models/aqa", "supportedGenerationMethods": ["generateAnswer"]},
        ]});
        assert_eq!(read(&google), ["gemini-x"]);
        let anthropic = json!({"data": [
            {"id": "claude-new", "lifecycle": "active"}, {"id": "claude-old", "lifecycle": "retired"},
        ]});
        assert_eq!(read(&anthropic), ["claude-new"]);
        let ollama = json!({"models": [{"name": "llama3.2:latest", "model": "llama3.2:latest"}]});
        assert_eq!(read(&ollama), ["llama3.2:latest"]);
        assert!(read(&json!("nonsense")).is_empty());
    }
}
