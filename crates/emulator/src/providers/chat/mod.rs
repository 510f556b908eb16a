//! Chat in every dialect, as a stream or in one piece.

mod anthropic;
mod ask;
pub mod events;
mod google;
mod ollama;
mod openai;
mod reply;
mod responses;
mod schema;
pub mod stream;
mod usage;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::api::Surface;
use super::call::Call;
use super::errors::refusals::{json_response, refuse_key, refuse_picture};
use super::errors::vendor_errors;
use super::picture_apis::pictures::shows_unreadable;
use crate::world::{ProviderFault, Standing};

use ask::Ask;
use events::StreamedReply;
use reply::Reply;
pub use reply::SIGNATURE;
use usage::Usage;

/// Models that their providers have retired.
const RETIRED: &[&str] = &["deepseek-chat", "gpt-5-mini"];
/// How many input tokens the emulated models report, whatever the prompt.
pub const INPUT_TOKENS: u64 = 12;

/// Whether a model is named as a vendor names its own, and is none of them: behind
/// the vendor's word stands neither a number nor one of these.
fn is_of_no_family(call: &Call<'_>, model: &str) -> bool {
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
    let mut families = FAMILIES.iter().filter(|(id, ..)| *id == call.provider.id);
    families.any(|(_, word, known)| {
        let rest = model.strip_prefix(word);
        rest.is_some_and(|rest| {
            let is_known = known.iter().any(|start| rest.starts_with(start));
            !is_known && !rest.starts_with(|first: char| first.is_ascii_digit())
        })
    })
}

/// Answers a chat, or says that there is no such address.
pub fn answer_chat(call: &Call<'_>) -> Response {
    // A restricted OpenAI key cannot list models, but it can chat.
    let may_chat = call.provider.id == "openai" && call.standing == Standing::Restricted;
    if let Some(refusal) = refuse_key(call.provider, call.standing).filter(|_| !may_chat) {
        return refusal;
    }
    let Some(ask) = Ask::parse(call) else {
        let body = json!({"error": {"message": "Not found", "code": "model_not_found"}});
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    };
    let is_retired = RETIRED.contains(&ask.model.as_str());
    if ask.model.contains("no-such-model") || is_retired || is_of_no_family(call, &ask.model) {
        return refuse_model_name(&ask);
    }
    // `docs/providers.md` §7.1: an empty name is none.
    if ask.surface == Surface::Chat && ask.model.trim().is_empty() {
        let words = "you must provide a model parameter";
        return json_response(400, vendor_errors::openai(words, Value::Null, Value::Null));
    }
    if shows_unreadable(call.body) {
        return refuse_picture(call.provider);
    }
    let mut reply = Reply::to(&ask, call.said);
    if call.fault == Some(&ProviderFault::AtLimit) {
        reply.cut_at_limit();
    }
    let usage = Usage::count(&ask, &reply, call.fault);
    let fails = call.fault == Some(&ProviderFault::FailedResponse);
    if fails && ask.surface == Surface::Responses && !ask.stream {
        return Json(responses::failed(&ask)).into_response();
    }
    if ask.stream {
        stream::send(&ask, write_stream(&ask, &reply, &usage), call)
    } else {
        Json(write_whole(&ask, &reply, &usage)).into_response()
    }
}

fn write_stream(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> StreamedReply {
    match ask.surface {
        Surface::Chat => openai::stream(ask, reply, usage),
        Surface::Responses => responses::stream(ask, reply, usage),
        Surface::Messages => anthropic::stream(ask, reply, usage),
        Surface::Generate => google::stream(ask, reply, usage),
        Surface::Ollama => ollama::stream(ask, reply, usage),
    }
}

fn write_whole(ask: &Ask<'_>, reply: &Reply, usage: &Usage) -> Value {
    match ask.surface {
        Surface::Chat => openai::whole(ask, reply, usage),
        Surface::Responses if ask.body["background"] == true => responses::queued(ask),
        Surface::Responses => responses::whole(ask, reply, usage),
        Surface::Messages => anthropic::whole(ask, reply, usage),
        Surface::Generate => google::whole(ask, reply, usage),
        Surface::Ollama => ollama::whole(ask, reply, usage),
    }
}

/// Says that there is no such model; the bodies are those of
/// `docs/providers.md` §4.3.
fn refuse_model_name(ask: &Ask<'_>) -> Response {
    let name = &ask.model;
    let openai = |message: String, param: Option<&str>| {
        vendor_errors::openai(&message, param, "model_not_found")
    };
    match ask.surface {
        Surface::Chat => json_response(404, vendor_errors::openai_unknown_model(name)),
        Surface::Responses => json_response(
            400,
            openai(
                format!("The requested model '{name}' does not exist."),
                Some("model"),
            ),
        ),
        Surface::Messages => json_response(
            404,
            vendor_errors::anthropic("not_found_error", &format!("model: {name}")),
        ),
        Surface::Generate => json_response(
            404,
            vendor_errors::google(
                404,
                "NOT_FOUND",
                &format!(
                    "models/{name} is not found for API version v1beta, or is not supported for generateContent. Call ModelService.ListModels to see the list of available models and their supported methods."
                ),
            ),
        ),
        Surface::Ollama => {
            json_response(404, json!({"error": format!("model '{name}' not found")}))
        }
    }
}
