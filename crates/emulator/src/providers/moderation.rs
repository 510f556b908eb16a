//! Moderation, as OpenAI and Mistral answer it, and what they refuse:
//! `docs/providers.md` §14.12.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::errors::refusals::refuse_key;

/// A text with this word is flagged.
const FLAGGED: &str = "forbidden";
const PATH: &str = "/moderations";
const FIELDS: [&str; 2] = ["model", "input"];
/// OpenAI's categories.
const OF_OPENAI: [&str; 13] = [
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
];
/// Mistral's.
const OF_MISTRAL: [&str; 9] = [
    "sexual",
    "hate_and_discrimination",
    "violence_and_threats",
    "dangerous_and_criminal_content",
    "selfharm",
    "health",
    "financial",
    "law",
    "pii",
];

/// Answers a call for moderation; none where it is another call.
pub fn answer_moderation(call: &Call<'_>) -> Option<Response> {
    let is_mistrals = match call.provider.id {
        "openai" => false,
        "mistral" => true,
        _ => return None,
    };
    if call.path != PATH {
        return None;
    }
    if let Some(refusal) = refuse_key(call.provider, call.standing) {
        return Some(refusal);
    }
    let refusal = if is_mistrals {
        refuse_at_mistral(call.body)
    } else {
        refuse_at_openai(call.body)
    };
    Some(refusal.unwrap_or_else(|| answer(call.body, is_mistrals)))
}

fn answer(body: &Value, is_mistrals: bool) -> Response {
    let results: Vec<Value> = match &body["input"] {
        Value::Array(list) if list.iter().all(Value::is_string) => {
            list.iter().map(|one| result(one, is_mistrals)).collect()
        }
        // Parts are judged together.
        all => vec![result(all, is_mistrals)],
    };
    let model = body["model"].as_str().unwrap_or("omni-moderation-latest");
    Json(json!({"id": "modr-0", "model": model, "results": results})).into_response()
}

fn result(input: &Value, is_mistrals: bool) -> Value {
    let is_flagged = input.to_string().contains(FLAGGED);
    let names: &[&str] = if is_mistrals { &OF_MISTRAL } else { &OF_OPENAI };
    let first = names.first().copied().unwrap_or_default();
    let each = |of: fn(bool) -> Value| -> Map<String, Value> {
        let values = names
            .iter()
            .map(|name| ((*name).to_owned(), of(is_flagged && *name == first)));
        values.collect()
    };
    let mut result = json!({
        "categories": each(|is_it| json!(is_it)),
        "category_scores": each(|is_it| json!(if is_it { 0.98 } else { 0.01 })),
    });
    if !is_mistrals {
        result["flagged"] = json!(is_flagged);
    }
    result
}

fn unknown_field(body: &Value) -> Option<&String> {
    let mut names = body.as_object()?.keys();
    names.find(|name| !FIELDS.contains(&name.as_str()))
}

fn refuse_at_openai(body: &Value) -> Option<Response> {
    let message = match unknown_field(body) {
        Some(name) => format!("Unrecognized request argument supplied: {name}"),
        None if is_input(&body["input"], true) => return None,
        None => "Invalid value for 'input'.".to_owned(),
    };
    let error = json!({"error": {"message": message, "type": "invalid_request_error",
        "param": "input", "code": null}});
    Some((StatusCode::BAD_REQUEST, Json(error)).into_response())
}

fn refuse_at_mistral(body: &Value) -> Option<Response> {
    let (kind, place) = match unknown_field(body) {
        Some(name) => ("extra_forbidden", name.as_str()),
        None if !body["model"].is_string() => ("missing", "model"),
        None if !is_input(&body["input"], false) => ("missing", "input"),
        None => return None,
    };
    let detail = json!([{"type": kind, "loc": ["body", place], "msg": kind}]);
    let body = json!({"object": "error", "message": {"detail": detail}});
    Some((StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response())
}

/// A text, texts, or, at OpenAI, parts with texts and pictures.
fn is_input(input: &Value, may_have_parts: bool) -> bool {
    let is_part = |part: &Value| match part["type"].as_str() {
        Some("text") => part["text"].is_string(),
        Some("image_url") => part["image_url"]["url"].is_string(),
        _ => false,
    };
    match input {
        Value::String(_) => true,
        Value::Array(list) if list.is_empty() => false,
        Value::Array(list) => {
            list.iter().all(Value::is_string) || (may_have_parts && list.iter().all(is_part))
        }
        _ => false,
    }
}
