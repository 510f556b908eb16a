//! Discord's gateway: the WebSocket through which the bot identifies, beats,
//! resumes, and gets the events of its shard.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::payload;
use crate::world::{Session, State, ToSocket, World};

/// The version of the gateway that is spoken.
const VERSION: &str = "10";
// The codes that the gateway closes with; Discord calls them gateway close
// event codes. `docs/discord.md` §5.5.
const UNKNOWN_OPCODE: u16 = 4_001;
const DECODE_ERROR: u16 = 4_002;
const NOT_AUTHENTICATED: u16 = 4_003;
pub const AUTHENTICATION_FAILED: u16 = 4_004;
const ALREADY_AUTHENTICATED: u16 = 4_005;
const INVALID_SEQUENCE: u16 = 4_007;
const RATE_LIMITED: u16 = 4_008;
const INVALID_SHARD: u16 = 4_010;
const SHARDING_REQUIRED: u16 = 4_011;
const INVALID_VERSION: u16 = 4_012;
const INVALID_INTENTS: u16 = 4_013;
const DISALLOWED_INTENTS: u16 = 4_014;
/// The codes with which a client that closes ends its session; after any
/// other it may resume. <https://discord.com/developers/docs/events/gateway#initiating-a-disconnect>
const ENDS_SESSION: [u16; 2] = [1_000, 1_001];
/// The largest payload that a client may send.
const PAYLOAD_BYTES_MAX: usize = 4_096;
/// How many payloads a connection may send, and in which time.
const SENDS_MAX: usize = 120;
const SENDS_WITHIN: Duration = Duration::from_mins(1);
/// The intents that there are, and those that must be granted.
const KNOWN_INTENTS: u64 = 0x331_ffff;
const MESSAGE_CONTENT: u64 = 1 << 15;
const NEVER_GRANTED: u64 = 1 << 1 | 1 << 8;

type Socket = mpsc::UnboundedSender<ToSocket>;

/// Whether a session can be resumed once the gateway has closed its
/// connection with this code.
pub fn keeps_session(code: u16) -> bool {
    // 4006 and 4009: the session is not valid any more, and timed out.
    !matches!(
        code,
        NOT_AUTHENTICATED | AUTHENTICATION_FAILED | 4_006 | INVALID_SEQUENCE | 4_009 | INVALID_SHARD
            ..=DISALLOWED_INTENTS
    )
}

/// Returns the route of the WebSocket.
pub fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/gateway", get(connect))
        .route("/gateway/", get(connect))
        .with_state(world)
}

