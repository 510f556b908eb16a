//! The page in front of the emulator: a chat client, and the calls that it
//! makes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::discord::MANAGER;
use crate::providers::{PROVIDERS, Standing, sample};
use crate::world::{Message, State, World};

const PAGE: &str = include_str!("../assets/index.html");
const SCRIPT: &str = include_str!("../assets/demo.js");
const STYLE: &str = include_str!("../assets/demo.css");
/// How often the page is told of changes at the most.
const PACE: Duration = Duration::from_millis(30);
/// How long the page waits for completions.
const COMPLETE_WITHIN: Duration = Duration::from_secs(3);
/// How many messages of a channel the page shows.
const MESSAGES_SHOWN: usize = 200;

type World_ = Shared<Arc<World>>;

/// The page and its calls.
pub fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/", get(Html(PAGE)))
        .route(
            "/demo.js",
            get(([("content-type", "text/javascript")], SCRIPT)),
        )
        .route("/demo.css", get(([("content-type", "text/css")], STYLE)))
        .route("/demo/files/{message}/{number}", get(file))
        .route("/demo/events", get(events))
        .route("/demo/keys", get(keys))
        .route("/demo/run", post(run))
        .route("/demo/complete", post(complete))
        .route("/demo/submit", post(submit))
        .route("/demo/dismiss", post(dismiss))
        .route("/demo/press", post(press))
        .route("/demo/pick", post(pick))
        .route("/demo/right-click", post(right_click))
        .route("/demo/say", post(say))
        .with_state(world)
}

#[derive(Deserialize)]
struct Viewer {
    person: String,
}

/// The whole view of one person, again after each change.
async fn events(
    Shared(world): World_,
    Query(viewer): Query<Viewer>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let person = number(&viewer.person);
    let changes = world.watch();
    let views = stream::unfold(
        (world, changes, true),
        move |(world, mut changes, first)| async move {
            if !first {
                changes.changed().await.ok()?;
                tokio::time::sleep(PACE).await;
            }
            changes.borrow_and_update();
            let view = world.look(|state| view(state, person));
            Some((
                Ok(Event::default().data(view.to_string())),
                (world, changes, false),
            ))
        },
    );
    Sse::new(views).keep_alive(KeepAlive::default())
}

