//! How each provider refuses a key; the bodies are those of `docs/providers.md`
//! §3.1 and §4.1.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::restrictions;
use super::vendor_errors::{
    anthropic, google, google_with_delay, google_with_reason, openai, openai_of_kind,
};
use crate::providers::keys::Emulated;
use crate::world::Standing;

/// Returns the refusal that a provider answers a key of this standing with;
/// none for a good key.
pub fn refuse_key(provider: &Emulated, standing: Standing) -> Option<Response> {
    if let Some(written) = provider.plain.and_then(|plain| plain.refuse(standing)) {
        return Some(written);
    }
    match standing {
        Standing::Good => None,
        Standing::Bad => Some(refuse_unknown(provider)),
        Standing::Empty => Some(refuse_without_credit(provider)),
        Standing::Restricted => Some(refuse_restricted(provider)),
        Standing::NoModel => Some(restrictions::refuse_model(provider)),
        Standing::NoAddress => Some(restrictions::refuse_address(provider)),
        Standing::NoPermission => Some(restrictions::refuse_permission(provider)),
        Standing::Limited => Some(refuse_rate_limited(provider)),
        // They are good for words.
        Standing::Unverified | Standing::FreeTier => None,
    }
}

/// Returns the refusal that a provider answers a call for pictures with; none
/// for a good key. Sources: `docs/providers.md` §14.1 and §14.2.
pub fn refuse_painting_key(provider: &Emulated, standing: Standing) -> Option<Response> {
    match (provider.id, standing) {
        ("openai", Standing::Empty) => Some(json_response(
            400,
            openai(
                "Billing hard limit has been reached",
                Value::Null,
                "billing_hard_limit_reached",
            ),
        )),
        ("openai", Standing::Unverified) => Some(json_response(
            403,
            openai(
                "Your organization must be verified to use the model `gpt-image-2`. Please go to: https://platform.openai.com/settings/organization/general and click on Verify Organization. If you just verified, it can take up to 15 minutes for access to propagate.",
                Value::Null,
                Value::Null,
            ),
        )),
        ("google", Standing::FreeTier) => Some(json_response(
            429,
            google_with_delay(
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota, please check your plan and billing details. \n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 0, model: gemini-2.5-flash-preview-image\nPlease retry in 33.2s.",
                "33s",
            ),
        )),
        _ => refuse_key(provider, standing),
    }
}

/// Returns the refusal of a picture that can't be read; the sources of its
/// bodies stand in `docs/providers.md` §4.3.
pub fn refuse_picture(provider: &Emulated) -> Response {
    let body = match provider.id {
        "anthropic" => anthropic("invalid_request_error", "Could not process image"),
        "google" => google(
            400,
            "INVALID_ARGUMENT",
            "Unable to process input image. Please retry or report in https://developers.generativeai.google/guide/troubleshooting",
        ),
        _ => openai(
            "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
            Value::Null,
            "invalid_image_format",
        ),
    };
    json_response(400, body)
}

pub fn json_response(status: u16, body: Value) -> Response {
    (
        StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
        Json(body),
    )
        .into_response()
}

fn refuse_unknown(provider: &Emulated) -> Response {
    match provider.id {
        // OpenAI quotes a part of the key; a short key in full.
        "openai" => json_response(
            401,
            openai(
                "Incorrect API key provided: sk-made-****6789. You can find your API key at …",
                Value::Null,
                "invalid_api_key",
            ),
        ),
        "anthropic" => json_response(401, anthropic("authentication_error", "invalid x-api-key")),
        "google" => json_response(
            400,
            google_with_reason(
                400,
                "INVALID_ARGUMENT",
                "API key not valid. Please pass a valid API key.",
                "API_KEY_INVALID",
            ),
        ),
        "openrouter" => json_response(
            401,
            json!({"error": {"message": "Missing Authentication header", "code": 401}}),
        ),
        "mistral" => json_response(401, json!({"detail": "Invalid API Key"})),
        "xai" => json_response(
            400,
            json!({"code": "invalid-argument",
            "error": "Incorrect API key provided. You can obtain an API key from https://console.x.ai."}),
        ),
        "deepseek" => json_response(
            401,
            openai_of_kind(
                "authentication_error",
                "Authentication Fails, Your api key: ****6789 is invalid",
                Value::Null,
                "invalid_request_error",
            ),
        ),
        "cerebras" => json_response(
            401,
            json!({"message": "Wrong API Key", "type": "invalid_request_error",
            "param": "api_key", "code": "wrong_api_key"}),
        ),
        "runcomfy-serverless" => json_response(
            200,
            json!({"error_code": 401_001, "error_message": "unauthorized"}),
        ),
        "saladcloud" => (StatusCode::UNAUTHORIZED, Html("<html>401</html>")).into_response(),
        "runpod" => json_response(
            401,
            json!({"title": "Unauthorized", "status": 401, "detail": "missing bearer token"}),
        ),
        _ => json_response(
            401,
            json!({"error": {"message": "Unauthorized", "type": "api_error", "code": null}}),
        ),
    }
}

fn refuse_without_credit(provider: &Emulated) -> Response {
    match provider.id {
        "openai" => json_response(
            429,
            json!({"error": {"message": "You exceeded your current quota",
            "type": "insufficient_quota", "code": "insufficient_quota"}}),
        ),
        "anthropic" => json_response(402, anthropic("billing_error", "no credit")),
        "google" => json_response(
            402,
            google(
                402,
                "RESOURCE_EXHAUSTED",
                "Your prepayment credits are depleted.",
            ),
        ),
        "openrouter" => json_response(
            402,
            json!({"error": {"message": "Insufficient credits", "code": 402}}),
        ),
        "runcomfy-serverless" | "runcomfy" => json_response(
            200,
            json!({"error_code": 10_001, "error_message": "InsufficientFunds"}),
        ),
        _ => json_response(402, json!({"error": {"message": "Insufficient Balance"}})),
    }
}

fn refuse_restricted(provider: &Emulated) -> Response {
    match provider.id {
        "google" => json_response(403, google(403, "PERMISSION_DENIED", "denied")),
        "anthropic" => json_response(403, anthropic("permission_error", "no")),
        "runcomfy-serverless" => json_response(
            403,
            json!({"error_code": 403_003, "error_message": "not the owner"}),
        ),
        "runpod" => json_response(403, json!({"title": "Forbidden", "status": 403})),
        _ => json_response(
            403,
            json!({"error": {"message": "You have insufficient permissions", "code": 403}}),
        ),
    }
}

pub fn refuse_rate_limited(provider: &Emulated) -> Response {
    let body = match provider.id {
        "google" => google_with_delay(
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
            "30s",
        ),
        _ => {
            json!({"error": {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}})
        }
    };
    let retry_after = if provider.id == "google" {
        None
    } else {
        Some([("retry-after", "30")])
    };
    (
        StatusCode::TOO_MANY_REQUESTS,
        retry_after.map(axum::response::AppendHeaders),
        Json(body),
    )
        .into_response()
}
