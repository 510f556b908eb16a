//! The calls that answer an interaction: the callback, follow-up messages and
//! edits.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use super::content::message_body::{
    ANSWERED_FLAGS, AnsweredInteraction, EDITED_FLAGS, MessageCall, change_files, check_flags,
    check_message, edit_message, message_json, post_message,
};
use super::content::multipart::{Files, files_of};
use super::errors::{refuse, respond};
use super::forms::check_form;
use super::{limits, permissions};
use crate::world::{Attachment, Interaction, InteractionKind, State, World};

/// How long the bot may take to acknowledge an interaction.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(3);
/// How long an interaction's token is valid.
const TOKEN_LIVES: Duration = Duration::from_mins(15);
/// How many follow-up messages an interaction may have where only the person,
/// not the server, installed the app.
const VISITING_FOLLOW_UPS: u32 = 5;
const EPHEMERAL: u64 = 1 << 6;

/// Returns the routes of these calls.
pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/interactions/{id}/{token}/callback", post(callback))
        .route("/webhooks/{application}/{token}", post(follow_up))
        .route(
            "/webhooks/{application}/{token}/messages/{message}",
            get(read).patch(edit).delete(delete),
        )
}

async fn callback(
    Shared(world): Shared<Arc<World>>,
    Path((id, token)): Path<(u64, String)>,
    Query(asks): Query<HashMap<String, String>>,
    Json(body): Json<Value>,
) -> Response {
    world.with(|state| {
        let done = answer_interaction(state, id, &token, &body);
        if asks
            .get("with_response")
            .is_none_or(|wanted| wanted != "true")
        {
            return respond(done.map(|()| StatusCode::NO_CONTENT.into_response()));
        }
        let message = state.interaction_by_token(&token).and_then(|i| i.original);
        let mut told = json!({"interaction": {"id": id.to_string(), "type": 2}});
        if let Some(message) = message {
            told["interaction"]["response_message_id"] = json!(message.to_string());
        }
        // Discord promises the message itself only where it has a text.
        let has_text = matches!(body["type"].as_u64(), Some(4 | 7));
        if let Some(message) = message.filter(|_| has_text) {
            let shown = message_json(state, message);
            told["resource"] = json!({"type": body["type"], "message": shown});
        }
        respond(done.map(|()| Json(told).into_response()))
    })
}

fn answer_interaction(
    state: &mut State,
    id: u64,
    token: &str,
    body: &Value,
) -> Result<(), Box<Response>> {
    let unknown = || Box::new(refuse(StatusCode::NOT_FOUND, 10_062, "Unknown interaction"));
    let interaction = state
        .interaction_by_token(token)
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
    permissions::check_answer(state, interaction.channel)?;
    let form = || Box::new(refuse(StatusCode::BAD_REQUEST, 50_035, "Invalid Form Body"));
    let mut original = interaction.original;
    let message = |changes| MessageCall {
        body: data,
        files: &[],
        settable_flags: ANSWERED_FLAGS,
        changes,
    };
    match (body["type"].as_u64(), original) {
        (Some(4), _) => check_message(state, &message(None))?,
        (Some(7), Some(id)) => check_message(state, &message(Some(id)))?,
        _ => check_flags(data, ANSWERED_FLAGS)?,
    }
    let (mut modal, mut choices) = (None, None);
    match (body["type"].as_u64(), interaction.kind) {
        (Some(4), _) => original = Some(post_answer(state, &interaction, data, false)),
        // Of the flags only EPHEMERAL counts.
        (Some(5), _) => {
            let flags = json!({"flags": data["flags"].as_u64().unwrap_or(0) & EPHEMERAL});
            original = Some(post_answer(state, &interaction, &flags, true));
        }
        (Some(6 | 7), _) if original.is_none() => return Err(form()),
        (Some(6), InteractionKind::Component | InteractionKind::ModalSubmit) => {}
        (Some(7), InteractionKind::Component | InteractionKind::ModalSubmit) => {
            let message = original.filter(|id| state.message(*id).is_some());
            edit_message(state, message.ok_or_else(form)?, data);
        }
        (Some(8), InteractionKind::Autocomplete)
            if data["choices"].as_array().is_some_and(|c| c.len() <= 25) =>
        {
            choices = Some(data["choices"].clone());
        }
        (Some(9), InteractionKind::Command | InteractionKind::Component) => {
            check_form(data)?;
            modal = Some(data.clone());
        }
        _ => return Err(form()),
    }
    if let Some(interaction) = state.interaction_by_token(token) {
        interaction.acknowledged = Some(Instant::now());
        interaction.original = original;
        interaction.modal = modal;
        interaction.choices = choices;
    }
    Ok(())
}

