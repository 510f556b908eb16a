//! The calls about channels and their messages that the bot makes with its
//! own token.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::content::message_body::{
    EDITED_FLAGS, MessageCall, POSTED_FLAGS, change_files, check_message, edit_message,
    message_json, post_message,
};
use super::content::message_payload::is_notice;
use super::content::multipart::{Files, files_of};
use super::errors::{refuse, respond};
use super::events::{announce_message, reads_content, remove_message};
use super::{limits, payload, permissions};
use crate::world::{Message, State, World};

/// How many messages one call returns at most.
const LIMIT_MAX: usize = 100;

/// Returns the routes of these calls.
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
fn unknown_message() -> Box<Response> {
    Box::new(refuse(StatusCode::NOT_FOUND, 10_008, "Unknown Message"))
}

async fn channel(Shared(world): Shared<Arc<World>>, Path(id): Path<u64>) -> Response {
    world.look(|state| {
        let found = permissions::visible(state, id);
        respond(found.map(|found| Json(payload::channel(found)).into_response()))
    })
}

async fn typing(Shared(world): Shared<Arc<World>>, Path(channel): Path<u64>) -> Response {
    world.with(|state| {
        state.typing_calls += 1;
        let taken = permissions::check_speech(state, channel);
        respond(taken.map(|_| StatusCode::NO_CONTENT.into_response()))
    })
}

#[derive(Deserialize)]
struct Page {
    limit: Option<usize>,
    before: Option<u64>,
    after: Option<u64>,
}

/// Lists messages of a channel, the newest first, as Discord does.
async fn history(
    Shared(world): Shared<Arc<World>>,
    Path(channel): Path<u64>,
    Query(page): Query<Page>,
) -> Response {
    world.with(|state| {
        let read = limits::count_call(state, &limits::reading(channel)).and_then(|headers| {
            let seen = permissions::visible(state, channel)?;
            // Discord does not refuse here: it shows an empty channel.
            let may_read = permissions::reads_history(state, seen);
            let wanted = |m: &&Message| {
                may_read
                    && m.channel == channel
                    && m.only_for.is_none()
                    && page.before.is_none_or(|before| m.id < before)
                    && page.after.is_none_or(|after| m.id > after)
            };
            let limit = page.limit.unwrap_or(50).min(LIMIT_MAX);
            let found = state.messages.iter().rev().filter(wanted).take(limit);
            let shown: Vec<Value> = found.map(|m| readable_message(state, m)).collect();
            Ok((headers, Json(shown)).into_response())
        });
        respond(read)
    })
}

async fn read(
    Shared(world): Shared<Arc<World>>,
    Path((channel, id)): Path<(u64, u64)>,
) -> Response {
    world.with(|state| {
        let read = limits::count_call(state, &limits::reading(channel)).and_then(|headers| {
            let seen = permissions::visible(state, channel)?;
            if !permissions::reads_history(state, seen) {
                return Err(permissions::missing());
            }
            let found = state
                .messages
                .iter()
                .find(|m| m.channel == channel && m.id == id);
            let found = found.filter(|m| m.only_for.is_none());
            let found = found.ok_or_else(unknown_message)?;
            Ok((headers, Json(readable_message(state, found))).into_response())
        });
        respond(read)
    })
}

/// Returns a message as JSON. Its content is left out where the bot may not
/// read it.
fn readable_message(state: &State, message: &Message) -> Value {
    let mut shown = payload::message(state, message);
    if !reads_content(state) {
        payload::hide_content(state, &mut shown);
    }
    shown
}

