//! The free calls that show whether a key works.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::call::Call;
use super::errors::refusals::refuse_key;
use super::keys::{Dialect, Emulated};
use crate::world::Standing;

/// The id of an account or an endpoint that the emulated hosts know.
pub const KNOWN_ID: &str = "made-up-id";

/// Where Hugging Face says whose a token is.
const WHO_AM_I: &str = "/api/whoami-v2";

/// Answers a GET call.
pub fn answer_get(call: &Call<'_>) -> Response {
    let Call {
        provider,
        path,
        standing,
        ..
    } = *call;
    // DeepSeek and OpenRouter report an empty account with status 200; the
    // providers of the arms behind do not report it here at all.
    match (provider.id, standing) {
        ("deepseek", Standing::Empty) => {
            return Json(json!({"is_available": false, "balance_infos": []})).into_response();
        }
        ("openrouter", Standing::Empty) => {
            return Json(json!({"data": {"label": "k", "limit": 5, "limit_remaining": 0}}))
                .into_response();
        }
        ("huggingface", Standing::Restricted) if path == WHO_AM_I => {
            return Json(describe_token("a.scope.of.another.kind")).into_response();
        }
        (_, Standing::Empty) if provider.plain.is_some() => {
            if let Some(told) = provider.plain.and_then(|it| it.tell_credit(0)) {
                return Json(told).into_response();
            }
        }
        ("openai" | "google" | "groq" | "saladcloud" | "runpod", Standing::Empty)
        | (_, Standing::NoModel | Standing::NoPermission) => {}
        _ => {
            if let Some(refusal) = refuse_key(provider, standing) {
                return refusal;
            }
        }
    }
    match check_body(provider, path) {
        Some(body) => Json(body).into_response(),
        None => (
            StatusCode::NOT_FOUND,
            Json(json!({"title": "Not Found", "status": 404})),
        )
            .into_response(),
    }
}

/// Hugging Face's word on a token with one permission; `assets/providers.toml`.
fn describe_token(permission: &str) -> Value {
    json!({"type": "user", "name": "made-up", "canPay": true, "auth": {"type": "access_token",
        "accessToken": {"displayName": "made-up", "role": "fineGrained",
            "fineGrained": {"scoped": [{"permissions": [permission]}]}}}})
}

fn check_body(provider: &Emulated, path: &str) -> Option<Value> {
    if let Some(plain) = provider.plain.filter(|it| it.check_path() == path)
        && let Some(told) = plain.tell_credit(5)
    {
        return Some(told);
    }
    let models = || json!({"object": "list", "data": [{"id": "made-up-model", "object": "model"}]});
    match (provider.id, path) {
        ("anthropic", "/v1/models") => Some(
            json!({"data": [{"id": "claude-haiku-5-5", "type": "model"}, {"id": "claude-opus-5-5", "type": "model"}]}),
        ),
        ("google", "/models") => {
            Some(json!({"models": [{"name": "models/gemini-3.1-flash-lite", "thinking": true}]}))
        }
        ("openrouter", "/key") => {
            Some(json!({"data": {"label": "k", "limit": null, "limit_remaining": null}}))
        }
        ("openrouter", "/models") => Some(json!({"data": [
            {"id": "made-up-model", "supported_parameters": ["tools", "reasoning", "response_format"]},
        ]})),
        ("mistral", "/models") => Some(json!({"object": "list", "data": [
            {"id": "made-up-model", "object": "model", "capabilities": {"function_calling": true}},
        ]})),
        ("xai", "/api-key") => Some(json!({"name": "k", "acls": ["api-key:model:*"]})),
        ("deepseek", "/user/balance") => Some(json!({"is_available": true, "balance_infos": []})),
        ("ollama", "/api/tags") => Some(json!({"models": [{"name": "llama3.2:latest"}]})),
        (_, "/models") if provider.plain.is_some_and(|it| it.lists_bare) => {
            Some(json!([{"id": "made-up-model", "object": "model", "type": "chat"}]))
        }
        ("huggingface", WHO_AM_I) => Some(describe_token("inference.serverless.write")),
        ("ollama", "/v1/models") | (_, "/models") => Some(models()),
        (_, path) if provider.plain.is_some_and(|it| it.check_path() == path) => Some(models()),
        ("anthropic", path) => {
            let model = path.strip_prefix("/v1/models/").filter(|it| is_known(it))?;
            Some(
                json!({"id": model, "type": "model", "display_name": model, "created_at": "2026-09-22T00:00:00Z",
                "max_input_tokens": 1_000_000, "max_tokens": 128_000}),
            )
        }
        ("google", path) => {
            let model = path.strip_prefix("/models/").filter(|it| is_known(it))?;
            Some(
                json!({"name": format!("models/{model}"), "displayName": model, "inputTokenLimit": 1_048_576,
                "outputTokenLimit": 65_536, "thinking": true,
                "supportedGenerationMethods": ["generateContent", "countTokens"]}),
            )
        }
        (_, path) if path.starts_with("/models/") && provider.dialect == Dialect::OpenAi => {
            let model = path.strip_prefix("/models/").filter(|it| is_known(it))?;
            Some(
                json!({"id": model, "object": "model", "created": 1_795_219_200, "owned_by": "made-up"}),
            )
        }
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

/// Whether a model is one that the emulated providers have.
fn is_known(model: &str) -> bool {
    !model.contains("no-such-model")
}
