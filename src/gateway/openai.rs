//! OpenAI's API for every provider: chat (`docs/providers.md` §7, §12),
//! Responses (`docs/providers.md` §8), embeddings, pictures and models.

use axum::http::StatusCode;
use serde_json::json;

use crate::app::{BadBody, Body, ForwardedHeaders, RelayAsk, RelayRequest, Surface};

use crate::gateway::call::{Answer, Call};
use crate::gateway::pictures;
use crate::gateway::problem::Problem;
use crate::gateway::proxy::{key_in, pass_on};
use crate::gateway::rest::answer;

/// Chat, in OpenAI's words, for every provider that chats. `model` is `provider/model`.
#[utoipa::path(post, path = "/v1/chat/completions", tag = "openai", request_body = serde_json::Value,
    responses((status = 200, description = "As OpenAI answers it", content((serde_json::Value = "application/json"), (serde_json::Value = "text/event-stream")))))]
pub async fn chat(call: Call) -> Answer {
    ask(call, Surface::Chat).await
}

/// OpenAI's Responses, for providers that have them.
#[utoipa::path(post, path = "/v1/responses", tag = "openai", request_body = serde_json::Value,
    responses((status = 200, description = "As OpenAI answers it", content((serde_json::Value = "application/json"), (serde_json::Value = "text/event-stream")))))]
pub async fn responses(call: Call) -> Answer {
    ask(call, Surface::Responses).await
}

/// Embeddings, for providers that speak OpenAI's words.
#[utoipa::path(post, path = "/v1/embeddings", tag = "openai", request_body = serde_json::Value,
    responses((status = 200, description = "As OpenAI answers it", body = serde_json::Value)))]
pub async fn embeddings(call: Call) -> Answer {
    ask(call, Surface::Embeddings).await
}

/// Pictures, by every provider that makes them. `model` is `provider/model`, or `provider/workflow`; left out, the first in the operator's order that somebody can pay for. With `stream`, hosts that do not speak OpenAI's words tell how far they are in comments; hosts of workflows take `seed` and `negative_prompt` too.
#[utoipa::path(post, path = "/v1/images/generations", tag = "openai", request_body = serde_json::Value,
    responses((status = 200, description = "As OpenAI answers it", content((serde_json::Value = "application/json"), (serde_json::Value = "text/event-stream")))))]
pub async fn images(mut call: Call) -> Answer {
    let (body, model) = read(&mut call).await?;
    let app = &call.gateway.app;
    let goes_on = |model: &str| {
        app.pictures
            .takes_pictures_as_openai(model, body.wants_stream())
    };
    if model.as_deref().is_some_and(goes_on) {
        return pass(call, Surface::Images, (body, model)).await;
    }
    let key = key_in(&call)?;
    pictures::make(call, body.bytes(), key).await
}

/// The models that the caller's keys can use.
#[utoipa::path(get, path = "/v1/models", tag = "openai", responses((status = 200, description = "As OpenAI lists them", body = serde_json::Value)))]
pub async fn models(call: Call) -> Answer {
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    let mut models = app.asks.models_now(caller).await?;
    let painters = app.pictures.picture_models_for(caller).await?;
    models.extend(
        painters
            .into_iter()
            .filter(|it| app.pictures.makes_from_words(it)),
    );
    let listed = models.iter().map(|model| {
        json!({"id": model.full(), "object": "model", "created": 0, "owned_by": model.provider.as_str()})
    });
    let list = json!({"object": "list", "data": listed.collect::<Vec<_>>()});
    answer(StatusCode::OK, &list)
}

async fn ask(mut call: Call, surface: Surface) -> Answer {
    let asked = read(&mut call).await?;
    pass(call, surface, asked).await
}

/// The body of a call, and the model that it names.
async fn read(call: &mut Call) -> Result<(Body, Option<String>), Problem> {
    let body = call.read(call.gateway.settings.body_bytes).await?;
    let body = Body::object(body).map_err(bad_body)?;
    let model = body.fields().and_then(|fields| fields.get("model"));
    Ok((body, model))
}

async fn pass(call: Call, surface: Surface, (body, model): (Body, Option<String>)) -> Answer {
    let stream = body.wants_stream();
    let request_key = key_in(&call)?;
    let request = Box::new(RelayRequest {
        surface,
        as_openai: true,
        method: call.parts.method.clone(),
        path: String::new(),
        query: None,
        headers: ForwardedHeaders::copy_from(&call.parts.headers),
        body,
        stream,
        at_s: call.gateway.app.now_ms() / 1_000,
    });
    let ask = RelayAsk {
        caller: call.session.caller.clone(),
        provider: None,
        model,
        request,
        request_key,
    };
    pass_on(call, ask).await
}

/// Why a body is none that can be passed on.
pub fn bad_body(bad: BadBody) -> Problem {
    match bad {
        BadBody::NotAnObject => Problem::new(
            400,
            "malformed_body",
            "The body is no JSON object. Send one, as `application/json`.",
        ),
        BadBody::Twice => Problem::new(
            400,
            "field_twice",
            "A field stands in the body twice. Send it once.",
        ),
        BadBody::TooDeep => Problem::new(
            400,
            "body_too_deep",
            "The body nests deeper than 64 levels, which is the most.",
        ),
    }
}
