//! The table of routes. Each row states an address, what a call to it must
//! bring, its handler and its documentation. The router, the `OpenAPI`
//! document and the tests of who may do what are made from this table.

use std::future::Future;
use std::pin::Pin;

use axum::http::Method;

use crate::model::Right;

use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::compatibility::OF_OTHER_SYSTEMS;
use crate::gateway::openai::routes::OF_OPENAI;
use crate::gateway::openapi::docs::{
    EVENT_STREAM, JSON, ParameterDocs, ResponseDocs, RouteDocs, SchemaDocs,
};
use crate::gateway::openapi::show_document;
use crate::gateway::operators::check_health;
use crate::gateway::operators::metrics::show_metrics;
use crate::gateway::operators::readiness::{ReadinessBody, check_readiness};
use crate::gateway::rest::keys::{self, KeyBody, KeyChange, KeyList, NewKey, RemovedKeys};
use crate::gateway::rest::keys::{StatusBody, StoredKey, TestedKey};
use crate::gateway::rest::providers::{ProviderList, list_providers};
use crate::gateway::rest::system_keys::{self, StoredSystemKey, SystemKeyBody};
use crate::gateway::rest::system_keys::{SystemKeyList, TestedSystemKey};
use crate::gateway::rest::unified::{Question, UnifiedAnswer, ask_model};
use crate::gateway::rest::usage::{OF_USAGE, QuotaBody, show_quota};
use crate::gateway::routing::requirement::Requirement;
use crate::gateway::routing::vendors::OF_VENDORS;
use crate::gateway::{HEALTH_PATH, READY_PATH, native};

/// One row of the table.
pub struct Route {
    /// None for any method.
    pub method: Option<Method>,
    pub path: &'static str,
    pub requirement: Requirement,
    pub handler: fn(Call) -> HandlerFuture,
    pub docs: RouteDocs,
}

type HandlerFuture = Pin<Box<dyn Future<Output = HandlerResult> + Send>>;

impl Route {
    /// Whether the route answers a method. What answers GET answers HEAD
    /// too, without a body.
    pub fn takes_method(&self, method: &Method) -> bool {
        let is_head_of_get = *method == Method::HEAD && self.method == GET;
        is_head_of_get || self.method.as_ref().is_none_or(|it| it == method)
    }
}

pub const GET: Option<Method> = Some(Method::GET);
pub const POST: Option<Method> = Some(Method::POST);
pub const PATCH: Option<Method> = Some(Method::PATCH);
pub const DELETE: Option<Method> = Some(Method::DELETE);
const ANY: Option<Method> = None;

pub const CHAT: Requirement = Requirement::Token(Right::Chat);
pub const READ_KEYS: Requirement = Requirement::Token(Right::KeysRead);
pub const READ_SYSTEM_KEYS: Requirement = Requirement::Operator(Right::KeysRead);
pub const WRITE_SYSTEM_KEYS: Requirement = Requirement::Operator(Right::KeysWrite);
const READ_USAGE: Requirement = Requirement::Token(Right::UsageRead);

/// A body of any shape, in JSON.
pub const ANY_JSON: (&str, SchemaDocs) = (JSON, SchemaDocs::Any);
pub const ANY_EVENTS: (&str, SchemaDocs) = (EVENT_STREAM, SchemaDocs::Any);
const KEY_ID: ParameterDocs = ParameterDocs::in_path("id", "The key's id");

/// A response of status 200 with one of our types.
macro_rules! ok {
    ($body:ty) => {
        $crate::gateway::openapi::docs::ResponseDocs::new(200, "").content(&[(
            $crate::gateway::openapi::docs::JSON,
            $crate::gateway::openapi::docs::SchemaDocs::of::<$body>(),
        )])
    };
}

pub(in crate::gateway) use ok;

macro_rules! route {
    ($method:expr, $path:expr, $requirement:expr, $handler:path, $docs:expr) => {
        Route {
            method: $method,
            path: $path,
            requirement: $requirement,
            handler: |call| Box::pin($handler(call)),
            docs: $docs,
        }
    };
}

pub(in crate::gateway) use route;

/// Two rows: one for what belongs to the caller, and one, below a server's
/// address, for what belongs to a server that the caller manages.
macro_rules! person_and_server {
    ($method:expr, $path:literal, $right:expr, $handler:path, $docs:expr) => {
        [
            route!(
                $method,
                concat!("/api/v1", $path),
                Requirement::Token($right),
                $handler,
                $docs
            ),
            route!(
                $method,
                concat!("/api/v1/guilds/{guild}", $path),
                Requirement::Manager($right),
                $handler,
                $docs
            ),
        ]
    };
}

