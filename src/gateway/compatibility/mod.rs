//! Routes that programs of other systems call: thin, over the same `app`;
//! `docs/compatibility.md` has each call as the other system's documents show
//! it. What needed no route of its own is beside our own routes.

mod app_rproxy;
mod conversation;
mod kite;

use axum::http::HeaderName;

use crate::gateway::openapi::docs::{
    EVENT_STREAM, JSON, ParameterDocs, ResponseDocs, RouteDocs, SchemaDocs,
};
use crate::gateway::routing::requirement::Requirement;
use crate::gateway::routing::routes::{
    CHAT, DELETE, GET, PATCH, POST, READ_KEYS, READ_SYSTEM_KEYS, Route, WRITE_SYSTEM_KEYS, route,
};
use crate::model::Right;

/// Names what a call asked for and nothing here can be told.
const IGNORED: HeaderName = HeaderName::from_static("x-latchkey-ignored");
const WRITE_KEYS: Requirement = Requirement::Token(Right::KeysWrite);
/// An answer in JSON, or as it comes.
const ANSWER: ResponseDocs = ResponseDocs::new(200, "The answer")
    .content(&[(JSON, SchemaDocs::Any), (EVENT_STREAM, SchemaDocs::Any)]);
const PLAIN: ResponseDocs = ResponseDocs::new(200, "").content(&[(JSON, SchemaDocs::Any)]);
const MODEL_QUERY: [ParameterDocs; 3] = [
    ParameterDocs::in_query::<bool>("is_active", "All that are listed are"),
    ParameterDocs::in_query::<u64>("skip", "How many to leave out at the beginning"),
    ParameterDocs::in_query::<u64>("limit", "How many at the most, 100 if left out"),
];

/// A row for another system's call, documented under its name.
const fn docs(id: &'static str, tag: &'static str, summary: &'static str) -> RouteDocs {
    RouteDocs::new(id, tag, summary).responses(&[PLAIN])
}

/// The rows.
pub static OF_OTHER_SYSTEMS: [Route; 15] = [
    route!(
        GET,
        "/v2/users/me/api-key-status",
        READ_KEYS,
        app_rproxy::show_status,
        docs("app_rproxy_status", "app-rproxy", "Says for which providers the caller has a key.")
    ),
    route!(
        PATCH,
        "/v2/users/me/api-key",
        WRITE_KEYS,
        app_rproxy::change_keys,
        docs(
            "app_rproxy_change",
            "app-rproxy",
            "Stores several keys, each as `<provider>_api_key`; an empty text removes one. All of them, or none.",
        )
        .body(SchemaDocs::Any)
    ),
    route!(
        DELETE,
        "/v2/users/me/api-key",
        WRITE_KEYS,
        app_rproxy::remove_keys,
        docs("app_rproxy_remove", "app-rproxy", "Removes every key of the caller.")
    ),
    route!(
        GET,
        "/v2/llm-models",
        CHAT,
        app_rproxy::list_models,
        docs("app_rproxy_models", "app-rproxy", "Lists the models that the caller's keys can use.")
            .parameters(&MODEL_QUERY)
    ),
    route!(
        GET,
        "/v2/llm-models/",
        CHAT,
        app_rproxy::list_models,
        docs("app_rproxy_models_too", "app-rproxy", "The same.").parameters(&MODEL_QUERY)
    ),
    route!(
        POST,
        "/v2/llm/chat/completions",
        CHAT,
        app_rproxy::complete_chat,
        docs("app_rproxy_chat", "app-rproxy", "Answers a chat.").body(SchemaDocs::Any)
    ),
    route!(
        POST,
        "/v2/llm/chat/completions/stream",
        CHAT,
        app_rproxy::stream_chat,
        RouteDocs::new("app_rproxy_stream", "app-rproxy", "Answers a chat as it comes.")
            .body(SchemaDocs::Any)
            .responses(&[ANSWER])
    ),
    route!(
        GET,
        "/v2/admin/llm-keys",
        READ_SYSTEM_KEYS,
        app_rproxy::show_system_status,
        docs("app_rproxy_system_status", "app-rproxy", "Says for which providers the operator has a key, and how it ends.")
    ),
    route!(
        GET,
        "/v2/admin/llm-keys/",
        READ_SYSTEM_KEYS,
        app_rproxy::show_system_status,
        docs("app_rproxy_system_status_too", "app-rproxy", "The same.")
    ),
    route!(
        PATCH,
        "/v2/admin/llm-keys",
        WRITE_SYSTEM_KEYS,
        app_rproxy::change_system_keys,
        docs(
            "app_rproxy_system_change",
            "app-rproxy",
            "Stores several system keys, each as `<provider>_api_key`; an empty text removes one. All of them, or none.",
        )
        .body(SchemaDocs::Any)
    ),
    route!(
        PATCH,
        "/v2/admin/llm-keys/",
        WRITE_SYSTEM_KEYS,
        app_rproxy::change_system_keys,
        docs("app_rproxy_system_change_too", "app-rproxy", "The same.").body(SchemaDocs::Any)
    ),
    route!(
        GET,
        "/api/user/api-keys/{provider}",
        READ_KEYS,
        kite::show_key,
        docs("kite_key", "kite", "Shows what is known of the caller's key for a provider; never the key.")
            .parameters(&[ParameterDocs::in_path("provider", "The provider's id")])
    ),
    route!(
        POST,
        "/chat",
        CHAT,
        kite::chat,
        RouteDocs::new("kite_chat", "kite", "Answers a chat, at once or as it comes.")
            .body(SchemaDocs::Any)
            .responses(&[ANSWER])
    ),
    route!(
        GET,
        "/api/tools",
        CHAT,
        kite::list_tools,
        docs("kite_tools", "kite", "Lists the personas, each as a tool.")
    ),
    route!(
        POST,
        "/api/tools/execute",
        CHAT,
        kite::execute_tool,
        docs("kite_execute", "kite", "Runs a persona as a tool, with the caller's keys.")
            .body(SchemaDocs::Any)
    ),
];
