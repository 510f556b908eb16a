//! The demo's page, which is a chat client in the browser, and the calls that
//! it makes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, Query, Request, State as Shared};
use axum::http::StatusCode;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::discord::{ASKABLE, NewMessage, shown_form};
use crate::guard::{FILE_POLICY, guard_page};
use crate::providers::{PROVIDERS, sample};
use crate::sent_files::{BODY_BYTES_MAX, SentFile, read_files};
use crate::world::{Channel, MANAGER, Message, Standing, State, World};

/// What stands beside the bot's permissions, and holds for a whole server.
const TIMED_OUT: &str = "Not timed out (whole server)";
const PAGE: &str = include_str!("../assets/index.html");
const SCRIPT: &str = include_str!("../assets/demo.js");
const MARKDOWN: &str = include_str!("../assets/markdown.js");
const STYLE: &str = include_str!("../assets/demo.css");
/// How long the page is not told of another change after one.
const PACE: Duration = Duration::from_millis(30);
/// How long a call for completions waits for the bot.
const COMPLETE_WITHIN: Duration = Duration::from_secs(3);
/// How long what somebody does waits until the bot is there, as it is a second
/// or two after the demo's start.
const BOT_WITHIN: Duration = Duration::from_secs(10);
/// How many messages of a channel the page shows.
const MESSAGES_SHOWN: usize = 200;

/// Returns the routes of the page and of its calls.
pub fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/", get(Html(PAGE)))
        .route(
            "/demo.js",
            get(([("content-type", "text/javascript")], SCRIPT)),
        )
        .route(
            "/markdown.js",
            get(([("content-type", "text/javascript")], MARKDOWN)),
        )
        .route("/demo.css", get(([("content-type", "text/css")], STYLE)))
        .route("/demo/files/{message}/{number}", get(file))
        .route("/demo/events", get(events))
        .route("/demo/keys", get(keys))
        .route("/demo/permit", post(permit))
        .merge(routes_to_bot(&world))
        .layer(middleware::from_fn(guard_page))
        .with_state(world)
}

/// What the bot is to hear of: it waits until there is one.
fn routes_to_bot(world: &Arc<World>) -> Router<Arc<World>> {
    let wait = middleware::from_fn_with_state(Arc::clone(world), wait_for_bot);
    Router::new()
        .route("/demo/run", post(run))
        .route("/demo/complete", post(complete))
        .route("/demo/submit", post(submit))
        .route("/demo/dismiss", post(dismiss))
        .route("/demo/press", post(press))
        .route("/demo/pick", post(pick))
        .route("/demo/right-click", post(right_click))
        .route("/demo/say", post(say))
        .route("/demo/upload", post(upload))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .route_layer(wait)
}

async fn wait_for_bot(
    Shared(world): Shared<Arc<World>>,
    request: Request,
    next: middleware::Next,
) -> Response {
    let is_there = world.until(|state| state.bot_is_ready().then_some(()));
    if timeout(BOT_WITHIN, is_there).await.is_ok() {
        return next.run(request).await;
    }
    let problem = "The bot is not connected, so that nothing was sent. Look at the demo's \
                   terminal, and try again once it is.";
    respond(Err(problem.into()))
}

#[derive(Deserialize)]
struct Viewer {
    person: String,
}

/// Streams everything that one person can see, anew after each change.
async fn events(
    Shared(world): Shared<Arc<World>>,
    Query(viewer): Query<Viewer>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let person = parse_id(&viewer.person);
    let changes = world.watch();
    let views = stream::unfold(
        (world, changes, true),
        move |(world, mut changes, first)| async move {
            if !first {
                changes.changed().await.ok()?;
                tokio::time::sleep(PACE).await;
            }
            changes.borrow_and_update();
            let view = world.look(|state| view_of(state, person));
            Some((
                Ok(Event::default().data(view.to_string())),
                (world, changes, false),
            ))
        },
    );
    Sse::new(views).keep_alive(KeepAlive::default())
}

