//! The REST calls that a bot of interactions makes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, Query, Request, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use super::multipart::{self, Files};
use super::{limits, messages, payload};
use crate::world::{Channel, Kind, Message, RestCall, State, World};

/// How long an interaction may go without an answer.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(3);
/// How long an interaction's token works.
const TOKEN_LIVES: Duration = Duration::from_mins(15);
/// The longest message, in UTF-16 units.
const CONTENT_MAX: usize = 2_000;
/// Messages after the first, where only the person installed the app.
const VISITING_FOLLOW_UPS: u32 = 5;
const EPHEMERAL: u64 = 1 << 6;
/// The largest body that is read.
const BODY_BYTES_MAX: usize = 25 * 1024 * 1024;

pub type World_ = Shared<Arc<World>>;

/// All calls.
pub fn routes(world: Arc<World>) -> Router {
    let api = Router::new()
        .route("/gateway", get(gateway))
        .route("/gateway/bot", get(gateway))
        .route("/applications/@me", get(application))
        .route("/oauth2/applications/@me", get(application))
        .route("/users/@me", get(current_user))
        .route("/users/@me/channels", post(open_dm))
        .route(
            "/applications/{application}/commands",
            get(commands).put(put_commands),
        )
        .route(
            "/applications/{application}/entitlements",
            get(entitlements),
        )
        .route("/interactions/{id}/{token}/callback", post(callback))
        .route("/webhooks/{application}/{token}", post(follow_up))
        .route(
            "/webhooks/{application}/{token}/messages/{message}",
            patch(edit),
        )
        .merge(messages::routes())
        .route("/guilds/{guild}", get(guild))
        .route("/guilds/{guild}/members/{person}", get(member))
        .layer(middleware::from_fn_with_state(Arc::clone(&world), record))
        .with_state(world);
    Router::new().nest("/api/v10", api)
}

/// Discord's errors.
pub fn refuse(status: StatusCode, code: u64, message: &str) -> Response {
    (status, Json(json!({"code": code, "message": message}))).into_response()
}

/// Keeps every call, checks the bot's token, and makes faults.
async fn record(Shared(world): World_, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX)
        .await
        .unwrap_or_default();
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let (parts, bytes) = multipart::unpack(parts, bytes).await;
    let body: Option<Value> = serde_json::from_slice(&bytes).ok();
    let fault = world.with(|state| {
        let fault = state
            .rest_faults
            .iter_mut()
            .find(|fault| fault.times > 0 && method == fault.method && path.contains(fault.path))?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times -= 1;
        Some((fault.status, fault.delay))
    });
    if let Some((_, delay)) = fault {
        tokio::time::sleep(delay).await;
    }
    let authorized = world.look(|state| may_call(state, &parts.headers, &path));
    let response = match fault {
        Some((429, _)) => limits::too_many(0.2),
        Some((status, _)) if status != 0 => refuse(
            StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
            0,
            "emulated fault",
        ),
        _ if !authorized => refuse(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized"),
        _ => next.run(Request::from_parts(parts, bytes.into())).await,
    };
    let status = response.status().as_u16();
    world.with(|state| {
        state.calls.push_back(RestCall {
            method: method.to_string(),
            path,
            body,
            status,
        });
    });
    response
}

/// Interactions carry their own token; everything else needs the bot's.
fn may_call(state: &State, headers: &HeaderMap, path: &str) -> bool {
    if path.contains("/interactions/") || path.contains("/webhooks/") {
        return true;
    }
    let expected = format!("Bot {}", state.bot_token);
    headers
        .get("authorization")
        .is_some_and(|value| value == expected.as_str())
}

async fn gateway(Shared(world): World_) -> Json<Value> {
    let address = world.look(|state| state.address);
    let url = address.map(|address| format!("ws://{address}/gateway"));
    Json(json!({"url": url, "shards": 1, "session_start_limit":
        {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}}))
}

async fn application(Shared(world): World_) -> Json<Value> {
    Json(world.look(payload::application))
}

async fn current_user(Shared(world): World_) -> Json<Value> {
    Json(world.look(payload::bot_user))
}

async fn commands(Shared(world): World_) -> Json<Value> {
    Json(world.look(|state| state.commands.clone()))
}

async fn put_commands(Shared(world): World_, Json(mut commands): Json<Value>) -> Json<Value> {
    world.with(|state| {
        for command in commands.as_array_mut().into_iter().flatten() {
            command["id"] = json!(state.snowflake().to_string());
            command["application_id"] = json!(state.application.to_string());
            command["version"] = json!(state.snowflake().to_string());
            if command["type"].is_null() {
                command["type"] = json!(1);
            }
        }
        state.commands.clone_from(&commands);
        state.command_writes += 1;
    });
    Json(commands)
}

