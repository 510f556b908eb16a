//! OpenAI's API, for every provider; `docs/providers.md` §7, §8.

mod models;
pub mod routes;
mod transcripts;

use crate::app::{OpenAiWish, ProviderInfo, RelayBody};
use crate::model::{CallDialect, PictureRefusal, Refusal, Surface};

use crate::gateway::calls::call::{Call, HandlerResult, body_too_large};
use crate::gateway::calls::proxy::{RelayTarget, relay_call};
use crate::gateway::pictures::{PictureWish, edit_picture, make_pictures};
use crate::gateway::replies::problem::Problem;
use crate::gateway::rest::BODY_BYTES_MAX;

pub use transcripts::{rank, speak, transcribe, translate};

pub use models::{find_model, list_models, show_model, usable_models};

const OPENAI: &str = "openai";
/// The longest part of a model's name that is repeated, in characters.
const SHOWN_CHARACTERS_MAX: usize = 100;

/// The body of a call, and the model that it names.
struct OpenAiRequest {
    body: RelayBody,
    model: Option<String>,
}

/// Passes a chat on.
pub async fn complete_chat(call: Call) -> HandlerResult {
    relay_body(call, Surface::Chat).await
}

/// Passes on a call to OpenAI's Responses.
pub async fn create_response(call: Call) -> HandlerResult {
    relay_body(call, Surface::Responses).await
}

/// Has a model go on with texts.
pub async fn complete_text(mut call: Call) -> HandlerResult {
    let request = read_request(&mut call).await?;
    let model = request.model.as_deref().unwrap_or_default();
    if call.gateway.app.programs.only_chats(model) {
        let model: String = model.chars().take(SHOWN_CHARACTERS_MAX).collect();
        let message = format!(
            "`{model}` only chats. Send the text as a message to `POST /v1/chat/completions`, or name a model that goes on with texts."
        );
        return Err(Problem::new(404, "only_chats", message));
    }
    relay_request(call, request, Surface::Completions).await
}

/// Passes on a call for embeddings.
pub async fn create_embeddings(call: Call) -> HandlerResult {
    relay_body(call, Surface::Embeddings).await
}

/// Passes on a call that has texts and pictures judged. A bare name of
/// OpenAI's, and none, stand for OpenAI.
pub async fn create_moderation(mut call: Call) -> HandlerResult {
    let mut request = read_request(&mut call).await?;
    let providers = call.gateway.app.providers();
    let openai = providers.get(&OPENAI.into());
    let default = openai.and_then(ProviderInfo::default_moderation_model);
    let named = request.model.take().filter(|it| !it.trim().is_empty());
    let is_openais = |model: &&str| model.starts_with("omni-") || model.starts_with("text-");
    request.model = match named.as_deref().or(default).filter(is_openais) {
        Some(model) => Some(format!("{OPENAI}/{model}")),
        None => named,
    };
    relay_request(call, request, Surface::Moderations).await
}

/// Passes a call for pictures on to a host that takes it as it is, and
/// otherwise makes the pictures in the host's own dialect.
pub async fn create_images(mut call: Call) -> HandlerResult {
    let request = read_request(&mut call).await?;
    let app = &call.gateway.app;
    let wish = OpenAiWish {
        is_streamed: request.body.wants_stream(),
        has_field_of_openais: request.body.has_field_of_openais(),
    };
    if !request.body.says_what_to_make() {
        return Err(Refusal::from(PictureRefusal::EmptyPrompt).into());
    }
    let goes_as_is = match request.model.as_deref() {
        Some(model) => app.pictures.takes_pictures_as_openai(model, wish)?,
        None => false,
    };
    if goes_as_is {
        return relay_request(call, request, Surface::Images).await;
    }
    let request_key = call.request_key()?;
    let body = request.body.bytes().clone();
    if body.len() > BODY_BYTES_MAX {
        return Err(body_too_large(BODY_BYTES_MAX));
    }
    // The pictures take minutes, in which nobody needs the whole body's tree.
    drop(request);
    let wish = PictureWish::parse(&body, request_key)?;
    make_pictures(call, &body, wish).await
}

/// Changes a picture with whoever changes pictures.
pub async fn edit_images(call: Call) -> HandlerResult {
    edit_picture(call).await
}

/// Refuses variations of a picture, which no model of `OpenAI`'s makes any more.
pub async fn refuse_variations(_: Call) -> HandlerResult {
    Err(Problem::new(
        404,
        "no_variations",
        "OpenAI's dall-e-2, which alone made variations, was shut down on 12 May 2026. Send the picture to `POST /v1/images/edits` with a `prompt` that says what is to vary, and a `model` that changes pictures, such as `openai/gpt-image-2`.",
    ))
}

/// Reads a call's body and passes the call on.
async fn relay_body(mut call: Call, surface: Surface) -> HandlerResult {
    let request = read_request(&mut call).await?;
    relay_request(call, request, surface).await
}

async fn read_request(call: &mut Call) -> Result<OpenAiRequest, Problem> {
    let body = call.read_body(call.gateway.settings.body_bytes).await?;
    let mut body = RelayBody::parse(body)?;
    body.reserve_tree(&call.gateway.app.memory).await?;
    let model = body.model();
    Ok(OpenAiRequest { body, model })
}

async fn relay_request(call: Call, request: OpenAiRequest, surface: Surface) -> HandlerResult {
    let target = RelayTarget {
        provider: None,
        model: request.model,
        surface,
        dialect: CallDialect::OpenAi,
        path: String::new(),
        query: None,
        stream: request.body.wants_stream(),
        body: request.body,
    };
    relay_call(call, target).await
}