pub(in crate::gateway) use person_and_server;

/// All routes.
pub fn all_routes() -> impl Iterator<Item = &'static Route> {
    let of_person_and_server = KEYS.iter().chain(&OF_USAGE).flatten();
    let of_operators = SYSTEM_KEYS.iter().chain(&OF_OPERATORS);
    let of_models = OF_OPENAI.iter().chain(&MODELS).chain(&OF_VENDORS);
    let others = of_models.chain(&OF_PERSON).chain(of_operators);
    others.chain(of_person_and_server).chain(&OF_OTHER_SYSTEMS)
}

/// Calls to models, in our own words and in each provider's.
static MODELS: [Route; 2] = [
    route!(
        POST,
        "/api/v1/unified",
        CHAT,
        ask_model,
        RouteDocs::new("ask", "ask", "Asks a model.")
            .body(SchemaDocs::of::<Question>())
            .responses(&[ResponseDocs::new(200, "What was answered")
                .content(&[(JSON, SchemaDocs::of::<UnifiedAnswer>()), ANY_EVENTS])])
    ),
    route!(
        ANY,
        native::PATH,
        CHAT,
        native::call_provider,
        RouteDocs::new(
            "any",
            "native",
            "Calls a provider's own API, with the key put in. Any method; the path is as the provider's own libraries write it.",
        )
        .parameters(&[
            ParameterDocs::in_path("provider", "The provider's id"),
            ParameterDocs::in_path("path", "As the provider has it"),
        ])
        .body(SchemaDocs::Any)
        .responses(&[ResponseDocs::new(200, "As the provider answers it")])
    ),
];

/// What belongs to the caller alone.
static OF_PERSON: [Route; 2] = [
    route!(
        GET,
        "/api/v1/providers",
        READ_KEYS,
        list_providers,
        RouteDocs::new("list_providers", "keys", "Lists the providers.")
            .responses(&[ok!(ProviderList)])
    ),
    route!(
        GET,
        "/api/v1/quota",
        READ_USAGE,
        show_quota,
        RouteDocs::new(
            "quota",
            "usage",
            "Shows each limit that applies, and what is left of it.",
        )
        .responses(&[ok!(QuotaBody)])
    ),
];

/// The keys of a person, and those of a server.
static KEYS: [[Route; 2]; 7] = [
    person_and_server!(
        GET,
        "/api-keys",
        Right::KeysRead,
        keys::list_keys,
        RouteDocs::new("list_keys", "keys", "Lists keys.").responses(&[ok!(KeyList)])
    ),
    person_and_server!(
        POST,
        "/api-keys",
        Right::KeysWrite,
        keys::store_key,
        RouteDocs::new(
            "add",
            "keys",
            "Stores a key, or replaces the one for its provider. The provider is asked first whether it accepts it.",
        )
        .body(SchemaDocs::of::<NewKey>())
        .responses(&[
            ResponseDocs::new(201, "").content(&[(JSON, SchemaDocs::of::<StoredKey>())]),
            ResponseDocs::new(200, "Replaced").content(&[(JSON, SchemaDocs::of::<StoredKey>())]),
        ])
    ),
    person_and_server!(
        DELETE,
        "/api-keys",
        Right::KeysWrite,
        keys::remove_all_keys,
        RouteDocs::new("remove_all", "keys", "Removes every key.").responses(&[ok!(RemovedKeys)])
    ),
    person_and_server!(
        GET,
        "/api-keys/status",
        Right::KeysRead,
        keys::show_key_status,
        RouteDocs::new(
            "status",
            "keys",
            "Shows who would pay for what, and why not the others.",
        )
        .responses(&[ok!(StatusBody)])
    ),
    person_and_server!(
        PATCH,
        "/api-keys/{id}",
        Right::KeysWrite,
        keys::change_key,
        RouteDocs::new("change", "keys", "Renames, pauses or resumes a key.")
            .parameters(&[KEY_ID])
            .body(SchemaDocs::of::<KeyChange>())
            .responses(&[ok!(KeyBody)])
    ),
    person_and_server!(
        DELETE,
        "/api-keys/{id}",
        Right::KeysWrite,
        keys::remove_key,
        RouteDocs::new("remove", "keys", "Removes a key.")
            .parameters(&[KEY_ID])
            .responses(&[ok!(RemovedKeys)])
    ),
    person_and_server!(
        POST,
        "/api-keys/{id}/test",
        Right::KeysWrite,
        keys::test_key,
        RouteDocs::new(
            "test",
            "keys",
            "Asks a key's provider whether it accepts it, whatever is known of it.",
        )
        .parameters(&[KEY_ID])
        .responses(&[ok!(TestedKey)])
    ),
];

