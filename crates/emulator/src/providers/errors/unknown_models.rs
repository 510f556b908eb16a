//! How each vendor refuses a model that it does not have; the sources stand in
//! `docs/providers.md` §4.7.

use axum::response::Response;
use serde_json::{Value, json};

use super::refusals::json_response;
use super::vendor_errors;
use crate::providers::api::Surface;

/// Models that their vendors have retired.
const RETIRED: &[&str] = &["deepseek-chat", "gpt-5-mini"];
/// Parts of names that nobody has.
const NOBODYS: [&str; 2] = ["no-such-model", "nonsense"];
/// How the names of a vendor's own models begin. Whoever is not listed serves
/// models of others, which may have any name. The vendor's list has a made-up
/// model.
const BEGINNINGS: [(&str, &[&str]); 7] = [
    (
        "openai",
        &[
            "gpt-",
            "chatgpt-",
            "o1",
            "o3",
            "o4",
            "codex-",
            "computer-use-",
            "ft:",
            "text-",
            "davinci-",
            "babbage-",
            "omni-",
            "made-up",
        ],
    ),
    ("anthropic", &["claude-", "made-up"]),
    (
        "google",
        &["gemini-", "gemma-", "learnlm-", "tunedModels/", "made-up"],
    ),
    (
        "mistral",
        &[
            "mistral",
            "ministral-",
            "magistral-",
            "codestral-",
            "devstral-",
            "pixtral-",
            "voxtral-",
            "open-",
            "labs-",
            "ft:",
            "made-up",
        ],
    ),
    ("deepseek", &["deepseek-", "made-up"]),
    ("xai", &["grok-", "made-up"]),
    ("moonshot", &["kimi-", "moonshot-", "made-up"]),
];
/// What may stand behind the word that a vendor begins most names with, beside a
/// number.
const FAMILIES: [(&str, &str, &[&str]); 3] = [
    (
        "openai",
        "gpt-",
        &["image", "oss", "transcribe", "audio", "realtime", "made-up"],
    ),
    (
        "anthropic",
        "claude-",
        &[
            "opus", "sonnet", "haiku", "fable", "mythos", "instant", "next",
        ],
    ),
    (
        "google",
        "gemini-",
        &["pro", "flash", "embedding", "exp", "robotics", "live"],
    ),
];

/// Whether a vendor has no such model.
pub fn is_unknown(vendor: &str, model: &str) -> bool {
    let is_nobodys = NOBODYS.iter().any(|part| model.contains(part)) || RETIRED.contains(&model);
    let mut listed = BEGINNINGS.iter().filter(|(id, _)| *id == vendor);
    let is_anothers = listed.any(|(_, all)| !all.iter().any(|it| model.starts_with(it)));
    is_nobodys || is_anothers || is_of_no_family(vendor, model)
}

/// Whether a model is named as a vendor names its own, and is none of them.
fn is_of_no_family(vendor: &str, model: &str) -> bool {
    let mut families = FAMILIES.iter().filter(|(id, ..)| *id == vendor);
    families.any(|(_, word, known)| {
        let rest = model.strip_prefix(word);
        rest.is_some_and(|rest| {
            let is_known = known.iter().any(|start| rest.starts_with(start));
            !is_known && !rest.starts_with(|first: char| first.is_ascii_digit())
        })
    })
}

/// Says that there is no such model.
pub fn refuse(vendor: &str, surface: Surface, name: &str) -> Response {
    let (status, body) = match vendor {
        "mistral" => (
            400,
            json!({"object": "error", "message": format!("Invalid model: {name}"),
                "type": "invalid_model", "param": null, "code": "1500"}),
        ),
        "deepseek" => (
            400,
            vendor_errors::openai("Model Not Exist", Value::Null, "invalid_request_error"),
        ),
        "xai" => (
            404,
            json!({"code": "Some requested entity was not found",
                "error": format!("The model {name} does not exist or your team made-up does not have access to it. Please ensure you're using the correct API key. If you believe this is a mistake, please contact support and quote your team ID and the model name.")}),
        ),
        "openrouter" => (
            400,
            json!({"error": {"message": format!("{name} is not a valid model ID"), "code": 400},
                "user_id": "user_made-up"}),
        ),
        "cerebras" => (
            404,
            json!({"message": "Model does not exist or you do not have access to it.",
                "type": "not_found_error", "param": "model", "code": "model_not_found"}),
        ),
        "moonshot" => (
            404,
            json!({"error": {"message": format!("Not found the model {name} or Permission denied"),
                "type": "resource_not_found_error"}}),
        ),
        _ => by_surface(surface, name),
    };
    json_response(status, body)
}

fn by_surface(surface: Surface, name: &str) -> (u16, Value) {
    match surface {
        Surface::Chat => (404, vendor_errors::openai_unknown_model(name)),
        Surface::Responses => (
            400,
            vendor_errors::openai(
                &format!("The requested model '{name}' does not exist."),
                "model",
                "model_not_found",
            ),
        ),
        Surface::Messages => (
            404,
            vendor_errors::anthropic("not_found_error", &format!("model: {name}")),
        ),
        Surface::Generate => (
            404,
            vendor_errors::google(
                404,
                "NOT_FOUND",
                &format!(
                    "models/{name} is not found for API version v1beta, or is not supported for generateContent. Call ModelService.ListModels to see the list of available models and their supported methods."
                ),
            ),
        ),
        Surface::Ollama => (404, json!({"error": format!("model '{name}' not found")})),
    }
}
