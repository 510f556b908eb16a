//! app-rproxy's calls: keys of several providers at once, models with their
//! prices, and a chat that names its model by `model_id`.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::{KeyDraft, ModelOffer, SystemKey, TypedKey, random_id};
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::calls::call_task::EventWriter;
use crate::gateway::compatibility::IGNORED;
use crate::gateway::compatibility::conversation::{Message, ask_of};
use crate::gateway::replies::problem::Problem;
use crate::gateway::replies::responses::json_response;
use crate::gateway::rest::unified::{AnswerProgress, BegunAsk, begin_ask, mode_of, respond_whole};
use crate::gateway::rest::{parse_json, read_body, read_json};
use crate::model::{Answer, Ask, Choices, Lifetime, NanoDollars, ProviderId, Scope};

/// What stands behind a provider's name in a field with its key.
const KEY_FIELD: &str = "_api_key";
/// How many models are listed if the query does not say.
const MODELS_DEFAULT: usize = 100;

/// A chat. `model_id` is what the list of models calls it, or the provider.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chat {
    model_id: String,
    messages: Vec<Message>,
    conversation_id: Option<String>,
    max_tokens: Option<u32>,
    temperature: Option<f64>,
}

/// What a chat's answer is called.
struct ChatIds {
    id: String,
    /// The caller's own, or a new one: conversations are not kept here.
    conversation: String,
    message: String,
}

/// Says for which providers the caller has a key.
pub async fn show_status(call: Call) -> HandlerResult {
    let app = &call.gateway.app;
    let keys = app
        .keys
        .list_owned(&call.session.caller, Scope::User)
        .await?;
    let status = app.providers().iter().map(|provider| {
        let has = keys.iter().any(|key| key.provider == *provider.id());
        (format!("has_{}_key", field_name(provider.id())), has)
    });
    let status: BTreeMap<String, bool> = status.collect();
    json_response(StatusCode::OK, &status)
}

/// Stores the keys that the body has, and removes those that are empty.
/// Nothing is changed where one of them is refused.
pub async fn change_keys(mut call: Call) -> HandlerResult {
    put_keys(&mut call, Scope::User).await?;
    json_response(
        StatusCode::OK,
        &json!({"message": "API keys updated successfully"}),
    )
}

/// Stores the keys that the body has as keys of a scope, and removes those
/// that are empty.
async fn put_keys(call: &mut Call, scope: Scope) -> Result<(), Problem> {
    let body: BTreeMap<String, Option<SecretString>> = read_json(call).await?;
    let mut drafts = Vec::new();
    for (field, secret) in body {
        let provider = find_provider(call, &field)?;
        let Some(secret) = secret else { continue };
        drafts.push(KeyDraft {
            lifetime: Lifetime::AsBefore,
            keep_refused: false,
            scope,
            provider,
            name: None,
            typed: TypedKey {
                secret,
                extras: BTreeMap::new(),
            },
        });
    }
    let keys = &call.gateway.app.keys;
    Ok(keys.put_all(&call.session.caller, drafts).await?)
}

/// Says for which providers the operator has a key, and how it ends.
pub async fn show_system_status(call: Call) -> HandlerResult {
    let app = &call.gateway.app;
    let keys = app.keys.list_system(&call.session.caller).await?;
    let mut status = serde_json::Map::new();
    for provider in app.providers().iter() {
        let found = keys.iter().find(|key| key.provider() == provider.id());
        let hint = found.and_then(SystemKey::hint);
        let masked = hint.map(|hint| format!("****...{hint}"));
        let name = field_name(provider.id());
        status.insert(format!("{name}_masked"), json!(masked));
        status.insert(format!("{name}_configured"), json!(found.is_some()));
    }
    json_response(StatusCode::OK, &status)
}

/// Stores system keys as [`change_keys`] does a person's.
pub async fn change_system_keys(mut call: Call) -> HandlerResult {
    put_keys(&mut call, Scope::System).await?;
    json_response(
        StatusCode::OK,
        &json!({
            "message": "System API keys updated successfully",
            "note": "Changes are applied immediately. No restart required. A key of the environment wins over one that is stored here.",
        }),
    )
}

/// Removes every key of the caller.
pub async fn remove_keys(call: Call) -> HandlerResult {
    let keys = &call.gateway.app.keys;
    keys.delete_all(&call.session.caller, Scope::User).await?;
    json_response(
        StatusCode::OK,
        &json!({"message": "API keys removed successfully"}),
    )
}

/// Lists the models that the caller's keys can use, with their prices.
pub async fn list_models(call: Call) -> HandlerResult {
    let query = call.parts.uri.query().unwrap_or_default();
    let number = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name)?.1.parse::<usize>().ok()
    };
    let app = &call.gateway.app;
    let models = app.asks.fetch_model_offers(&call.session.caller).await?;
    let count = models.len();
    let (skip, limit) = (
        number("skip").unwrap_or(0),
        number("limit").unwrap_or(MODELS_DEFAULT),
    );
    let data = models.iter().skip(skip).take(limit).map(describe_model);
    let data: Vec<Value> = data.collect();
    json_response(StatusCode::OK, &json!({"data": data, "count": count}))
}

