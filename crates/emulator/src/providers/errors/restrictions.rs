//! How each provider refuses a key that may not do what is asked; the bodies
//! are those of `docs/providers.md` §4.3.

use axum::response::Response;
use serde_json::{Value, json};

use super::refusals::json_response;
use super::vendor_errors::{anthropic, google_with_reason, openai, openai_of_kind};
use crate::providers::keys::{Dialect, Emulated};

/// Refuses the model that is asked.
pub fn refuse_model(provider: &Emulated) -> Response {
    match provider.id {
        "openai" => json_response(
            403,
            openai(
                "Project `proj_made_up` does not have access to model `made-up`",
                Value::Null,
                "model_not_found",
            ),
        ),
        "groq" => json_response(
            403,
            openai_of_kind(
                "permissions_error",
                "The model `made-up` is blocked at the project level. Please have a project admin enable this model in the project settings",
                Value::Null,
                "model_permission_blocked_project",
            ),
        ),
        _ => refuse_permission(provider),
    }
}

/// Refuses the address that the call comes from.
pub fn refuse_address(provider: &Emulated) -> Response {
    match provider.id {
        "openai" => json_response(
            401,
            openai(
                "Your request IP does not match the configured IP allowlist for your project or organization.",
                Value::Null,
                "ip_not_authorized",
            ),
        ),
        "google" => json_response(
            403,
            google_with_reason(
                403,
                "PERMISSION_DENIED",
                "The provided API key has an IP address restriction. The originating IP address of the call (203.0.113.7) violates this restriction.",
                "API_KEY_IP_ADDRESS_BLOCKED",
            ),
        ),
        _ => refuse_permission(provider),
    }
}

/// Refuses every call of a model.
pub fn refuse_permission(provider: &Emulated) -> Response {
    match (provider.id, provider.dialect) {
        ("openai", _) => json_response(
            401,
            openai(
                "You have insufficient permissions for this operation. Missing scopes: model.request. Check that you have the correct role in your organization (Reader, Writer, Owner) and project (Member, Owner), and if you're using a restricted API key, that it has the necessary scopes.",
                Value::Null,
                Value::Null,
            ),
        ),
        ("xai", _) => json_response(
            403,
            json!({"code": "The caller does not have permission to execute the specified operation",
                "error": "The API key does not have permission to call this endpoint."}),
        ),
        (_, Dialect::Google) => json_response(
            403,
            google_with_reason(
                403,
                "PERMISSION_DENIED",
                "Requests to this API generativelanguage.googleapis.com method google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent are blocked.",
                "API_KEY_SERVICE_BLOCKED",
            ),
        ),
        (_, Dialect::Anthropic) => json_response(
            403,
            anthropic(
                "permission_error",
                "Your API key does not have permission to use the specified resource.",
            ),
        ),
        _ => json_response(
            403,
            openai_of_kind(
                "permissions_error",
                "You have insufficient permissions for this operation.",
                Value::Null,
                403,
            ),
        ),
    }
}
