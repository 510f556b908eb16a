//! What there is, as an `OpenAPI` 3.1 document made from the code.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, ObjectBuilder, Ref, Required, ResponseBuilder, Type};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::gateway::call::{Call, HandlerResult};
use crate::gateway::operators::metrics;
use crate::gateway::rest::{answer, keys, providers, unified, usage};
use crate::gateway::{native, openai, operators};

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
    components(schemas(Refused)),
    modifiers(&Token, &Servers, &Refusals),
    security(("token" = []))
)]
struct Document;

/// A no, or a failure. OpenAI's, Anthropic's and Google's own calls are
/// refused in their own shape.
#[derive(Serialize, ToSchema)]
struct Refused {
    error: Reason,
}

/// Why.
#[derive(Serialize, ToSchema)]
struct Reason {
    /// A stable word for programs.
    code: String,
    /// What happened, and what to do.
    message: String,
}

/// How a token is sent.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", bearer);
    }
}

/// A server's keys and usage have the same calls as one's own, below the
/// server's address.
struct Servers;

impl Modify for Servers {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let own = document.paths.paths.iter();
        let shared = own
            .filter(|(path, _)| path.starts_with("/api/v1/api-keys") || *path == "/api/v1/usage");
        let of_servers: Vec<(String, PathItem)> = shared
            .map(|(path, item)| {
                let mut item = item.clone();
                for operation in operations(&mut item) {
                    name_server(operation);
                }
                let path = path.replacen("/api/v1/", "/api/v1/guilds/{guild}/", 1);
                (path, item)
            })
            .collect();
        document.paths.paths.extend(of_servers);
    }
}

fn name_server(operation: &mut Operation) {
    let snowflake = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[0-9]{1,20}$"));
    let guild = ParameterBuilder::new()
        .name("guild")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The server's id in Discord."))
        .schema(Some(snowflake));
    let parameters = operation.parameters.get_or_insert_default();
    parameters.insert(0, guild.build());
    // Each has a name of its own.
    if let Some(id) = &mut operation.operation_id {
        id.insert_str(0, "server_");
    }
}

/// What every call may answer instead.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            for operation in operations(item) {
                let mut refusal = ResponseBuilder::new().description(
                    "A no, or a failure, with a stable code; in the shape of the API that was called.",
                );
                let schema = path
                    .starts_with("/api/")
                    .then(|| Ref::from_schema_name("Refused"));
                refusal = refusal.content("application/json", Content::new(schema));
                let responses = &mut operation.responses.responses;
                responses.insert("default".to_owned(), refusal.build().into());
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
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
pub async fn document(_: Call) -> HandlerResult {
    answer(StatusCode::OK, &document_of_all())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_call_says_what_its_address_names_and_how_it_refuses() {
        let mut document = document_of_all();
        let mut ids = BTreeSet::new();
        for (path, item) in &mut document.paths.paths {
            let named = path.split('/').filter_map(|part| part.strip_prefix('{'));
            let named: BTreeSet<_> = named.map(|part| part.trim_end_matches('}')).collect();
            for operation in operations(item) {
                let told = operation.parameters.iter().flatten();
                let told = told.filter(|it| it.parameter_in == ParameterIn::Path);
                let told: BTreeSet<&str> = told.map(|it| &*it.name).collect();
                assert_eq!(told, named, "{path}");
                assert!(operation.responses.responses.contains_key("default"));
                let id = operation.operation_id.clone().unwrap();
                assert!(ids.insert(id.clone()), "{id} stands twice");
            }
        }
    }
}
