//! Documents that are ranked, as Cohere, `OpenRouter`, Together and vLLM answer
//! it, and what they refuse: `docs/providers.md` §8.3.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::call::Call;
use super::errors::refusals::{json_response, refuse_key};
use super::errors::vendor_errors::openai;
use super::json_fields::text;

/// The fields of Cohere's newer API, which refuses others.
const OF_COHERE: [&str; 6] = [
    "model",
    "query",
    "documents",
    "top_n",
    "max_tokens_per_doc",
    "priority",
];
const DOCUMENTS_IN_A_SEARCH: usize = 100;

/// Answers a call that has documents ranked; none where it is another call.
pub fn answer_ranking(call: &Call<'_>) -> Option<Response> {
    let answer = match (call.provider.id, call.path) {
        ("cohere", "/v2/rerank") => answer_cohere,
        ("openrouter" | "together" | "vllm", "/rerank") => answer_others,
        ("cohere", "/rerank") => {
            |_: &Call<'_>| json_response(404, json!({"message": "page not found"}))
        }
        _ => return None,
    };
    let refusal = refuse_key(call.provider, call.standing);
    Some(refusal.unwrap_or_else(|| answer(call)))
}

fn documents<'a>(call: &Call<'a>) -> &'a [Value] {
    call.body["documents"].as_array().map_or(&[], Vec::as_slice)
}

/// The last document answers best.
fn results(call: &Call<'_>, shows: bool) -> Vec<Value> {
    let all = documents(call);
    let most = call.body["top_n"].as_u64().unwrap_or(u64::MAX);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let ranked = all.iter().enumerate().rev().take(most);
    let ranked = ranked.zip(1_u32..).map(|((index, document), place)| {
        let mut result = json!({"index": index, "relevance_score": 1.0 / f64::from(place)});
        if shows {
            let text = document.as_str().or(document["text"].as_str());
            result["document"] = json!({"text": text});
        }
        result
    });
    ranked.collect()
}

/// What Cohere refuses, in its own words.
fn refuse_at_cohere(body: &Value, documents: &[Value]) -> Option<Response> {
    let refuse = |status, words: &str| Some(json_response(status, json!({"message": words})));
    let mut names = body.as_object().into_iter().flatten().map(|(name, _)| name);
    if let Some(name) = names.find(|name| !OF_COHERE.contains(&name.as_str())) {
        let words = format!("unknown field: parameter '{name}' is not a valid field");
        return refuse(422, &words);
    }
    if text(body, "query").trim().is_empty() {
        return refuse(
            400,
            "invalid request: query must not be empty or be only whitespace",
        );
    }
    if documents.is_empty() {
        return refuse(400, "invalid request: list of documents must not be empty");
    }
    if documents.iter().any(|it| !it.is_string()) {
        return refuse(
            400,
            "invalid type: parameter documents must be a list of strings",
        );
    }
    if !text(body, "model").starts_with("rerank-") {
        let words = format!("model '{}' not found", text(body, "model"));
        return refuse(404, &words);
    }
    None
}

fn answer_cohere(call: &Call<'_>) -> Response {
    let documents = documents(call);
    if let Some(refusal) = refuse_at_cohere(call.body, documents) {
        return refusal;
    }
    let searches = documents.len().div_ceil(DOCUMENTS_IN_A_SEARCH);
    let meta = json!({"api_version": {"version": "2"}, "billed_units": {"search_units": searches}});
    Json(json!({"id": "00000000-made-up", "results": results(call, false), "meta": meta}))
        .into_response()
}

fn answer_others(call: &Call<'_>) -> Response {
    if documents(call).is_empty() || text(call.body, "query").is_empty() {
        let words = "`query` and `documents` must not be empty";
        return json_response(400, openai(words, Value::Null, Value::Null));
    }
    let wants = call.body["return_documents"] == true;
    let (shows, usage) = match call.provider.id {
        "openrouter" => (
            true,
            json!({"search_units": 1, "total_tokens": 0, "cost": 0.0025}),
        ),
        "together" => (
            wants,
            json!({"prompt_tokens": 40, "completion_tokens": 0, "total_tokens": 40}),
        ),
        _ => (wants, json!({"total_tokens": 40})),
    };
    Json(
        json!({"id": "rank-1", "model": call.body["model"], "results": results(call, shows),
        "usage": usage}),
    )
    .into_response()
}
