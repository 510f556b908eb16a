//! Any ranking is refused for a shared key, or what is held covers the searches
//! that it is billed as, by Cohere's documents alone, or the tokens that a
//! provider of the operator's own bills: it reads the query with each document.

use proptest::prelude::*;
use reqwest::Method;
use serde_json::json;

use crate::model::{CallDialect, Surface};
use crate::providers::{
    Body, Catalogue, ForwardedHeaders, Override, Refused, RelayRequest, judge_request,
};

/// What a field may be called: what costs nothing, and what nobody knows.
const NAMES: [&str; 7] = [
    "top_n",
    "return_documents",
    "max_tokens_per_doc",
    "priority",
    "rank_fields",
    "images",
    "url",
];
/// A provider of the operator's own, which is paid by the token.
const OWN: &str = "jina";
const MODELS: [(&str, &str); 6] = [
    ("cohere", "rerank-v3.5"),
    ("cohere", "rerank-v4.0-pro"),
    ("cohere", "rerank-v5.0-pro"),
    ("openrouter", "cohere/rerank-v3.5"),
    ("together", "Salesforce/Llama-Rank-V1"),
    (OWN, "made-up-reranker"),
];

/// How many tokens a text has, of which one has so many eighths of a byte at the
/// least: nobody's have none.
fn tokens(text: &str, eighths: u64) -> u64 {
    (text.len() as u64 * eighths).div_ceil(8)
}

/// The searches of a bill: a document may have 500 tokens with the query, a longer
/// one counts as several, and a search has a hundred.
fn billed(query: &str, documents: &[String], eighths: u64) -> Option<u64> {
    let room = 500_u64.checked_sub(tokens(query, eighths))?;
    let pieces = documents.iter();
    let pieces = pieces.map(|it| Some(tokens(it, eighths).checked_add(room - 1)? / room));
    let pieces: Option<Vec<u64>> = (room > 0).then(|| pieces.collect()).flatten();
    let pieces = pieces?.into_iter().map(|it| it.max(1));
    Some(pieces.sum::<u64>().div_ceil(100).max(1))
}

/// The tokens of a bill by the token.
fn billed_tokens(query: &str, documents: &[String], eighths: u64) -> u64 {
    let documents = documents.iter();
    let pairs = documents.map(|it| tokens(query, eighths) + tokens(it, eighths));
    pairs.sum()
}

fn catalogue() -> Catalogue {
    let own = Override {
        id: OWN.into(),
        base_url: Some("https://ranks.example/v1".into()),
        ..Override::default()
    };
    Catalogue::new(&[own]).unwrap()
}

fn ask(body: &str, is_native: bool) -> RelayRequest {
    RelayRequest {
        surface: Surface::Ranking,
        dialect: if is_native {
            CallDialect::Native
        } else {
            CallDialect::OpenAi
        },
        method: Method::POST,
        path: "/v2/rerank".to_owned(),
        query: None,
        headers: ForwardedHeaders::default(),
        body: Body::object(body.to_owned().into()).unwrap(),
        stream: false,
        at_s: 0,
    }
}

#[test]
fn a_long_query_is_held_once_for_each_document() {
    let catalogue = catalogue();
    let own = catalogue.find(OWN).unwrap();
    let (query, documents) = ("q".repeat(20_000), vec!["a".to_owned(); 3_000]);
    let body = json!({"model": "x", "query": query, "documents": documents});
    let bounded = judge_request(&ask(&body.to_string(), false), own, "x").unwrap();
    let (tokens, held) = (
        billed_tokens(&query, &documents, 8),
        bounded.bound().prompt.most,
    );
    assert!(held >= tokens, "{held} < {tokens}");
}

/// Half of a pair of surrogates, which others take and no text of ours holds.
#[test]
fn a_query_that_cannot_be_read_has_no_bound() {
    let catalogue = catalogue();
    let own = catalogue.find(OWN).unwrap();
    let body = r#"{"model":"x","query":"\ud800aaaa","documents":["a","b"]}"#;
    let judged = judge_request(&ask(body, false), own, "x");
    assert!(matches!(judged, Err(Refused::Malformed(_))));
}

proptest! {
    #[test]
    fn what_is_held_covers_any_ranking(
        query in "[a-zé]{0,300}",
        lengths in prop::collection::vec((0..3_000_usize, "[aé\"]"), 0..250),
        fields in prop::collection::vec((prop::sample::select(&NAMES[..]), 0..9_u64), 0..3),
        (provider, model) in prop::sample::select(&MODELS[..]),
        eighths in 1..=8_u64,
        is_native in any::<bool>(),
    ) {
        let documents = lengths.iter();
        let documents: Vec<String> = documents.map(|(many, what)| what.repeat(*many)).collect();
        let mut body = json!({"model": model, "query": query, "documents": documents});
        for (name, value) in &fields {
            body[*name] = json!(value);
        }
        let catalogue = catalogue();
        let provider = catalogue.find(provider).unwrap();
        let request = ask(&body.to_string(), is_native);
        let Ok(bounded) = judge_request(&request, provider, model) else {
            return Ok(());
        };
        let bound = bounded.bound();
        if provider.id.as_str() == OWN {
            let (tokens, held) = (billed_tokens(&query, &documents, eighths), bound.prompt.most);
            prop_assert!(held >= tokens, "{held} < {tokens}");
            return Ok(());
        }
        prop_assert!(provider.id.as_str() == "cohere" && !model.contains("v5"), "{model}");
        let searches = billed(&query, &documents, eighths).unwrap_or(u64::MAX);
        prop_assert!(bound.sound.searches >= searches, "{} < {searches}", bound.sound.searches);
        prop_assert_eq!((bound.pictures, bound.made_tokens), (0, 0));
    }
}
