//! Documents that are ranked by how well they answer a query: who does it, what
//! that is paid for, and Cohere's own words for it; `docs/providers.md` §8.3.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{RERANK_PATH, SoundAmount};

use super::catalogue::{Provider, glob};
use super::dialect::{RawObject, Untranslatable, refuse_fields};

/// Where Cohere ranks documents, at its own address.
pub const COHERES_RERANK_PATH: &str = "/v2/rerank";

const COHERE: &str = "cohere";
/// Models that are paid by the search.
const PAID_BY_SEARCH: [(&str, &str); 5] = [
    (COHERE, "rerank-v3*"),
    (COHERE, "rerank-v4*"),
    (COHERE, "rerank-english-v3*"),
    (COHERE, "rerank-multilingual-v3*"),
    ("openrouter", "cohere/rerank-*"),
];
/// Fields of Cohere's older API that its newer one has no word for.
const UNKNOWN_TO_COHERE: [&str; 2] = ["rank_fields", "max_chunks_per_doc"];
/// How many documents one search ranks.
const DOCUMENTS_IN_A_SEARCH: u64 = 100;
/// How many tokens a document may have together with the query; what is longer
/// counts as several.
const TOKENS_IN_A_DOCUMENT: u64 = 500;
/// The longest query of which a bound is known, in bytes: half of each piece is
/// left for the document then, whatever a token is.
pub const QUERY_BYTES_MAX: u64 = TOKENS_IN_A_DOCUMENT / 2;

/// A document: a text, or an object with one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    Text(String),
    Object { text: String },
}

/// The fields that decide what a ranking costs.
#[derive(Deserialize)]
struct Ranked {
    query: String,
    documents: Vec<Document>,
}

/// How a ranking of Cohere's is given to a caller of the others'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankingForm {
    model: String,
    /// The documents, where they are wanted beside their places.
    shown: Option<Vec<String>>,
}

impl Document {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Object { text } => text,
        }
    }
}

/// Where a provider ranks documents.
pub fn ranking_path(provider: &Provider) -> &'static str {
    match provider.id.as_str() {
        COHERE => COHERES_RERANK_PATH,
        _ => RERANK_PATH,
    }
}

/// Whether a model is paid by the search.
pub fn is_paid_by_search(provider: &Provider, model: &str) -> bool {
    let mut all = PAID_BY_SEARCH.iter();
    all.any(|(id, pattern)| *id == provider.id.as_str() && glob(pattern, model))
}

/// How many searches a call comes to at the most; none where nobody knows, since
/// its query is long.
pub fn searches(fields: &RawObject) -> Option<u64> {
    let ranked = Ranked::read(fields)?;
    let query = ranked.query.len() as u64;
    (query <= QUERY_BYTES_MAX).then(|| ranked.searches(TOKENS_IN_A_DOCUMENT - query))
}

/// How many searches a call comes to: at the most where that is known, and else
/// about so many.
pub fn likely_searches(fields: &RawObject) -> u64 {
    let all = || Some(Ranked::read(fields)?.searches(QUERY_BYTES_MAX));
    searches(fields).or_else(all).unwrap_or(1)
}

/// So many searches, as they are held.
pub fn amount_of(searches: u64) -> SoundAmount {
    SoundAmount {
        searches,
        ..SoundAmount::default()
    }
}

/// How many bytes of a query are read again: models that are paid by the token
/// read it with each document. None where the query or the documents can't be
/// read.
pub fn repeated_bytes(fields: &RawObject) -> Option<u64> {
    let ranked = Ranked::read(fields)?;
    let times = (ranked.documents.len() as u64).saturating_sub(1);
    Some((ranked.query.len() as u64).saturating_mul(times))
}

impl Ranked {
    fn read(fields: &RawObject) -> Option<Self> {
        Some(Self {
            query: fields.get("query")?,
            documents: fields.get("documents")?,
        })
    }

    /// The searches, where each piece of a document has room for so many bytes.
    fn searches(&self, room: u64) -> u64 {
        let pieces = self.documents.iter();
        let pieces = pieces.map(|it| (it.text().len() as u64).div_ceil(room.max(1)).max(1));
        pieces.sum::<u64>().div_ceil(DOCUMENTS_IN_A_SEARCH).max(1)
    }
}

/// Puts a call into Cohere's words. What comes of it says how the answer is put
/// into the others'; none where the provider takes the call as it is.
pub fn translate_ranking(
    provider: &Provider,
    model: &str,
    fields: &mut RawObject,
) -> Result<Option<RankingForm>, Untranslatable> {
    if provider.id.as_str() != COHERE {
        return Ok(None);
    }
    refuse_fields(fields, &UNKNOWN_TO_COHERE)?;
    let documents: Option<Vec<Document>> = fields.get("documents");
    let documents = documents.ok_or_else(|| Untranslatable::new("`documents` but for texts"))?;
    let texts = documents.iter().map(|it| it.text().to_owned());
    let texts: Vec<String> = texts.collect();
    fields.set("documents", &json!(texts));
    let is_shown = fields.get("return_documents") == Some(true);
    fields.remove("return_documents");
    Ok(Some(RankingForm {
        model: model.to_owned(),
        shown: is_shown.then_some(texts),
    }))
}

impl RankingForm {
    /// Cohere's answer, with the model and the documents; none where it is no
    /// answer.
    pub fn write(&self, answer: &[u8]) -> Option<Bytes> {
        let mut answer: Value = serde_json::from_slice(answer).ok()?;
        for result in answer.get_mut("results")?.as_array_mut()? {
            let at = result["index"].as_u64();
            let at = at.and_then(|it| usize::try_from(it).ok());
            let shown = self.shown.as_ref().zip(at);
            if let Some(text) = shown.and_then(|(texts, at)| texts.get(at)) {
                result["document"] = json!({"text": text});
            }
        }
        answer["model"] = json!(self.model);
        Some(answer.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(query: &str, documents: &Value) -> RawObject {
        let body = json!({"query": query, "documents": documents});
        RawObject::parse(&body.to_string().into()).unwrap()
    }

    #[test]
    fn long_documents_count_as_several() {
        let long = "a".repeat(1_000);
        let many = json!(vec!["a"; 101]);
        for (query, documents, most) in [
            ("?", json!([]), Some(1)),
            ("?", json!(["a", {"text": "b"}]), Some(1)),
            ("?", many, Some(2)),
            ("?", json!(vec![long.as_str(); 34]), Some(2)),
            (&*"?".repeat(251), json!(["a"]), None),
            ("?", json!([1]), None),
        ] {
            assert_eq!(searches(&fields(query, &documents)), most, "{documents}");
        }
        assert_eq!(
            likely_searches(&fields(&"?".repeat(9_000), &json!(["a"]))),
            1
        );
        let three = fields("four", &json!(["a", "b", "c"]));
        assert_eq!(repeated_bytes(&three), Some(8));
    }
}
