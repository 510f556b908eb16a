//! Embeddings asked for in OpenAI's dialect, in the words of other providers, and
//! their answers in OpenAI's; `docs/providers.md` §8.2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::BYTES_IN_A_TOKEN;

use super::catalogue::Provider;
use super::dialect::{Dialect, RawObject, Untranslatable, refuse_fields};

/// How vectors of Google's are given to a caller of OpenAI's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorForm {
    /// The caller's name for the model.
    model: String,
    /// Whether they are wanted as bytes in Base64.
    is_base64: bool,
    /// About how many tokens the texts have.
    likely_tokens: u64,
}

/// Texts as OpenAI takes them: one, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

/// Google's answer.
#[derive(Deserialize)]
struct Vectors {
    #[serde(default)]
    embeddings: Vec<Vector>,
    #[serde(default, rename = "usageMetadata")]
    usage: Value,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(default)]
    values: Vec<f32>,
}

/// Whether a provider has other words than OpenAI for embeddings.
pub fn has_own_words(provider: &Provider) -> bool {
    provider.dialect == Dialect::Google || matches!(provider.id.as_str(), "mistral" | "cohere")
}

/// Puts a call into the words of such a provider. What comes of it says how the
/// answer is put into OpenAI's, where it is in other words too.
pub fn translate_embeddings(
    provider: &Provider,
    model: &str,
    fields: &mut RawObject,
) -> Result<Option<VectorForm>, Untranslatable> {
    let is_google = provider.dialect == Dialect::Google;
    let id = provider.id.as_str();
    let Some(texts) = fields.get::<Texts>("input") else {
        return Err(Untranslatable::new("`input` but for texts"));
    };
    let sent = fields.iter().filter(|(name, _)| &name[..] != b"user");
    let sent = sent.map(|(name, value)| (name.clone(), value.clone()));
    *fields = RawObject::from_fields(sent.collect());
    match id {
        "mistral" => {
            fields.rename("dimensions", "output_dimension");
        }
        "cohere" => refuse_fields(fields, &["dimensions"])?,
        _ => {}
    }
    Ok(is_google.then(|| write_for_google(model, fields, texts)))
}

fn write_for_google(model: &str, fields: &mut RawObject, texts: Texts) -> VectorForm {
    let texts = match texts {
        Texts::One(text) => vec![text],
        Texts::Many(texts) => texts,
    };
    let form = VectorForm {
        model: model.to_owned(),
        is_base64: fields.is("encoding_format", "base64"),
        likely_tokens: texts
            .iter()
            .map(|it| (it.len() as u64).div_ceil(BYTES_IN_A_TOKEN))
            .sum(),
    };
    let dimensions: Option<u64> = fields.get("dimensions");
    let name = model.strip_prefix("models/").unwrap_or(model);
    let requests = texts.iter().map(|text| {
        let content = json!({"parts": [{"text": text}]});
        let mut request = json!({"model": format!("models/{name}"), "content": content});
        if let Some(dimensions) = dimensions {
            request["outputDimensionality"] = json!(dimensions);
        }
        request
    });
    let requests: Vec<Value> = requests.collect();
    *fields = RawObject::from_fields(Vec::new());
    fields.set("requests", &json!(requests));
    form
}

impl VectorForm {
    /// Google's answer in OpenAI's words; none where it is no answer.
    pub fn write(&self, answer: &[u8]) -> Option<Bytes> {
        let vectors: Vectors = serde_json::from_slice(answer).ok()?;
        let data = vectors
            .embeddings
            .iter()
            .enumerate()
            .map(|(index, vector)| {
                let embedding = if self.is_base64 {
                    let bytes = vector.values.iter().flat_map(|it| it.to_le_bytes());
                    json!(STANDARD.encode(bytes.collect::<Vec<u8>>()))
                } else {
                    json!(vector.values)
                };
                json!({"object": "embedding", "index": index, "embedding": embedding})
            });
        let data: Vec<Value> = data.collect();
        let counted = vectors.usage["promptTokenCount"].as_u64();
        let tokens = counted.unwrap_or(self.likely_tokens);
        let written = json!({"object": "list", "data": data, "model": self.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens}});
        Some(written.to_string().into())
    }
}
