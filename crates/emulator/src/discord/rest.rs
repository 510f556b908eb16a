//! Discord's REST API: the table of its addresses, what every call goes
//! through, and the calls about the bot itself, its commands and servers.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, Request, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::commands::{list_commands, put_commands};
use super::content::multipart;
use super::errors::refuse;
use super::{faults, interactions, messages, payload, sign_in};
use crate::world::{Channel, RestCall, State, World};

/// The largest body that is read, in bytes.
const BODY_BYTES_MAX: usize = 25 * 1024 * 1024;

/// Returns the routes of all REST calls.
pub fn routes(world: Arc<World>) -> Router {
    let api = Router::new()
        .route("/gateway", get(gateway))
        .route("/gateway/bot", get(gateway_of_bot))
        .route("/applications/@me", get(application))
        .route("/oauth2/applications/@me", get(application))
        .route("/users/@me", get(current_user))
        .route("/users/@me/guilds", get(current_servers))
        .route("/users/{person}", get(user))
        .route("/oauth2/@me", get(current_authorization))
        .route("/users/@me/channels", post(open_dm))
        .route(
            "/applications/{application}/commands",
            get(list_commands).put(put_commands),
        )
        .route(
            "/applications/{application}/entitlements",
            get(entitlements),
        )
        .merge(interactions::routes())
        .merge(messages::routes())
        .route("/guilds/{guild}", get(guild))
        .route("/guilds/{guild}/members/{person}", get(member))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&world),
            check_and_record,
        ))
        .with_state(world);
    Router::new().nest("/api/v10", api)
}

/// Goes around every call: makes the faults that tests have asked for, checks
/// the bot's token, and keeps the call for tests to read.
async fn check_and_record(
    Shared(world): Shared<Arc<World>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
        return multipart::too_large();
    };
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let (parts, bytes) = multipart::unpack_files(parts, bytes).await;
    let body: Option<Value> = serde_json::from_slice(&bytes).ok();
    let fault = world.with(|state| faults::take_fault(state, (&method, &path), body.as_ref()));
    if let Some(fault) = &fault {
        tokio::time::sleep(fault.delay).await;
    }
    let trouble = fault.map(|fault| fault.trouble);
    let instead = trouble.as_ref().and_then(faults::answer_instead);
    let authorized = world.look(|state| may_call(state, &parts.headers, &path));
    let refused = world.look(|state| multipart::refuse_files(state, &parts));
    let response = match instead {
        Some(response) => response,
        None if !authorized => refuse(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized"),
        None if refused.is_some() => refused.unwrap_or_default(),
        None => {
            let answered = next.run(Request::from_parts(parts, bytes.into())).await;
            faults::spoil_answer(trouble.as_ref(), answered)
        }
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

/// Whether a call is authorized. Calls about an interaction carry its token
/// in their path; all others need the bot's.
fn may_call(state: &State, headers: &HeaderMap, path: &str) -> bool {
    if path.contains("/interactions/") || path.contains("/webhooks/") {
        return true;
    }
    // A person's token is looked at where it is good for something.
    let is_persons = ["/users/@me", "/users/@me/guilds", "/oauth2/@me"];
    if is_persons.iter().any(|end| path.ends_with(end)) && sign_in::bearer_of(headers).is_some() {
        return true;
    }
    let expected = format!("Bot {}", state.bot_token);
    headers
        .get("authorization")
        .is_some_and(|value| value == expected.as_str())
}

async fn gateway(Shared(world): Shared<Arc<World>>) -> Json<Value> {
    let address = world.look(|state| state.address);
    let url = address.map(|address| format!("ws://{address}/gateway"));
    Json(json!({"url": url}))
}

async fn gateway_of_bot(Shared(world): Shared<Arc<World>>) -> Json<Value> {
    let (address, total, (remaining, resets)) = world.with(|state| {
        let starts = &mut state.gateway.starts;
        (state.address, starts.total, starts.left())
    });
    let url = address.map(|address| format!("ws://{address}/gateway"));
    let reset_after = u64::try_from(resets.as_millis()).unwrap_or(u64::MAX);
    Json(json!({"url": url, "shards": 1, "session_start_limit":
        {"total": total, "remaining": remaining, "reset_after": reset_after, "max_concurrency": 1}}))
}

async fn application(Shared(world): Shared<Arc<World>>) -> Json<Value> {
    Json(world.look(payload::application))
}

async fn current_user(Shared(world): Shared<Arc<World>>, headers: HeaderMap) -> Response {
    world.look(|state| match sign_in::bearer_of(&headers) {
        Some(token) => sign_in::user(state, token),
        None => Json(payload::bot_user(state)).into_response(),
    })
}

/// Anybody, whether the bot shares a server with them or not
/// (<https://discord.com/developers/docs/resources/user#get-user>).
async fn user(Shared(world): Shared<Arc<World>>, Path(id): Path<u64>) -> Response {
    let found = world.look(|state| {
        let mut people = state.people.iter();
        let person = people.find(|person| person.id == id).map(payload::user);
        let is_bot = id == state.application;
        person.or_else(|| is_bot.then(|| payload::bot_user(state)))
    });
    match found {
        Some(user) => Json(user).into_response(),
        None => refuse(StatusCode::NOT_FOUND, 10_013, "Unknown User"),
    }
}

async fn current_servers(Shared(world): Shared<Arc<World>>, headers: HeaderMap) -> Response {
    world.look(|state| match sign_in::bearer_of(&headers) {
        Some(token) => sign_in::servers(state, token),
        None => Json(payload::servers_of_bot(state)).into_response(),
    })
}

async fn current_authorization(Shared(world): Shared<Arc<World>>, headers: HeaderMap) -> Response {
    let token = sign_in::bearer_of(&headers).unwrap_or_default();
    world.look(|state| sign_in::authorization(state, token))
}

async fn entitlements(
    Shared(world): Shared<Arc<World>>,
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

async fn member(
    Shared(world): Shared<Arc<World>>,
    Path((guild, person)): Path<(u64, u64)>,
) -> Response {
    match world.look(|state| payload::member(state, guild, person)) {
        Some(member) => Json(member).into_response(),
        None => refuse(StatusCode::NOT_FOUND, 10_007, "Unknown Member"),
    }
}

async fn guild(Shared(world): Shared<Arc<World>>, Path(id): Path<u64>) -> Response {
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

async fn open_dm(Shared(world): Shared<Arc<World>>, Json(body): Json<Value>) -> Response {
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
