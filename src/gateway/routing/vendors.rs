//! Anthropic's and Google's APIs for every provider, at the addresses at which
//! their own clients call them; `docs/providers.md` §12.

use axum::http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::app::{ModelOffer, PromptToEstimate, RelayBody};
use crate::model::{CallDialect, ProviderId, Surface};

use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::calls::proxy::{RelayTarget, relay_call};
use crate::gateway::native::{GOOGLE_UPLOADS, nothing_at, read_query, upload_to_google};
use crate::gateway::openai::{find_model, usable_models};
use crate::gateway::openapi::docs::{ParameterDocs, ResponseDocs, RouteDocs, SchemaDocs};
use crate::gateway::replies::no_words::say_nothing;
use crate::gateway::replies::problem::Problem;
use crate::gateway::replies::responses::json_response;
use crate::gateway::routing::api_dialect::GOOGLE_VERBS;
use crate::gateway::routing::routes::{ANY_EVENTS, ANY_JSON, CHAT, GET, POST, Route, route};

const MESSAGES: &str = "/v1/messages";
const COUNT_TOKENS: &str = "/v1/messages/count_tokens";
/// The path of a call to a model in Google's dialect: the model, which may
/// have a provider before it, and a verb.
pub const GOOGLE_PATH: &str = "/v1beta/models/{*call}";
/// The same before Google's newer versions of it: its library for Python asks
/// there, and OpenAI's clients look models up there. `docs/providers.md` §10.
const OLDER_GOOGLE_PATH: &str = "/v1/models/{*model}";
const NEWEST_GOOGLE_PATH: &str = "/v1alpha/models/{*call}";
const GOOGLE_LIST_DOCS: &str =
    "Lists the models that the caller's keys can use, as Google lists its own.";
const GOOGLE_MODEL_DOCS: &str =
    "Shows one of the models that the caller's keys can use, as Google shows its own.";
/// The same where the model has its provider before it: Vercel's AI SDK writes
/// no `models` before a name with a slash.
pub const SHORT_GOOGLE_PATH: &str = "/v1beta/{provider}/{*call}";
const GOOGLE_DOCS: &str = "Answers in the format of Google's `generateContent` and `streamGenerateContent`, or counts tokens as `countTokens` does, with any provider that chats. The model is `provider/model`; one of Google's needs no provider before it.";
const GOOGLE_CALL: &str = "The model, a colon, and what it is to do";
const GOOGLE_FILES_DOCS: &str = "Takes a file for Google, in as many legs as its libraries send it. It is for a key of one's own.";
/// What a call is answered that may ask for a stream.
const STREAMS: ResponseDocs =
    ResponseDocs::new(200, "As the dialect's vendor answers it").content(&[ANY_JSON, ANY_EVENTS]);

