//! What a row of the table of routes says of itself for the `OpenAPI`
//! document. All of it is constant, so that rows can be.

use std::borrow::Cow;

use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::{ObjectBuilder, RefOr, Type};
use utoipa::{PartialSchema, ToSchema, openapi};

/// The documentation of a route.
#[derive(Clone, Copy)]
pub struct RouteDocs {
    /// The operation's name in clients that are generated from the document.
    pub operation_id: &'static str,
    /// The group of operations that it is shown in.
    pub tag: &'static str,
    pub summary: &'static str,
    pub parameters: &'static [ParameterDocs],
    /// The JSON body of the request; none where there is no body.
    pub body: Option<SchemaDocs>,
    /// The responses, but for refusals, which every route has.
    pub responses: &'static [ResponseDocs],
}

/// One parameter of a route.
#[derive(Clone, Copy)]
pub struct ParameterDocs {
    pub name: &'static str,
    pub location: ParameterLocation,
    pub description: &'static str,
    pub schema: fn() -> Schema,
}

/// Where a parameter stands. Path parameters are required, others are not.
#[derive(Clone, Copy)]
pub enum ParameterLocation {
    Path,
    Query,
}

/// One response of a route.
#[derive(Clone, Copy)]
pub struct ResponseDocs {
    pub status: u16,
    pub description: &'static str,
    /// Each media type that the response may have, with its schema.
    pub content: &'static [(&'static str, SchemaDocs)],
}

/// The schema of a body.
#[derive(Clone, Copy)]
pub enum SchemaDocs {
    /// Anything.
    Any,
    /// A type of ours, which becomes a component of the document.
    Component(ComponentDocs),
}

/// A type that the document describes among its components.
#[derive(Clone, Copy)]
pub struct ComponentDocs {
    pub name: fn() -> Cow<'static, str>,
    pub schema: fn() -> Schema,
    /// Collects the components that the schema refers to.
    pub collect_referenced: fn(&mut Vec<(String, Schema)>),
}

type Schema = RefOr<openapi::Schema>;

pub const JSON: &str = "application/json";
pub const EVENT_STREAM: &str = "text/event-stream";

impl RouteDocs {
    /// The documentation of a route without parameters, body and responses.
    pub const fn new(operation_id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            operation_id,
            tag,
            summary,
            parameters: &[],
            body: None,
            responses: &[],
        }
    }

    /// With these parameters and no others.
    pub const fn parameters(mut self, parameters: &'static [ParameterDocs]) -> Self {
        self.parameters = parameters;
        self
    }

    /// With a body of this shape.
    pub const fn body(mut self, body: SchemaDocs) -> Self {
        self.body = Some(body);
        self
    }

    /// With these responses, beside those that every route has.
    pub const fn responses(mut self, responses: &'static [ResponseDocs]) -> Self {
        self.responses = responses;
        self
    }
}

impl ParameterDocs {
    /// A text that the path names.
    pub const fn in_path(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            location: ParameterLocation::Path,
            description,
            schema: String::schema,
        }
    }

    /// A value that the query may name.
    pub const fn in_query<T: PartialSchema>(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            location: ParameterLocation::Query,
            description,
            schema: T::schema,
        }
    }

    /// The server that the path names.
    pub const fn server() -> Self {
        Self {
            name: "guild",
            location: ParameterLocation::Path,
            description: "The server's id in Discord.",
            schema: snowflake_schema,
        }
    }
}

impl ResponseDocs {
    /// A response without a body worth describing.
    pub const fn new(status: u16, description: &'static str) -> Self {
        Self {
            status,
            description,
            content: &[],
        }
    }

    /// With a body in each of these media types.
    pub const fn content(mut self, content: &'static [(&'static str, SchemaDocs)]) -> Self {
        self.content = content;
        self
    }
}

impl SchemaDocs {
    /// The schema of one of our types.
    pub const fn of<T: ToSchema>() -> Self {
        Self::Component(ComponentDocs {
            name: T::name,
            schema: T::schema,
            collect_referenced: T::schemas,
        })
    }
}

impl From<ParameterLocation> for ParameterIn {
    fn from(location: ParameterLocation) -> Self {
        match location {
            ParameterLocation::Path => Self::Path,
            ParameterLocation::Query => Self::Query,
        }
    }
}

/// The schema of an id of Discord's.
fn snowflake_schema() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[0-9]{1,20}$"))
        .into()
}
