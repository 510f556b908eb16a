//! What a vendor refuses in the body of a chat beyond the names of its
//! fields, with the vendor's own words. Each rule has its source in
//! `docs/providers.md` §7.4, §7.6, §7.7, §9.5 and §10.6.
//!
//! - `anthropic`, `anthropic_fields`, `anthropic_marks`, `anthropic_schemas`,
//!   `anthropic_thinking`, `anthropic_tools`: Anthropic's Messages.
//! - `google`, `google_config`, `google_fields`: Google's generateContent.
//! - `json_word`: what several want to be told before they answer in JSON.
//! - `message_fields`: what strict vendors of `OpenAI`'s chat do not know.
//! - `mistral`: Mistral's chat.
//! - `instructions`: where a model takes them.
//! - `thoughts`: what `DeepSeek`, Moonshot and `OpenRouter` want back.
//! - `openai`, `openai_messages`: OpenAI's chat; `responses`: its Responses;
//!   `openai_fields`, `openai_models`, `strict_schemas`: what both refuse.
//! - `groq`: how long Groq's answers may be.

mod anthropic;
mod anthropic_fields;
mod anthropic_marks;
mod anthropic_schemas;
mod anthropic_thinking;
mod anthropic_tools;
mod google;
mod google_config;
mod google_fields;
mod groq;
mod instructions;
mod json_word;
mod message_fields;
mod mistral;
mod openai;
mod openai_fields;
mod openai_messages;
mod openai_models;
mod responses;
mod strict_schemas;
mod thoughts;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::api::{Api, Surface};
use super::call::Call;
use super::errors::vendor_errors;
use super::json_fields::text;
use super::plain::Plain;

/// Vendors of OpenAI's chat that have no Responses beside it.
const WITHOUT_RESPONSES: [&str; 2] = ["mistral", "cerebras"];

/// Refuses a chat that breaks a rule of its vendor's.
pub fn refuse_chat(call: &Call<'_>) -> Option<Response> {
    let has_none = WITHOUT_RESPONSES.contains(&call.provider.id)
        || call.provider.plain.is_some_and(|it| !it.has_responses());
    if call.path == "/responses" && has_none {
        let body = json!({"detail": "Not Found"});
        return Some((StatusCode::NOT_FOUND, Json(body)).into_response());
    }
    let has_no_chat = call.provider.plain.is_some_and(Plain::has_no_chat);
    if call.api() == Api::Chat(Surface::Chat) && has_no_chat {
        let body = json!({"error": {"message": "Sonar is now the Agent API", "type": "invalid_request_error", "code": 404}});
        return Some((StatusCode::NOT_FOUND, Json(body)).into_response());
    }
    if call.api() == Api::Chat(Surface::Chat) {
        if let Some((status, body)) = message_fields::refuse_unknown(call) {
            return Some((status, Json(body)).into_response());
        }
        // Ollama, below its address of OpenAI's dialect.
        if call.path == "/v1/chat/completions"
            && let Some(body) = instructions::refuse_late(call.body)
        {
            return Some((StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response());
        }
    }
    let body = match (call.provider.id, call.api()) {
        ("anthropic", Api::Chat(Surface::Messages) | Api::CountMessages) => {
            let message = anthropic::broken_rule(call)?;
            vendor_errors::anthropic("invalid_request_error", &message)
        }
        ("openai", Api::Chat(Surface::Chat)) => {
            if openai_models::is_without_chat(text(call.body, "model")) {
                let words =
                    "This model is only supported in v1/responses and not in v1/chat/completions.";
                let body = write_broken((words.to_owned(), json!("model"), Value::Null));
                return Some((StatusCode::NOT_FOUND, Json(body)).into_response());
            }
            write_broken(openai::broken_rule(call.body)?)
        }
        ("openai", Api::Chat(Surface::Responses)) => {
            write_broken(responses::broken_rule(call.body)?)
        }
        ("deepseek", Api::Chat(Surface::Chat)) => {
            thoughts::broken_content(call.body).or_else(|| json_word::broken_format(call.body))?
        }
        ("moonshot", Api::Chat(Surface::Chat)) => thoughts::broken_kimi(call.body)?,
        ("openrouter", Api::Chat(Surface::Chat)) => thoughts::broken_details(call.body)?,
        ("mistral", Api::Chat(Surface::Chat)) => mistral::broken_rule(call.body)?,
        ("groq", Api::Chat(Surface::Chat)) => groq::broken_limit(call.body)?,
        ("google", Api::Chat(Surface::Generate)) => {
            let model = call.path.strip_prefix("/models/")?.split_once(':')?.0;
            let message = google::broken_rule(model, call.body)?;
            vendor_errors::google(400, "INVALID_ARGUMENT", &message)
        }
        _ => return None,
    };
    Some((StatusCode::BAD_REQUEST, Json(body)).into_response())
}

/// What OpenAI answers a body with that breaks a rule: its words, the place,
/// and the code.
type BrokenRule = (String, Value, Value);

fn write_broken((message, param, code): BrokenRule) -> Value {
    vendor_errors::openai(&message, param, code)
}