/// The routes of these dialects.
pub static OF_VENDORS: [Route; 12] = [
    route!(
        POST,
        MESSAGES,
        CHAT,
        create_message,
        RouteDocs::new(
            "messages",
            "anthropic",
            "Answers in the format of Anthropic's Messages, with any provider that chats. `model` is `provider/model`; one of Anthropic's needs no provider before it.",
        )
        .body(SchemaDocs::Any)
        .responses(&[STREAMS])
    ),
    route!(
        POST,
        COUNT_TOKENS,
        CHAT,
        count_message_tokens,
        RouteDocs::new(
            "messages_count",
            "anthropic",
            "Counts the tokens of a call to Anthropic's Messages. For models of others they are estimated, and the header `X-Latchkey-Estimated` says so.",
        )
        .body(SchemaDocs::Any)
        .responses(&[ResponseDocs::new(200, "As Anthropic answers it").content(&[ANY_JSON])])
    ),
    route!(
        POST,
        GOOGLE_PATH,
        CHAT,
        generate_content,
        RouteDocs::new(
            "generate_content",
            "google",
            GOOGLE_DOCS,
        )
        .parameters(&[ParameterDocs::in_path("call", GOOGLE_CALL)])
        .body(SchemaDocs::Any)
        .responses(&[STREAMS])
    ),
    route!(
        POST,
        GOOGLE_UPLOADS[0],
        CHAT,
        upload_to_google,
        RouteDocs::new(
            "google_upload",
            "google",
            GOOGLE_FILES_DOCS,
        )
        .body(SchemaDocs::Any)
        .responses(&[ResponseDocs::new(200, "As Google answers it").content(&[ANY_JSON])])
    ),
    route!(
        POST,
        GOOGLE_UPLOADS[1],
        CHAT,
        upload_to_google,
        RouteDocs::new(
            "google_upload_v1",
            "google",
            GOOGLE_FILES_DOCS,
        )
        .body(SchemaDocs::Any)
        .responses(&[ResponseDocs::new(200, "As Google answers it").content(&[ANY_JSON])])
    ),
    route!(
        GET,
        "/v1beta/models",
        CHAT,
        list_google_models,
        RouteDocs::new("google_models", "google", GOOGLE_LIST_DOCS)
            .responses(&[ResponseDocs::new(200, "As Google lists them").content(&[ANY_JSON])])
    ),
    route!(
        GET,
        GOOGLE_PATH,
        CHAT,
        show_google_model,
        RouteDocs::new("google_model", "google", GOOGLE_MODEL_DOCS)
            .parameters(&[ParameterDocs::in_path("call", "The model")])
            .responses(&[ResponseDocs::new(200, "As Google shows it").content(&[ANY_JSON])])
    ),
    route!(
        POST,
        OLDER_GOOGLE_PATH,
        CHAT,
        generate_content,
        RouteDocs::new("generate_content_v1", "google", GOOGLE_DOCS)
            .parameters(&[ParameterDocs::in_path("model", GOOGLE_CALL)])
            .body(SchemaDocs::Any)
            .responses(&[STREAMS])
    ),
    route!(
        POST,
        NEWEST_GOOGLE_PATH,
        CHAT,
        generate_content,
        RouteDocs::new("generate_content_v1alpha", "google", GOOGLE_DOCS)
            .parameters(&[ParameterDocs::in_path("call", GOOGLE_CALL)])
            .body(SchemaDocs::Any)
            .responses(&[STREAMS])
    ),
    route!(
        GET,
        "/v1alpha/models",
        CHAT,
        list_google_models,
        RouteDocs::new("google_models_v1alpha", "google", GOOGLE_LIST_DOCS)
            .responses(&[ResponseDocs::new(200, "As Google lists them").content(&[ANY_JSON])])
    ),
    route!(
        GET,
        NEWEST_GOOGLE_PATH,
        CHAT,
        show_google_model,
        RouteDocs::new("google_model_v1alpha", "google", GOOGLE_MODEL_DOCS)
            .parameters(&[ParameterDocs::in_path("call", "The model")])
            .responses(&[ResponseDocs::new(200, "As Google shows it").content(&[ANY_JSON])])
    ),
    route!(
        POST,
        SHORT_GOOGLE_PATH,
        CHAT,
        generate_content_briefly,
        RouteDocs::new("generate_content_brief", "google", GOOGLE_DOCS)
            .parameters(&[
                ParameterDocs::in_path("provider", "The model's provider"),
                ParameterDocs::in_path("call", GOOGLE_CALL),
            ])
            .body(SchemaDocs::Any)
            .responses(&[STREAMS])
    ),
];

/// Says that a count is ours, and not the provider's.
const ESTIMATED: &str = "x-latchkey-estimated";
/// When a model was made of which nobody says it.
const NO_DAY: &str = "1970-01-01T00:00:00Z";

/// Passes a call to Anthropic's Messages on.
pub async fn create_message(call: Call) -> HandlerResult {
    let (call, target) = anthropic_target(call, MESSAGES, Surface::Chat).await?;
    if target.body.asks_for_no_word() && estimate(&call, &target)?.is_some() {
        let model = target.model.as_deref().unwrap_or_default();
        return say_nothing(model, target.stream);
    }
    relay_call(call, target).await
}

/// Counts the tokens of a call to Anthropic's Messages.
pub async fn count_message_tokens(call: Call) -> HandlerResult {
    let (call, target) = anthropic_target(call, COUNT_TOKENS, Surface::Free).await?;
    count(call, target, "input_tokens").await
}

/// Passes a call to Google's `generateContent` on, or counts its tokens.
pub async fn generate_content(call: Call) -> HandlerResult {
    let path = format!("/models/{}", call.path_value(0));
    generate_content_at(call, path).await
}

/// The same at an address without `models` before the model.
pub async fn generate_content_briefly(call: Call) -> HandlerResult {
    let path = format!("/models/{}/{}", call.path_value(0), call.path_value(1));
    generate_content_at(call, path).await
}

async fn generate_content_at(mut call: Call, path: String) -> HandlerResult {
    let (model, verb) = path.rsplit_once(':').unwrap_or((&path, ""));
    let surface = match verb {
        "generateContent" | "streamGenerateContent" => Surface::Chat,
        "countTokens" => Surface::Free,
        _ => {
            let providers = call.gateway.app.providers();
            let (path, headers) = (call.parts.uri.path(), &call.parts.headers);
            return Err(nothing_at(path, headers, providers));
        }
    };
    let is_streamed = verb == "streamGenerateContent";
    let model = model.strip_prefix("/models/").map(str::to_owned);
    let query = read_query(call.parts.uri.query())?;
    let body = read_body(&mut call).await?;
    let target = RelayTarget {
        provider: own_provider(&call, model.as_deref(), "google"),
        model,
        surface,
        dialect: CallDialect::Google,
        path,
        query,
        stream: is_streamed,
        body,
    };
    if surface == Surface::Free {
        return count(call, target, "totalTokens").await;
    }
    relay_call(call, target).await
}