/// Posts the message that answers an interaction.
fn post_answer(state: &mut State, interaction: &Interaction, data: &Value, loading: bool) -> u64 {
    let hidden = permissions::hides_visitors(state, interaction.channel, interaction.person);
    let ephemeral = hidden || data["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0;
    let only_for = ephemeral.then_some(interaction.person);
    let answered = AnsweredInteraction {
        id: interaction.id,
        only_for,
    };
    let id = post_message(state, interaction.channel, data, Some(answered));
    if let Some(message) = state.message(id) {
        message.loading = loading;
        message.command = Some(interaction.line.clone()).filter(|line| !line.is_empty());
    }
    id
}

/// Finds the interaction of a webhook's token, and refuses a token that is
/// unknown or expired.
fn interaction_of_token<'a>(
    state: &'a mut State,
    token: &str,
) -> Result<&'a mut Interaction, Box<Response>> {
    let lives = state.token_lifetime.unwrap_or(TOKEN_LIVES);
    let Some(interaction) = state
        .interaction_by_token(token)
        .filter(|i| i.acknowledged.is_some())
    else {
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
    Shared(world): Shared<Arc<World>>,
    Path((_, token)): Path<(u64, String)>,
    files: Option<Extension<Files>>,
    Json(body): Json<Value>,
) -> Response {
    let files = files_of(files);
    world.with(|state| {
        respond(
            limits::count_call(state, &limits::webhook(&token)).and_then(|headers| {
                let id = add_follow_up(state, &token, &body, &files)?;
                change_files(state, id, &body, files);
                Ok((headers, Json(message_json(state, id))).into_response())
            }),
        )
    })
}

/// Adds a message to an interaction; the first after a deferral fills the
/// placeholder, whatever its flags say. Returns its id.
fn add_follow_up(
    state: &mut State,
    token: &str,
    body: &Value,
    files: &[Attachment],
) -> Result<u64, Box<Response>> {
    let interaction = interaction_of_token(state, token)?.clone();
    permissions::check_answer(state, interaction.channel)?;
    let call = MessageCall {
        body,
        files,
        settable_flags: ANSWERED_FLAGS,
        changes: None,
    };
    check_message(state, &call)?;
    if let Some(original) = interaction.original {
        let message = state.message(original).ok_or_else(unknown_message)?;
        if message.loading {
            edit_message(state, original, body);
            return Ok(original);
        }
    }
    if let Some(interaction) = state.interaction_by_token(token) {
        interaction.follow_ups += 1;
    }
    if interaction.visiting && interaction.follow_ups >= VISITING_FOLLOW_UPS {
        let message = "This interaction has hit the maximum number of follow up messages";
        return Err(Box::new(refuse(StatusCode::FORBIDDEN, 40_094, message)));
    }
    Ok(post_answer(state, &interaction, body, false))
}

/// Reads a message of an interaction.
async fn read(
    Shared(world): Shared<Arc<World>>,
    Path((_, token, message)): Path<(u64, String, String)>,
) -> Response {
    world.with(|state| {
        respond(
            limits::count_call(state, &limits::webhook(&token)).and_then(|headers| {
                let id = own_message(state, &token, &message)?;
                Ok((headers, Json(message_json(state, id))).into_response())
            }),
        )
    })
}

/// Takes a message of an interaction away.
async fn delete(
    Shared(world): Shared<Arc<World>>,
    Path((_, token, message)): Path<(u64, String, String)>,
) -> Response {
    world.with(|state| {
        respond(
            limits::count_call(state, &limits::webhook(&token)).and_then(|headers| {
                let id = own_message(state, &token, &message)?;
                state.messages.retain(|m| m.id != id);
                if let Some(interaction) = state.interaction_by_token(&token)
                    && interaction.original == Some(id)
                {
                    interaction.original = None;
                }
                Ok((headers, StatusCode::NO_CONTENT).into_response())
            }),
        )
    })
}

#[expect(
    clippy::unnecessary_box_returns,
    reason = "refusals travel boxed, being large"
)]
fn unknown_message() -> Box<Response> {
    Box::new(refuse(StatusCode::NOT_FOUND, 10_008, "Unknown Message"))
}

async fn edit(
    Shared(world): Shared<Arc<World>>,
    Path((_, token, message)): Path<(u64, String, String)>,
    files: Option<Extension<Files>>,
    Json(body): Json<Value>,
) -> Response {
    let files = files_of(files);
    world.with(|state| {
        respond(
            limits::count_call(state, &limits::webhook(&token)).and_then(|headers| {
                let id = own_message(state, &token, &message)?;
                let call = MessageCall {
                    body: &body,
                    files: &files,
                    settable_flags: EDITED_FLAGS,
                    changes: Some(id),
                };
                check_message(state, &call)?;
                edit_message(state, id, &body);
                change_files(state, id, &body, files);
                Ok((headers, Json(message_json(state, id))).into_response())
            }),
        )
    })
}

/// Finds a message of an interaction by its id or `@original`.
fn own_message(state: &mut State, token: &str, name: &str) -> Result<u64, Box<Response>> {
    let interaction = interaction_of_token(state, token)?.clone();
    permissions::check_answer(state, interaction.channel)?;
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
    found.ok_or_else(unknown_message)
}