async fn entitlements(
    Shared(world): World_,
    Query(asks): Query<HashMap<String, String>>,
) -> Json<Value> {
    let person = asks
        .get("user_id")
        .and_then(|id| id.parse().ok())
        .unwrap_or(0);
    Json(Value::Array(
        world.look(|state| payload::entitlements(state, person)),
    ))
}

async fn member(Shared(world): World_, Path((guild, person)): Path<(u64, u64)>) -> Response {
    match world.look(|state| payload::member(state, guild, person)) {
        Some(member) => Json(member).into_response(),
        None => refuse(StatusCode::NOT_FOUND, 10_007, "Unknown Member"),
    }
}

async fn guild(Shared(world): World_, Path(id): Path<u64>) -> Response {
    let found = world.look(|state| {
        let server = state
            .servers
            .iter()
            .find(|server| server.id == id && server.installed);
        server.map(|server| payload::guild(state, server))
    });
    match found {
        Some(guild) => Json(guild).into_response(),
        None => refuse(StatusCode::NOT_FOUND, 10_004, "Unknown Guild"),
    }
}

async fn open_dm(Shared(world): World_, Json(body): Json<Value>) -> Response {
    let person = body["recipient_id"]
        .as_str()
        .and_then(|id| id.parse::<u64>().ok());
    let found = world.look(|state| {
        state
            .channels
            .iter()
            .find(|c| c.person.is_some() && c.person == person)
            .cloned()
    });
    match found {
        Some(Channel { id, .. }) => Json(json!({"id": id.to_string(), "type": 1})).into_response(),
        None => refuse(StatusCode::BAD_REQUEST, 50_033, "Invalid Recipient(s)"),
    }
}

async fn callback(
    Shared(world): World_,
    Path((id, token)): Path<(u64, String)>,
    Query(asks): Query<HashMap<String, String>>,
    Json(body): Json<Value>,
) -> Response {
    world.with(|state| {
        let done = answer(state, id, &token, &body);
        if asks
            .get("with_response")
            .is_none_or(|wanted| wanted != "true")
        {
            return answered(done.map(|()| StatusCode::NO_CONTENT.into_response()));
        }
        let message = state.by_token(&token).and_then(|i| i.original);
        let shown = message.map(|id| json_message(state, id));
        let told = json!({"interaction": {"id": id.to_string(), "type": 2},
            "resource": {"type": body["type"], "message": shown}});
        answered(done.map(|()| Json(told).into_response()))
    })
}

fn answer(state: &mut State, id: u64, token: &str, body: &Value) -> Result<(), Box<Response>> {
    let unknown = || Box::new(refuse(StatusCode::NOT_FOUND, 10_062, "Unknown interaction"));
    let interaction = state
        .by_token(token)
        .filter(|i| i.id == id)
        .ok_or_else(unknown)?;
    if interaction.acknowledged.is_some() {
        let message = "Interaction has already been acknowledged.";
        return Err(Box::new(refuse(StatusCode::BAD_REQUEST, 40_060, message)));
    }
    if interaction.created.elapsed() > ACKNOWLEDGE_WITHIN {
        return Err(unknown());
    }
    let interaction = interaction.clone();
    let data = &body["data"];
    fits(data)?;
    let form = || Box::new(refuse(StatusCode::BAD_REQUEST, 50_035, "Invalid Form Body"));
    let mut original = interaction.original;
    let (mut modal, mut choices) = (None, None);
    match (body["type"].as_u64(), interaction.kind) {
        (Some(4), _) => original = Some(respond(state, &interaction, data, false)),
        (Some(5), _) => original = Some(respond(state, &interaction, data, true)),
        (Some(6), Kind::Component | Kind::ModalSubmit) => {}
        (Some(7), Kind::Component) => {
            let message = original.and_then(|id| state.message(id)).ok_or_else(form)?;
            apply(message, data);
        }
        (Some(8), Kind::Autocomplete)
            if data["choices"].as_array().is_some_and(|c| c.len() <= 25) =>
        {
            choices = Some(data["choices"].clone());
        }
        (Some(9), Kind::Command | Kind::Component) => modal = Some(data.clone()),
        _ => return Err(form()),
    }
    if let Some(interaction) = state.by_token(token) {
        interaction.acknowledged = Some(Instant::now());
        interaction.original = original;
        interaction.modal = modal;
        interaction.choices = choices;
    }
    Ok(())
}

