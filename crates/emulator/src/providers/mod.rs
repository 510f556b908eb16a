//! The providers' wire: key checks and chat, good days and bad.

mod answers;
mod chat;
mod checks;
mod hosts;
mod images;
mod keys;
mod more;
mod refusals;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use serde_json::{Value, json};

pub use hosts::{HostJob, HostServer, Life};
pub use images::picture;
pub use keys::{PROVIDERS, Standing, sample};

use crate::world::World;

/// How many calls are kept.
const CALLS_KEPT: usize = 1_000;
/// More than anybody reads.
const HUGE_BYTES: usize = 8 * 1024 * 1024;
/// How long a server that hangs holds the line.
const HANG: Duration = Duration::from_mins(10);

/// What the emulated providers know.
#[derive(Default)]
pub struct ProviderState {
    /// Keys whose standing was changed after they were made.
    pub standings: HashMap<String, Standing>,
    /// What goes wrong, by provider, until it is taken back.
    pub faults: HashMap<String, ProviderFault>,
    pub calls: VecDeque<ProviderCall>,
    /// Time between two words of a streamed answer.
    pub pace: Duration,
    /// Jobs that image hosts have taken, and machines that were started.
    pub jobs: Vec<HostJob>,
    pub servers: Vec<HostServer>,
    pub life: Life,
}

/// A call that a provider received.
#[derive(Clone, Debug)]
pub struct ProviderCall {
    pub provider: String,
    pub method: String,
    pub path: String,
    pub key: Option<String>,
    pub body: Value,
    pub headers: Vec<String>,
    pub at: SystemTime,
}

/// What goes wrong at a provider.
#[derive(Clone, Debug, PartialEq)]
pub enum ProviderFault {
    /// The answer begins late.
    SlowFirstByte(Duration),
    /// The answer begins and then nothing more comes.
    Stall,
    /// The same, but comments keep coming.
    StallWithComments,
    /// The connection breaks off in mid-answer.
    Cut,
    /// The stream ends early, as if that were all.
    EndEarly,
    /// An error comes inside the stream.
    ErrorInStream,
    /// A web page instead of JSON, with this status.
    Html(u16),
    /// A line that never ends.
    HugeLine,
    /// A body that is far too large, whatever was asked.
    HugeBody,
    /// Counts of tokens that cannot be.
    WrongUsage,
    /// No usage at all.
    NoUsage,
    /// More tokens than the answer can have.
    AbsurdUsage,
    /// Part of the prompt was read from a cache; OpenAI's dialect only.
    CachedInput,
    /// A bare status.
    Status(u16),
    /// A status that asks to come back at once, so many times.
    Busy(u16, u32),
    /// A refusal that quotes the key in full, as OpenAI's do for short ones.
    EchoKey,
    /// A redirect to another address.
    Redirect(String),
    /// A picture is declined.
    Blocked,
    /// It is done, and there is no picture.
    NoPicture,
    /// A node of the graph fails.
    NodeError,
    /// The machine fails.
    MachineError,
    /// The result is gone.
    Expired,
    /// What comes is no picture.
    WrongType,
    /// What comes is larger than anybody takes.
    HugePicture,
    /// The picture is said to be elsewhere.
    RedirectPicture(String),
    /// Status 200 with an error in it.
    HiddenError,
    /// The gateway in front of the host gives up.
    GatewayCut,
}

/// Every provider, below `/providers/<id>`.
pub fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/providers/{id}", any(call))
        .route("/providers/{id}/{*path}", any(call))
        .with_state(world)
}

