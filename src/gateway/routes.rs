//! Every address, what it needs and who answers it. One table: the router
//! is made from it, and so are the tests of who may do what.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use ::metrics::{Counter, counter};
use axum::http::header::{ALLOW, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use foldhash::HashMap;
use hyper::body::Incoming;

use crate::app::nobody_else;
use crate::model::{AccessRefusal, Caller, PersonId, Right, Scope, Scopes, ServerId, Token};

use crate::gateway::call::{Admitted, Answer, Call};
use crate::gateway::problem::{Problem, Speaks};
use crate::gateway::rest::{keys, providers, unified, usage};
use crate::gateway::session::{Session, no_token};
use crate::gateway::{
    Gateway, HEALTH_PATH, metrics, native, openai, openapi, operators, request_key,
};

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

/// The table, ready to be asked. It is asked for every call, so that an
/// address without names in it is found in one step.
pub struct Routes {
    gateway: Arc<Gateway>,
    plain: HashMap<&'static str, Vec<Served>>,
    named: matchit::Router<Vec<Served>>,
}

/// What is done at an address for a method.
struct Served {
    route: Route,
    /// Calls that went well: to look it up by its names costs more than to
    /// count.
    good: Counter,
}

impl Routes {
    /// Reads the table.
    pub fn new(gateway: Arc<Gateway>) -> anyhow::Result<Self> {
        let mut by_path: HashMap<&'static str, Vec<Served>> = HashMap::default();
        for route in all() {
            let good = requests(route.path, StatusCode::OK);
            let served = by_path.entry(route.path).or_default();
            served.push(Served { route, good });
        }
        let mut named = matchit::Router::new();
        for (path, served) in by_path.extract_if(|path, _| path.contains('{')) {
            named.insert(path, served)?;
        }
        Ok(Self {
            gateway,
            plain: by_path,
            named,
        })
    }

    /// Answers a call from an address.
    pub async fn answer(&self, peer: IpAddr, request: Request<Incoming>) -> Response {
        let id = self.gateway.next_id();
        let path = request.uri().path();
        let speaks = speaks(path);
        let Some((all, named)) = self.find(path) else {
            let refusal = Problem::nothing_at(path).answer(speaks, &id);
            return named_by(id, speaks, refusal);
        };
        let Some(served) = all.iter().find(|it| it.route.takes(request.method())) else {
            let refusal = wrong_method(path, all, (speaks, &id));
            return named_by(id, speaks, refusal);
        };
        let of = (speaks, &id);
        let response = respond(&self.gateway, &served.route, of, (named, peer), request).await;
        let response = named_by(id, speaks, response);
        match response.status() {
            StatusCode::OK => served.good.increment(1),
            status => requests(served.route.path, status).increment(1),
        }
        response
    }

    /// What is at an address, and what it names, in order.
    fn find(&self, path: &str) -> Option<(&[Served], Vec<String>)> {
        if let Some(served) = self.plain.get(path) {
            return Some((served, Vec::new()));
        }
        let found = self.named.at(path).ok()?;
        let named = found.params.iter().map(|(_, value)| value.to_owned());
        Some((found.value, named.collect()))
    }
}

impl Route {
    /// Whether it is for a method; what can be read can be asked for without
    /// its body.
    fn takes(&self, method: &Method) -> bool {
        let is_read = *method == Method::HEAD && self.method == GET;
        is_read || self.method.as_ref().is_none_or(|it| it == method)
    }
}

fn requests(path: &'static str, status: StatusCode) -> Counter {
    let status = status.as_str().to_owned();
    counter!("latchkey_http_requests_total", "route" => path, "status" => status)
}

fn wrong_method(path: &str, all: &[Served], (speaks, id): (Speaks, &HeaderValue)) -> Response {
    let message = format!(
        "`{path}` does not take this method. `GET /openapi.json` lists those that it takes."
    );
    let mut response = Problem::new(405, "wrong_method", message).answer(speaks, id);
    let methods = all.iter().filter_map(|it| it.route.method.as_ref());
    let methods: Vec<&str> = methods.map(Method::as_str).collect();
    if let Ok(methods) = HeaderValue::try_from(methods.join(",")) {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}

/// Says in an answer which request it is of.
fn named_by(id: HeaderValue, speaks: Speaks, mut response: Response) -> Response {
    let headers = response.headers_mut();
    if speaks == Speaks::Anthropic {
        headers.insert(ANTHROPICS_REQUEST_ID, id.clone());
    }
    headers.insert(REQUEST_ID, id);
    response
}

async fn respond(
    gateway: &Arc<Gateway>,
    route: &Route,
    (speaks, id): (Speaks, &HeaderValue),
    (named, peer): (Vec<String>, IpAddr),
    request: Request<Incoming>,
) -> Response {
    let (parts, body) = request.into_parts();
    let answered = match let_in(gateway, route.needs, (&named, peer), &parts).await {
        Ok(session) => {
            let call = Box::new(Admitted {
                gateway: Arc::clone(gateway),
                session,
                speaks,
                named,
                idempotency_key: idempotency_key(&parts),
                parts,
                body: Some(body),
                id: id.clone(),
            });
            (route.answer)(call).await
        }
        Err(problem) => Err(problem),
    };
    answered.unwrap_or_else(|problem| {
        counter!("latchkey_http_refusals_total", "code" => problem.code).increment(1);
        problem.answer(speaks, id)
    })
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
    (named, peer): (&[String], IpAddr),
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
        _ => (gateway.app.people.caller_of(&token).await?, Scope::User),
    };
    if needs == Needs::Operator {
        gateway.app.people.require_operator(&caller)?;
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
    let server = server.map(ServerId).ok_or(AccessRefusal::NotAMember)?;
    let caller = gateway.app.people.caller_in(token, server).await?;
    if !caller.manages_server {
        return Err(AccessRefusal::NotAManager.into());
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
