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
use super::errors::{unknown_models, vendor_errors};
use super::picture_apis::pictures::shows_unreadable;
use crate::world::{ProviderFault, Standing};

use ask::Ask;
use events::StreamedReply;
use reply::Reply;
pub use reply::SIGNATURE;
use usage::Usage;

/// How many input tokens the emulated models report, whatever the prompt.
pub const INPUT_TOKENS: u64 = 12;

/// Whether a model makes pictures and answers nothing: OpenAI's, xAI's, and
/// Google's Imagen.
fn makes_pictures_alone(call: &Call<'_>, model: &str) -> bool {
    let begins: &[&str] = match call.provider.id {
        "openai" => &["gpt-image-", "chatgpt-image-", "dall-e-"],
        "xai" => &["grok-imagine-image", "grok-2-image"],
        "google" => &["imagen-"],
        _ => &[],
    };
    begins.iter().any(|begin| model.starts_with(begin))
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
    if makes_pictures_alone(call, &ask.model) {
        return match ask.surface {
            Surface::Chat => json_response(404, vendor_errors::openai_no_chat_model()),
            _ => unknown_models::refuse(call.provider.id, ask.surface, &ask.model),
        };
    }
    // `docs/providers.md` §7.1: an empty name is none.
    if ask.surface == Surface::Chat && ask.model.trim().is_empty() {
        let words = "you must provide a model parameter";
        return json_response(400, vendor_errors::openai(words, Value::Null, Value::Null));
    }
    if unknown_models::is_unknown(call.provider.id, &ask.model) {
        return unknown_models::refuse(call.provider.id, ask.surface, &ask.model);
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
