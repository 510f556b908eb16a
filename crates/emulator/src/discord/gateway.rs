//! Discord's gateway: the WebSocket through which the bot identifies, beats,
//! resumes, and gets the events of its shard.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::payload;
use crate::world::{Session, State, ToSocket, World};

const HEARTBEAT_INTERVAL_MS: u64 = 41_250;
/// The codes that the gateway closes with; Discord calls them gateway close
/// event codes.
const AUTHENTICATION_FAILED: u16 = 4_004;
const INVALID_SHARD: u16 = 4_010;
/// The codes with which a client that closes ends its session; after any
/// other it may resume. <https://discord.com/developers/docs/events/gateway#initiating-a-disconnect>
const ENDS_SESSION: [u16; 2] = [1_000, 1_001];

/// Returns the route of the WebSocket.
pub fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/gateway", get(connect))
        .route("/gateway/", get(connect))
        .with_state(world)
}

async fn connect(Shared(world): Shared<Arc<World>>, upgrade: WebSocketUpgrade) -> Response {
    let refused = world.with(|state| {
        let refuses = state.connections_to_refuse > 0;
        state.connections_to_refuse = state.connections_to_refuse.saturating_sub(1);
        refuses
    });
    if refused {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    upgrade.on_upgrade(move |socket| serve(world, socket))
}

async fn serve(world: Arc<World>, mut socket: WebSocket) {
    let hello = json!({"op": 10, "d": {"heartbeat_interval": HEARTBEAT_INTERVAL_MS}});
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    loop {
        tokio::select! {
            out = outgoing.recv() => match out {
                Some(ToSocket::Send(text)) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                Some(ToSocket::Close(code)) => {
                    let frame = CloseFrame { code, reason: "".into() };
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    return;
                }
                Some(ToSocket::Drop) | None => return,
            },
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let said: Value = serde_json::from_str(&text).unwrap_or_default();
                    world.with(|state| handle_message(state, &said, &sender));
                }
                Some(Ok(Message::Close(frame))) => {
                    // Where this goes on, axum answers the close when it reads on.
                    let code = frame.map(|frame| frame.code);
                    if world.with(|state| record_close(state, code, &sender)) {
                        return;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}

/// Records the code that a client closes with, which ends its session if the
/// code says so. Returns whether the connection is dropped without an answer.
fn record_close(
    state: &mut State,
    code: Option<u16>,
    socket: &mpsc::UnboundedSender<ToSocket>,
) -> bool {
    state.close_codes.extend(code);
    if code.is_some_and(|code| ENDS_SESSION.contains(&code)) {
        let is_its = |session: &Session| {
            let of_session = session.socket.as_ref();
            of_session.is_some_and(|it| it.same_channel(socket))
        };
        state.sessions.retain(|session| !is_its(session));
    }
    let hangs_up = state.closes_to_leave_unanswered > 0;
    state.closes_to_leave_unanswered = state.closes_to_leave_unanswered.saturating_sub(1);
    hangs_up
}

fn handle_message(state: &mut State, said: &Value, socket: &mpsc::UnboundedSender<ToSocket>) {
    let send = |value: Value| {
        let _ = socket.send(ToSocket::Send(value.to_string()));
    };
    let data = &said["d"];
    match said["op"].as_u64() {
        Some(1) => send(json!({"op": 11})),
        Some(2 | 6) if !is_bot_token(data["token"].as_str().unwrap_or_default(), state) => {
            let _ = socket.send(ToSocket::Close(AUTHENTICATION_FAILED));
        }
        Some(2) => identify(state, data, socket),
        Some(6) if !resume(state, data, socket) => send(json!({"op": 9, "d": false})),
        _ => {}
    }
}

/// Whether this is the bot's token. Discord takes it with or without `Bot`
/// before it.
fn is_bot_token(token: &str, state: &State) -> bool {
    token.strip_prefix("Bot ").unwrap_or(token) == state.bot_token
}

fn identify(state: &mut State, data: &Value, socket: &mpsc::UnboundedSender<ToSocket>) {
    let shard = (
        data["shard"][0].as_u64().unwrap_or(0),
        data["shard"][1].as_u64().unwrap_or(1),
    );
    if shard.1 == 0 || shard.0 >= shard.1 {
        let _ = socket.send(ToSocket::Close(INVALID_SHARD));
        return;
    }
    state.identifies += 1;
    let mut session = Session {
        id: format!("session-{}", state.snowflake()),
        shard,
        sequence: 0,
        sent: std::collections::VecDeque::new(),
        socket: Some(socket.clone()),
        intents: data["intents"].as_u64().unwrap_or(0),
    };
    let address = state
        .address
        .map(|address| address.to_string())
        .unwrap_or_default();
    let mine: Vec<_> = state
        .servers
        .iter()
        .filter(|server| server.installed && (server.id >> 22) % shard.1 == shard.0)
        .collect();
    let unavailable: Vec<Value> = mine
        .iter()
        .map(|s| json!({"id": s.id.to_string(), "unavailable": true}))
        .collect();
    session.emit(
        "READY",
        &json!({
            "v": 10,
            "user": payload::bot_user(state),
            "guilds": unavailable,
            "session_id": session.id,
            "resume_gateway_url": format!("ws://{address}/gateway"),
            "shard": [shard.0, shard.1],
            "application": {"id": state.application.to_string(), "flags": 0},
        }),
    );
    for server in mine {
        session.emit("GUILD_CREATE", &payload::guild(state, server));
    }
    state.sessions.retain(|old| old.shard != shard);
    state.sessions.push(session);
    state.ready_is_sent = true;
}

fn resume(state: &mut State, data: &Value, socket: &mpsc::UnboundedSender<ToSocket>) -> bool {
    let Some(session) = state
        .sessions
        .iter_mut()
        .find(|s| data["session_id"] == s.id.as_str())
    else {
        return false;
    };
    session.socket = Some(socket.clone());
    let after = data["seq"].as_u64().unwrap_or(0);
    let missed: Vec<String> = session
        .sent
        .iter()
        .filter(|(seq, _)| *seq > after)
        .map(|(_, text)| text.clone())
        .collect();
    for text in missed {
        session.push(ToSocket::Send(text));
    }
    session.emit("RESUMED", &json!({}));
    state.resumes += 1;
    true
}
