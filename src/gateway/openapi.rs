//! What there is, as an `OpenAPI` 3.1 document made from the code.

use axum::http::StatusCode;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::call::{Answer, Call};
use super::rest::{answer, keys, providers, unified, usage};
use super::{metrics, native, openai, operators};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Latchkey",
        description = "People's own AI keys, from any program. Tokens are made in Discord with `/token create`."
    ),
    paths(
        openai::chat, openai::responses, openai::embeddings, openai::images, openai::models,
        native::any,
        unified::ask,
        keys::list, keys::add, keys::change, keys::remove, keys::remove_all, keys::test, keys::status,
        providers::list,
        usage::usage, usage::quota,
        operators::health, operators::ready, metrics::metrics, document,
    ),
    modifiers(&Token),
    security(("token" = []))
)]
struct Document;

/// How a token is sent.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", bearer);
        add_servers_matters(document);
    }
}

/// A server's keys and usage have the same calls as one's own, below the
/// server's address.
fn add_servers_matters(document: &mut utoipa::openapi::OpenApi) {
    let own: Vec<_> = document
        .paths
        .paths
        .iter()
        .filter(|(path, _)| path.starts_with("/api/v1/api-keys") || *path == "/api/v1/usage")
        .map(|(path, item)| {
            (
                path.replacen("/api/v1/", "/api/v1/guilds/{guild}/", 1),
                item.clone(),
            )
        })
        .collect();
    document.paths.paths.extend(own);
}

/// The document.
pub fn document_of_all() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Every method and address that the document names.
#[cfg(test)]
pub fn documented() -> std::collections::BTreeSet<String> {
    let document = serde_json::to_value(document_of_all()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let calls = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    calls.collect()
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "operators", responses((status = 200, description = "OpenAPI 3.1")))]
pub async fn document(_: Call) -> Answer {
    answer(StatusCode::OK, &document_of_all())
}