async fn create(
    Shared(world): Shared<Arc<World>>,
    Path(channel): Path<u64>,
    files: Option<Extension<Files>>,
    Json(body): Json<Value>,
) -> Response {
    world.with(|state| {
        let posted = limits::count_call(state, &limits::posting(channel)).and_then(|headers| {
            let files = files_of(files);
            let call = MessageCall {
                body: &body,
                files: &files,
                settable_flags: POSTED_FLAGS,
                changes: None,
            };
            check_message(state, &call)?;
            permissions::check_post(state, channel, &body, !files.is_empty())?;
            let answers = body["message_reference"]["message_id"].as_str();
            let answers = answers.and_then(|id| id.parse::<u64>().ok());
            let gone = answers.is_some_and(|id| !state.messages.iter().any(|m| m.id == id));
            if gone && body["message_reference"]["fail_if_not_exists"] != json!(false) {
                let problem = "Unknown message in message_reference";
                return Err(Box::new(refuse(StatusCode::BAD_REQUEST, 50_035, problem)));
            }
            let notice = state.messages.iter().find(|m| Some(m.id) == answers);
            if notice.is_some_and(is_notice) {
                let problem = "Cannot reply to a system message";
                return Err(Box::new(refuse(StatusCode::BAD_REQUEST, 50_035, problem)));
            }
            let nonce = body["nonce"]
                .as_str()
                .filter(|_| body["enforce_nonce"] == true);
            if let Some(known) = nonce.and_then(|nonce| state.nonces.get(nonce)) {
                return Ok((headers, Json(message_json(state, *known))).into_response());
            }
            let id = post_message(state, channel, &body, None);
            state
                .nonces
                .extend(nonce.map(|nonce| (nonce.to_owned(), id)));
            change_files(state, id, &body, files);
            announce_message(state, "MESSAGE_CREATE", id);
            wake_thread(state, channel);
            Ok((headers, Json(message_json(state, id))).into_response())
        });
        respond(posted)
    })
}

async fn edit(
    Shared(world): Shared<Arc<World>>,
    Path((channel, id)): Path<(u64, u64)>,
    files: Option<Extension<Files>>,
    Json(body): Json<Value>,
) -> Response {
    world.with(|state| {
        let edited = limits::count_call(state, &limits::editing(channel)).and_then(|headers| {
            let files = files_of(files);
            check_is_own(state, channel, id)?;
            let age = state.message(id).map(|message| message.age);
            limits::count_old_edit(state, channel, age.unwrap_or_default())?;
            let call = MessageCall {
                body: &body,
                files: &files,
                settable_flags: EDITED_FLAGS,
                changes: Some(id),
            };
            check_message(state, &call)?;
            permissions::check_edit(state, channel, !files.is_empty())?;
            edit_message(state, id, &body);
            change_files(state, id, &body, files);
            announce_message(state, "MESSAGE_UPDATE", id);
            Ok((headers, Json(message_json(state, id))).into_response())
        });
        respond(edited)
    })
}

async fn delete(
    Shared(world): Shared<Arc<World>>,
    Path((channel, id)): Path<(u64, u64)>,
) -> Response {
    world.with(|state| {
        let deleted = limits::count_call(state, &limits::editing(channel)).and_then(|headers| {
            check_is_own(state, channel, id)?;
            remove_message(state, id);
            Ok((headers, StatusCode::NO_CONTENT).into_response())
        });
        respond(deleted)
    })
}

/// Refuses to change a message that the bot did not write, or that only one
/// person can see.
fn check_is_own(state: &State, channel: u64, id: u64) -> Result<(), Box<Response>> {
    permissions::visible(state, channel)?;
    let found = state
        .messages
        .iter()
        .find(|m| m.channel == channel && m.id == id);
    match found.filter(|m| m.only_for.is_none()) {
        Some(message) if message.is_bots() => Ok(()),
        Some(_) => {
            let problem = "Cannot edit a message authored by another user";
            Err(Box::new(refuse(StatusCode::FORBIDDEN, 50_005, problem)))
        }
        None => Err(unknown_message()),
    }
}

/// Takes a thread out of the archive, since somebody has written in it.
fn wake_thread(state: &mut State, channel: u64) {
    if let Some(found) = state.channels.iter_mut().find(|c| c.id == channel) {
        found.rules.archived = false;
    }
}
