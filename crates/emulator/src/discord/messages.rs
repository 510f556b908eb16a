//! Channels and their messages, as the bot's own token reaches them.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::multipart::Files;
use super::rest::{World_, answered, apply, fits, json_message, post_message, refuse};
use super::{limits, payload};
use crate::world::{Message, State, World};

/// The intent that shows what is said to others.
pub const MESSAGE_CONTENT: u64 = 1 << 15;
/// How many messages are read at once at the most.
const LIMIT_MAX: usize = 100;

/// The calls.
pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/channels/{channel}", get(channel))
        .route("/channels/{channel}/typing", post(typing))
        .route("/channels/{channel}/messages", get(history).post(create))
        .route(
            "/channels/{channel}/messages/{message}",
            get(read).patch(edit).delete(delete),
        )
}

#[expect(
    clippy::unnecessary_box_returns,
    reason = "refusals travel boxed, being large"
)]
fn unknown(code: u64) -> Box<Response> {
    let what = if code == 10_003 {
        "Unknown Channel"
    } else {
        "Unknown Message"
    };
    Box::new(refuse(StatusCode::NOT_FOUND, code, what))
}

/// Whether the bot may see a channel at all.
fn visible(state: &State, channel: u64) -> Result<(), Box<Response>> {
    let found = state.channels.iter().find(|c| c.id == channel);
    let here = |id: u64| state.servers.iter().any(|s| s.id == id && s.installed);
    match found {
        Some(found) if found.server.is_none_or(here) => Ok(()),
        _ => Err(unknown(10_003)),
    }
}

async fn channel(Shared(world): World_, Path(id): Path<u64>) -> Response {
    world.look(|state| {
        let found = visible(state, id).map(|()| state.channels.iter().find(|c| c.id == id));
        answered(found.map(|found| Json(found.map(payload::channel)).into_response()))
    })
}

async fn typing(Shared(world): World_, Path(channel): Path<u64>) -> Response {
    world.with(|state| {
        state.typings += 1;
        answered(visible(state, channel).map(|()| StatusCode::NO_CONTENT.into_response()))
    })
}

#[derive(Deserialize)]
struct Page {
    limit: Option<usize>,
    before: Option<u64>,
    after: Option<u64>,
}

/// Newest first, as Discord lists them.
async fn history(
    Shared(world): World_,
    Path(channel): Path<u64>,
    Query(page): Query<Page>,
) -> Response {
    world.with(|state| {
        let read = limits::count(state, &limits::reading(channel)).and_then(|headers| {
            visible(state, channel)?;
            let fits = |m: &&Message| {
                m.channel == channel
                    && m.only_for.is_none()
                    && page.before.is_none_or(|before| m.id < before)
                    && page.after.is_none_or(|after| m.id > after)
            };
            let limit = page.limit.unwrap_or(50).min(LIMIT_MAX);
            let found = state.messages.iter().rev().filter(fits).take(limit);
            let shown: Vec<Value> = found.map(|m| readable(state, m)).collect();
            Ok((headers, Json(shown)).into_response())
        });
        answered(read)
    })
}

async fn read(Shared(world): World_, Path((channel, id)): Path<(u64, u64)>) -> Response {
    world.with(|state| {
        let read = limits::count(state, &limits::reading(channel)).and_then(|headers| {
            visible(state, channel)?;
            let found = state
                .messages
                .iter()
                .find(|m| m.channel == channel && m.id == id);
            let found = found.filter(|m| m.only_for.is_none());
            let found = found.ok_or_else(|| unknown(10_008))?;
            Ok((headers, Json(readable(state, found))).into_response())
        });
        answered(read)
    })
}

/// A message with what this bot may see of it.
fn readable(state: &State, message: &Message) -> Value {
    let mut shown = payload::message(state, message);
    if state
        .sessions
        .iter()
        .all(|s| s.intents & MESSAGE_CONTENT == 0)
    {
        payload::hide(state, &mut shown);
    }
    shown
}

