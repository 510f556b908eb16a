//! The `OpenAPI` 3.1 document, made from the table of routes.

pub mod docs;

use axum::http::{Method, StatusCode};
use serde::Serialize;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{OpenApi, PartialSchema, ToSchema};

use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::replies::responses::json_response;
use crate::gateway::routing::requirement::Requirement;
use crate::gateway::routing::routes::{Route, all_routes};

use docs::{JSON, ParameterDocs, ResponseDocs, RouteDocs, SchemaDocs};

/// The document but for its routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Latchkey",
        description = "People's own AI keys, from any program. Tokens are made in Discord with `/token create`."
    ),
    security(("token" = []))
)]
struct DocumentFrame;

/// A refusal or a failure. Calls in the dialects of OpenAI, Anthropic and
/// Google are refused in the shape of that dialect.
#[derive(Serialize, ToSchema)]
struct ErrorBody {
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
struct ErrorDetail {
    /// A stable word for programs.
    code: String,
    /// What happened, and what to do.
    message: String,
}

/// The name of the one security scheme.
const TOKEN: &str = "token";
/// What a caller must be, beside the scopes that the token must have.
const SERVER_MANAGER: &str = "server_manager";
const OPERATOR: &str = "operator";

/// Responds with the document.
pub async fn show_document(_: Call) -> HandlerResult {
    json_response(StatusCode::OK, &describe_routes())
}

/// Makes the document from the table of routes.
fn describe_routes() -> utoipa::openapi::OpenApi {
    let mut document = DocumentFrame::openapi();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(TOKEN, token_scheme());
    add_component(components, &SchemaDocs::of::<ErrorBody>());
    for route in all_routes() {
        add_components(components, &route.docs);
        // OpenAPI knows neither a path's rest nor "any method".
        let path = route.path.replace("{*", "{");
        let method = http_method(route.method.as_ref());
        let operation = describe_route(route);
        document
            .paths
            .add_path_operation(path, vec![method], operation);
    }
    document
}

/// How a token is sent, and what the lists of scopes mean.
fn token_scheme() -> SecurityScheme {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token from `/token create` in Discord. Each operation lists the scopes that the token must have; `server_manager` means that its owner must manage the server, and `operator` that its owner must be one of the operator's people.",
        ));
    SecurityScheme::Http(bearer.build())
}

/// Describes one row of the table.
fn describe_route(route: &Route) -> Operation {
    let docs = &route.docs;
    let is_of_server = matches!(route.requirement, Requirement::Manager(_));
    // A server's routes share their documentation with a person's.
    let prefix = if is_of_server { "server_" } else { "" };
    let server = is_of_server.then(ParameterDocs::server);
    let parameters: Vec<Parameter> = server
        .iter()
        .chain(docs.parameters)
        .map(describe_parameter)
        .collect();
    let mut operation = OperationBuilder::new()
        .tag(docs.tag)
        .summary(Some(docs.summary))
        .operation_id(Some(format!("{prefix}{}", docs.operation_id)))
        .parameters((!parameters.is_empty()).then_some(parameters))
        .request_body(docs.body.as_ref().map(describe_body))
        .securities(Some(describe_requirement(route.requirement)))
        .response("default", describe_refusal(route.path));
    for response in docs.responses {
        let status = response.status.to_string();
        operation = operation.response(status, describe_response(response));
    }
    operation.build()
}

fn describe_parameter(docs: &ParameterDocs) -> Parameter {
    let location = ParameterIn::from(docs.location);
    let is_required = location == ParameterIn::Path;
    ParameterBuilder::new()
        .name(docs.name)
        .parameter_in(location)
        .required(if is_required {
            Required::True
        } else {
            Required::False
        })
        .description(Some(docs.description))
        .schema(Some((docs.schema)()))
        .build()
}

fn describe_body(schema: &SchemaDocs) -> RequestBody {
    let mut body = RequestBody::new();
    body.required = Some(Required::True);
    body.content
        .insert(JSON.to_owned(), describe_content(schema));
    body
}

fn describe_response(docs: &ResponseDocs) -> Response {
    let mut response = ResponseBuilder::new().description(docs.description);
    for (media_type, schema) in docs.content {
        response = response.content(*media_type, describe_content(schema));
    }
    response.build()
}

