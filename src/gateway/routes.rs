//! The table of routes. Each row states an address, what a call to it must
//! bring, and its handler. The router and the tests of who may do what are
//! made from this table.

use std::future::Future;
use std::pin::Pin;

use axum::http::Method;

use crate::model::Right;

use crate::gateway::call::{Call, HandlerResult};
use crate::gateway::rest::{keys, providers, unified, usage};
use crate::gateway::{HEALTH_PATH, native, openai, openapi, operators};

/// What a call must bring to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    Nothing,
    /// A token with this right. Where the operator allows it, a call to a
    /// model may bring a provider key in place of the token.
    Token(Right),
    /// A token with this right, of somebody who manages the server that the
    /// address names.
    Manager(Right),
    /// A token that may read usage, of one of the operator's people; nothing
    /// where the operator opens the metrics to everybody.
    Operator,
}

/// One row of the table.
pub struct Route {
    /// None for any method.
    pub method: Option<Method>,
    pub path: &'static str,
    pub requirement: Requirement,
    pub handler: fn(Call) -> HandlerFuture,
}

type HandlerFuture = Pin<Box<dyn Future<Output = HandlerResult> + Send>>;

impl Requirement {
    /// The right that the token must have; none where no token is needed.
    pub fn right(self) -> Option<Right> {
        match self {
            Self::Nothing => None,
            Self::Token(right) | Self::Manager(right) => Some(right),
            Self::Operator => Some(Right::UsageRead),
        }
    }
}

impl Route {
    /// Whether the route answers a method. What answers GET answers HEAD
    /// too, without a body.
    pub fn takes_method(&self, method: &Method) -> bool {
        let is_head_of_get = *method == Method::HEAD && self.method == GET;
        is_head_of_get || self.method.as_ref().is_none_or(|it| it == method)
    }
}

const GET: Option<Method> = Some(Method::GET);
const POST: Option<Method> = Some(Method::POST);
const PATCH: Option<Method> = Some(Method::PATCH);
const DELETE: Option<Method> = Some(Method::DELETE);
const ANY: Option<Method> = None;

const CHAT: Requirement = Requirement::Token(Right::Chat);
const READ_KEYS: Requirement = Requirement::Token(Right::KeysRead);
const READ_USAGE: Requirement = Requirement::Token(Right::UsageRead);

macro_rules! route {
    ($method:expr, $path:expr, $requirement:expr, $handler:path) => {
        Route {
            method: $method,
            path: $path,
            requirement: $requirement,
            handler: |call| Box::pin($handler(call)),
        }
    };
}

/// Two rows: one for what belongs to the caller, and one, below a server's
/// address, for what belongs to a server that the caller manages.
macro_rules! person_and_server {
    ($method:expr, $path:literal, $right:expr, $handler:path) => {
        [
            route!(
                $method,
                concat!("/api/v1", $path),
                Requirement::Token($right),
                $handler
            ),
            route!(
                $method,
                concat!("/api/v1/guilds/{guild}", $path),
                Requirement::Manager($right),
                $handler
            ),
        ]
    };
}

/// All routes.
pub fn all_routes() -> impl Iterator<Item = &'static Route> {
    let of_person_and_server = OF_PERSON_AND_SERVER.iter().flatten();
    let others = MODELS.iter().chain(&OF_PERSON).chain(&OF_OPERATORS);
    others.chain(of_person_and_server)
}

/// Calls to models, in the dialects of their providers and in our own.
static MODELS: [Route; 7] = [
    route!(POST, "/v1/chat/completions", CHAT, openai::chat),
    route!(POST, "/v1/responses", CHAT, openai::responses),
    route!(POST, "/v1/embeddings", CHAT, openai::embeddings),
    route!(POST, "/v1/images/generations", CHAT, openai::images),
    route!(GET, "/v1/models", CHAT, openai::models),
    route!(POST, "/api/v1/unified", CHAT, unified::ask),
    route!(ANY, "/{provider}/{*path}", CHAT, native::any),
];

/// What belongs to the caller alone.
static OF_PERSON: [Route; 2] = [
    route!(GET, "/api/v1/providers", READ_KEYS, providers::list),
    route!(GET, "/api/v1/quota", READ_USAGE, usage::quota),
];

/// What a person has, and a server too.
static OF_PERSON_AND_SERVER: [[Route; 2]; 8] = [
    person_and_server!(GET, "/usage", Right::UsageRead, usage::usage),
    person_and_server!(GET, "/api-keys", Right::KeysRead, keys::list),
    person_and_server!(POST, "/api-keys", Right::KeysWrite, keys::add),
    person_and_server!(DELETE, "/api-keys", Right::KeysWrite, keys::remove_all),
    person_and_server!(GET, "/api-keys/status", Right::KeysRead, keys::status),
    person_and_server!(PATCH, "/api-keys/{id}", Right::KeysWrite, keys::change),
    person_and_server!(DELETE, "/api-keys/{id}", Right::KeysWrite, keys::remove),
    person_and_server!(POST, "/api-keys/{id}/test", Right::KeysWrite, keys::test),
];

/// What operators and their machines look at.
static OF_OPERATORS: [Route; 4] = [
    route!(GET, HEALTH_PATH, Requirement::Nothing, operators::health),
    route!(GET, "/readyz", Requirement::Nothing, operators::ready),
    route!(
        GET,
        "/metrics",
        Requirement::Operator,
        operators::metrics::metrics
    ),
    route!(
        GET,
        "/openapi.json",
        Requirement::Nothing,
        openapi::document
    ),
];