async fn connect(
    Shared(world): Shared<Arc<World>>,
    Query(asked): Query<HashMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let refused = world.with(|state| {
        let refuses = state.connections_to_refuse > 0;
        state.connections_to_refuse = state.connections_to_refuse.saturating_sub(1);
        refuses
    });
    if refused {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let speaks_ours = asked.get("v").is_some_and(|version| version == VERSION);
    upgrade.on_upgrade(async move |mut socket| {
        if speaks_ours {
            serve(&world, socket).await;
        } else {
            close(&mut socket, Some(INVALID_VERSION)).await;
        }
    })
}

async fn serve(world: &World, mut socket: WebSocket) {
    let (interval, is_silent) = world.with(|state| {
        let rules = &mut state.gateway;
        let is_silent = rules.silent_connections > 0;
        rules.silent_connections = rules.silent_connections.saturating_sub(1);
        (rules.heartbeat_interval, is_silent)
    });
    if is_silent {
        return std::future::pending().await;
    }
    let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
    let hello = json!({"op": 10, "d": {"heartbeat_interval": interval}});
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    let mut sent = VecDeque::new();
    loop {
        let heard = tokio::select! {
            out = outgoing.recv() => {
                if !tell(&mut socket, out).await {
                    return;
                }
                continue;
            }
            heard = socket.recv() => heard,
        };
        match heard {
            Some(Ok(Message::Text(text))) => {
                let refused = match read_frame(&text, &mut sent) {
                    Ok(said) => world.with(|state| handle_message(state, &said, &sender)),
                    Err(code) => Some(code),
                };
                if let Some(code) = refused {
                    return close(&mut socket, Some(code)).await;
                }
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
        }
    }
}

/// Does what the connection's task is told. False once it is to end.
async fn tell(socket: &mut WebSocket, told: Option<ToSocket>) -> bool {
    match told {
        Some(ToSocket::Send(text)) => socket.send(Message::text(text)).await.is_ok(),
        Some(ToSocket::SendBytes(bytes)) => socket.send(Message::binary(bytes)).await.is_ok(),
        Some(ToSocket::Close(code)) => {
            close(socket, Some(code)).await;
            false
        }
        Some(ToSocket::CloseWithoutCode) => {
            close(socket, None).await;
            false
        }
        Some(ToSocket::FallSilent) => std::future::pending().await,
        Some(ToSocket::Drop) | None => false,
    }
}

async fn close(socket: &mut WebSocket, code: Option<u16>) {
    let reason = "".into();
    let frame = code.map(|code| CloseFrame { code, reason });
    let _ = socket.send(Message::Close(frame)).await;
}

/// Reads what a client sends, and checks its size, form and number. Where
/// something is wrong, returns the code to close with.
fn read_frame(text: &str, sent: &mut VecDeque<Instant>) -> Result<Value, u16> {
    let now = Instant::now();
    sent.push_back(now);
    sent.retain(|at| now.duration_since(*at) < SENDS_WITHIN);
    if sent.len() > SENDS_MAX {
        return Err(RATE_LIMITED);
    }
    let said = serde_json::from_str(text).ok().filter(Value::is_object);
    said.filter(|_| text.len() <= PAYLOAD_BYTES_MAX)
        .ok_or(DECODE_ERROR)
}

/// Records the code that a client closes with, which ends its session if the
/// code says so. Returns whether the connection is dropped without an answer.
fn record_close(state: &mut State, code: Option<u16>, socket: &Socket) -> bool {
    state.close_codes.extend(code);
    if code.is_some_and(|code| ENDS_SESSION.contains(&code)) {
        state.sessions.retain(|session| !is_on(session, socket));
    }
    let hangs_up = state.closes_to_leave_unanswered > 0;
    state.closes_to_leave_unanswered = state.closes_to_leave_unanswered.saturating_sub(1);
    hangs_up
}

/// Whether a session runs over this connection.
fn is_on(session: &Session, socket: &Socket) -> bool {
    let of_session = session.socket.as_ref();
    of_session.is_some_and(|it| it.same_channel(socket))
}

/// Handles what a client sends. Returns the code to close with, if it must
/// not be sent.
fn handle_message(state: &mut State, said: &Value, socket: &Socket) -> Option<u16> {
    let send = |value: Value| {
        let _ = socket.send(ToSocket::Send(value.to_string()));
    };
    let data = &said["d"];
    let is_identified = state.sessions.iter().any(|session| is_on(session, socket));
    match said["op"].as_u64() {
        Some(1) if state.gateway.answers_heartbeats => send(json!({"op": 11})),
        Some(1) => {}
        Some(2 | 6) if is_identified => return Some(ALREADY_AUTHENTICATED),
        Some(2 | 6) if !is_bot_token(data["token"].as_str().unwrap_or_default(), state) => {
            return Some(AUTHENTICATION_FAILED);
        }
        Some(2) => return identify(state, data, socket),
        Some(6) => match resume(state, data, socket) {
            Ok(true) => {}
            Ok(false) => send(json!({"op": 9, "d": false})),
            Err(code) => return Some(code),
        },
        Some(3 | 4 | 8 | 31) if is_identified => {}
        Some(3 | 4 | 8 | 31) => return Some(NOT_AUTHENTICATED),
        _ => return Some(UNKNOWN_OPCODE),
    }
    None
}

/// Whether this is the bot's token. Discord takes it with or without `Bot`
/// before it.
fn is_bot_token(token: &str, state: &State) -> bool {
    token.strip_prefix("Bot ").unwrap_or(token) == state.bot_token
}

/// Begins a session, or says with which code the connection is closed.
fn identify(state: &mut State, data: &Value, socket: &Socket) -> Option<u16> {
    let intents = data["intents"].as_u64().unwrap_or(0);
    let shard = (
        data["shard"][0].as_u64().unwrap_or(0),
        data["shard"][1].as_u64().unwrap_or(1),
    );
    let refused = state.gateway.identifies_to_close.pop_front();
    let refused = refused.or_else(|| check_identify(state, intents, shard));
    if refused.is_some() {
        state.identifies += 1;
        return refused;
    }
    if !state.gateway.starts.take() {
        // Discord resets the token of a bot that begins too many sessions.
        state.sessions.clear();
        state.bot_token.push_str("-reset");
        return Some(AUTHENTICATION_FAILED);
    }
    let session = Session {
        id: format!("session-{}", state.snowflake()),
        shard,
        sequence: 0,
        sent: VecDeque::new(),
        socket: Some(socket.clone()),
        intents,
    };
    begin_session(state, session);
    None
}

/// Checks what a bot wants to identify with.
fn check_identify(state: &State, intents: u64, shard: (u64, u64)) -> Option<u16> {
    let (number, total) = shard;
    if total == 0 || number >= total {
        return Some(INVALID_SHARD);
    }
    let installed = state.servers.iter().filter(|server| server.installed);
    let mine = installed.filter(|server| (server.id >> 22) % total == number);
    if mine.count() > state.gateway.servers_per_shard {
        return Some(SHARDING_REQUIRED);
    }
    if intents & !KNOWN_INTENTS != 0 {
        return Some(INVALID_INTENTS);
    }
    let grants = state.gateway.grants_message_content;
    let is_granted = intents & NEVER_GRANTED == 0 && (grants || intents & MESSAGE_CONTENT == 0);
    (!is_granted).then_some(DISALLOWED_INTENTS)
}

/// Tells a session of the bot and its servers.
fn begin_session(state: &mut State, mut session: Session) {
    let shard = session.shard;
    state.identifies += 1;
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

/// Goes on with a session. False if there is none of that name; else the code
/// to close with, if the session can't go on there.
fn resume(state: &mut State, data: &Value, socket: &Socket) -> Result<bool, u16> {
    if let Some(code) = state.gateway.resumes_to_close.pop_front() {
        if !keeps_session(code) {
            state
                .sessions
                .retain(|s| data["session_id"] != s.id.as_str());
        }
        return Err(code);
    }
    let mut sessions = state.sessions.iter_mut();
    let Some(session) = sessions.find(|s| data["session_id"] == s.id.as_str()) else {
        return Ok(false);
    };
    let after = data["seq"].as_u64().unwrap_or(0);
    if after > session.sequence {
        return Err(INVALID_SEQUENCE);
    }
    session.socket = Some(socket.clone());
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
    Ok(true)
}
