//! The providers' HTTP APIs: key checks, chat, pictures and faults.

mod answers;
mod api;
mod batch_apis;
mod call;
mod chat;
mod checks;
mod completions;
mod errors;
mod fields;
mod json_fields;
mod key_consent;
mod keys;
mod moderation;
mod other_calls;
mod picture_apis;
mod plain;
mod ranking;
mod rules;
mod sound_apis;
mod vendor_headers;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State as Shared};
use axum::http::request::Parts as RequestParts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use call::Call;
pub use keys::{PROVIDERS, sample};
pub use picture_apis::images::{HIDDEN, picture};
pub use picture_apis::pictures::UNREADABLE;

pub use crate::world::{
    ConsentHabit, EndlessStreams, HostJob, HostServer, Life, ProviderCall, ProviderFault,
    ProviderState, SocketHabit, Standing,
};

use crate::world::World;

/// The largest body that is read: more than any provider takes of what is tried.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How many calls are kept for tests to read.
const CALLS_KEPT: usize = 1_000;

/// Returns the routes of every provider, below `/providers/<id>`.
pub fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route(
            "/providers/comfyui/ws",
            any(picture_apis::comfyui_socket::connect),
        )
        .route(
            "/providers/runcomfy/comfy/{server}/ws",
            any(picture_apis::comfyui_socket::connect),
        )
        .route("/providers/endless", get(count_endless))
        .route("/providers/openrouter/auth", get(key_consent::ask))
        .route(
            "/providers/openrouter/auth/keys",
            post(key_consent::exchange),
        )
        .route("/providers/{id}", any(answer_call))
        .route("/providers/{id}/{*path}", any(answer_call))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(world)
}

/// Tells a script how many streams have stopped until their readers leave, and
/// how many readers have.
async fn count_endless(Shared(world): Shared<Arc<World>>) -> Json<Value> {
    let streams = world.look(|state| Arc::clone(&state.providers.endless));
    let count = |it: &AtomicU64| it.load(Ordering::Relaxed);
    Json(json!({"stopped": count(&streams.stopped), "left": count(&streams.left)}))
}

async fn answer_call(
    Shared(world): Shared<Arc<World>>,
    Path(parts): Path<HashMap<String, String>>,
    request: RequestParts,
    body: Bytes,
) -> Response {
    let RequestParts {
        uri,
        method,
        headers,
        ..
    } = request;
    let id = parts.get("id").cloned().unwrap_or_default();
    let Some(provider) = PROVIDERS.iter().find(|provider| provider.id == id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let path = format!("/{}", parts.get("path").map_or("", String::as_str));
    let form = ["/audio/", "/files"]
        .iter()
        .any(|it| path.starts_with(it))
        .then(|| sound_apis::form::read_form(&headers, &body));
    let parse = || serde_json::from_slice(&body).unwrap_or_default();
    let body: Value = form.flatten().unwrap_or_else(parse);
    let key = keys::key_in(provider, &headers);
    let (standing, fault, pace, said, endless) = world.with(|state| {
        let providers = &mut state.providers;
        let path = format!("{path}?{}", uri.query().unwrap_or_default());
        let call = ProviderCall {
            method: method.to_string(),
            key: key.clone(),
            body: body.clone(),
            ..ProviderCall::look(&id, path, &headers)
        };
        note_call(providers, call);
        let fault = take_fault(providers, &id);
        let standing = keys::standing_of(providers, provider, key.as_deref());
        let endless = Arc::clone(&providers.endless);
        (
            standing,
            fault,
            providers.pace,
            providers.said.clone(),
            endless,
        )
    });
    let replaced = errors::faults::replace_answer(provider, fault.as_ref(), key.as_deref());
    if let Some(mut response) = replaced.await {
        vendor_headers::add_headers(provider, &mut response);
        return response;
    }
    let base = world.look(|state| {
        let address = state.address;
        address.map(|at| format!("http://{at}/providers/{}", provider.id))
    });
    let mut response = answer_well(
        &world,
        &Call {
            provider,
            method: &method,
            path: &path,
            body: &body,
            headers: &headers,
            standing,
            fault: fault.as_ref(),
            base: &base.unwrap_or_default(),
            pace,
            endless: &endless,
            said: said.as_deref(),
        },
    );
    vendor_headers::add_headers(provider, &mut response);
    response
}

/// Returns the fault of a provider's next answer, and counts those that end.
fn take_fault(state: &mut ProviderState, id: &str) -> Option<ProviderFault> {
    let fault = state.faults.get(id).cloned();
    if let Some(ProviderFault::Busy(status, times)) = fault {
        let left = (times > 1).then_some(ProviderFault::Busy(status, times - 1));
        match left {
            Some(left) => state.faults.insert(id.to_owned(), left),
            None => state.faults.remove(id),
        };
    }
    fault
}

/// Keeps a call for tests to read.
fn note_call(state: &mut ProviderState, call: ProviderCall) {
    state.calls.push_back(call);
    if state.calls.len() > CALLS_KEPT {
        state.calls.pop_front();
    }
}

/// Answers a call whose answer no fault replaces as a whole.
fn answer_well(world: &World, call: &Call<'_>) -> Response {
    if *call.method == Method::POST
        && let Some(answer) = other_calls::answer_later_leg(call)
    {
        return answer;
    }
    if *call.method == Method::POST
        && let Some(answer) =
            sound_apis::answer_sound(call).or_else(|| ranking::answer_ranking(call))
    {
        return answer;
    }
    if call.fault.is_none()
        && let Some(answer) = batch_apis::answer_batch(world, call)
    {
        return answer;
    }
    if *call.method == Method::POST
        && let Some(refusal) = fields::refuse_fields(call)
    {
        return errors::refusals::refuse_key(call.provider, call.standing).unwrap_or(refusal);
    }
    if *call.method == Method::POST
        && call.standing == Standing::Good
        && call.fault.is_none()
        && let Some(refusal) = rules::refuse_chat(call)
    {
        return refusal;
    }
    if let Some(response) = answer_about_pictures(world, call) {
        return response;
    }
    if *call.method == Method::POST
        && call.fault.is_none()
        && let Some(answer) = other_calls::answer_other_call(call)
    {
        return errors::refusals::refuse_key(call.provider, call.standing).unwrap_or(answer);
    }
    if *call.method == Method::GET {
        checks::answer_get(call)
    } else {
        chat::answer_chat(call)
    }
}

/// Answers a call about pictures; none where the call is about something
/// else.
fn answer_about_pictures(world: &World, call: &Call<'_>) -> Option<Response> {
    let asks_for_picture = picture_apis::images::is_image_call(call);
    let refusal = if asks_for_picture {
        errors::refusals::refuse_painting_key(call.provider, call.standing)
    } else {
        errors::refusals::refuse_key(call.provider, call.standing)
    };
    if let Some(refusal) = refusal
        && (*call.method != Method::GET || call.provider.dialect == keys::Dialect::ImageHost)
        // A call to a machine carries no key: its address is the secret.
        && !call.path.starts_with("/comfy/")
        && (call.provider.id == "comfyui" || asks_for_picture || starts_job(call.path))
    {
        return Some(refusal);
    }
    if *call.method == Method::POST
        && let Some(response) = picture_apis::images::answer_image_call(world, call)
    {
        return Some(response);
    }
    world.with(|state| picture_apis::hosts::answer_host_call(&mut state.providers, call))
}

/// Whether a call to an image host starts a job, for which it needs a good key.
fn starts_job(path: &str) -> bool {
    ["/run", "/inference", "/jobs", "/prompt", "/servers"]
        .iter()
        .any(|end| path.ends_with(end))
}