/// A file under a message.
async fn file(Shared(world): World_, Path((message, number)): Path<(u64, usize)>) -> Response {
    let found = world.look(|state| {
        let message = state.messages.iter().find(|m| m.id == message)?;
        message.files.get(number).cloned()
    });
    match found {
        Some(file) => ([("content-type", file.kind)], file.bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Keys to try, good and bad.
async fn keys() -> Json<Value> {
    let standings = [
        ("works", Standing::Good),
        ("is refused", Standing::Bad),
        ("has no credit", Standing::Empty),
        ("is restricted", Standing::Restricted),
        ("is rate limited", Standing::Limited),
    ];
    let rows = PROVIDERS.iter().map(|provider| {
        let keys: Vec<Value> = standings
            .iter()
            .map(|(word, standing)| json!({"word": word, "key": sample(provider.id, *standing)}))
            .collect();
        json!({"provider": provider.id, "keys": keys})
    });
    Json(Value::Array(rows.collect()))
}

#[derive(Deserialize)]
struct Act {
    person: String,
    channel: String,
    #[serde(default)]
    line: String,
    #[serde(default)]
    option: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    custom_id: String,
    #[serde(default)]
    typed: Vec<(String, String)>,
}

async fn run(Shared(world): World_, Json(act): Json<Act>) -> Response {
    done(world.run(number(&act.person), number(&act.channel), &act.line))
}

async fn complete(Shared(world): World_, Json(act): Json<Act>) -> Response {
    let started = world.complete(
        number(&act.person),
        number(&act.channel),
        &act.line,
        &act.option,
    );
    let Ok(id) = started else {
        return Json(json!([])).into_response();
    };
    let choices = world.until(|state| {
        state
            .interactions
            .iter()
            .rev()
            .find(|i| i.id == id)
            .and_then(|i| i.choices.clone())
    });
    Json(timeout(COMPLETE_WITHIN, choices).await.unwrap_or(json!([]))).into_response()
}

async fn submit(Shared(world): World_, Json(act): Json<Act>) -> Response {
    let typed: Vec<(&str, &str)> = act
        .typed
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    done(Ok(world.submit(
        number(&act.person),
        number(&act.channel),
        &act.custom_id,
        &typed,
    )))
}

async fn dismiss(Shared(world): World_, Json(act): Json<Act>) -> Response {
    world.dismiss(number(&act.message));
    done(Ok(0))
}

async fn press(Shared(world): World_, Json(act): Json<Act>) -> Response {
    let pressed = world.press(number(&act.person), number(&act.message), &act.custom_id);
    done(pressed.ok_or_else(|| "the message is gone".into()))
}

async fn pick(Shared(world): World_, Json(act): Json<Act>) -> Response {
    let (person, message) = (number(&act.person), number(&act.message));
    let picked = world.pick(person, message, &act.custom_id, &act.line);
    done(picked.ok_or_else(|| "the message is gone".into()))
}

async fn right_click(Shared(world): World_, Json(act): Json<Act>) -> Response {
    done(world.right_click(number(&act.person), number(&act.message), &act.line))
}

async fn say(Shared(world): World_, Json(act): Json<Act>) -> Response {
    let bot = world.look(|state| state.application);
    // Discord's client turns a name that is picked into its id.
    let text = act.line.replace("@Latchkey", &format!("<@{bot}>"));
    let reply_to = act.message.parse().ok();
    let (person, channel) = (number(&act.person), number(&act.channel));
    // Its replies ping, unless somebody turns that off.
    done(Ok(world.say_with(
        person,
        channel,
        &text,
        reply_to,
        (Vec::new(), true),
    )))
}

fn done(result: Result<u64, String>) -> Response {
    match result {
        Ok(id) => Json(json!({"id": id.to_string()})).into_response(),
        Err(problem) => {
            (StatusCode::BAD_REQUEST, Json(json!({"problem": problem}))).into_response()
        }
    }
}

/// Ids are too long for a browser's numbers, so they travel as text.
fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// Everything that one person can see.
fn view(state: &State, person: u64) -> Value {
    let in_server = |id: u64| {
        state
            .servers
            .iter()
            .any(|s| s.id == id && s.members.contains_key(&person))
    };
    let channels: Vec<_> = state
        .channels
        .iter()
        .filter(|c| c.person == Some(person) || c.server.is_some_and(in_server))
        .collect();
    let messages: Vec<Value> = channels
        .iter()
        .flat_map(|channel| {
            let here: Vec<&Message> = state
                .messages
                .iter()
                .filter(|m| m.channel == channel.id && m.only_for.is_none_or(|p| p == person))
                .collect();
            let skip = here.len().saturating_sub(MESSAGES_SHOWN);
            here.into_iter()
                .skip(skip)
                .map(|message| shown(state, message))
                .collect::<Vec<_>>()
        })
        .collect();
    let open = state
        .interactions
        .iter()
        .rev()
        .find(|i| i.person == person && i.modal.is_some());
    let servers: Vec<Value> = state
        .servers
        .iter()
        .filter(|server| in_server(server.id))
        .map(|s| json!({"id": s.id.to_string(), "name": s.name, "installed": s.installed}))
        .collect();
    let people: Vec<Value> = state
        .people
        .iter()
        .map(|p| json!({"id": p.id.to_string(), "name": p.name, "role": role(state, p.id)}))
        .collect();
    let roles = state.servers.iter().flat_map(|server| &server.roles);
    let roles: Vec<Value> = roles
        .map(|role| json!({"id": role.id.to_string(), "name": role.name}))
        .collect();
    let rooms: Vec<Value> = channels
        .iter()
        .map(|c| {
            json!({"id": c.id.to_string(), "name": c.name, "server": c.server.map(|id| id.to_string())})
        })
        .collect();
    json!({
        "bot": state.application.to_string(), "people": people, "servers": servers, "channels": rooms, "messages": messages,
        "commands": state.commands, "roles": roles,
        "modal": open.map(|i| json!({"interaction": i.id.to_string(), "channel": i.channel.to_string(), "form": i.modal})),
    })
}

fn role(state: &State, person: u64) -> &'static str {
    let home = state.servers.iter().find(|server| server.installed);
    match home.map_or(0, |server| server.permissions_of(person)) {
        0 => "stranger",
        permissions if permissions & MANAGER == MANAGER => "manages the server",
        _ => "member",
    }
}

fn shown(state: &State, message: &Message) -> Value {
    let name = |id: u64| {
        state
            .people
            .iter()
            .find(|p| p.id == id)
            .map(|p| p.name.clone())
    };
    let asker = message
        .interaction
        .and_then(|id| state.interactions.iter().rev().find(|i| i.id == id));
    let files = message.files.iter();
    let files: Vec<Value> = files
        .map(|f| json!({"name": f.name, "kind": f.kind, "description": f.description}))
        .collect();
    let answered = message
        .reference
        .and_then(|id| state.messages.iter().find(|m| m.id == id));
    let answered = answered.map(|m| {
        let author = m
            .author
            .and_then(name)
            .unwrap_or_else(|| "Latchkey".to_owned());
        let start: String = m.content.chars().take(80).collect();
        json!({"author": author, "content": start})
    });
    json!({
        "files": files, "answered": answered,
        "id": message.id.to_string(), "channel": message.channel.to_string(),
        "author": message.author.and_then(name), "content": message.content,
        "components": message.components, "ephemeral": message.only_for.is_some(),
        "loading": message.loading, "edited": message.edits > 0,
        "command": message.command, "asker": asker.and_then(|i| name(i.person)),
    })
}
