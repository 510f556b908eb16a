//! The free calls that tell whether a key works.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::keys::{Emulated, Standing};
use super::refusals::refusal;

/// Ids that the emulated hosts know.
pub const KNOWN_ID: &str = "made-up-id";

/// Answers a GET.
pub fn answer(provider: &Emulated, path: &str, standing: Standing) -> Response {
    // Two tell of an empty account with a friendly 200; others tell nothing.
    match (provider.id, standing) {
        ("deepseek", Standing::Empty) => {
            return Json(json!({"is_available": false, "balance_infos": []})).into_response();
        }
        ("openrouter", Standing::Empty) => {
            return Json(json!({"data": {"label": "k", "limit": 5, "limit_remaining": 0}}))
                .into_response();
        }
        ("openai" | "google" | "groq" | "saladcloud" | "runpod", Standing::Empty) => {}
        _ => {
            if let Some(refusal) = refusal(provider, standing) {
                return refusal;
            }
        }
    }
    match body(provider, path) {
        Some(body) => Json(body).into_response(),
        None => (
            StatusCode::NOT_FOUND,
            Json(json!({"title": "Not Found", "status": 404})),
        )
            .into_response(),
    }
}

fn body(provider: &Emulated, path: &str) -> Option<Value> {
    let models = || json!({"object": "list", "data": [{"id": "made-up-model", "object": "model"}]});
    match (provider.id, path) {
        ("anthropic", "/v1/models") => Some(
            json!({"data": [{"id": "claude-haiku-5-5", "type": "model"}, {"id": "claude-opus-5-5", "type": "model"}]}),
        ),
        ("google", "/models") => {
            Some(json!({"models": [{"name": "models/gemini-3.1-flash-lite"}]}))
        }
        ("openrouter", "/key") => {
            Some(json!({"data": {"label": "k", "limit": null, "limit_remaining": null}}))
        }
        ("xai", "/api-key") => Some(json!({"name": "k", "acls": ["api-key:model:*"]})),
        ("deepseek", "/user/balance") => Some(json!({"is_available": true, "balance_infos": []})),
        ("ollama", "/api/tags") => Some(json!({"models": [{"name": "llama3.2:latest"}]})),
        ("ollama", "/v1/models") | (_, "/models") => Some(models()),
        ("ollama", "/api/version") => Some(json!({"version": "0.30.0"})),
        ("runcomfy", path) => path
            .ends_with(&format!("/users/{KNOWN_ID}/servers"))
            .then(|| json!([])),
        ("runcomfy-serverless", path) => path
            .ends_with(&format!("/{KNOWN_ID}"))
            .then(|| json!({"id": KNOWN_ID})),
        ("saladcloud", path) => path
            .contains(&format!("/{KNOWN_ID}/"))
            .then(|| json!({"quotas": {}})),
        ("runpod", path) => (path == format!("/{KNOWN_ID}/health"))
            .then(|| json!({"jobs": {}, "workers": {"idle": 1}})),
        _ => None,
    }
}
