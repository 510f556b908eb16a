//! OpenAI's API, for every provider; `docs/providers.md` §7, §8.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{ModelChoice, OpenAiWish, RelayBody};
use crate::model::{CallDialect, PictureRefusal, Refusal, Surface};

use crate::gateway::call::{Call, HandlerResult, body_too_large};
use crate::gateway::pictures::{PictureWish, edit_picture, make_pictures};
use crate::gateway::problem::Problem;
use crate::gateway::proxy::{RelayTarget, relay_call};
use crate::gateway::responses::json_response;
use crate::gateway::rest::BODY_BYTES_MAX;
use crate::gateway::vendors::{list_as_vendor, model_as_vendor};

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

/// Passes on a call for embeddings.
pub async fn create_embeddings(call: Call) -> HandlerResult {
    relay_body(call, Surface::Embeddings).await
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

/// Lists the models that the caller's keys can use, as the vendor lists them
/// whose headers the caller sends.
pub async fn list_models(call: Call) -> HandlerResult {
    let models = usable_models(&call).await?;
    if let Some(list) = list_as_vendor(&call, &models) {
        return json_response(StatusCode::OK, &list);
    }
    let listed: Vec<Value> = models.iter().map(describe_model).collect();
    json_response(StatusCode::OK, &json!({"object": "list", "data": listed}))
}

/// Shows one model of the list, as the vendor shows it whose headers the caller
/// sends.
pub async fn show_model(call: Call) -> HandlerResult {
    let model = find_model(&call).await?;
    let shown = model_as_vendor(&call, &model).unwrap_or_else(|| describe_model(&model));
    json_response(StatusCode::OK, &shown)
}

/// The model of the list that a path ends with, whose name may have slashes. A
/// bare name is enough where one provider alone has it.
pub async fn find_model(call: &Call) -> Result<ModelChoice, Problem> {
    let name = call.last_path_value();
    if !name.split('/').all(may_stand_in_name) {
        return Err(no_such_model(name));
    }
    let models = usable_models(call).await?;
    let whole = models.iter().find(|model| model.full() == name);
    let mut bare = models.iter().filter(|model| model.model == name);
    let found = whole.or_else(|| bare.next().filter(|_| bare.next().is_none()));
    found.cloned().ok_or_else(|| no_such_model(name))
}

/// Whether a model's name may have such a part between its slashes.
fn may_stand_in_name(part: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:@+~".contains(c);
    !matches!(part, "" | "." | "..") && part.chars().all(allowed)
}

fn describe_model(model: &ModelChoice) -> Value {
    json!({"id": model.full(), "object": "model", "created": 0, "owned_by": model.provider.as_str()})
}

fn no_such_model(name: &str) -> Problem {
    let name: String = name.chars().take(100).collect();
    let message = format!(
        "None of your keys opens a model `{name}`. `GET /v1/models` lists those that they open."
    );
    Problem::new(404, "model_not_found", message)
}

/// The models that the caller's keys can use.
pub async fn usable_models(call: &Call) -> Result<Vec<ModelChoice>, Problem> {
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    let mut models = app.asks.fetch_models(caller).await?;
    let picture_models = app.pictures.list_models(caller).await?;
    models.extend(
        picture_models
            .into_iter()
            .filter(|it| app.pictures.makes_from_words(it)),
    );
    Ok(models)
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