/// The keys that the operator pays with.
static SYSTEM_KEYS: [Route; 6] = [
    route!(
        GET,
        "/api/v1/system-keys",
        READ_SYSTEM_KEYS,
        system_keys::list_keys,
        RouteDocs::new(
            "list_system_keys",
            "operators",
            "Lists the keys that the operator pays with: those of the environment, which win, and those that were added here.",
        )
        .responses(&[ok!(SystemKeyList)])
    ),
    route!(
        POST,
        "/api/v1/system-keys",
        WRITE_SYSTEM_KEYS,
        system_keys::store_key,
        RouteDocs::new(
            "add_system_key",
            "operators",
            "Stores a system key, or replaces the one for its provider. The provider is asked first whether it accepts it.",
        )
        .body(SchemaDocs::of::<NewKey>())
        .responses(&[
            ResponseDocs::new(201, "").content(&[(JSON, SchemaDocs::of::<StoredSystemKey>())]),
            ResponseDocs::new(200, "Replaced")
                .content(&[(JSON, SchemaDocs::of::<StoredSystemKey>())]),
        ])
    ),
    route!(
        GET,
        "/api/v1/system-keys/{id}",
        READ_SYSTEM_KEYS,
        system_keys::show_key,
        RouteDocs::new("show_system_key", "operators", "Shows one of them.")
            .parameters(&[KEY_ID])
            .responses(&[ok!(SystemKeyBody)])
    ),
    route!(
        PATCH,
        "/api/v1/system-keys/{id}",
        WRITE_SYSTEM_KEYS,
        system_keys::change_key,
        RouteDocs::new(
            "change_system_key",
            "operators",
            "Renames, pauses or resumes a system key.",
        )
        .parameters(&[KEY_ID])
        .body(SchemaDocs::of::<KeyChange>())
        .responses(&[ok!(SystemKeyBody)])
    ),
    route!(
        DELETE,
        "/api/v1/system-keys/{id}",
        WRITE_SYSTEM_KEYS,
        system_keys::remove_key,
        RouteDocs::new("remove_system_key", "operators", "Removes a system key.")
            .parameters(&[KEY_ID])
            .responses(&[ok!(RemovedKeys)])
    ),
    route!(
        POST,
        "/api/v1/system-keys/{id}/test",
        WRITE_SYSTEM_KEYS,
        system_keys::test_key,
        RouteDocs::new(
            "test_system_key",
            "operators",
            "Asks a system key's provider whether it accepts it, whatever is known of it; one of the environment's too.",
        )
        .parameters(&[KEY_ID])
        .responses(&[ok!(TestedSystemKey)])
    ),
];

/// What operators and their machines look at.
static OF_OPERATORS: [Route; 4] = [
    route!(
        GET,
        HEALTH_PATH,
        Requirement::Nothing,
        check_health,
        RouteDocs::new(
            "health",
            "operators",
            "Says that the process lives, whatever it needs for its work.",
        )
        .responses(&[ResponseDocs::new(200, "It does")])
    ),
    route!(
        GET,
        READY_PATH,
        Requirement::Nothing,
        check_readiness,
        RouteDocs::new(
            "ready",
            "operators",
            "Says within a second whether the process can do its work: database, writer, Discord's shards, disk.",
        )
        .responses(&[
            ResponseDocs::new(200, "It can")
                .content(&[(JSON, SchemaDocs::of::<ReadinessBody>())]),
            ResponseDocs::new(503, "It can't, or stops")
                .content(&[(JSON, SchemaDocs::of::<ReadinessBody>())]),
        ])
    ),
    route!(
        GET,
        "/metrics",
        Requirement::Metrics,
        show_metrics,
        RouteDocs::new(
            "metrics",
            "operators",
            "Shows what was counted since the start, in Prometheus's text format.",
        )
        .responses(&[ResponseDocs::new(200, "Prometheus's text format")])
    ),
    route!(
        GET,
        "/openapi.json",
        Requirement::Nothing,
        show_document,
        RouteDocs::new("document", "operators", "This document.")
            .responses(&[ResponseDocs::new(200, "OpenAPI 3.1")])
    ),
];