/// Returns a file of a message.
async fn file(
    Shared(world): Shared<Arc<World>>,
    Path((message, number)): Path<(u64, usize)>,
) -> Response {
    let found = world.look(|state| {
        let message = state.messages.iter().find(|m| m.id == message)?;
        message.files.get(number).cloned()
    });
    match found {
        Some(file) => {
            let policy = [(CONTENT_SECURITY_POLICY, FILE_POLICY)];
            (policy, [("content-type", file.kind)], file.bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Lists made-up keys to try with each provider, good and bad ones.
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
struct Action {
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
    #[serde(default)]
    files: Vec<SentFile>,
}

async fn run(Shared(world): Shared<Arc<World>>, Json(action): Json<Action>) -> Response {
    respond(world.run(
        parse_id(&action.person),
        parse_id(&action.channel),
        &action.line,
    ))
}

async fn complete(Shared(world): Shared<Arc<World>>, Json(action): Json<Action>) -> Response {
    let started = world.complete(
        parse_id(&action.person),
        parse_id(&action.channel),
        &action.line,
        &action.option,
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

async fn submit(Shared(world): Shared<Arc<World>>, Json(action): Json<Action>) -> Response {
    let typed: Vec<(&str, &str)> = action
        .typed
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    respond(Ok(world.submit(
        parse_id(&action.person),
        parse_id(&action.channel),
        &action.custom_id,
        &typed,
    )))
}

async fn dismiss(Shared(world): Shared<Arc<World>>, Json(action): Json<Action>) -> Response {
    world.dismiss(parse_id(&action.message));
    respond(Ok(0))
}

async fn press(Shared(world): Shared<Arc<World>>, Json(action): Json<Action>) -> Response {
    let pressed = world.press(
        parse_id(&action.person),
        parse_id(&action.message),
        &action.custom_id,
    );
    respond(pressed.ok_or_else(|| "the message is gone".into()))
}

async fn pick(Shared(world): Shared<Arc<World>>, Json(action): Json<Action>) -> Response {
    let (person, message) = (parse_id(&action.person), parse_id(&action.message));
    let picked = world.pick(person, message, &action.custom_id, &action.line);
    respond(picked.ok_or_else(|| "the message is gone".into()))
}

async fn right_click(Shared(world): Shared<Arc<World>>, Json(action): Json<Action>) -> Response {
    respond(world.right_click(
        parse_id(&action.person),
        parse_id(&action.message),
        &action.line,
    ))
}

async fn say(Shared(world): Shared<Arc<World>>, Json(action): Json<Action>) -> Response {
    let bot = world.look(|state| state.application);
    // Discord's client sends a mention as the id of whom it names.
    let text = action.line.replace("@Latchkey", &format!("<@{bot}>"));
    let reply_to = action.message.parse().ok();
    let posted = read_files(&action.files).map(|files| {
        world.post(NewMessage {
            person: parse_id(&action.person),
            channel: parse_id(&action.channel),
            text: &text,
            reply_to,
            // In Discord's client a reply pings unless somebody turns that off.
            pings: true,
            files,
            ..NewMessage::default()
        })
    });
    respond(posted)
}

/// Keeps the file of a command that is run next; its id.
async fn upload(Shared(world): Shared<Arc<World>>, Json(action): Json<Action>) -> Response {
    let kept = read_files(&action.files).and_then(|mut files| {
        let file = files.pop().ok_or("a file is wanted")?;
        Ok(world.keep_upload(parse_id(&action.person), file))
    });
    respond(kept)
}

/// Somebody who manages a server gives the bot a permission in a channel, or
/// takes it: `line` names it as Discord does, `option` says which.
async fn permit(Shared(world): Shared<Arc<World>>, Json(action): Json<Action>) -> Response {
    let (person, channel) = (parse_id(&action.person), parse_id(&action.channel));
    let server = world.look(|state| managed_server(state, person, channel));
    let Some(server) = server else {
        let problem = "only who manages the server can change what the bot may do there";
        return respond(Err(problem.into()));
    };
    let is_allowed = action.option == "allow";
    if action.line == TIMED_OUT {
        world.time_out_bot(server, !is_allowed);
        return respond(Ok(channel));
    }
    let named = ASKABLE.iter().find(|(name, _)| *name == action.line);
    let Some((_, permission)) = named else {
        return respond(Err(format!("there is no permission {}", action.line)));
    };
    if is_allowed {
        world.allow_bot(channel, *permission);
    } else {
        world.deny_bot(channel, *permission);
    }
    respond(Ok(channel))
}

/// Returns the server of a channel, where the bot is in it and the person
/// manages it.
fn managed_server(state: &State, person: u64, channel: u64) -> Option<u64> {
    let id = state.channels.iter().find(|c| c.id == channel)?.server?;
    let server = state.servers.iter().find(|server| server.id == id)?;
    let manages = server.permissions_of(person) & MANAGER == MANAGER;
    (server.installed && manages).then_some(id)
}

/// Lists what the bot may do in a channel, for who can change it.
fn permits_of(state: &State, person: u64, channel: &Channel) -> Value {
    let Some(id) = managed_server(state, person, channel.id) else {
        return Value::Null;
    };
    let bot = state.application;
    let own = channel.rules.overwrites.iter().find(|it| it.whose == bot);
    let denied = own.map_or(0, |own| own.denied);
    let timed_out = state
        .servers
        .iter()
        .any(|server| server.id == id && server.timed_out.contains(&bot));
    let rows = ASKABLE
        .iter()
        .map(|(name, permission)| (*name, denied & permission == 0));
    let rows = rows.chain([(TIMED_OUT, !timed_out)]);
    Value::Array(
        rows.map(|(name, allowed)| json!({"name": name, "allowed": allowed}))
            .collect(),
    )
}

fn respond(result: Result<u64, String>) -> Response {
    match result {
        Ok(id) => Json(json!({"id": id.to_string()})).into_response(),
        Err(problem) => {
            (StatusCode::BAD_REQUEST, Json(json!({"problem": problem}))).into_response()
        }
    }
}

/// Parses an id. Ids are longer than JavaScript's numbers, so the page sends
/// them as text.
fn parse_id(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// Returns everything that one person can see.
fn view_of(state: &State, person: u64) -> Value {
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
                .map(|message| message_view(state, message))
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
        .map(|p| json!({"id": p.id.to_string(), "name": p.name, "role": role_of(state, p.id)}))
        .collect();
    let roles = state.servers.iter().flat_map(|server| &server.roles);
    let roles: Vec<Value> = roles
        .map(|role| json!({"id": role.id.to_string(), "name": role.name}))
        .collect();
    let rooms: Vec<Value> = channels
        .iter()
        .map(|c| {
            json!({"id": c.id.to_string(), "name": c.name, "server": c.server.map(|id| id.to_string()),
                "permits": permits_of(state, person, c)})
        })
        .collect();
    json!({
        "bot": state.application.to_string(), "people": people, "servers": servers, "channels": rooms, "messages": messages,
        "commands": state.commands, "roles": roles, "ready": state.bot_is_ready(),
        "modal": open.map(|i| json!({"interaction": i.id.to_string(), "channel": i.channel.to_string(), "form": i.modal.as_ref().map(shown_form)})),
    })
}

fn role_of(state: &State, person: u64) -> &'static str {
    let home = state.servers.iter().find(|server| server.installed);
    match home.map_or(0, |server| server.permissions_of(person)) {
        0 => "stranger",
        permissions if permissions & MANAGER == MANAGER => "manages the server",
        _ => "member",
    }
}

fn message_view(state: &State, message: &Message) -> Value {
    let name = |id: u64| {
        state
            .people
            .iter()
            .find(|p| p.id == id)
            .map(|p| p.name.clone())
    };
    let author = |m: &Message| {
        let webhook = m.webhook.as_ref().map(|webhook| webhook.name.clone());
        m.author.and_then(name).or(webhook)
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
        let author = author(m).unwrap_or_else(|| "Latchkey".to_owned());
        json!({"author": author, "content": m.content})
    });
    json!({
        "files": files, "answered": answered,
        "id": message.id.to_string(), "channel": message.channel.to_string(),
        "author": author(message), "content": message.content,
        "components": message.components, "ephemeral": message.only_for.is_some(),
        "loading": message.loading, "edited": message.edits > 0,
        "command": message.command, "asker": asker.and_then(|i| name(i.person)),
    })
}