/// Posts the message that answers an interaction.
fn respond(
    state: &mut State,
    interaction: &crate::world::Interaction,
    data: &Value,
    loading: bool,
) -> u64 {
    let ephemeral = data["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0;
    let only_for = ephemeral.then_some(interaction.person);
    let id = post_message(
        state,
        interaction.channel,
        data,
        only_for,
        Some(interaction.id),
    );
    if let Some(message) = state.message(id) {
        message.loading = loading;
        message.command = Some(interaction.line.clone()).filter(|line| !line.is_empty());
    }
    id
}

/// The interaction behind a webhook's token, if it may still be used.
fn webhook<'a>(
    state: &'a mut State,
    token: &str,
) -> Result<&'a mut crate::world::Interaction, Box<Response>> {
    let lives = state.token_lives.unwrap_or(TOKEN_LIVES);
    let Some(interaction) = state.by_token(token).filter(|i| i.acknowledged.is_some()) else {
        return Err(Box::new(refuse(
            StatusCode::NOT_FOUND,
            10_015,
            "Unknown Webhook",
        )));
    };
    if interaction.created.elapsed() > lives {
        return Err(Box::new(refuse(
            StatusCode::UNAUTHORIZED,
            50_027,
            "Invalid Webhook Token",
        )));
    }
    Ok(interaction)
}

async fn follow_up(
    Shared(world): World_,
    Path((_, token)): Path<(u64, String)>,
    files: Option<Extension<Files>>,
    Json(body): Json<Value>,
) -> Response {
    world.with(|state| {
        answered(
            limits::count(state, &limits::webhook(&token)).and_then(|headers| {
                let interaction = webhook(state, &token)?;
                fits(&body)?;
                interaction.follow_ups += 1;
                if interaction.visiting && interaction.follow_ups > VISITING_FOLLOW_UPS {
                    let message = "Maximum number of follow-up messages reached";
                    return Err(Box::new(refuse(StatusCode::FORBIDDEN, 40_094, message)));
                }
                let interaction = interaction.clone();
                let id = respond(state, &interaction, &body, false);
                if let (Some(message), Some(Extension(Files(files)))) = (state.message(id), files) {
                    message.files = files;
                }
                Ok((headers, Json(json_message(state, id))).into_response())
            }),
        )
    })
}

async fn edit(
    Shared(world): World_,
    Path((_, token, message)): Path<(u64, String, String)>,
    files: Option<Extension<Files>>,
    Json(body): Json<Value>,
) -> Response {
    world.with(|state| {
        answered(
            limits::count(state, &limits::webhook(&token)).and_then(|headers| {
                fits(&body)?;
                let id = own_message(state, &token, &message)?;
                if let Some(message) = state.message(id) {
                    apply(message, &body);
                    if let Some(Extension(Files(files))) = files {
                        message.files = files;
                    }
                }
                Ok((headers, Json(json_message(state, id))).into_response())
            }),
        )
    })
}

/// A message that this interaction may change.
fn own_message(state: &mut State, token: &str, name: &str) -> Result<u64, Box<Response>> {
    let interaction = webhook(state, token)?;
    let (own, original) = (interaction.id, interaction.original);
    let id = if name == "@original" {
        original
    } else {
        name.parse().ok()
    };
    let found = id.filter(|id| {
        state
            .message(*id)
            .is_some_and(|m| m.interaction == Some(own) || original == Some(*id))
    });
    found.ok_or_else(|| Box::new(refuse(StatusCode::NOT_FOUND, 10_008, "Unknown Message")))
}

pub fn apply(message: &mut Message, body: &Value) {
    if let Some(content) = body["content"].as_str() {
        content.clone_into(&mut message.content);
    }
    if !body["components"].is_null() {
        message.components = body["components"].clone();
    }
    if !body["allowed_mentions"].is_null() {
        message.allowed_mentions = body["allowed_mentions"].clone();
    }
    message.loading = false;
    message.edits += 1;
}

pub fn post_message(
    state: &mut State,
    channel: u64,
    body: &Value,
    only_for: Option<u64>,
    interaction: Option<u64>,
) -> u64 {
    let id = state.snowflake();
    state.messages.push(Message {
        id,
        channel,
        author: None,
        content: body["content"].as_str().unwrap_or_default().to_owned(),
        components: body.get("components").cloned().unwrap_or(json!([])),
        only_for,
        loading: false,
        edits: 0,
        interaction,
        command: None,
        allowed_mentions: body["allowed_mentions"].clone(),
        files: Vec::new(),
        pings: false,
        reference: body["message_reference"]["message_id"]
            .as_str()
            .and_then(|id| id.parse().ok()),
    });
    id
}

pub fn json_message(state: &State, id: u64) -> Value {
    let found = state.messages.iter().find(|message| message.id == id);
    found
        .map(|message| payload::message(state, message))
        .unwrap_or_default()
}

/// Refuses a message that is longer than Discord takes.
pub fn fits(body: &Value) -> Result<(), Box<Response>> {
    let units = body["content"]
        .as_str()
        .map_or(0, |content| content.encode_utf16().count());
    if units <= CONTENT_MAX {
        return Ok(());
    }
    Err(Box::new(refuse(
        StatusCode::BAD_REQUEST,
        50_035,
        "Invalid Form Body",
    )))
}

/// An answer or a refusal, whichever it came to.
pub fn answered(result: Result<Response, Box<Response>>) -> Response {
    result.unwrap_or_else(|refusal| *refusal)
}