/// Answers a chat at once.
pub async fn complete_chat(mut call: Call) -> HandlerResult {
    let body = read_body(&mut call).await?;
    let (ask, ids, ignored) = read_chat(&call, &body)?;
    let task = match begin_ask(call, ask, &body).await? {
        BegunAsk::Running(task, _) => task,
        BegunAsk::Repeated(response) => return Ok(response),
    };
    let describe = |answer: &Answer, text: String| {
        json!({
            "id": ids.id, "conversation_id": ids.conversation, "message_id": ids.message,
            "content": text, "model": answer.model, "mode": mode(answer),
            "input_tokens": answer.usage.input_tokens,
            "output_tokens": answer.usage.output_tokens,
            "cost": answer.cost.map(NanoDollars::in_dollars),
        })
    };
    let response = respond_whole(task, describe).await?;
    Ok(name_ignored(response, ignored))
}

/// Answers a chat as it comes.
pub async fn stream_chat(mut call: Call) -> HandlerResult {
    let body = read_body(&mut call).await?;
    let (ask, ids, ignored) = read_chat(&call, &body)?;
    let model = ask.choices.model.clone().unwrap_or_default();
    let (task, context) = match begin_ask(call, ask, &body).await? {
        BegunAsk::Running(task, context) => (task, context),
        BegunAsk::Repeated(response) => return Ok(response),
    };
    let streamed = task
        .stream_events(ChatEvents { ids, model }, *context)
        .await;
    let response = streamed.map_err(|failure| failure.error)?;
    Ok(name_ignored(response, ignored))
}

/// Whose key paid.
fn mode(answer: &Answer) -> &'static str {
    mode_of(answer.source)
}

fn read_chat(call: &Call, body: &[u8]) -> Result<(Ask, ChatIds, bool), Problem> {
    let chat: Chat = parse_json(body)?;
    let choices = Choices {
        model: Some(chat.model_id),
        ..Choices::default()
    };
    let ask = Ask {
        max_output_tokens: chat.max_tokens,
        ..ask_of(call, chat.messages, choices)?
    };
    let ids = ChatIds {
        id: random_id()?,
        conversation: match chat.conversation_id {
            Some(id) => id,
            None => random_id()?,
        },
        message: random_id()?,
    };
    Ok((ask, ids, chat.temperature.is_some()))
}

/// Names the temperature, which asks of ours have none of.
fn name_ignored(
    mut response: axum::response::Response,
    ignores_temperature: bool,
) -> axum::response::Response {
    if ignores_temperature {
        let value = HeaderValue::from_static("temperature");
        response.headers_mut().insert(IGNORED, value);
    }
    response
}

/// The provider whose key a field holds.
fn find_provider(call: &Call, field: &str) -> Result<ProviderId, Problem> {
    let name = field
        .strip_suffix(KEY_FIELD)
        .map(|name| name.replace('_', "-"));
    let providers = call.gateway.app.providers();
    let found = name.and_then(|name| providers.find(&name));
    found.map(|provider| provider.id().clone()).ok_or_else(|| {
        Problem::new(
            400,
            "malformed_body",
            "Each field must be a provider's id with `_api_key`, such as `openai_api_key`. `GET /api/v1/providers` lists all.",
        )
    })
}

/// A provider's id as it stands in names of fields.
fn field_name(provider: &ProviderId) -> String {
    provider.as_str().replace('-', "_")
}

fn describe_model(offered: &ModelOffer) -> Value {
    let ModelOffer { choice, prices, .. } = offered;
    let price = |price: Option<NanoDollars>| price.map(NanoDollars::in_dollars);
    json!({
        "id": offered.full, "model_id": offered.full, "name": choice.model,
        "display_name": choice.model, "provider": choice.provider.as_str(),
        "provider_id": choice.provider.as_str(),
        "input_token_price": price(prices.input),
        "output_token_price": price(prices.output),
        "max_tokens": offered.context_tokens(), "is_active": true,
    })
}

/// Writes each piece of text, and at last what it came to.
struct ChatEvents {
    ids: ChatIds,
    model: String,
}

impl EventWriter<AnswerProgress, Answer> for ChatEvents {
    const KEEP_ALIVE_EVERY: Option<Duration> = None;

    fn write_progress(&mut self, progress: AnswerProgress) -> String {
        let AnswerProgress::Words(content) = progress else {
            return String::from(": taken back\n\n");
        };
        let piece = json!({
            "id": self.ids.id, "conversation_id": self.ids.conversation, "content": content,
            "model": self.model, "done": false,
        });
        format!("data: {piece}\n\n")
    }

    fn write_result(&mut self, answer: Answer) -> String {
        let done = json!({
            "id": self.ids.id, "conversation_id": self.ids.conversation,
            "message_id": self.ids.message, "content": "", "model": answer.model,
            "mode": mode(&answer), "input_tokens": answer.usage.input_tokens,
            "output_tokens": answer.usage.output_tokens,
            "cost": answer.cost.map(NanoDollars::in_dollars), "done": true,
        });
        format!("data: {done}\n\n")
    }
}
