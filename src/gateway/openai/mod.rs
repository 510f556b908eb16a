//! OpenAI's API, for every provider; `providers.md` §2.

use axum::http::StatusCode;
use serde_json::json;

use crate::app::{BadBody, Body, ForwardedHeaders, RelayAsk, RelayRequest, Surface};

use crate::gateway::call::{Call, HandlerResult};
use crate::gateway::pictures;
use crate::gateway::problem::Problem;
use crate::gateway::proxy::pass_on;
use crate::gateway::rest::json_response;

/// Chat, in OpenAI's words, for every provider that chats. `model` is `provider/model`.
pub async fn complete_chat(call: Call) -> HandlerResult {
    ask(call, Surface::Chat).await
}

/// OpenAI's Responses, for providers that have them.
pub async fn create_response(call: Call) -> HandlerResult {
    ask(call, Surface::Responses).await
}

/// Embeddings, for providers that speak OpenAI's words.
pub async fn create_embeddings(call: Call) -> HandlerResult {
    ask(call, Surface::Embeddings).await
}

/// Pictures, by every provider that makes them. `model` is `provider/model`, or `provider/workflow`; left out, the first in the operator's order that somebody can pay for. With `stream`, hosts that do not speak OpenAI's words tell how far they are in comments; hosts of workflows take `seed` and `negative_prompt` too.
pub async fn create_images(mut call: Call) -> HandlerResult {
    let (body, model) = read(&mut call).await?;
    let app = &call.gateway.app;
    let goes_on = |model: &str| app.takes_pictures_as_openai(model, body.wants_stream());
    if model.as_deref().is_some_and(goes_on) {
        return pass(call, Surface::Images, (body, model)).await;
    }
    let key = call.request_key()?;
    pictures::make(call, body.bytes(), key).await
}

/// The models that the caller's keys can use.
pub async fn list_models(call: Call) -> HandlerResult {
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    let mut models = app.models_now(caller).await?;
    let painters = app.picture_models_for(caller).await?;
    models.extend(painters.into_iter().filter(|it| app.makes_from_words(it)));
    let listed = models.iter().map(|model| {
        json!({"id": model.full(), "object": "model", "created": 0, "owned_by": model.provider.as_str()})
    });
    let list = json!({"object": "list", "data": listed.collect::<Vec<_>>()});
    json_response(StatusCode::OK, &list)
}

async fn ask(mut call: Call, surface: Surface) -> HandlerResult {
    let asked = read(&mut call).await?;
    pass(call, surface, asked).await
}

/// The body of a call, and the model that it names.
async fn read(call: &mut Call) -> Result<(Body, Option<String>), Problem> {
    let body = call.read_body(call.gateway.settings.body_bytes).await?;
    let body = Body::object(body).map_err(bad_body)?;
    let model = body.fields().and_then(|fields| fields.get("model"));
    Ok((body, model))
}

async fn pass(
    call: Call,
    surface: Surface,
    (body, model): (Body, Option<String>),
) -> HandlerResult {
    let stream = body.wants_stream();
    let request_key = call.request_key()?;
    let passage = Box::new(RelayRequest {
        surface,
        as_openai: true,
        method: call.parts.method.clone(),
        path: String::new(),
        query: None,
        headers: ForwardedHeaders::of(&call.parts.headers),
        body,
        stream,
        at_s: call.gateway.app.now_ms() / 1_000,
    });
    let ask = RelayAsk {
        caller: call.session.caller.clone(),
        provider: None,
        model,
        passage,
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