async fn call(
    Shared(world): Shared<Arc<World>>,
    Path(parts): Path<HashMap<String, String>>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let id = parts.get("id").cloned().unwrap_or_default();
    let Some(provider) = PROVIDERS.iter().find(|provider| provider.id == id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let path = format!("/{}", parts.get("path").map_or("", String::as_str));
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let key = keys::key_in(provider, &headers);
    let (standing, fault, pace) = world.with(|state| {
        let providers = &mut state.providers;
        providers.calls.push_back(ProviderCall {
            provider: id.clone(),
            method: method.to_string(),
            path: format!("{path}?{}", uri.query().unwrap_or_default()),
            key: key.clone(),
            body: body.clone(),
            at: SystemTime::now(),
            headers: headers.keys().map(ToString::to_string).collect(),
        });
        if providers.calls.len() > CALLS_KEPT {
            providers.calls.pop_front();
        }
        let fault = providers.faults.get(&id).cloned();
        if let Some(ProviderFault::Busy(status, times)) = fault {
            let left = (times > 1).then_some(ProviderFault::Busy(status, times - 1));
            match left {
                Some(left) => providers.faults.insert(id.clone(), left),
                None => providers.faults.remove(&id),
            };
        }
        let standing = keys::standing(providers, provider, key.as_deref());
        (standing, fault, providers.pace)
    });
    if let Some(response) = instead(fault.as_ref(), key.as_deref()).await {
        return response;
    }
    let picture = pictures(
        &world,
        provider,
        (&method, &path, &body),
        standing,
        fault.as_ref(),
    );
    if let Some(response) = picture {
        return response;
    }
    let more =
        more::answer(provider, &path, &body).filter(|_| method == Method::POST && fault.is_none());
    if let Some(answer) = more {
        return refusals::refusal(provider, standing).unwrap_or(answer);
    }
    if method == Method::GET {
        checks::answer(provider, &path, standing)
    } else {
        chat::answer(provider, &path, standing, &body, fault.as_ref(), pace)
    }
}

/// Answers what has to do with pictures; none where it has not.
fn pictures(
    world: &World,
    provider: &keys::Emulated,
    (method, path, body): (&Method, &str, &Value),
    standing: Standing,
    fault: Option<&ProviderFault>,
) -> Option<Response> {
    let base = world.look(|state| {
        state
            .address
            .map(|at| format!("http://{at}/providers/{}", provider.id))
    });
    let base = base.unwrap_or_default();
    if let Some(refusal) = refusals::refusal(provider, standing)
        && (*method != Method::GET || provider.dialect == keys::Dialect::ImageHost)
        // A machine's address is the secret itself.
        && !path.starts_with("/comfy/")
        && is_paid(path)
    {
        return Some(refusal);
    }
    if *method == Method::POST
        && let Some(response) = images::answer(provider, (path, body), fault, &base)
    {
        return Some(response);
    }
    let host = hosts::HostCall {
        provider: provider.id,
        method,
        path,
        body,
        base: &base,
        fault,
    };
    world.with(|state| hosts::answer(&mut state.providers, &host))
}

/// Whether a call is one that makes a picture, which a key must pay for.
fn is_paid(path: &str) -> bool {
    [
        "/run",
        "/inference",
        "/jobs",
        "/prompt",
        "/servers",
        "/images",
        ":generateContent",
    ]
    .iter()
    .any(|end| path.ends_with(end))
        || path.starts_with("/images/")
}

/// Faults that replace the whole answer.
async fn instead(fault: Option<&ProviderFault>, key: Option<&str>) -> Option<Response> {
    match fault? {
        ProviderFault::SlowFirstByte(wait) => {
            tokio::time::sleep((*wait).min(HANG)).await;
            None
        }
        ProviderFault::HugeBody => Some("x".repeat(HUGE_BYTES).into_response()),
        ProviderFault::Html(status) => {
            let page = Html("<html><body><h1>An unexpected page</h1></body></html>");
            Some(
                (
                    StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY),
                    page,
                )
                    .into_response(),
            )
        }
        ProviderFault::Status(status) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            Some((status, Json(json!({"error": {"message": "emulated"}}))).into_response())
        }
        ProviderFault::Busy(status, _) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let body =
                Json(json!({"error": {"message": "try again", "code": "rate_limit_exceeded"}}));
            Some((status, [("retry-after-ms", "10")], body).into_response())
        }
        ProviderFault::EchoKey => {
            let message = format!("Incorrect API key provided: {}", key.unwrap_or_default());
            let body = json!({"error": {"message": message, "code": "invalid_api_key"}});
            Some((StatusCode::UNAUTHORIZED, Json(body)).into_response())
        }
        ProviderFault::Redirect(to) => {
            Some((StatusCode::TEMPORARY_REDIRECT, [("location", to.clone())]).into_response())
        }
        _ => None,
    }
}
