//! The providers' wire: key checks and chat, good days and bad.

mod answers;
mod chat;
mod checks;
mod faults;
mod hosts;
mod images;
mod keys;
mod other_calls;
mod refusals;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::Value;

pub use images::picture;
pub use keys::{PROVIDERS, sample};

pub use crate::world::{
    HostJob, HostServer, Life, ProviderCall, ProviderFault, ProviderState, Standing,
};

use crate::world::World;

/// How many calls are kept.
const CALLS_KEPT: usize = 1_000;

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
    if let Some(response) = faults::replace_answer(fault.as_ref(), key.as_deref()).await {
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
    let more = other_calls::answer_other_call(provider, &path, &body)
        .filter(|_| method == Method::POST && fault.is_none());
    if let Some(answer) = more {
        return refusals::refusal(provider, standing).unwrap_or(answer);
    }
    if method == Method::GET {
        checks::answer_get(provider, &path, standing)
    } else {
        chat::answer_chat(provider, &path, standing, &body, fault.as_ref(), pace)
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
        && let Some(response) = images::answer_image_call(provider, (path, body), fault, &base)
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
    world.with(|state| hosts::answer_host_call(&mut state.providers, &host))
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