async fn create(
    Shared(world): World_,
    Path(channel): Path<u64>,
    files: Option<Extension<Files>>,
    Json(body): Json<Value>,
) -> Response {
    world.with(|state| {
        let posted = limits::count(state, &limits::posting(channel)).and_then(|headers| {
            fits(&body)?;
            visible(state, channel)?;
            let answers = body["message_reference"]["message_id"].as_str();
            let answers = answers.and_then(|id| id.parse::<u64>().ok());
            let gone = answers.is_some_and(|id| !state.messages.iter().any(|m| m.id == id));
            if gone && body["message_reference"]["fail_if_not_exists"] != json!(false) {
                let problem = "Unknown message in message_reference";
                return Err(Box::new(refuse(StatusCode::BAD_REQUEST, 50_035, problem)));
            }
            let nonce = body["nonce"]
                .as_str()
                .filter(|_| body["enforce_nonce"] == true);
            if let Some(known) = nonce.and_then(|nonce| state.nonces.get(nonce)) {
                return Ok((headers, Json(json_message(state, *known))).into_response());
            }
            let id = post_message(state, channel, &body, None, None);
            state
                .nonces
                .extend(nonce.map(|nonce| (nonce.to_owned(), id)));
            keep(state, id, files);
            announce(state, "MESSAGE_CREATE", id);
            Ok((headers, Json(json_message(state, id))).into_response())
        });
        answered(posted)
    })
}

async fn edit(
    Shared(world): World_,
    Path((channel, id)): Path<(u64, u64)>,
    files: Option<Extension<Files>>,
    Json(body): Json<Value>,
) -> Response {
    world.with(|state| {
        let edited = limits::count(state, &limits::editing(channel)).and_then(|headers| {
            fits(&body)?;
            own(state, channel, id)?;
            if let Some(message) = state.message(id) {
                apply(message, &body);
            }
            keep(state, id, files);
            Ok((headers, Json(json_message(state, id))).into_response())
        });
        answered(edited)
    })
}

async fn delete(Shared(world): World_, Path((channel, id)): Path<(u64, u64)>) -> Response {
    world.with(|state| {
        let deleted = limits::count(state, &limits::editing(channel)).and_then(|headers| {
            own(state, channel, id)?;
            state.messages.retain(|m| m.id != id);
            Ok((headers, StatusCode::NO_CONTENT).into_response())
        });
        answered(deleted)
    })
}

/// A bot changes only what it wrote itself, and nothing that one person
/// alone can see.
fn own(state: &State, channel: u64, id: u64) -> Result<(), Box<Response>> {
    visible(state, channel)?;
    let found = state
        .messages
        .iter()
        .find(|m| m.channel == channel && m.id == id);
    match found.filter(|m| m.only_for.is_none()) {
        Some(message) if message.author.is_none() => Ok(()),
        Some(_) => {
            let problem = "Cannot edit a message authored by another user";
            Err(Box::new(refuse(StatusCode::FORBIDDEN, 50_005, problem)))
        }
        None => Err(unknown(10_008)),
    }
}

fn keep(state: &mut State, id: u64, files: Option<Extension<Files>>) {
    if let (Some(message), Some(Extension(Files(files)))) = (state.message(id), files) {
        message.files = files;
    }
}

/// Tells every session that watches over a message's channel.
pub fn announce(state: &mut State, event: &str, id: u64) {
    let Some(message) = state.messages.iter().find(|m| m.id == id).cloned() else {
        return;
    };
    let channel = state.channels.iter().find(|c| c.id == message.channel);
    let server = channel.and_then(|c| c.server);
    let reads = state
        .sessions
        .iter()
        .any(|s| s.intents & MESSAGE_CONTENT != 0);
    let shown = payload::message_event(state, &message, reads);
    state.emit(server, event, &shown);
}