fn describe_content(schema: &SchemaDocs) -> Content {
    Content::new(Some(match schema {
        SchemaDocs::Any => serde_json::Value::schema(),
        SchemaDocs::Component(component) => RefOr::Ref(Ref::from_schema_name((component.name)())),
    }))
}

/// The scopes that the token must have, and what its owner must be. An empty
/// list says that no token is needed.
fn describe_requirement(requirement: Requirement) -> Vec<SecurityRequirement> {
    let Some(right) = requirement.right() else {
        return Vec::new();
    };
    let role = match requirement {
        Requirement::Manager(_) => Some(SERVER_MANAGER),
        Requirement::Operator(_) | Requirement::Metrics => Some(OPERATOR),
        Requirement::Nothing | Requirement::Token(_) => None,
    };
    let needed = [right.as_str()].into_iter().chain(role);
    vec![SecurityRequirement::new(TOKEN, needed)]
}

/// What every route may answer instead.
fn describe_refusal(path: &str) -> Response {
    let schema = path
        .starts_with("/api/")
        .then(|| Ref::from_schema_name(ErrorBody::name()));
    ResponseBuilder::new()
        .description(
            "A no, or a failure, with a stable code; in the shape of the API that was called.",
        )
        .content(JSON, Content::new(schema))
        .build()
}

/// Adds the types that a route's bodies are made of.
fn add_components(components: &mut Components, docs: &RouteDocs) {
    let of_responses = docs.responses.iter().flat_map(|it| it.content);
    for schema in of_responses.map(|(_, schema)| schema).chain(&docs.body) {
        add_component(components, schema);
    }
}

/// Adds a type of ours, and the types that it refers to.
fn add_component(components: &mut Components, schema: &SchemaDocs) {
    if let SchemaDocs::Component(component) = schema {
        let mut described = vec![((component.name)().into_owned(), (component.schema)())];
        (component.collect_referenced)(&mut described);
        components.schemas.extend(described);
    }
}

/// The method that a route is documented under. Programs mostly POST to a
/// route that takes any method.
fn http_method(method: Option<&Method>) -> HttpMethod {
    match method.map(Method::as_str) {
        Some("GET") => HttpMethod::Get,
        Some("PATCH") => HttpMethod::Patch,
        Some("DELETE") => HttpMethod::Delete,
        _ => HttpMethod::Post,
    }
}

/// Every method and address of the document, with what a call to it must
/// bring, as the document says it.
#[cfg(test)]
pub fn documented() -> std::collections::BTreeMap<String, serde_json::Value> {
    let document = serde_json::to_value(describe_routes()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| {
            let name = format!("{} {path}", method.to_uppercase());
            (name, operation["security"].clone())
        })
    });
    operations.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn document() -> Value {
        serde_json::to_value(describe_routes()).unwrap()
    }

    fn operations(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
        let paths = document["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, item)| {
            let operations = item.as_object().unwrap().values();
            operations.map(move |operation| (path, operation))
        })
    }

    #[test]
    fn every_call_says_what_its_address_names_and_how_it_refuses() {
        let document = document();
        let mut ids = BTreeSet::new();
        for (path, operation) in operations(&document) {
            let named = path.split('/').filter_map(|part| part.strip_prefix('{'));
            let named: BTreeSet<_> = named.map(|part| part.trim_end_matches('}')).collect();
            let told = operation["parameters"].as_array().into_iter().flatten();
            let told = told.filter(|it| it["in"] == "path");
            let told: BTreeSet<&str> = told.map(|it| it["name"].as_str().unwrap()).collect();
            assert_eq!(told, named, "{path}");
            assert!(operation["responses"].get("default").is_some(), "{path}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{id} stands twice");
        }
    }

    /// A generated client has a type for each reference.
    #[test]
    fn every_reference_leads_to_a_component() {
        let document = document();
        let text = document.to_string();
        let references = text.split("\"#/components/schemas/").skip(1);
        let references: BTreeSet<&str> =
            references.map(|it| it.split('"').next().unwrap()).collect();
        let components = document["components"]["schemas"].as_object().unwrap();
        let components: BTreeSet<&str> = components.keys().map(String::as_str).collect();
        assert_eq!(references, components);
    }
}
