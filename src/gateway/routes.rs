//! Every address, what it needs and who answers it. One table: the router
//! is made from it, and so are the tests of who may do what.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use ::metrics::counter;
use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, any, on};

use crate::app::nobody_else;
use crate::model::{Caller, PersonId, Refusal, Right, Scope, Scopes, ServerId, Token};

use super::call::{Admitted, Answer, Call};
use super::problem::{Problem, Speaks};
use super::rest::{keys, providers, unified, usage};
use super::server::Peer;
use super::session::{Session, no_token};
use super::{Gateway, HEALTH_PATH, metrics, native, openai, openapi, operators, request_key};

/// What a call must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// A token with this right. To ask models, a key that comes with the
    /// call does, where the operator opens that.
    Token(Right),
    /// The same, of somebody who manages the server that the address names.
    Manager(Right),
    /// A token that may see usage, of one of the operator's people; nothing
    /// where the operator opens that.
    Operator,
}

type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One address.
pub struct Route {
    /// None: any method.
    pub method: Option<Method>,
    pub path: &'static str,
    pub needs: Needs,
    answer: fn(Call) -> Answering,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What Anthropic's libraries read.
const ANTHROPICS_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

macro_rules! route {
    ($method:expr, $path:expr, $needs:expr, $answer:path) => {
        Route {
            method: $method,
            path: $path,
            needs: $needs,
            answer: |call| Box::pin($answer(call)),
        }
    };
}

const GET: Option<Method> = Some(Method::GET);
const POST: Option<Method> = Some(Method::POST);
const PATCH: Option<Method> = Some(Method::PATCH);
const DELETE: Option<Method> = Some(Method::DELETE);

/// All of them.
pub fn all() -> Vec<Route> {
    let mut all = asking();
    all.extend(own());
    all.extend(of_servers());
    all.extend(of_operators());
    all
}

/// Models, in their providers' words.
fn asking() -> Vec<Route> {
    const ASK: Needs = Needs::Token(Right::Chat);
    vec![
        route!(POST, "/v1/chat/completions", ASK, openai::chat),
        route!(POST, "/v1/responses", ASK, openai::responses),
        route!(POST, "/v1/embeddings", ASK, openai::embeddings),
        route!(POST, "/v1/images/generations", ASK, openai::images),
        route!(GET, "/v1/models", ASK, openai::models),
        route!(POST, "/api/v1/unified", ASK, unified::ask),
        route!(None, "/{provider}/{*path}", ASK, native::any),
    ]
}

/// What is one's own.
fn own() -> Vec<Route> {
    const READ: Needs = Needs::Token(Right::KeysRead);
    const WRITE: Needs = Needs::Token(Right::KeysWrite);
    const USAGE: Needs = Needs::Token(Right::UsageRead);
    const KEYS: &str = "/api/v1/api-keys";
    const KEY: &str = "/api/v1/api-keys/{id}";
    vec![
        route!(GET, "/api/v1/providers", READ, providers::list),
        route!(GET, "/api/v1/usage", USAGE, usage::usage),
        route!(GET, "/api/v1/quota", USAGE, usage::quota),
        route!(GET, KEYS, READ, keys::list),
        route!(POST, KEYS, WRITE, keys::add),
        route!(DELETE, KEYS, WRITE, keys::remove_all),
        route!(GET, "/api/v1/api-keys/status", READ, keys::status),
        route!(PATCH, KEY, WRITE, keys::change),
        route!(DELETE, KEY, WRITE, keys::remove),
        route!(POST, "/api/v1/api-keys/{id}/test", WRITE, keys::test),
    ]
}

/// What is a server's.
fn of_servers() -> Vec<Route> {
    const READ: Needs = Needs::Manager(Right::KeysRead);
    const WRITE: Needs = Needs::Manager(Right::KeysWrite);
    const USAGE: Needs = Needs::Manager(Right::UsageRead);
    const KEYS: &str = "/api/v1/guilds/{guild}/api-keys";
    const STATUS: &str = "/api/v1/guilds/{guild}/api-keys/status";
    const KEY: &str = "/api/v1/guilds/{guild}/api-keys/{id}";
    const TEST: &str = "/api/v1/guilds/{guild}/api-keys/{id}/test";
    vec![
        route!(GET, "/api/v1/guilds/{guild}/usage", USAGE, usage::usage),
        route!(GET, KEYS, READ, keys::list),
        route!(POST, KEYS, WRITE, keys::add),
        route!(DELETE, KEYS, WRITE, keys::remove_all),
        route!(GET, STATUS, READ, keys::status),
        route!(PATCH, KEY, WRITE, keys::change),
        route!(DELETE, KEY, WRITE, keys::remove),
        route!(POST, TEST, WRITE, keys::test),
    ]
}

/// What operators and their machines look at.
fn of_operators() -> Vec<Route> {
    vec![
        route!(GET, HEALTH_PATH, Needs::Nothing, operators::health),
        route!(GET, "/readyz", Needs::Nothing, operators::ready),
        route!(GET, "/metrics", Needs::Operator, metrics::metrics),
        route!(GET, "/openapi.json", Needs::Nothing, openapi::document),
    ]
}

/// The router of the table.
pub fn router(gateway: &Arc<Gateway>) -> Router {
    let mut router = Router::new();
    for route in all() {
        router = router.route(route.path, method_router(gateway, route));
    }
    let gateway = Arc::clone(gateway);
    router
        .method_not_allowed_fallback(wrong_method)
        .fallback(async move |request: Request| {
            let (path, id) = (request.uri().path(), gateway.next_id());
            Problem::nothing_at(path).answer(speaks(path), &id)
        })
}

fn method_router(gateway: &Arc<Gateway>, route: Route) -> MethodRouter {
    let gateway = Arc::clone(gateway);
    let (needs, answer, path) = (route.needs, route.answer, route.path);
    let requests = move |status: StatusCode| {
        let status = status.as_str().to_owned();
        counter!("latchkey_http_requests_total", "route" => path, "status" => status)
    };
    // To look it up by its names costs more than to count.
    let good = requests(StatusCode::OK);
    let handler = async move |named: RawPathParams, request: Request| {
        let named = named.iter().map(|(_, value)| value.to_owned()).collect();
        let response = respond(gateway, (needs, answer), named, request).await;
        match response.status() {
            StatusCode::OK => good.increment(1),
            status => requests(status).increment(1),
        }
        response
    };
    let Some(method) = route.method else {
        return any(handler);
    };
    // Only methods of the table, which axum knows.
    let filter = MethodFilter::try_from(method).unwrap_or(MethodFilter::GET);
    on(filter, handler)
}

async fn wrong_method(request: Request) -> Response {
    let message = format!(
        "`{}` does not take this method. `GET /openapi.json` lists those that it takes.",
        request.uri().path()
    );
    Problem::new(405, "wrong_method", message).answer(speaks(request.uri().path()), "")
}

async fn respond(
    gateway: Arc<Gateway>,
    (needs, answer): (Needs, fn(Call) -> Answering),
    named: Vec<String>,
    request: Request,
) -> Response {
    let id = gateway.next_id();
    let (parts, body) = request.into_parts();
    let speaks = speaks(parts.uri.path());
    let answered = match let_in(&gateway, needs, &named, &parts).await {
        Ok(session) => {
            let call = Box::new(Admitted {
                gateway: Arc::clone(&gateway),
                session,
                speaks,
                named,
                idempotency_key: idempotency_key(&parts),
                parts,
                body: Mutex::new(body),
                id: id.clone(),
            });
            answer(call).await
        }
        Err(problem) => Err(problem),
    };
    let mut response = answered.unwrap_or_else(|problem| {
        counter!("latchkey_http_refusals_total", "code" => problem.code).increment(1);
        problem.answer(speaks, &id)
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        let headers = response.headers_mut();
        if speaks == Speaks::Anthropic {
            headers.insert(ANTHROPICS_REQUEST_ID, id.clone());
        }
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// What the caller calls a call that changes something.
fn idempotency_key(parts: &Parts) -> Option<String> {
    let key = parts
        .headers
        .get("idempotency-key")
        .filter(|_| parts.method == Method::POST)?;
    // What is no text is refused like an empty one.
    Some(key.to_str().unwrap_or_default().to_owned())
}

/// Who comes with a call, if they may make it.
async fn let_in(
    gateway: &Arc<Gateway>,
    needs: Needs,
    named: &[String],
    parts: &Parts,
) -> Result<Session, Problem> {
    let nobody = || Session {
        token: None,
        caller: nobody_else(PersonId(0)),
        scope: Scope::User,
        places: Vec::new(),
    };
    if needs == Needs::Nothing || (needs == Needs::Operator && gateway.settings.open_metrics) {
        return Ok(nobody());
    }
    // Two lengths are two requests to somebody on the way.
    if parts.headers.contains_key(TRANSFER_ENCODING) && parts.headers.contains_key(CONTENT_LENGTH) {
        let message = "The request has a length and is sent in chunks. Send one of `Content-Length` and `Transfer-Encoding`.";
        return Err(Problem::new(400, "two_lengths", message));
    }
    let peer = parts
        .extensions
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
    let token = match gateway.token(&parts.headers, peer).await {
        Ok(token) => token,
        Err(problem)
            if problem.code == no_token().code && comes_with_key(gateway, needs, parts) =>
        {
            return Ok(nobody());
        }
        Err(problem) => return Err(problem),
    };
    if !allows(token.scopes, needs) {
        let message = format!(
            "The token may not do this: it has the scopes `{}`. Make one that may, with `/token create` in Discord.",
            token.scopes
        );
        return Err(Problem::new(403, "scope_missing", message));
    }
    let places = gateway.places(&token)?;
    let (caller, scope) = match needs {
        Needs::Manager(_) => (manager(gateway, &token, named).await?, Scope::Guild),
        _ => (gateway.app.caller_of(&token).await?, Scope::User),
    };
    if needs == Needs::Operator {
        gateway.app.require_operator(&caller)?;
    }
    Ok(Session {
        token: Some(token),
        caller,
        scope,
        places,
    })
}

/// Whoever manages the server that an address names, as Discord says right
/// now.
async fn manager(gateway: &Gateway, token: &Token, named: &[String]) -> Result<Caller, Problem> {
    let server = named.first().and_then(|id| id.parse().ok());
    let server = server.map(ServerId).ok_or(Refusal::NotAMember)?;
    let caller = gateway.app.caller_in(token, server).await?;
    if !caller.manages_server {
        return Err(Refusal::NotAManager.into());
    }
    Ok(caller)
}

fn allows(scopes: Scopes, needs: Needs) -> bool {
    match needs {
        Needs::Nothing => true,
        Needs::Token(right) | Needs::Manager(right) => scopes.has(right),
        Needs::Operator => scopes.has(Right::UsageRead),
    }
}

/// Whether the operator lets this call in without a token, since it brings
/// the key that pays.
fn comes_with_key(gateway: &Gateway, needs: Needs, parts: &Parts) -> bool {
    let opened = gateway.settings.keys_without_token && needs == Needs::Token(Right::Chat);
    let key = || request_key::find(&parts.headers, gateway.app.catalogue());
    opened && matches!(key(), Ok(Some(_)))
}

/// Whose dialect an address is in.
fn speaks(path: &str) -> Speaks {
    if path.starts_with("/api/") || !path.get(1..).unwrap_or_default().contains('/') {
        Speaks::Ours
    } else if path.starts_with("/anthropic/") {
        Speaks::Anthropic
    } else if path.starts_with("/google/") {
        Speaks::Google
    } else {
        Speaks::OpenAi
    }
}