async fn read_body(call: &mut Call) -> Result<RelayBody, Problem> {
    let body = call.read_body(call.gateway.settings.body_bytes).await?;
    let mut body = RelayBody::parse(body)?;
    body.reserve_tree(&call.gateway.app.memory).await?;
    Ok(body)
}

async fn anthropic_target(
    mut call: Call,
    path: &str,
    surface: Surface,
) -> Result<(Call, RelayTarget), Problem> {
    let body = read_body(&mut call).await?;
    let model = body.model();
    let target = RelayTarget {
        provider: own_provider(&call, model.as_deref(), "anthropic"),
        model,
        surface,
        dialect: CallDialect::Anthropic,
        path: path.to_owned(),
        query: read_query(call.parts.uri.query())?,
        stream: body.wants_stream(),
        body,
    };
    Ok((call, target))
}

/// The provider of a model of the dialect's own vendor, whose clients name no
/// provider before it.
fn own_provider(call: &Call, model: Option<&str>, vendor: &str) -> Option<ProviderId> {
    let owner = call.gateway.app.providers().owner_of_model(model?)?;
    (owner.id().as_str() == vendor).then(|| owner.id().clone())
}

/// Lists the models that the caller's keys can use, as Google lists its own.
pub async fn list_google_models(call: Call) -> HandlerResult {
    let models = usable_models(&call).await?;
    json_response(StatusCode::OK, &google_list(&models))
}

/// Shows one of those models, as Google shows its own.
pub async fn show_google_model(call: Call) -> HandlerResult {
    let model = find_model(&call).await?;
    json_response(StatusCode::OK, &google_model(&model))
}

/// A vendor other than OpenAI, whose own library asks for models.
enum OtherVendor {
    Anthropic,
    Google,
}

impl OtherVendor {
    /// The vendor whose headers a call has.
    fn of_call(call: &Call) -> Option<Self> {
        let has = |name: &&str| call.header(name).is_some();
        if has(&"anthropic-version") {
            return Some(Self::Anthropic);
        }
        let is_googles = ["x-goog-api-key", "x-goog-api-client"].iter().any(has);
        is_googles.then_some(Self::Google)
    }
}

/// The list of models as another vendor than OpenAI writes it, where a header
/// says that its own library asks.
pub fn list_as_vendor(call: &Call, models: &[ModelOffer]) -> Option<Value> {
    Some(match OtherVendor::of_call(call)? {
        OtherVendor::Anthropic => anthropic_list(models),
        OtherVendor::Google => google_list(models),
    })
}

/// One model, likewise.
pub fn model_as_vendor(call: &Call, model: &ModelOffer) -> Option<Value> {
    Some(match OtherVendor::of_call(call)? {
        OtherVendor::Anthropic => anthropic_model(model),
        OtherVendor::Google => google_model(model),
    })
}

fn google_model(model: &ModelOffer) -> Value {
    let name = &model.full;
    json!({"name": format!("models/{name}"), "displayName": name,
        "supportedGenerationMethods": GOOGLE_VERBS})
}

fn google_list(models: &[ModelOffer]) -> Value {
    let listed: Vec<Value> = models.iter().map(google_model).collect();
    json!({"models": listed})
}

fn anthropic_model(model: &ModelOffer) -> Value {
    let name = &model.full;
    json!({"type": "model", "id": name, "display_name": name, "created_at": NO_DAY})
}

fn anthropic_list(models: &[ModelOffer]) -> Value {
    let listed: Vec<Value> = models.iter().map(anthropic_model).collect();
    let id_of = |model: Option<&Value>| model.map(|it| it["id"].clone());
    let (first, last) = (id_of(listed.first()), id_of(listed.last()));
    json!({"data": listed, "has_more": false, "first_id": first, "last_id": last})
}

/// Has the provider count tokens that counts them in this dialect; what others
/// would count is estimated.
async fn count(call: Call, target: RelayTarget, field: &str) -> HandlerResult {
    let Some(tokens) = estimate(&call, &target)? else {
        return relay_call(call, target).await;
    };
    let mut response = json_response(StatusCode::OK, &json!({field: tokens}))?;
    let headers = response.headers_mut();
    headers.insert(ESTIMATED, HeaderValue::from_static("true"));
    Ok(response)
}

/// How many tokens a call has, where its provider speaks another dialect.
fn estimate(call: &Call, target: &RelayTarget) -> Result<Option<u64>, Problem> {
    let prompt = PromptToEstimate {
        provider: target.provider.as_ref(),
        model: target.model.as_deref(),
        dialect: target.dialect,
        path: &target.path,
        body: &target.body,
    };
    Ok(call.gateway.app.programs.estimate_prompt(&prompt)?)
}
